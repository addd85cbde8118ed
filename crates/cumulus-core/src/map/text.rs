//! Text datasets: strings, or arrays of character codes, as one piece of text or an array of them.

use cumulus_model::error::{Failure, Stage};
use cumulus_model::source::{Content, Dataset, Source};
use cumulus_model::text::clean;
use cumulus_model::values::ElementType;

/// True where an array can be read as character codes.
#[must_use]
pub fn can_be_codes(content: &Content) -> bool {
    matches!(content, Content::Numbers(ElementType::I8 | ElementType::U8))
}

/// The strings of a dataset, in row-major order. An array of 8-bit codes is one string, however long.
///
/// # Errors
/// The dataset holds other numbers, or cannot be read.
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

/// The one string of a dataset that holds text about the whole granule; `None` where there is no such dataset or
/// it is blank. Several strings are joined, because some writers store one character per element.
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
