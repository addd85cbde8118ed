//! A granule as a STAC item (SpatioTemporal Asset Catalog, version 1.1.0, with the extension `file` 2.1.0).

use std::path::Path;

use serde_json::{Map, Value, json};

use super::entry::{Entry, PublishedFile};
use super::geojson::geometry;
use crate::remote;

/// The multihash of SHA-256 in hexadecimal: its code 0x12, and its length of 0x20 bytes.
const SHA256_MULTIHASH: &str = "1220";

/// Returns the item of a published granule in OUTPUT.
pub(super) fn item(entry: &Entry, output: &Path) -> Value {
    let mut properties = Map::new();
    // An item with a start and an end has no single time.
    properties.insert("datetime".to_owned(), Value::Null);
    let texts = [
        ("start_datetime", &entry.time_start),
        ("end_datetime", &entry.time_end),
        ("created", &entry.produced),
        ("platform", &entry.platform),
        ("mission", &entry.campaign),
    ];
    for (name, text) in texts {
        if let Some(text) = text {
            properties.insert(name.to_owned(), json!(text));
        }
    }
    if let Some(instrument) = &entry.instrument {
        properties.insert("instruments".to_owned(), json!([instrument]));
    }
    let assets: Map<String, Value> =
        entry.files.iter().map(|file| (file.kind.to_owned(), asset(file, output))).collect();
    let mut item = json!({
        "type": "Feature",
        "stac_version": "1.1.0",
        "stac_extensions": ["https://stac-extensions.github.io/file/v2.1.0/schema.json"],
        "id": entry.granule_ur.strip_suffix(".nc").unwrap_or(&entry.granule_ur),
        "geometry": geometry(entry),
        "properties": properties,
        "links": [],
        "assets": assets,
    });
    if let (Some(bbox), Some(fields)) = (entry.bbox, item.as_object_mut()) {
        fields.insert("bbox".to_owned(), json!(bbox));
    }
    item
}

fn asset(file: &PublishedFile, output: &Path) -> Value {
    let (media_type, role) = match file.kind {
        "data" => ("application/x-netcdf", "data"),
        _ => ("application/xml", "metadata"),
    };
    let href = match &file.url {
        Some(url) => url.clone(),
        None if remote::is_address(output) => output.join(&file.name).to_string_lossy().into_owned(),
        None => format!("./{}", file.name),
    };
    json!({
        "href": href,
        "type": media_type,
        "roles": [role],
        "file:size": file.size,
        "file:checksum": format!("{SHA256_MULTIHASH}{}", file.sha256),
    })
}
