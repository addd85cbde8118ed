//! Drafts the tables of a new collection from one of its granules, for `scripts/new-collection --from`.
//!
//! In: a granule. Out: Rust code that compiles: the names, shapes, units and texts that the granule states, and a comment
//! with `DECIDE` wherever only a person can know what is right. Nothing is guessed that a product would be wrong by: a
//! record dimension and a clock that were chosen by their names are marked, too.

mod contents;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use self::contents::{Contents, DESCRIPTION_ENDING, Sized, UNITS_ENDING, has, text};
use crate::map::bind::legal_name;
use crate::map::reading::stated_units;
use crate::map::units;
use crate::open::{self, Opened};
use cumulus_model::error::{Failure, Stage};
use cumulus_model::source::{Content, Dataset};

/// Items of `cumulus_core::collection` that a draft may use.
const ITEMS: [&str; 16] = [
    "Collection",
    "Constant",
    "DimensionSpec",
    "Fact",
    "MissingPolicy",
    "ObservedSpec",
    "PositionSpec",
    "Product",
    "Role",
    "SiblingSpec",
    "Statement",
    "TimeOrigin",
    "TimeSpec",
    "Units",
    "VariableSpec",
    "variable",
];

/// What is drafted from a granule.
#[derive(Debug)]
pub struct Draft {
    /// The tables, as the text of `lib.rs`.
    pub tables: String,
    /// The datasets of the granule, which the test of the contract lists.
    pub datasets: Vec<String>,
}

impl Draft {
    /// Drafts the tables of the collection called `program` from the granule at `path`.
    ///
    /// # Errors
    /// The granule cannot be opened, has no arrays, or has a name that is not UTF-8.
    pub fn of(program: &str, path: &Path) -> Result<Self, Failure> {
        let place = path.display().to_string();
        let Opened::Arrays(source) = open::open(path, false)? else {
            return Err(Failure::new(Stage::Read, place, "is a text").expected("HDF5 or netCDF"));
        };
        let name = path.file_name().and_then(|name| name.to_str());
        let (stem, extension) = name.and_then(|name| name.rsplit_once('.')).ok_or_else(|| {
            Failure::new(Stage::Plan, place, "has an invalid file name").expected("a name with an extension")
        })?;
        let granule = Contents::of(source.description());
        let body = format!("{}{}{}", collection(program, extension), product(&granule, stem), rows(&granule));
        let is_used = |item: &&&str| {
            body.contains(&format!("{item} {{"))
                || body.contains(&format!("{item}::"))
                || body.contains(&format!("{item}("))
                || body.contains(&format!("{item}]"))
        };
        let items: Vec<&str> = ITEMS.iter().filter(is_used).copied().collect();
        let tables = format!(
            "//! Tables of the collection `{program}`, drafted from `{stem}.{extension}`.\n//!\n\
             //! Every comment that begins with DECIDE marks what only a person can know. Document the source of each decision in\n\
             //! `docs/data-notes.md`, and remove the comment.\n\n\
             use cumulus_core::collection::{{{}}};\n\n{body}",
            items.join(", ")
        );
        Ok(Self { tables, datasets: granule.datasets.iter().map(|dataset| dataset.path.clone()).collect() })
    }
}

fn collection(program: &str, extension: &str) -> String {
    let short_name = program.replace('-', "");
    let (campaign, instrument) = program.split_once('-').unwrap_or((program, program));
    format!(
        "/// The collection.
pub static COLLECTION: Collection = Collection {{
    program: env!(\"CARGO_PKG_NAME\"),
    version: env!(\"CARGO_PKG_VERSION\"),
    // DECIDE: the short name in the catalogue, and the GCMD keywords; `Fact::Stated` if granules differ in them.
    short_name: Fact::Always({short_name:?}),
    version_id: \"1\",
    platform: Fact::Always(\"AIRCRAFT\"),
    instrument: {:?},
    campaign: Fact::Always({:?}),
    extensions: &[{extension:?}],
    numbered_endings: false,
    converted_elsewhere: &[],
    // DECIDE: the global attributes of every product, by ACDD.
    attributes: &[&[
        (\"institution\", \"Institution of the instrument team\"),
        (\"source\", \"Instrument, aircraft\"),
        (\"license\", \"Freely available under NASA's Earth Science Data and Information Policy\"),
        (\"keywords\", \"EARTH SCIENCE > ATMOSPHERE\"),
    ]],
    products: &[PRODUCT],
}};

",
        instrument.to_uppercase(),
        campaign.to_uppercase(),
    )
}

/// Digits in a row that differ between granules: shorter numbers are levels and versions.
const LONG_NUMBER: usize = 4;

/// A pattern for names like `stem`: the first eight digits in a row are the date, and other long numbers may be any.
fn pattern(stem: &str) -> String {
    let mut pattern = String::new();
    let mut has_date = false;
    let mut rest = stem;
    while let Some(first) = rest.chars().next() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (part, after) = rest.split_at(digits.max(first.len_utf8()));
        match digits {
            ..LONG_NUMBER => pattern.push_str(&regex::escape(part)),
            8 if !has_date => {
                has_date = true;
                pattern.push_str(r"(?<date>\d{8})");
            }
            count => {
                let _ = write!(pattern, r"\d{{{count}}}");
            }
        }
        rest = after;
    }
    pattern
}

fn product(granule: &Contents<'_>, stem: &str) -> String {
    let recognised: Vec<&str> = granule
        .datasets
        .iter()
        .filter(|dataset| dataset.shape.len() > 1)
        .chain(&granule.datasets)
        .take(2)
        .map(|dataset| dataset.path.as_str())
        .collect();
    let mut product = format!(
        "const PRODUCT: Product = Product {{
    // DECIDE: the name of the product, and its texts.
    name: \"L1\",
    title: \"Title\",
    summary: \"Summary.\",
    // DECIDE: which parts of the name differ between granules; named groups become global attributes.
    file_stem: r\"{pattern}\",
    example_stem: {stem:?},
    // DECIDE: datasets that no other instrument has.
    recognised_by: &{recognised:?},
    attributes: &[(\"processing_level\", \"1B\"), (\"cdm_data_type\", \"Trajectory\")],
    // DECIDE: the names of dimensions. The first one is that of the records.
    dimensions: &[
",
        // A quote would end the literal.
        pattern = pattern(stem).replace('"', "."),
    );
    for Sized { name, dataset, axis, length } in &granule.dimensions {
        let _ = writeln!(
            product,
            "        DimensionSpec::sized_by({name:?}, &[({dataset:?}, {axis})]), // {length}"
        );
    }
    product.push_str("    ],\n");
    time(&mut product, granule);
    let position = granule.place("lat", 1).zip(granule.place("lon", 1));
    let [latitude, longitude] =
        position.map_or(["latitude", "longitude"], |(north, east)| [&north.path, &east.path]);
    let _ = writeln!(
        product,
        "    // DECIDE: the position of the platform at each record{}.\n    position: PositionSpec::aircraft({latitude:?}, {longitude:?}),",
        if position.is_some() { "" } else { "; none was found by name" },
    );
    if let Some((north, east)) = granule.place("lat", 2).zip(granule.place("lon", 2)) {
        let _ = writeln!(
            product,
            "    // DECIDE: whether these are the places of pixels.\n    observed: Some(ObservedSpec {{ latitude: {:?}, longitude: {:?} }}),",
            north.path, east.path
        );
    }
    if granule.has_siblings {
        let _ = writeln!(
            product,
            "    siblings: Some(SiblingSpec {{ data: \"Data\", information: \"Information\", units: &[{UNITS_ENDING:?}], descriptions: &[{DESCRIPTION_ENDING:?}] }}),"
        );
    }
    product.push_str(
        "    // DECIDE: numbers that stand for missing values, if no attribute states them: `MissingPolicy`.\n    variables: &[VARIABLES],\n    ..Product::DEFAULT\n};\n\n",
    );
    product
}

fn time(product: &mut String, granule: &Contents<'_>) {
    let clock = granule.clock();
    let path = clock.map_or("time", |clock| clock.path.as_str());
    let states = clock.and_then(|clock| text(clock, "units"));
    let (unit, origin) = match states {
        Some(units) if units.contains(" since ") => ("None", "TimeOrigin::Units"),
        Some(_) => ("None", "TimeOrigin::DateInName"),
        None => ("Some(\"seconds\")", "TimeOrigin::DateInName"),
    };
    let comment = clock.and_then(|clock| text(clock, "comment")).filter(|comment| comment.contains("since "));
    let origin = if comment.is_some() { "TimeOrigin::Attribute(\"comment\")" } else { origin };
    let found = match (clock, states) {
        (None, _) => "no dataset was found by name".to_owned(),
        (Some(_), Some(units)) => format!("its units are {units:?}"),
        (Some(_), None) => "it states no units".to_owned(),
    };
    let _ = writeln!(
        product,
        "    // DECIDE: the time of each record; {found}.\n    time: TimeSpec::Since {{ dataset: {path:?}, unit: {unit}, origin: {origin} }},"
    );
}

fn rows(granule: &Contents<'_>) -> String {
    // A name without its groups is used where it is the only one.
    let mut names: BTreeMap<String, usize> = BTreeMap::new();
    for dataset in &granule.datasets {
        *names.entry(dataset.name().to_owned()).or_default() += 1;
    }
    let mut rows = "const VARIABLES: &[VariableSpec] = &[\n".to_owned();
    let clock = granule.clock().filter(|clock| clock.name() != clock.path || clock.path == "time");
    for dataset in
        granule.datasets.iter().filter(|dataset| clock.is_none_or(|clock| clock.path != dataset.path))
    {
        row(&mut rows, granule, dataset, names.get(dataset.name()) == Some(&1));
    }
    rows.push_str("];\n");
    rows
}

fn row(rows: &mut String, granule: &Contents<'_>, dataset: &Dataset, is_only: bool) {
    let (axes, is_ambiguous) = granule.layout(dataset);
    if is_ambiguous {
        let _ = writeln!(rows, "    // DECIDE: axes of {:?} have the same length.", dataset.shape);
    }
    let long_name = text(dataset, "long_name").or_else(|| text(dataset, "description"));
    let long_name = long_name.map_or_else(|| dataset.name().replace('_', " "), str::to_owned);
    let mut row = format!("    variable({:?}, {long_name:?}, &[&{axes:?}])", dataset.path);
    if !is_ambiguous {
        row.push_str(".confirmed()");
    }
    if dataset.path.contains('/') && is_only && legal_name(dataset.name()) == dataset.name() {
        let _ = write!(row, ".called({:?})", dataset.name());
    }
    let is_place = ["lat", "lon"].iter().any(|name| {
        [1, 2].iter().any(|&rank| granule.place(name, rank).is_some_and(|place| place.path == dataset.path))
    });
    let mut undecided = None;
    match (&dataset.content, stated_units(dataset)) {
        (Content::Numbers(kind), stated) => {
            let is_packed = ["scale_factor", "add_offset"]
                .iter()
                .any(|name| dataset.attributes.iter().any(|attribute| attribute.name == *name));
            if is_packed && !kind.is_float() {
                row.push_str(".packed()");
            }
            match stated.map(|(_, unit)| (unit, units::standard(unit))) {
                _ if is_place => {
                    let direction = if has(dataset, "lat") { "north" } else { "east" };
                    let name = if has(dataset, "lat") { "latitude" } else { "longitude" };
                    let _ =
                        write!(row, ".required().units(\"degrees_{direction}\").standard_name(\"{name}\")");
                }
                Some((_, Some(unit))) => {
                    let _ = write!(row, ".units({unit:?})");
                }
                Some((unit, None)) => undecided = Some(format!("the unit {unit:?} is unknown")),
                None => undecided = Some("the source states no unit".to_owned()),
            }
        }
        _ => row.push_str(".role(Role::Text).units_by(Units::None)"),
    }
    if let Some(standard_name) = text(dataset, "standard_name").filter(|_| !is_place) {
        let _ = write!(row, ".standard_name({standard_name:?})");
    }
    if let Some(undecided) = undecided {
        let _ = writeln!(rows, "    // DECIDE: {undecided}.");
    }
    let _ = writeln!(rows, "{row},");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_becomes_a_pattern_that_it_matches() {
        for (stem, expected) in [
            ("EPOCH_HAMSR_20170824T1400", r"EPOCH_HAMSR_(?<date>\d{8})T\d{4}"),
            ("L2_V03_12203a_20120906", r"L2_V03_\d{5}a_(?<date>\d{8})"),
            ("a.b_20200101_20200102", r"a\.b_(?<date>\d{8})_\d{8}"),
            ("plain", "plain"),
        ] {
            let pattern = pattern(stem);
            assert_eq!(pattern, expected);
            assert!(regex::Regex::new(&format!("^(?:{pattern})$")).unwrap().is_match(stem));
        }
    }
}
