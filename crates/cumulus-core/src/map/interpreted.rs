//! A source that returns values as its attributes define them: missing values as one number, packed values unpacked,
//! and values converted to the unit of the product's table.
//!
//! All later stages, from the track to the product, use the same values. Datasets that need no conversion are passed
//! through at full speed.

mod plan;

use std::collections::HashMap;
use std::ops::Range;

use self::plan::Plan;
use crate::collection::Product;
use crate::map::decode::Sentinels;
use crate::map::reading::Reading;
use cumulus_model::error::Failure;
use cumulus_model::source::{Content, Dataset, Description, Source, SourceAttribute, SourceValue};
use cumulus_model::values::Values;
use cumulus_model::warning::Warning;

/// A source with the readings of its datasets, if these were already determined.
pub trait InterpretedSource: Source {
    /// Returns how the values of `dataset` are interpreted; `None` if that was not determined.
    fn reading(&self, dataset: &Dataset) -> Option<&Reading> {
        let _ = dataset;
        None
    }
}

/// A source whose values are interpreted by its attributes and the product's table.
pub struct Interpreted {
    source: Box<dyn Source>,
    description: Description,
    readings: HashMap<String, Reading>,
    plans: HashMap<String, Plan>,
}

impl Interpreted {
    /// Determines how every numeric dataset of `source` is interpreted.
    ///
    /// # Errors
    /// A required variable, a position or a coordinate has unreadable packing attributes; or a position or coordinate
    /// has an incompatible unit.
    pub fn new(
        source: Box<dyn Source>,
        product: &'static Product,
        warnings: &mut Vec<Warning>,
    ) -> Result<Self, Failure> {
        let mut description = source.description().clone();
        let mut readings = HashMap::new();
        let mut plans = HashMap::new();
        for dataset in &mut description.datasets {
            let Content::Numbers(element_type) = dataset.content else { continue };
            if dataset.is_empty() {
                continue;
            }
            let (reading, plan) = plan::of(dataset, element_type, product, warnings)?;
            readings.insert(dataset.path.clone(), reading);
            if let Some(plan) = plan {
                dataset.content = Content::Numbers(plan.target);
                plans.insert(dataset.path.clone(), plan);
            }
        }
        Ok(Self { source, description, readings, plans })
    }

    /// Returns the dataset as stored in the source, with its original attributes.
    #[must_use]
    pub fn original(&self, path: &str) -> Option<&Dataset> {
        self.source.description().dataset(path)
    }

    /// Sets a unit that the source does not state for a dataset, with a note that explains it, and optionally the
    /// sentinels in that unit.
    pub(super) fn tell_unit(&mut self, path: &str, unit: &str, note: &str, sentinels: Option<Sentinels>) {
        let dataset = self.description.datasets.iter_mut().find(|dataset| dataset.path == path);
        let (Some(dataset), Some(reading)) = (dataset, self.readings.get_mut(path)) else { return };
        dataset.attributes.retain(|attribute| attribute.name != "units");
        dataset
            .attributes
            .push(SourceAttribute { name: "units".to_owned(), value: SourceValue::Text(unit.to_owned()) });
        reading.units = Some(unit.to_owned());
        reading.note = Some(match reading.note.take() {
            Some(before) => format!("{before}; {note}"),
            None => note.to_owned(),
        });
        if let Some(sentinels) = sentinels {
            reading.sentinels = sentinels;
        }
    }
}

impl Source for Interpreted {
    fn description(&self) -> &Description {
        &self.description
    }

    fn rows(&self, dataset: &Dataset, rows: Range<usize>) -> Result<Values, Failure> {
        match self.plans.get(&dataset.path) {
            Some(plan) => plan.apply(&self.source.rows(&plan.original, rows)?),
            None => self.source.rows(dataset, rows),
        }
    }

    fn rows_into(
        &self,
        dataset: &Dataset,
        rows: Range<usize>,
        block: Option<Values>,
    ) -> Result<Values, Failure> {
        if self.plans.contains_key(&dataset.path) {
            return self.rows(dataset, rows);
        }
        self.source.rows_into(dataset, rows, block)
    }

    fn strings(&self, dataset: &Dataset) -> Result<Vec<String>, Failure> {
        self.source.strings(dataset)
    }
}

impl InterpretedSource for Interpreted {
    fn reading(&self, dataset: &Dataset) -> Option<&Reading> {
        self.readings.get(&dataset.path)
    }
}
