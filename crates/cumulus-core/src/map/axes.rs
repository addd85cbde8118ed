//! Drops axes of length one that are not in the product's table: `Latitude(N, 1)` becomes `Latitude(N)`.
//!
//! Some programs store every array with two axes, or profiles with an axis for the instrument. Dropping an axis of
//! length one does not move any value, so only the description changes.

use std::ops::Range;

use crate::collection::{Product, Role, VariableSpec};
use cumulus_model::error::Failure;
use cumulus_model::source::{Content, Dataset, Description, Source};
use cumulus_model::values::Values;

/// A source without axes of length one that are not in the product's table.
struct Plain {
    source: Box<dyn Source>,
    description: Description,
}

impl Source for Plain {
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

/// Returns `source` without the axes of length one that `product` does not have.
pub fn plain(source: Box<dyn Source>, product: &'static Product) -> Box<dyn Source> {
    let description = source.description();
    let shapes: Vec<Option<Vec<usize>>> = description
        .datasets
        .iter()
        .map(|dataset| plain_shape(description, product, dataset).filter(|shape| *shape != dataset.shape))
        .collect();
    if shapes.iter().all(Option::is_none) {
        return source;
    }
    let mut description = description.clone();
    for (dataset, shape) in description.datasets.iter_mut().zip(shapes) {
        if let Some(shape) = shape {
            if dataset.shape.first() != shape.first() {
                // The first axis is another one now, so the chunking of rows is unknown.
                dataset.rows_stored_together = None;
            }
            dataset.shape = shape;
        }
    }
    Box::new(Plain { source, description })
}

/// Returns the shape of a numeric dataset in one of the layouts of its row, if dropping axes of length one is enough.
fn plain_shape(description: &Description, product: &Product, dataset: &Dataset) -> Option<Vec<usize>> {
    let row = product.row(&dataset.path)?;
    if row.role == Role::Text || !matches!(dataset.content, Content::Numbers(_)) || dataset.is_empty() {
        return None;
    }
    let agrees = |layout: &[&str], shape: &[usize]| {
        layout.len() == shape.len()
            && layout
                .iter()
                .zip(shape)
                .all(|(name, &axis)| length(description, product, name).is_none_or(|known| known == axis))
    };
    let single = dataset.len() == 1 && row.layouts.iter().any(|layout| layout.is_empty());
    if single || row.layouts.iter().any(|layout| agrees(layout, &dataset.shape)) {
        return None;
    }
    let fewer =
        || row.layouts.iter().filter(|layout| !layout.is_empty() && layout.len() < dataset.shape.len());
    let shapes =
        fewer().filter_map(|layout| squeezed(&dataset.shape, layout.len()).map(|shape| (layout, shape)));
    let agreeing = shapes.clone().find(|(layout, shape)| agrees(layout, shape));
    // Navigation at record edges is longer than the record dimension.
    let is_navigation = matches!(row.role, Role::Navigation(_));
    agreeing.or_else(|| shapes.clone().find(|_| is_navigation)).map(|(_, shape)| shape)
}

/// Returns the length of a dimension, from the first dataset present that determines it.
fn length(description: &Description, product: &Product, dimension: &str) -> Option<usize> {
    let spec = product.dimension(dimension)?;
    spec.sized_by.iter().find_map(|&(name, axis)| {
        let dataset = description.dataset(name)?;
        let layouts = product.row(name).map_or(&[][..], |row: &VariableSpec| row.layouts);
        let rank = layouts.iter().map(|layout| layout.len()).find(|&rank| rank > axis).unwrap_or(axis + 1);
        let shape = squeezed(&dataset.shape, rank).unwrap_or_else(|| dataset.shape.clone());
        shape.get(axis).copied().filter(|&length| length > 0)
    })
}

/// Returns `shape` reduced to `rank` axes by dropping axes of length one, the last first; `None` if that is impossible.
fn squeezed(shape: &[usize], rank: usize) -> Option<Vec<usize>> {
    let mut shape = shape.to_vec();
    while shape.len() > rank {
        let axis = shape.iter().rposition(|&length| length == 1)?;
        shape.remove(axis);
    }
    (shape.len() == rank).then_some(shape)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::squeezed;

    #[test]
    fn only_axes_of_length_one_are_dropped() {
        assert_eq!(squeezed(&[24, 1], 1), Some(vec![24]));
        assert_eq!(squeezed(&[1, 24], 1), Some(vec![24]));
        assert_eq!(squeezed(&[24, 1, 900], 2), Some(vec![24, 900]));
        assert_eq!(squeezed(&[1, 900, 1], 2), Some(vec![1, 900]));
        assert_eq!(squeezed(&[24, 2], 1), None);
        assert_eq!(squeezed(&[24], 2), None);
    }

    proptest! {
        #[test]
        fn no_value_comes_or_goes(
            shape in prop::collection::vec(1_usize..4, 0..6),
            rank in 0_usize..6,
        ) {
            if let Some(squeezed) = squeezed(&shape, rank) {
                prop_assert_eq!(squeezed.len(), rank);
                prop_assert_eq!(squeezed.iter().product::<usize>(), shape.iter().product::<usize>());
                let longer = |shape: &[usize]| shape.iter().copied().filter(|&length| length > 1).collect::<Vec<_>>();
                prop_assert_eq!(longer(&squeezed), longer(&shape));
            }
        }
    }
}
