//! The contents of a granule: datasets, attributes, and the rows of each dataset.
//!
//! [`Source`] is the only interface between input formats and the rest of the program. It describes its datasets
//! once, cheaply, and returns rows of a dataset as often as requested.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::error::Failure;
use crate::values::{ElementType, Values};
use crate::warning::Warning;

/// A granule that can be described and read by rows.
pub trait Source: Sync {
    /// The datasets and attributes of the granule.
    fn description(&self) -> &Description;

    /// Reads rows `rows` of a numeric dataset, in its own element type.
    ///
    /// # Shape
    /// That of `dataset`, with `rows.len()` as the length of the first axis. For a scalar, `rows` is `0..1` and the
    /// block has rank 0. `dataset` may omit axes of length one that the granule has: the values and their order are
    /// the same.
    fn rows(&self, dataset: &Dataset, rows: Range<usize>) -> Result<Values, Failure>;

    /// Like [`Source::rows`], but may reuse the memory of `block`, whose values are discarded.
    ///
    /// # Errors
    /// Same as [`Source::rows`].
    fn rows_into(
        &self,
        dataset: &Dataset,
        rows: Range<usize>,
        block: Option<Values>,
    ) -> Result<Values, Failure> {
        drop(block);
        self.rows(dataset, rows)
    }

    /// Reads every string of a text dataset, in row-major order, without trailing NULs and blanks.
    fn strings(&self, dataset: &Dataset) -> Result<Vec<String>, Failure>;
}

/// Everything in a granule except its values.
#[derive(Clone, Debug, Default)]
pub struct Description {
    /// Datasets, sorted by name.
    pub datasets: Vec<Dataset>,
    /// Attributes of the file itself.
    pub attributes: Vec<SourceAttribute>,
    /// Objects that were skipped, and why.
    pub notes: Vec<Warning>,
    /// Datasets that exist but cannot be read or stored in netCDF, by path. The failure is for granules that require
    /// the dataset; `notes` has a warning about each.
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
    /// Type of its elements.
    pub content: Content,
    /// Rows per stored chunk, if the format has chunks. Reading fewer rows at a time wastes work.
    pub rows_stored_together: Option<usize>,
    /// Its attributes.
    pub attributes: Vec<SourceAttribute>,
}

/// Type of a dataset's elements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Numbers.
    Numbers(ElementType),
    /// Strings.
    Text,
    /// A type that the netCDF classic model does not have; the text names it.
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
    /// The last component of the path.
    #[must_use]
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// Number of elements.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// True if the dataset has no elements.
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

/// An attribute as stored in the source.
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
    /// Text; several strings are joined with line feeds.
    Text(String),
    /// Numbers.
    Numbers(Values),
}
