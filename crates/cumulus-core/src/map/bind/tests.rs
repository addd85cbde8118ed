use crate::map::interpreted::Interpreted;
use crate::map::interpreted::InterpretedSource;
use cumulus_model::source::Source;
use std::ops::Range;

use ndarray::ArrayD;

use super::*;
use crate::collection::{PositionSpec, TimeSpec, variable};
use crate::map::axes;
use cumulus_model::source::Description;
use cumulus_model::values::{ElementType, Values};

/// A source that has only shapes; every number in it is 3.
struct Shapes(Description);

impl Shapes {
    fn new(datasets: &[(&str, &[usize])]) -> Self {
        let datasets = datasets
            .iter()
            .map(|(path, shape)| Dataset {
                path: (*path).to_owned(),
                shape: shape.to_vec(),
                content: Content::Numbers(ElementType::F64),
                rows_stored_together: None,
                attributes: Vec::new(),
            })
            .collect();
        Self(Description { datasets, ..Description::default() })
    }
}

impl InterpretedSource for Shapes {}

impl Source for Shapes {
    fn description(&self) -> &Description {
        &self.0
    }

    fn rows(&self, dataset: &Dataset, _rows: Range<usize>) -> Result<Values, Failure> {
        Ok(Values::F64(ArrayD::from_elem(dataset.shape.clone(), 3.0)))
    }

    fn strings(&self, _dataset: &Dataset) -> Result<Vec<String>, Failure> {
        Ok(Vec::new())
    }
}

static PRODUCT: Product = Product {
    name: "TEST",
    title: "",
    summary: "",
    file_stem: "",
    example_stem: "",
    recognised_by: &[],
    attributes: &[],
    dimensions: &[
        DimensionSpec { name: "record", sized_by: &[("clock", 0)], stated_by: Some("records") },
        DimensionSpec { name: "level", sized_by: &[("level", 0)], stated_by: None },
        DimensionSpec { name: "colour", sized_by: &[], stated_by: Some("colours") },
    ],
    time: TimeSpec::ClockAndDayOfYear {
        hour: "",
        minute: "",
        second: "",
        day_of_year: "",
        first_day: "",
        last_day: "",
        date: "",
    },
    position: PositionSpec { latitude: "", longitude: "", altitude: None, fastest_m_per_s: 0.0 },
    missing: crate::collection::MissingPolicy::StatedOnly,
    missing_elsewhere: crate::collection::MissingPolicy::StatedOnly,
    variables: &[&[
        variable("clock", "", &[&["record"]]).required().confirmed(),
        variable("level", "", &[&["level"]]).role(Role::VerticalCoordinate),
        variable("heading", "", &[&["record"]]).role(Role::Navigation(Midpoint::Circular)).confirmed(),
        variable("profile", "", &[&["record", "level"]]).confirmed(),
        variable("guess", "", &[&["record", "level"], &["level"], &[]]),
    ]],
    ..Product::DEFAULT
};

fn names(variable: &BoundVariable<'_>) -> Vec<String> {
    variable.dimensions.iter().map(|dimension| dimension.name.clone()).collect()
}

type Bound = Vec<(String, Vec<String>, Form)>;

fn bound(datasets: &[(&str, &[usize])]) -> (Bound, Vec<String>) {
    let mut warnings = Vec::new();
    let source = Shapes::new(datasets);
    let binding = bind(&source, &PRODUCT, &mut warnings).unwrap();
    let variables = binding
        .variables
        .iter()
        .map(|variable| (variable.name.clone(), names(variable), variable.form))
        .collect();
    (variables, warnings.iter().map(ToString::to_string).collect())
}

fn dimensions_of(datasets: &[(&str, &[usize])]) -> Vec<String> {
    bound(datasets).0.pop().unwrap().1
}

#[test]
fn the_table_decides_before_the_length() {
    // `record` and `level` have the same length, so only the table can distinguish them.
    assert_eq!(dimensions_of(&[("clock", &[7]), ("level", &[7])]), ["level"]);
    assert_eq!(dimensions_of(&[("clock", &[7]), ("level", &[7]), ("guess", &[7])]), ["level"]);
}

#[test]
fn unknown_variables_are_bound_by_length() {
    let known: &[(&str, &[usize])] = &[("clock", &[7]), ("level", &[5])];
    let with = |shape: &'static [usize]| dimensions_of(&[known, &[("novel", shape)]].concat());
    assert_eq!(with(&[7, 5]), ["record", "level"]);
    assert_eq!(with(&[5, 7]), ["level", "record"]);
    assert_eq!(with(&[7, 11, 5]), ["record", "dim_11", "level"]);
    assert_eq!(with(&[11, 11]), ["dim_11", "dim_11_2"]);
    assert!(with(&[]).is_empty());
    assert!(with(&[1, 1]).is_empty());
}

#[test]
fn a_stated_length_sizes_a_dimension_that_no_array_does() {
    let known: &[(&str, &[usize])] = &[("clock", &[7]), ("colours", &[]), ("novel", &[3])];
    assert_eq!(dimensions_of(known), ["colour"]);
}

#[test]
fn an_array_is_believed_before_a_stated_length() {
    let (_, warnings) = bound(&[("clock", &[7]), ("records", &[])]);
    assert_eq!(warnings, ["records: states 3, clock has 7; the length of the array is used"]);
}

#[test]
fn navigation_may_be_stored_at_the_edges_of_records() {
    let edges = |length: &'static [usize]| bound(&[("clock", &[7]), ("heading", length)]);
    assert_eq!(edges(&[8]).0[1].2, Form::Edges(Midpoint::Circular));
    assert!(edges(&[8]).1.is_empty());
    assert_eq!(edges(&[9]).1.len(), 1);
    let source = Shapes::new(&[("clock", &[7]), ("heading", &[6])]);
    let failure = bind(&source, &PRODUCT, &mut Vec::new()).unwrap_err();
    assert!(failure.to_string().contains("found [6]; expected (record = 7)"), "{failure}");
}

#[test]
fn a_confirmed_shape_is_demanded_and_an_inferred_one_is_not() {
    let source = Shapes::new(&[("clock", &[7]), ("level", &[5]), ("profile", &[35])]);
    let failure = bind(&source, &PRODUCT, &mut Vec::new()).unwrap_err();
    assert!(failure.to_string().contains("found [35]; expected (record = 7, level = 5)"), "{failure}");
    let (variables, warnings) = bound(&[("clock", &[7]), ("level", &[5]), ("guess", &[35])]);
    assert_eq!(variables[2].1, ["dim_35"]);
    assert_eq!(warnings.len(), 1);
}

#[test]
fn missing_and_empty_required_datasets_are_named() {
    let failure = |datasets| bind(&Shapes::new(datasets), &PRODUCT, &mut Vec::new()).unwrap_err().to_string();
    assert!(failure(&[("level", &[5])]).contains("clock: is missing"));
    assert!(failure(&[("clock", &[0]), ("level", &[5])]).contains("clock: has no values"));
}

#[test]
fn the_names_of_the_product_are_its_own() {
    let (variables, warnings) =
        bound(&[("clock", &[7]), ("record", &[7]), ("source_time", &[]), ("time", &[7, 2])]);
    let name = |index: usize| (variables[index].0.as_str(), variables[index].1.clone());
    assert_eq!(name(1), ("source_record", vec!["record".to_owned()]));
    assert_eq!(name(2).0, "source_time");
    assert_eq!(name(3), ("source_time_2", vec!["record".to_owned(), "dim_2".to_owned()]));
    assert_eq!(
        warnings,
        ["record: is called source_record in the product", "time: is called source_time_2 in the product"]
    );
}

#[test]
fn made_variables_keep_their_names_too() {
    let (variables, _) = bound(&[("clock", &[7]), ("heading", &[8]), ("heading_edges", &[8])]);
    assert_eq!(variables[2].0, "source_heading_edges");
    let (variables, _) = bound(&[("clock", &[7]), ("heading_edges", &[8])]);
    assert_eq!(variables[1].0, "heading_edges");
}

#[test]
fn axes_of_length_one_are_dropped_where_the_table_has_fewer() {
    let shapes = |datasets: &[(&str, &[usize])]| {
        let source = axes::plain(Box::new(Shapes::new(datasets)), &PRODUCT);
        let shapes: Vec<Vec<usize>> =
            source.description().datasets.iter().map(|dataset| dataset.shape.clone()).collect();
        let source = Interpreted::new(source, &PRODUCT, &mut Vec::new()).unwrap();
        bind(&source, &PRODUCT, &mut Vec::new()).unwrap();
        shapes
    };
    let column =
        shapes(&[("clock", &[7, 1]), ("level", &[1, 5]), ("profile", &[7, 1, 5]), ("heading", &[8, 1])]);
    assert_eq!(column, [vec![7], vec![5], vec![7, 5], vec![8]]);
    let row = shapes(&[("clock", &[1, 7]), ("level", &[5, 1]), ("profile", &[1, 7, 5]), ("novel", &[7, 1])]);
    assert_eq!(row, [vec![7], vec![5], vec![7, 5], vec![7, 1]]);
    let lower = shapes(&[("clock", &[7]), ("level", &[5]), ("guess", &[1, 5])]);
    assert_eq!(lower, [vec![7], vec![5], vec![5]]);
    let single = shapes(&[("clock", &[1]), ("level", &[5]), ("guess", &[1, 5]), ("profile", &[1, 5])]);
    assert_eq!(single, [vec![1], vec![5], vec![1, 5], vec![1, 5]]);
}

#[test]
fn axes_that_no_length_tells_apart_have_dimensions_of_their_own() {
    let of = |clock: usize, level: usize, shape: &[usize]| {
        let (mut variables, warnings) = bound(&[("clock", &[clock]), ("level", &[level]), ("new", shape)]);
        (variables.pop().unwrap().1, warnings)
    };
    // As many records as levels, in an array of either; and a square of records.
    for (clock, level, shape, dimensions, which) in [
        (5, 5, &[5][..], vec!["dim_5"], "level or record"),
        (5, 5, &[5, 5], vec!["dim_5", "dim_5_2"], "level or record"),
        (7, 5, &[7, 7, 5], vec!["dim_7", "dim_7_2", "level"], "record"),
    ] {
        let (found, warnings) = of(clock, level, shape);
        assert_eq!(found, dimensions);
        let [warning] = warnings.as_slice() else { panic!("{warnings:?}") };
        assert!(warning.contains(&format!("which axis is {which};")), "{warning}");
    }
    // Nothing is ambiguous about axes of length one, or lengths that no dimension has.
    assert_eq!(of(7, 5, &[3, 3]), (vec!["dim_3".to_owned(), "dim_3_2".to_owned()], Vec::new()));
    assert_eq!(of(1, 1, &[1]).1, Vec::<String>::new());
}
