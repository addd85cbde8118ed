//! A source whose values are returned as its attributes define them: missing values as one number, packed values
//! unpacked, all in the unit of the product's table.
//!
//! Everything after it, from the track to the product, sees the same values. Datasets that need nothing of this go by
//! untouched, at full speed.

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

/// A source that may already have determined how its values are read.
pub trait InterpretedSource: Source {
    /// How the values of `dataset` are to be understood.
    fn reading(&self, dataset: &Dataset) -> Option<&Reading> {
        let _ = dataset;
        None
    }
}

/// A source as it is to be understood.
pub struct Interpreted {
    source: Box<dyn Source>,
    description: Description,
    readings: HashMap<String, Reading>,
    plans: HashMap<String, Plan>,
}

impl Interpreted {
    /// Finds out how every numeric dataset of `source` is to be understood.
    ///
    /// # Errors
    /// A required variable is packed in an unknown way, or a position or coordinate has a unit of another quantity.
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

    /// The dataset as the source has it, with its original attributes.
    #[must_use]
    pub fn original(&self, path: &str) -> Option<&Dataset> {
        self.source.description().dataset(path)
    }

    /// Has a dataset state a unit that its source does not, with a remark, and optionally other numbers that stand for
    /// missing values in that unit.
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
