//! Checks the direction of dependencies: a crate depends only on crates below it, and no crate has a cycle of modules.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Crates by layer, the lowest first. Crates in none of these layers are collections, which are above all layers.
const LAYERS: [&[&str]; 6] = [
    &["cumulus-model", "hdf5-walk", "netcdf4-writer", "shuffle-deflate"],
    &["cumulus-log", "cumulus-store"],
    &["cumulus-formats"],
    &["cumulus-sounding"],
    &["cumulus-core"],
    &["cpl-tables"],
];

fn crates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn layer(name: &str) -> usize {
    LAYERS.iter().position(|layer| layer.contains(&name)).unwrap_or(LAYERS.len())
}

/// Returns the names of all crates of the workspace.
fn names() -> Vec<String> {
    let entries = fs::read_dir(crates()).unwrap().map(|entry| entry.unwrap().path());
    let crates = entries.filter(|path| path.join("Cargo.toml").exists());
    crates.map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect()
}

/// Returns the dependencies in a manifest, including dev-dependencies.
fn dependencies(name: &str) -> Vec<String> {
    let manifest = fs::read_to_string(crates().join(name).join("Cargo.toml")).unwrap();
    let mut section = String::new();
    let mut listed = Vec::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            line.clone_into(&mut section);
        } else if section.ends_with("dependencies]") {
            listed.extend(line.split(['.', ' ', '=']).next().map(str::to_owned));
        }
    }
    listed
}

#[test]
fn a_crate_knows_only_crates_below_it() {
    let names = names();
    for layer in LAYERS.iter().flat_map(|layer| layer.iter()) {
        assert!(names.iter().any(|name| name == layer), "there is no crate {layer}");
    }
    let mut arrows = 0;
    for name in &names {
        for dependency in dependencies(name).iter().filter(|dependency| names.contains(dependency)) {
            // A crate may depend on itself, to enable a feature in tests, and any crate on `hdf5-walk`, which checks
            // files.
            if dependency == name || dependency == "hdf5-walk" {
                continue;
            }
            assert!(layer(dependency) < layer(name), "{name} knows {dependency}, which is not below it");
            arrows += 1;
        }
    }
    assert!(arrows > 10, "{arrows} dependencies between crates were found");
}

#[test]
fn no_modules_of_a_crate_know_each_other_in_a_circle() {
    for name in names() {
        let source = crates().join(&name).join("src");
        let mut left = graph(&source);
        // Remove modules that use none of the remaining ones, until nothing or only cycles remain.
        loop {
            let known: BTreeSet<String> = left.keys().cloned().collect();
            let before = left.len();
            left.retain(|_, others| others.iter().any(|other| known.contains(other)));
            if left.len() == before {
                break;
            }
        }
        assert!(left.is_empty(), "{name}: modules in a circle, or above one: {left:#?}");
    }
}

/// Returns, for each top-level module, the other top-level modules of its crate that it uses outside tests.
fn graph(source: &Path) -> BTreeMap<String, BTreeSet<String>> {
    let mut graph: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for path in rust_files(source) {
        let relative = path.strip_prefix(source).unwrap();
        let module = relative.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs").to_owned();
        if module == "lib"
            || module == "main"
            || relative.components().any(|part| is_tests(part.as_os_str().to_str()))
        {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let program = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        let code = program.lines().filter(|line| !line.trim_start().starts_with("//"));
        let named = code.flat_map(|line| line.split("crate::").skip(1)).map(|rest| {
            rest.split(|character: char| !character.is_alphanumeric() && character != '_')
                .next()
                .unwrap()
                .to_owned()
        });
        let others = named.filter(|other| *other != module && source.join(format!("{other}.rs")).exists());
        graph.entry(module.clone()).or_default().extend(others);
    }
    graph
}

fn is_tests(part: Option<&str>) -> bool {
    matches!(part, Some("tests" | "tests.rs"))
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}
