//! The contract of [`Source`]: what every source guarantees, regardless of its format.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::source::{Content, Dataset, Source};

/// Checks every dataset of a source, and returns the violations, one line each.
///
/// Datasets are read whole, so that the source should be small. Which values are right is not asked here: that needs
/// an independent reader.
#[must_use]
pub fn violations(source: &dyn Source) -> Vec<String> {
    let mut found = Vec::new();
    let datasets = &source.description().datasets;
    let mut paths = BTreeSet::new();
    for dataset in datasets {
        let mut say = |violation: String| found.push(format!("{}: {violation}", dataset.path));
        if !paths.insert(dataset.path.as_str()) {
            say("is described twice".to_owned());
        }
        match &dataset.content {
            Content::Numbers(_) => numbers(source, dataset, &mut say),
            Content::Text => text(source, dataset, &mut say),
            Content::Unsupported(_) => {}
        }
    }
    found
}

fn numbers(source: &dyn Source, dataset: &Dataset, say: &mut impl FnMut(String)) {
    let Content::Numbers(element_type) = dataset.content else { return };
    let count = dataset.row_count();
    let whole = match source.rows(dataset, 0..count) {
        Ok(whole) => whole,
        Err(failure) => return say(format!("cannot be read whole: {failure}")),
    };
    if whole.shape() != dataset.shape {
        say(format!("is read in the shape {:?}, described with {:?}", whole.shape(), dataset.shape));
    }
    if whole.element_type() != element_type {
        say(format!("is read as {:?}, described as {element_type:?}", whole.element_type()));
    }
    for rows in parts(dataset) {
        let expected = whole.rows(rows.clone()).bytes().into_owned();
        match source.rows(dataset, rows.clone()) {
            Ok(read) if *read.bytes() == *expected => {}
            Ok(_) => say(format!("rows {rows:?} have other values than those of the whole")),
            Err(failure) => say(format!("rows {rows:?} cannot be read: {failure}")),
        }
        // A block that is passed in provides only its memory, regardless of its size.
        for used in [whole.clone(), whole.rows(0..usize::from(!dataset.shape.is_empty() && count > 1))] {
            match source.rows_into(dataset, rows.clone(), Some(used)) {
                Ok(read) if *read.bytes() == *expected => {}
                Ok(_) => say(format!("rows {rows:?} have other values in a used block")),
                Err(failure) => say(format!("rows {rows:?} cannot be read into a used block: {failure}")),
            }
        }
    }
    if !dataset.shape.is_empty() && source.rows(dataset, count..count + 1).is_ok() {
        say("has a row after its last one".to_owned());
    }
    if source.strings(dataset).is_ok() {
        say("holds numbers, and is read as text".to_owned());
    }
}

/// Halves, single rows at both ends, and no rows. A scalar has one part.
fn parts(dataset: &Dataset) -> Vec<Range<usize>> {
    let count = dataset.row_count();
    if dataset.shape.is_empty() || count == 0 {
        return Vec::new();
    }
    vec![0..count / 2, count / 2..count, 0..1, count - 1..count, count..count]
}

fn text(source: &dyn Source, dataset: &Dataset, say: &mut impl FnMut(String)) {
    match source.strings(dataset) {
        Ok(strings) => {
            if strings.len() != dataset.len() {
                say(format!("has {} strings for the shape {:?}", strings.len(), dataset.shape));
            }
            for string in strings.iter().filter(|string| string.ends_with(['\0', ' '])) {
                say(format!("{string:?} ends with padding"));
            }
        }
        Err(failure) => say(format!("text cannot be read: {failure}")),
    }
    if source.rows(dataset, 0..dataset.row_count()).is_ok() {
        say("holds text, and is read as numbers".to_owned());
    }
}
