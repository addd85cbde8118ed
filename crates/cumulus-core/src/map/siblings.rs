//! Reads units and descriptions that a granule keeps in datasets of their own.
//!
//! In: a source and its product's table. Out: the same source, in which `units` and `description` are attributes of the
//! datasets that they describe, and their own datasets are absent. What is stated later on about units is the same as for
//! granules that use attributes.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::collection::{Product, SiblingSpec};
use crate::map::text;
use cumulus_model::error::Failure;
use cumulus_model::source::{Content, Dataset, Description, Source, SourceAttribute, SourceValue};
use cumulus_model::values::Values;

/// A source whose datasets have attributes from other datasets.
struct Described {
    source: Box<dyn Source>,
    description: Description,
}

impl Source for Described {
    fn description(&self) -> &Description {
        &self.description
    }

    fn rows(&self, dataset: &Dataset, rows: Range<usize>) -> Result<Values, Failure> {
        self.source.rows(dataset, rows)
    }

    fn rows_into(
        &self,
        dataset: &Dataset,
        rows: Range<usize>,
        block: Option<Values>,
    ) -> Result<Values, Failure> {
        self.source.rows_into(dataset, rows, block)
    }

    fn strings(&self, dataset: &Dataset) -> Result<Vec<String>, Failure> {
        self.source.strings(dataset)
    }
}

/// Returns `source` with units and descriptions as attributes, if `product` has them in datasets.
///
/// # Errors
/// A text cannot be read.
pub fn described(source: Box<dyn Source>, product: &Product) -> Result<Box<dyn Source>, Failure> {
    let Some(spec) = &product.siblings else { return Ok(source) };
    let mut description = source.description().clone();
    let mut used = Vec::new();
    let texts: BTreeMap<&str, &Dataset> = source
        .description()
        .datasets
        .iter()
        .filter(|dataset| dataset.content == Content::Text && dataset.len() == 1)
        .map(|dataset| (dataset.path.as_str(), dataset))
        .collect();
    for dataset in &mut description.datasets {
        for (attribute, endings) in [("units", spec.units), ("description", spec.descriptions)] {
            let beside = beside(&dataset.path, spec);
            let mut paths = endings.iter().map(|ending| format!("{beside}{ending}"));
            let Some(path) = paths.find(|path| texts.contains_key(path.as_str())) else { continue };
            let stated = text::single(&*source, &path)?;
            used.push(path);
            let has_its_own = dataset.attributes.iter().any(|known| known.name == attribute);
            if let Some(stated) = stated.filter(|_| !has_its_own) {
                let value = SourceValue::Text(stated);
                dataset.attributes.push(SourceAttribute { name: attribute.to_owned(), value });
            }
        }
    }
    description.datasets.retain(|dataset| !used.contains(&dataset.path));
    Ok(Box::new(Described { source, description }))
}

/// The beginning of the paths of the datasets that describe the one at `path`.
fn beside(path: &str, spec: &SiblingSpec) -> String {
    let mut names: Vec<&str> = path.split('/').collect();
    let groups = names.len().saturating_sub(1);
    if let Some(group) = names.iter_mut().take(groups).rfind(|name| **name == spec.data) {
        *group = spec.information;
    }
    names.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn information_is_in_the_group_beside_that_of_the_data() {
        let spec = SiblingSpec { data: "Data", information: "Information", units: &[], descriptions: &[] };
        for (path, expected) in [
            ("Products/Ku/Combined/Data/dBZe", "Products/Ku/Combined/Information/dBZe"),
            ("Navigation/Data/Data", "Navigation/Information/Data"),
            ("Products/Information/Range", "Products/Information/Range"),
            ("Data", "Data"),
        ] {
            assert_eq!(beside(path, &spec), expected);
        }
    }
}
