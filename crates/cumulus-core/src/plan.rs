//! Decides which granules become which files. Pure: it does no I/O.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::collection::Collection;
use crate::granule::Granule;
use crate::product_name::output_names;
use cumulus_model::error::{Class, Failure, Stage};

/// The work of a run.
#[derive(Debug, Default)]
pub struct Plan {
    /// Granules to convert, in this order.
    pub granules: Vec<Granule>,
    /// Files that are refused before conversion, each with the reason.
    pub refused: Vec<(PathBuf, Failure)>,
}

/// Plans every candidate, and refuses those whose products would overwrite each other.
#[must_use]
pub fn plan(collection: &Collection, candidates: &[PathBuf]) -> Plan {
    let mut plan = Plan::default();
    let mut by_stem: BTreeMap<String, Vec<Granule>> = BTreeMap::new();
    for path in candidates {
        match Granule::at(path, collection) {
            Ok(granule) => by_stem.entry(granule.stem.clone()).or_default().push(granule),
            Err(failure) => plan.refused.push((path.clone(), failure)),
        }
    }
    for (stem, granules) in by_stem {
        let paths: Vec<String> = granules.iter().map(|granule| granule.path.display().to_string()).collect();
        for granule in granules {
            if paths.len() == 1 {
                plan.granules.push(granule);
                continue;
            }
            let failure = Failure::new(
                Stage::Plan,
                granule.path.display().to_string(),
                "shares its stem with another granule",
            )
            .found(paths.join(" and "))
            .expected(format!("one granule called {stem}, because both would become {stem}.nc"))
            .hint("convert them into different OUTPUT folders");
            plan.refused.push((granule.path, failure));
        }
    }
    plan
}

/// Refuses a plan that would write over one of its own inputs.
///
/// `identity` returns equal values for two paths to the same file, and `None` if there is no file.
///
/// # Errors
/// An output path, or OUTPUT itself, is one of the inputs.
pub fn check_outputs<Identity: Ord>(
    plan: &Plan,
    output: &Path,
    metadata_suffix: &str,
    identity: impl Fn(&Path) -> Option<Identity>,
) -> Result<(), Failure> {
    let refused = |path: &Path| {
        Failure::new(Stage::Plan, path.display().to_string(), "is both an input and an output")
            .class(Class::Usage)
            .expected("an OUTPUT whose files are not granules of INPUT")
            .hint("choose another OUTPUT")
    };
    let inputs: BTreeSet<Identity> =
        plan.granules.iter().filter_map(|granule| identity(&granule.path)).collect();
    let is_input = |path: &Path| identity(path).is_some_and(|file| inputs.contains(&file));
    if is_input(output) {
        return Err(refused(output));
    }
    for granule in &plan.granules {
        let (data, metadata) = output_names(&granule.stem, metadata_suffix);
        for name in [data, metadata] {
            let target = output.join(name);
            if is_input(&target) {
                return Err(refused(&target));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    fn plan_of(granules: usize) -> Plan {
        let granule = |number: usize| Granule {
            path: PathBuf::from(format!("in/g{number}.h5")),
            file_name: format!("g{number}.h5"),
            stem: format!("g{number}"),
            part: None,
        };
        Plan { granules: (0..granules).map(granule).collect(), refused: Vec::new() }
    }

    #[test]
    fn work_grows_with_the_number_of_granules_and_not_with_its_square() {
        let asked = Cell::new(0);
        let count = |path: &Path| {
            asked.set(asked.get() + 1);
            Some(path.to_owned())
        };
        check_outputs(&plan_of(500), Path::new("out"), ".xml", count).unwrap();
        assert_eq!(asked.get(), 3 * 500 + 1);
    }

    #[test]
    fn an_output_that_is_an_input_is_named() {
        let link = |path: &Path| (path.starts_with("in") || path.ends_with("g7.nc")).then_some(());
        let failure = check_outputs(&plan_of(9), Path::new("out"), ".xml", link).unwrap_err();
        assert_eq!((failure.class, failure.place.as_str()), (Class::Usage, "out/g7.nc"));
    }
}
