//! What the names and shapes in a granule suggest: which axis is that of the records, which dataset a clock or a place.

use cumulus_model::source::{Content, Dataset, Description, SourceValue};

/// Endings of the names of datasets that hold units and descriptions of others.
pub(super) const UNITS_ENDING: &str = "_units";
pub(super) const DESCRIPTION_ENDING: &str = "_description";

/// A granule, and what its names and shapes suggest.
pub(super) struct Contents<'granule> {
    /// Datasets with values that are not about another dataset.
    pub(super) datasets: Vec<&'granule Dataset>,
    /// Dimensions of the axes longer than one, in the order in which they occur.
    pub(super) dimensions: Vec<Sized>,
    /// Whether units and descriptions are datasets.
    pub(super) has_siblings: bool,
}

/// A dimension, and the axis that has its length.
pub(super) struct Sized {
    pub(super) name: String,
    pub(super) length: usize,
    pub(super) dataset: String,
    pub(super) axis: usize,
}

impl<'granule> Contents<'granule> {
    pub(super) fn of(description: &'granule Description) -> Self {
        let is_about_another = |dataset: &Dataset| {
            dataset.content == Content::Text
                && [UNITS_ENDING, DESCRIPTION_ENDING].iter().any(|ending| dataset.path.ends_with(ending))
        };
        let has_siblings = description.datasets.iter().any(is_about_another);
        let datasets: Vec<&Dataset> = description
            .datasets
            .iter()
            .filter(|dataset| !dataset.is_empty() && !is_about_another(dataset))
            .collect();
        let mut granule = Self { datasets, dimensions: Vec::new(), has_siblings };
        let along = granule.clock().or(granule.place("lat", 1));
        if let Some((along, (axis, length))) = along.and_then(|along| Some((along, longest(along)?))) {
            let dataset = along.path.clone();
            granule.dimensions.push(Sized { name: "record".to_owned(), length, dataset, axis });
        }
        for dataset in granule.datasets.clone() {
            granule.add_dimensions(dataset);
        }
        granule
    }

    /// Adds a dimension for each axis whose length no dimension has, and for each further axis of a length.
    fn add_dimensions(&mut self, dataset: &Dataset) {
        for (axis, &length) in dataset.shape.iter().enumerate().filter(|(_, length)| **length > 1) {
            let before = dataset.shape.iter().take(axis).filter(|&&other| other == length).count();
            if self.of_length(length).count() <= before {
                let name = match before {
                    0 => format!("dim_{length}"),
                    _ => format!("dim_{length}_{}", before + 1),
                };
                self.dimensions.push(Sized { name, length, dataset: dataset.path.clone(), axis });
            }
        }
    }

    fn of_length(&self, length: usize) -> impl Iterator<Item = &Sized> {
        self.dimensions.iter().filter(move |known| known.length == length)
    }

    /// The dimensions of the axes longer than one, and whether some of them have the same length.
    pub(super) fn layout(&self, dataset: &Dataset) -> (Vec<&str>, bool) {
        let mut names: Vec<&str> = Vec::new();
        let mut is_ambiguous = false;
        for &length in dataset.shape.iter().filter(|&&length| length > 1) {
            let known = || self.of_length(length).map(|known| known.name.as_str());
            is_ambiguous |= known().any(|name| names.contains(&name));
            let unused = known().find(|name| !names.contains(name));
            names.extend(unused);
        }
        (names, is_ambiguous)
    }

    /// The dataset that may be the time of records.
    pub(super) fn clock(&self) -> Option<&'granule Dataset> {
        let numbers = || self.datasets.iter().copied().filter(|dataset| is_numeric(dataset));
        numbers()
            .find(|dataset| text(dataset, "units").is_some_and(|units| units.contains(" since ")))
            .or_else(|| {
                // One time for each record, rather than for each pixel.
                let clocks = numbers().filter(|dataset| has(dataset, "time") && dataset.len() > 1);
                clocks.min_by_key(|dataset| axes(dataset))
            })
    }

    /// The dataset with `rank` axes above one whose name begins like that of a coordinate, or contains it.
    pub(super) fn place(&self, name: &str, rank: usize) -> Option<&'granule Dataset> {
        let candidates =
            || self.datasets.iter().copied().filter(|dataset| is_numeric(dataset) && axes(dataset) == rank);
        candidates()
            .find(|dataset| dataset.name().to_lowercase().starts_with(name))
            .or_else(|| candidates().find(|dataset| has(dataset, name)))
    }
}

fn is_numeric(dataset: &Dataset) -> bool {
    matches!(dataset.content, Content::Numbers(_))
}

pub(super) fn has(dataset: &Dataset, part: &str) -> bool {
    dataset.name().to_lowercase().contains(part)
}

/// The number of axes longer than one.
fn axes(dataset: &Dataset) -> usize {
    dataset.shape.iter().filter(|&&length| length > 1).count()
}

/// The longest axis, and its length.
fn longest(dataset: &Dataset) -> Option<(usize, usize)> {
    let axes = dataset.shape.iter().copied().enumerate().filter(|(_, length)| *length > 1);
    axes.max_by_key(|(_, length)| *length)
}

pub(super) fn text<'dataset>(dataset: &'dataset Dataset, name: &str) -> Option<&'dataset str> {
    let attribute = dataset.attributes.iter().find(|attribute| attribute.name == name)?;
    match &attribute.value {
        SourceValue::Text(text) => Some(text.trim()).filter(|text| !text.is_empty()),
        SourceValue::Numbers(_) => None,
    }
}
