//! Reads text datasets, which are strings or arrays of character codes.

use cumulus_model::error::{Failure, Stage};
use cumulus_model::source::{Content, Dataset, Source};
use cumulus_model::text::clean;
use cumulus_model::values::ElementType;

/// Returns true if an array can be read as 8-bit character codes.
#[must_use]
pub fn can_be_codes(content: &Content) -> bool {
    matches!(content, Content::Numbers(ElementType::I8 | ElementType::U8))
}

/// Returns the strings of a dataset, in row-major order. An array of 8-bit codes is a single string.
///
/// # Errors
/// The dataset contains other numbers, or cannot be read.
pub fn strings(source: &dyn Source, dataset: &Dataset) -> Result<Vec<String>, Failure> {
    if dataset.content == Content::Text {
        return source.strings(dataset);
    }
    if !can_be_codes(&dataset.content) {
        return Err(Failure::new(Stage::Map, &dataset.path, "is not text")
            .found(dataset.content.to_string())
            .expected("a string, or an array of 8-bit character codes")
            .hint("ask the producer to store it as text"));
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "8-bit codes, kept as bytes")]
    let bytes: Vec<u8> =
        super::whole(source, dataset)?.to_f64().into_iter().map(|code| code as i64 as u8).collect();
    Ok(vec![clean(&bytes)])
}

/// Returns the text of a dataset about the whole granule; `None` if there is no such dataset or it is blank. Several
/// strings are joined, because some writers store one character per element.
///
/// # Errors
/// As [`strings`].
pub fn single(source: &dyn Source, path: &str) -> Result<Option<String>, Failure> {
    let Some(dataset) = source.description().dataset(path) else { return Ok(None) };
    if dataset.is_empty() {
        return Ok(None);
    }
    let text = strings(source, dataset)?.concat();
    Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty()))
}
