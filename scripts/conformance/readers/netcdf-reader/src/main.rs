//! Reads files with netcdf-reader and prints a line of JSON for each, in the form that `canonical.py` describes.
//!
//! usage: netcdf-reader-digests FILE...

use std::error::Error;
use std::fmt::Write as _;

use netcdf_reader::{NcAttrValue, NcAttribute, NcFile, NcType, NcVariable};
use serde_json::{json, Map, Value};
use sha2::{Digest, Sha256};

/// Same as in `canonical.py`.
const HIDDEN: [&str; 8] = [
    "CLASS",
    "DIMENSION_LIST",
    "NAME",
    "REFERENCE_LIST",
    "_NCProperties",
    "_Netcdf4Coordinates",
    "_Netcdf4Dimid",
    "_nc3_strict",
];

/// The version of netcdf-reader in Cargo.toml.
const VERSION: &str = "0.12.1";

fn main() {
    println!("{}", json!({ "version": VERSION }));
    for path in std::env::args().skip(1) {
        let answer = match digest(&path) {
            Ok(digest) => json!({ "file": path, "digest": digest }),
            Err(error) => json!({ "file": path, "error": error.to_string() }),
        };
        println!("{answer}");
    }
}

fn digest(path: &str) -> Result<Value, Box<dyn Error>> {
    let file = NcFile::open(path)?;
    let mut found = Map::new();
    let dimensions: Map<String, Value> =
        file.dimensions()?.iter().map(|one| (one.name.clone(), one.size.into())).collect();
    found.insert(
        "/".into(),
        json!({ "attributes": attributes(file.global_attributes()?), "dimensions": dimensions }),
    );
    for item in file.variables()? {
        found.insert(item.name.clone(), variable(&file, item)?);
    }
    Ok(found.into())
}

fn variable(file: &NcFile, item: &NcVariable) -> Result<Value, Box<dyn Error>> {
    // All machines that run the matrix are little-endian.
    let bytes = file.read_variable_native_bytes(&item.name)?;
    let shape: Vec<u64> = item.dimensions.iter().map(|one| one.size).collect();
    Ok(json!({
        "type": type_name(&item.dtype),
        "shape": shape,
        "sha256": hexadecimal(Sha256::digest(&bytes)),
        "size": shape.iter().product::<u64>(),
        "attributes": attributes(&item.attributes),
        "dimensions": item.dimensions.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(),
    }))
}

fn type_name(dtype: &NcType) -> String {
    match dtype {
        NcType::Byte => "i1".into(),
        NcType::Char => "char".into(),
        NcType::Short => "i2".into(),
        NcType::Int => "i4".into(),
        NcType::Float => "f4".into(),
        NcType::Double => "f8".into(),
        NcType::UByte => "u1".into(),
        NcType::UShort => "u2".into(),
        NcType::UInt => "u4".into(),
        NcType::Int64 => "i8".into(),
        NcType::UInt64 => "u8".into(),
        NcType::String => "string".into(),
        other => format!("{other:?}"),
    }
}

fn attributes(held: &[NcAttribute]) -> Value {
    held.iter()
        .filter(|one| !HIDDEN.contains(&one.name.as_str()))
        .map(|one| (one.name.clone(), attribute(&one.value)))
        .collect::<Map<_, _>>()
        .into()
}

fn attribute(value: &NcAttrValue) -> Value {
    macro_rules! numbers {
        ($kind:literal, $values:expr) => {
            json!([$kind, hexadecimal($values.iter().flat_map(|one| one.to_le_bytes()))])
        };
    }
    match value {
        NcAttrValue::Bytes(values) => numbers!("i1", values),
        NcAttrValue::Shorts(values) => numbers!("i2", values),
        NcAttrValue::Ints(values) => numbers!("i4", values),
        NcAttrValue::Int64s(values) => numbers!("i8", values),
        NcAttrValue::UBytes(values) => numbers!("u1", values),
        NcAttrValue::UShorts(values) => numbers!("u2", values),
        NcAttrValue::UInts(values) => numbers!("u4", values),
        NcAttrValue::UInt64s(values) => numbers!("u8", values),
        NcAttrValue::Floats(values) => numbers!("f4", values),
        NcAttrValue::Doubles(values) => numbers!("f8", values),
        NcAttrValue::Chars(text) => json!(["text", plain(text)]),
        NcAttrValue::Strings(texts) if texts.len() == 1 => json!(["text", plain(&texts[0])]),
        NcAttrValue::Strings(texts) => {
            json!(["texts", texts.iter().map(|text| plain(text)).collect::<Vec<_>>()])
        }
        NcAttrValue::UserDefined { dtype, .. } => json!(["unreadable", format!("{dtype:?}")]),
    }
}

/// Text without trailing NULs.
fn plain(text: &str) -> &str {
    text.trim_end_matches('\0')
}

fn hexadecimal(bytes: impl IntoIterator<Item = u8>) -> String {
    bytes.into_iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
