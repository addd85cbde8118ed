//! Which granules are converted into which files; pure.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::collection::Collection;
use crate::convert::output_names;
use crate::error::{Class, Failure, Stage};
use crate::granule::Granule;

/// What a run will do.
#[derive(Debug, Default)]
pub struct Plan {
    /// Granules to convert, in this order.
    pub granules: Vec<Granule>,
    /// Granules that cannot even be tried.
    pub refused: Vec<(PathBuf, Failure)>,
}

/// Gives every candidate its place, and refuses those whose products would overwrite each other.
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
/// `is_same_file` tells whether two paths lead to one file.
///
/// # Errors
/// An output path, or OUTPUT itself, is one of the inputs.
pub fn check_outputs(
    plan: &Plan,
    output: &Path,
    metadata_suffix: &str,
    is_same_file: impl Fn(&Path, &Path) -> bool,
) -> Result<(), Failure> {
    let refused = |path: &Path| {
        Failure::new(Stage::Plan, path.display().to_string(), "is both an input and an output")
            .class(Class::Usage)
            .expected("an OUTPUT whose files are not granules of INPUT")
            .hint("choose another OUTPUT")
    };
    for granule in &plan.granules {
        if is_same_file(output, &granule.path) {
            return Err(refused(output));
        }
        let (data, metadata) = output_names(granule, metadata_suffix);
        for name in [data, metadata] {
            let target = output.join(name);
            if plan.granules.iter().any(|input| is_same_file(&target, &input.path)) {
                return Err(refused(&target));
            }
        }
    }
    Ok(())
}
