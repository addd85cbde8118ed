//! What a granule holds: datasets, attributes, and the rows of each dataset.
//!
//! [`Source`] is all that the rest of the program uses of an input format. It describes its datasets once,
//! cheaply, and returns rows of one dataset as often as requested.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::error::Failure;
use crate::values::{ElementType, Values};
use crate::warning::Warning;

/// A granule that can be described and read by rows.
pub trait Source: Sync {
    /// What the granule holds.
    fn description(&self) -> &Description;

    /// Rows `rows` of a numeric dataset, in its own element type.
    ///
    /// # Shape
    /// That of `dataset`, with the first axis as long as `rows`; for a scalar `rows` is `0..1` and the block has
    /// rank 0. The dataset may be described without some axes of length one that the granule has: the values are the
    /// same, in the same order.
    fn rows(&self, dataset: &Dataset, rows: Range<usize>) -> Result<Values, Failure>;

    /// As [`Source::rows`], reusing the memory of `block` if possible; its values are ignored.
    ///
    /// # Errors
    /// As [`Source::rows`].
    fn rows_into(
        &self,
        dataset: &Dataset,
        rows: Range<usize>,
        block: Option<Values>,
    ) -> Result<Values, Failure> {
        drop(block);
        self.rows(dataset, rows)
    }

    /// Every string of a text dataset, in row-major order, without trailing NULs and blanks.
    fn strings(&self, dataset: &Dataset) -> Result<Vec<String>, Failure>;
}

/// Everything in a granule but its values.
#[derive(Clone, Debug, Default)]
pub struct Description {
    /// Datasets, each path once, in the order in which they become variables.
    pub datasets: Vec<Dataset>,
    /// Attributes of the file itself.
    pub attributes: Vec<SourceAttribute>,
    /// Objects that were passed over, and why.
    pub notes: Vec<Warning>,
    /// Datasets that are there but cannot be read or have no place in netCDF, by their paths: the failure for a
    /// granule that cannot do without one. Each has a note.
    pub unusable: BTreeMap<String, Failure>,
}

impl Description {
    /// The dataset at `path`.
    #[must_use]
    pub fn dataset(&self, path: &str) -> Option<&Dataset> {
        self.datasets.iter().find(|dataset| dataset.path == path)
    }
}

/// One dataset of a granule.
#[derive(Clone, Debug)]
pub struct Dataset {
    /// Path inside the granule, without a leading slash.
    pub path: String,
    /// Length of every axis; empty for a scalar.
    pub shape: Vec<usize>,
    /// What its elements are.
    pub content: Content,
    /// Rows that are stored together, where the format stores chunks: reading fewer at a time wastes work.
    pub rows_stored_together: Option<usize>,
    /// Its attributes.
    pub attributes: Vec<SourceAttribute>,
}

/// What the elements of a dataset are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Numbers.
    Numbers(ElementType),
    /// Strings.
    Text,
    /// Something the netCDF classic model has no place for; the text names it.
    Unsupported(String),
}

impl std::fmt::Display for Content {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Numbers(element_type) => formatter.write_str(element_type.name()),
            Self::Text => formatter.write_str("text"),
            Self::Unsupported(what) => formatter.write_str(what),
        }
    }
}

impl Dataset {
    /// The dataset's own name, after the last slash.
    #[must_use]
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// Number of elements.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// True where the dataset holds no element.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of rows: the length of the first axis, 1 for a scalar.
    #[must_use]
    pub fn row_count(&self) -> usize {
        self.shape.first().copied().unwrap_or(1)
    }
}

/// An attribute as the source has it.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceAttribute {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: SourceValue,
}

/// Value of a source attribute.
#[derive(Clone, Debug, PartialEq)]
pub enum SourceValue {
    /// Text; several strings are joined by line feeds.
    Text(String),
    /// Numbers.
    Numbers(Values),
}
