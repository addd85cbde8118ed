//! A map of tracks: a plate carrée of degrees, as SVG.

use std::fmt::Write as _;

use crate::report::Report;

/// Width of the map in SVG units.
const WIDTH: f64 = 960.0;

/// Ratio of height to width that the map has at least and at most.
const RATIO: (f64, f64) = (0.3, 0.7);

/// Share of the width that is left around the tracks.
const MARGIN: f64 = 0.06;

/// Minimum extent in degrees.
const MIN_DEGREES: f64 = 0.5;

/// Width of a label of the grid in SVG units.
const LABEL: f64 = 44.0;

/// Aimed number of lines of the grid.
const LINES: f64 = 6.0;

/// Distances between lines of the grid, in degrees.
const STEPS: [f64; 10] = [0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0];

/// The part of the world that is shown, in degrees.
struct Frame {
    west: f64,
    east: f64,
    south: f64,
    north: f64,
}

impl Frame {
    /// The extent of all positions with a margin, wide enough for its height.
    fn around(points: &[[f64; 2]]) -> Option<Self> {
        let range = |axis: usize| {
            let values = points.iter().map(|point| point[axis]);
            values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
                (low.min(value), high.max(value))
            })
        };
        let ((south, north), (west, east)) = (range(0), range(1));
        if !(south.is_finite() && west.is_finite()) {
            return None;
        }
        let width = (east - west).max(MIN_DEGREES) * (1.0 + 2.0 * MARGIN);
        let height = (north - south).max(MIN_DEGREES) * (1.0 + 2.0 * MARGIN);
        let (width, height) = (width.max(height / RATIO.1), height.max(width * RATIO.0));
        let (x, y) = (f64::midpoint(west, east), f64::midpoint(south, north));
        Some(Self {
            west: x - width / 2.0,
            east: x + width / 2.0,
            south: y - height / 2.0,
            north: y + height / 2.0,
        })
    }

    fn height(&self) -> f64 {
        WIDTH * (self.north - self.south) / (self.east - self.west)
    }

    fn x(&self, longitude: f64) -> f64 {
        WIDTH * (longitude - self.west) / (self.east - self.west)
    }

    fn y(&self, latitude: f64) -> f64 {
        self.height() * (self.north - latitude) / (self.north - self.south)
    }
}

/// Returns the map of all tracks of a report, with the number of granules on it; `None` if it has no positions.
pub(super) fn render(report: &Report) -> Option<(String, usize)> {
    let tracks: Vec<(&str, Vec<[f64; 2]>)> = report
        .granules
        .iter()
        .filter_map(|granule| {
            let track = &granule.product.as_ref()?.track;
            (!track.is_empty()).then(|| (granule.granule.as_str(), unwrapped(track)))
        })
        .collect();
    let points: Vec<[f64; 2]> = tracks.iter().flat_map(|(_, track)| track.iter().copied()).collect();
    let frame = Frame::around(&points)?;
    let height = frame.height();
    let mut svg = format!(
        "<svg viewBox=\"0 0 {WIDTH:.0} {height:.0}\" role=\"img\" aria-label=\"Map of the tracks\" class=\"map\">"
    );
    grid(&mut svg, &frame);
    for (name, track) in &tracks {
        let points: Vec<String> = track
            .iter()
            .map(|[latitude, longitude]| format!("{:.1},{:.1}", frame.x(*longitude), frame.y(*latitude)))
            .collect();
        let title = super::html::escaped(name);
        // Writing to a String cannot fail.
        let _ = match points.as_slice() {
            [point] => {
                let (x, y) = point.split_once(',').unwrap_or_default();
                write!(
                    svg,
                    "<circle class=\"track\" cx=\"{x}\" cy=\"{y}\" r=\"3\"><title>{title}</title></circle>"
                )
            }
            points => {
                let points = points.join(" ");
                write!(svg, "<polyline class=\"track\" points=\"{points}\"><title>{title}</title></polyline>")
            }
        };
    }
    svg.push_str("</svg>");
    Some((svg, tracks.len()))
}

/// Returns a track without jumps at the antimeridian: longitudes go on beyond 180 degrees.
fn unwrapped(track: &[[f64; 2]]) -> Vec<[f64; 2]> {
    let mut turns = 0.0;
    let mut last: Option<f64> = None;
    track
        .iter()
        .map(|&[latitude, longitude]| {
            if let Some(last) = last {
                if longitude - last > 180.0 {
                    turns -= 360.0;
                } else if longitude - last < -180.0 {
                    turns += 360.0;
                }
            }
            last = Some(longitude);
            [latitude, longitude + turns]
        })
        .collect()
}

fn grid(svg: &mut String, frame: &Frame) {
    let span = frame.east - frame.west;
    let step = STEPS.into_iter().find(|step| span / step <= LINES).unwrap_or(90.0);
    let lines = |from: f64, to: f64| {
        let first = (from / step).ceil();
        let mut number = first;
        std::iter::from_fn(move || {
            let value = number * step;
            number += 1.0;
            (value <= to).then_some(value)
        })
    };
    let height = frame.height();
    for longitude in lines(frame.west, frame.east) {
        let x = frame.x(longitude);
        let shown = (longitude + 540.0).rem_euclid(360.0) - 180.0;
        let label = if x < WIDTH - LABEL { degrees(shown, ["E", "W"]) } else { String::new() };
        let _ = write!(
            svg,
            "<path class=\"grid\" d=\"M{x:.1} 0V{height:.1}\"/><text x=\"{:.1}\" y=\"{:.1}\">{label}</text>",
            x + 4.0,
            height - 6.0
        );
    }
    for latitude in lines(frame.south.max(-90.0), frame.north.min(90.0)) {
        let y = frame.y(latitude);
        let label = degrees(latitude, ["N", "S"]);
        let _ = write!(
            svg,
            "<path class=\"grid\" d=\"M0 {y:.1}H{WIDTH:.1}\"/><text x=\"4\" y=\"{:.1}\">{label}</text>",
            y - 4.0
        );
    }
}

/// Returns degrees with the letter of their half of the globe.
fn degrees(value: f64, [positive, negative]: [&str; 2]) -> String {
    let rounded = (value.abs() * 10.0).round() / 10.0;
    let letter = if rounded == 0.0 {
        ""
    } else if value > 0.0 {
        positive
    } else {
        negative
    };
    format!("{rounded}°{letter}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_track_across_the_antimeridian_does_not_cross_the_map() {
        let track = unwrapped(&[[0.0, 179.0], [1.0, -179.0], [2.0, -177.0]]);
        assert_eq!(track, [[0.0, 179.0], [1.0, 181.0], [2.0, 183.0]]);
    }

    #[test]
    fn one_point_has_a_frame() {
        let frame = Frame::around(&[[20.0, -60.0]]).unwrap();
        assert!(
            (frame.x(-60.0) - WIDTH / 2.0).abs() < 1e-6
                && (frame.y(20.0) - frame.height() / 2.0).abs() < 1e-6
        );
        assert!(Frame::around(&[]).is_none());
    }
}
