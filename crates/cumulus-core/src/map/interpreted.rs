//! A source whose values are handed out as its attributes say they are to be understood: missing values under one number,
//! packed numbers unpacked, and in the unit of the product's table.
//!
//! Everything after it, from the track to the product, sees the same values. Datasets that need nothing of this go by
//! untouched, at full speed.

mod plan;

use std::collections::HashMap;
use std::ops::Range;

use self::plan::Plan;
use crate::collection::Product;
use crate::error::Failure;
use crate::map::reading::Reading;
use crate::read::{Content, Dataset, Description, Source};
use crate::values::Values;
use crate::warning::Warning;

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
    /// A required variable is packed and nothing tells how, or a position or coordinate has a unit of something else.
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

    fn reading(&self, dataset: &Dataset) -> Option<&Reading> {
        self.readings.get(&dataset.path)
    }

    fn strings(&self, dataset: &Dataset) -> Result<Vec<String>, Failure> {
        self.source.strings(dataset)
    }
}
