//! Geometry of a granule, and a granule as a GeoJSON feature (RFC 7946).

use serde_json::{Value, json};

use super::entry::Entry;

/// Returns a track of latitude and longitude as a line of longitude and latitude, cut at the date line (RFC 7946, 3.1.9);
/// `None` for fewer than two positions.
pub(super) fn line(track: &[[f64; 2]]) -> Option<Value> {
    if track.len() < 2 {
        return None;
    }
    let mut lines: Vec<Vec<[f64; 2]>> = vec![Vec::new()];
    for &[latitude, longitude] in track {
        let last = lines.last().and_then(|line| line.last()).copied();
        if let Some([before, from]) = last
            && (longitude - before).abs() > 180.0
        {
            // Both lines reach the date line, where the straight way between the two positions meets it.
            let side = 180.0_f64.copysign(before);
            let turned = longitude + 2.0 * side;
            let way = turned - before;
            let part = if way == 0.0 { 0.0 } else { (side - before) / way };
            let crossing = from + part * (latitude - from);
            lines.last_mut()?.push([side, crossing]);
            lines.push(vec![[-side, crossing]]);
        }
        lines.last_mut()?.push([longitude, latitude]);
    }
    Some(match lines.as_slice() {
        [line] => json!({"type": "LineString", "coordinates": line}),
        lines => json!({"type": "MultiLineString", "coordinates": lines}),
    })
}

/// Returns the geometry: the track if it is known, else the bounding box.
pub(super) fn geometry(entry: &Entry) -> Value {
    entry.line.clone().unwrap_or_else(|| entry.bbox.map_or(Value::Null, rectangle))
}

/// Returns a box as a polygon, or as two where it crosses the date line; counterclockwise (RFC 7946, 3.1.6).
fn rectangle([west, south, east, north]: [f64; 4]) -> Value {
    let ring = |west: f64, east: f64| {
        json!([[[west, south], [east, south], [east, north], [west, north], [west, south]]])
    };
    if west > east {
        json!({"type": "MultiPolygon", "coordinates": [ring(west, 180.0), ring(-180.0, east)]})
    } else {
        json!({"type": "Polygon", "coordinates": ring(west, east)})
    }
}

/// Returns a granule as a feature.
pub(super) fn feature(entry: &Entry) -> Value {
    let mut feature = json!({
        "type": "Feature",
        "id": entry.granule_ur,
        "geometry": geometry(entry),
        "properties": {
            "product": entry.product,
            "time_start": entry.time_start,
            "time_end": entry.time_end,
            "records": entry.records,
            "platform": entry.platform,
            "campaign": entry.campaign,
        },
    });
    if let (Some(bbox), Some(fields)) = (entry.bbox, feature.as_object_mut()) {
        fields.insert("bbox".to_owned(), json!(bbox));
    }
    feature
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_track_across_the_date_line_is_two_lines_that_reach_it() {
        assert_eq!(
            line(&[[10.0, 179.0], [12.0, -179.0]]).unwrap(),
            json!({"type": "MultiLineString",
                   "coordinates": [[[179.0, 10.0], [180.0, 11.0]], [[-180.0, 11.0], [-179.0, 12.0]]]})
        );
        assert_eq!(
            line(&[[10.0, -179.5], [10.0, 179.5]]).unwrap()["coordinates"][1],
            json!([[180.0, 10.0], [179.5, 10.0]])
        );
        assert_eq!(line(&[[1.0, 2.0], [3.0, 4.0]]).unwrap()["coordinates"], json!([[2.0, 1.0], [4.0, 3.0]]));
        assert_eq!(line(&[[1.0, 2.0]]), None);
        // The date line itself has two longitudes.
        let same = line(&[[10.0, 180.0], [11.0, -180.0]]).unwrap();
        assert_eq!(
            same["coordinates"],
            json!([[[180.0, 10.0], [180.0, 10.0]], [[-180.0, 10.0], [-180.0, 11.0]]])
        );
    }

    #[test]
    fn a_box_across_the_date_line_is_two() {
        assert_eq!(rectangle([170.0, -5.0, -170.0, 5.0])["coordinates"].as_array().unwrap().len(), 2);
        let polygon = rectangle([-61.0, 10.0, -60.0, 11.0]);
        assert_eq!(polygon["coordinates"][0][2], json!([-60.0, 11.0]));
    }
}
