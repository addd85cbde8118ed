//! Decides which granules become which files. Pure: it does no I/O.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::collection::Collection;
use crate::discover::{Candidate, Refused};
use crate::granule::Granule;
use crate::layout::Layout;
use crate::product_name::output_names;
use cumulus_model::error::{Class, Failure, Stage};

/// The work of a run.
#[derive(Debug, Default)]
pub struct Plan {
    /// Granules to convert, in this order.
    pub granules: Vec<Granule>,
    /// Files that are refused before conversion, each with the reason.
    pub refused: Vec<Refused>,
    /// Stems that several granules share, in different folders of OUTPUT, with their number.
    pub repeated: BTreeMap<String, usize>,
}

/// What is at a path where a product shall go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Occupant<Identity> {
    /// The file, links resolved; equal for two paths to the same file.
    pub identity: Identity,
    /// What it is if a file cannot take its place, such as "a folder".
    pub obstacle: Option<&'static str>,
}

/// Plans every candidate, and refuses those whose products would overwrite each other.
///
/// A run may have a million granules, so this holds each of them once.
#[must_use]
pub fn plan(collection: &'static Collection, candidates: Vec<Candidate>, layout: &Layout) -> Plan {
    let mut plan = Plan { granules: Vec::with_capacity(candidates.len()), ..Plan::default() };
    for Candidate { path, folder, expected } in candidates {
        let placed = Granule::at(&path, &folder, collection).and_then(|mut granule| {
            granule.expected = expected;
            granule.output_folder = layout.folder(collection, &granule)?;
            Ok(granule)
        });
        match placed {
            Ok(granule) => plan.granules.push(granule),
            Err(failure) => plan.refused.push(Refused { path, folder, failure }),
        }
    }
    plan.granules
        .sort_by(|left, right| place(left).cmp(&place(right)).then_with(|| left.path.cmp(&right.path)));
    if plan.granules.is_sorted_by(|left, right| place(left) != place(right)) {
        plan.repeated = repeated(&plan.granules);
        return plan;
    }
    let (mut alone, mut shared) = (Vec::new(), Vec::new());
    for granules in plan.granules.chunk_by(|left, right| place(left) == place(right)) {
        if let [granule] = granules { alone.push(granule.clone()) } else { shared.push(granules.to_vec()) }
    }
    for granules in shared {
        let paths: Vec<String> = granules.iter().map(|granule| granule.path.display().to_string()).collect();
        for granule in granules {
            let failure = Failure::new(
                Stage::Plan,
                granule.path.display().to_string(),
                "shares its stem with another granule",
            )
            .found(paths.join(" and "))
            .expected(format!("one granule for {}.nc", granule.output_stem()))
            .hint("convert them into different OUTPUT folders, or choose a --layout that tells them apart");
            plan.refused.push(Refused { path: granule.path, folder: granule.folder, failure });
        }
    }
    plan.repeated = repeated(&alone);
    plan.granules = alone;
    plan
}

/// Returns what tells the products of two granules apart.
fn place(granule: &Granule) -> (&str, &str) {
    (&granule.output_folder, &granule.stem)
}

/// Returns the stems that several granules share, with their number.
fn repeated(granules: &[Granule]) -> BTreeMap<String, usize> {
    let mut stems: Vec<&str> = granules.iter().map(|granule| granule.stem.as_str()).collect();
    stems.sort_unstable();
    let groups = stems.chunk_by(|left, right| left == right).filter(|group| group.len() > 1);
    groups.filter_map(|group| Some(((*group.first()?).to_owned(), group.len()))).collect()
}

/// Refuses a plan that would write over one of its own inputs, or whose products meet something that no file can
/// replace.
///
/// `occupant` tells what is at a path, and `None` if there is nothing.
///
/// # Errors
/// An output path, or OUTPUT itself, is one of the inputs, or the path of a product is in use.
pub fn check_outputs<Identity: Ord>(
    plan: &Plan,
    output: &Path,
    metadata_suffix: &str,
    occupant: impl Fn(&Path) -> Option<Occupant<Identity>>,
) -> Result<(), Failure> {
    let refused = |path: &Path| {
        Failure::new(Stage::Plan, path.display().to_string(), "is both an input and an output")
            .class(Class::Usage)
            .expected("an OUTPUT whose files are not granules of INPUT")
            .hint("choose another OUTPUT")
    };
    let identity = |path: &Path| occupant(path).map(|occupant| occupant.identity);
    let inputs: BTreeSet<Identity> =
        plan.granules.iter().filter_map(|granule| identity(&granule.path)).collect();
    if identity(output).is_some_and(|file| inputs.contains(&file)) {
        return Err(refused(output));
    }
    for granule in &plan.granules {
        let (data, metadata) = output_names(granule, metadata_suffix);
        for name in [data, metadata] {
            let target = output.join(name);
            let Some(Occupant { identity, obstacle }) = occupant(&target) else { continue };
            if inputs.contains(&identity) {
                return Err(refused(&target));
            }
            if let Some(obstacle) = obstacle {
                return Err(Failure::new(
                    Stage::Plan,
                    target.display().to_string(),
                    "is in the way of a product",
                )
                .class(Class::OutputUnwritable)
                .found(obstacle)
                .expected("nothing, or the product of an earlier run")
                .hint("remove it or choose another OUTPUT"));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::path::PathBuf;

    use super::*;

    fn plan_of(granules: usize) -> Plan {
        let granule = |number: usize| Granule {
            path: PathBuf::from(format!("in/g{number}.h5")),
            staged: None,
            file_name: format!("g{number}.h5"),
            stem: format!("g{number}"),
            part: None,
            folder: String::new(),
            output_folder: String::new(),
            expected: None,
        };
        Plan { granules: (0..granules).map(granule).collect(), ..Plan::default() }
    }

    fn file<Identity>(identity: Identity) -> Occupant<Identity> {
        Occupant { identity, obstacle: None }
    }

    #[test]
    fn work_grows_with_the_number_of_granules_and_not_with_its_square() {
        let asked = Cell::new(0);
        let count = |path: &Path| {
            asked.set(asked.get() + 1);
            Some(file(path.to_owned()))
        };
        check_outputs(&plan_of(500), Path::new("out"), ".xml", count).unwrap();
        assert_eq!(asked.get(), 3 * 500 + 1);
    }

    #[test]
    fn an_output_that_is_an_input_is_named() {
        let link = |path: &Path| (path.starts_with("in") || path.ends_with("g7.nc")).then_some(file(()));
        let failure = check_outputs(&plan_of(9), Path::new("out"), ".xml", link).unwrap_err();
        assert_eq!((failure.class, failure.place.as_str()), (Class::Usage, "out/g7.nc"));
    }

    #[test]
    fn an_obstacle_is_named() {
        let folder = |path: &Path| {
            path.ends_with("g3.nc.xml").then_some(Occupant { identity: 1, obstacle: Some("a folder") })
        };
        let failure = check_outputs(&plan_of(9), Path::new("out"), ".xml", folder).unwrap_err();
        assert_eq!((failure.class, failure.place.as_str()), (Class::OutputUnwritable, "out/g3.nc.xml"));
    }
}
