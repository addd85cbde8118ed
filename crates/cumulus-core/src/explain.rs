//! Explains what becomes of each dataset of a granule, and lists where a granule differs from its product's table.
//!
//! In: a granule. Out: text for people, from the same description and binding that a conversion uses, so that it cannot
//! state another rule than the one that is applied.

use std::fmt::Write;
use std::path::Path;

use crate::collection::{Collection, Evidence, MissingPolicy, Presence, Product, Role, VariableSpec};
use crate::convert;
use crate::facts::Facts;
use crate::granule::Granule;
use crate::map::bind::{self, BoundVariable, Form};
use crate::map::decode::Sentinels;
use crate::map::interpreted::InterpretedSource;
use crate::map::reading::Reading;
use cumulus_model::error::{Failure, Stage};
use cumulus_model::source::Dataset;
use cumulus_model::warning::{Code, Warning};

/// What becomes of the datasets of one granule.
#[derive(Debug)]
pub struct Explanation {
    /// Product of the granule, in the collection's table.
    pub product: &'static str,
    /// What is known about the granule as a whole.
    pub facts: Facts,
    /// One line per dataset, in the order of the source, and one per row without a dataset.
    pub lines: Vec<Line>,
    /// Warnings of reading, identification and binding, as a conversion has them.
    pub warnings: Vec<Warning>,
}

/// What becomes of one dataset, or that a row of the table has none.
#[derive(Debug)]
pub struct Line {
    /// Path of the dataset, or the row's name.
    pub dataset: String,
    /// Shape and type as the source describes them; empty for a row without a dataset.
    pub stored: String,
    /// Variable of the product with its dimensions; empty if there is none.
    pub becomes: String,
    /// The rules that decide, separated by semicolons.
    pub rule: String,
    /// True where the granule differs from the table.
    pub is_drift: bool,
}

/// Characters of the longest sentinel that is shown, `-999999.99`.
const LONGEST_SENTINEL: usize = 10;

/// Codes of warnings that mean that a granule differs from its product's table.
const DRIFT: &[Code] = &[
    Code::AxesAmbiguous,
    Code::FlagsDisagree,
    Code::LengthsDisagree,
    Code::MaybeRenamed,
    Code::PackingUnreadable,
    Code::ProductByContent,
    Code::ShapeUnknown,
    Code::TextForNumbers,
    Code::UnitsDisagree,
    Code::ValuesAreNoFlags,
];

impl Explanation {
    /// Explains the granule at `path`.
    ///
    /// # Errors
    /// As a conversion has them, up to the binding of dimensions; or the file holds several soundings.
    pub fn of(collection: &'static Collection, path: &Path) -> Result<Self, Failure> {
        let granule = Granule::at(path, "", collection)?;
        let mut warnings = Vec::new();
        let contents = convert::contents(&granule, collection, &mut warnings)?.map_err(|count| {
            Failure::new(Stage::Read, path.display().to_string(), "holds several soundings")
                .found(count)
                .expected("one granule")
                .hint("every sounding becomes a product with the same variables; explain a file with one")
        })?;
        let (source, product) = (&*contents.source, contents.identity.product);
        let binding = bind::bind(source, product, &mut warnings)?;
        let mut lines: Vec<Line> = source
            .description()
            .datasets
            .iter()
            .map(|dataset| {
                let bound = binding.variables.iter().find(|bound| bound.dataset.path == dataset.path);
                line(source, product, dataset, bound)
            })
            .collect();
        lines.extend(source.description().unusable.iter().map(|(path, failure)| Line {
            dataset: path.clone(),
            stored: String::new(),
            becomes: String::new(),
            rule: format!("left out: {}", failure.problem),
            is_drift: product.row(path).is_some(),
        }));
        let absent = product.rows().filter(|row| {
            let mut datasets = source.description().datasets.iter();
            row.derived.is_none() && !datasets.any(|dataset| row.describes(&dataset.path))
        });
        lines.extend(absent.map(absent_row));
        Ok(Self { product: product.name, facts: contents.facts, lines, warnings })
    }

    /// True where the granule differs from its product's table.
    #[must_use]
    pub fn has_drift(&self) -> bool {
        self.lines.iter().any(|line| line.is_drift) || self.drift_warnings().next().is_some()
    }

    fn drift_warnings(&self) -> impl Iterator<Item = &Warning> {
        self.warnings.iter().filter(|warning| DRIFT.contains(&warning.code))
    }

    /// Every dataset with what becomes of it, then all warnings.
    #[must_use]
    pub fn whole(&self) -> String {
        let Facts { platform, campaign, short_name } = &self.facts;
        let mut text = format!(
            "product {}, platform {platform}, campaign {campaign}, short name {short_name}\n",
            self.product
        );
        table(&mut text, self.lines.iter());
        warnings(&mut text, self.warnings.iter());
        text
    }

    /// Only what differs from the table; `no drift` if nothing does.
    #[must_use]
    pub fn drift(&self) -> String {
        let mut text = format!("product {}\n", self.product);
        table(&mut text, self.lines.iter().filter(|line| line.is_drift));
        warnings(&mut text, self.drift_warnings());
        if !self.has_drift() {
            text.push_str("no drift: the granule is as the table describes it\n");
        }
        text
    }
}

fn table<'lines>(text: &mut String, lines: impl Iterator<Item = &'lines Line> + Clone) {
    let width = |of: fn(&Line) -> &str| lines.clone().map(|line| of(line).chars().count()).max().unwrap_or(0);
    let widths = [width(|line| &line.dataset), width(|line| &line.stored), width(|line| &line.becomes)];
    for line in lines {
        let [dataset, stored, becomes] = widths;
        let _ = writeln!(
            text,
            "{:dataset$}  {:stored$}  {:becomes$}  {}",
            line.dataset, line.stored, line.becomes, line.rule
        );
    }
}

fn warnings<'all>(text: &mut String, warnings: impl Iterator<Item = &'all Warning>) {
    for warning in warnings {
        let _ = writeln!(text, "warning {}: {warning}", warning.code);
    }
}

fn line(
    source: &dyn InterpretedSource,
    product: &Product,
    dataset: &Dataset,
    bound: Option<&BoundVariable<'_>>,
) -> Line {
    let shape: Vec<String> = dataset.shape.iter().map(ToString::to_string).collect();
    let line = |becomes: String, rule: String, is_drift: bool| Line {
        dataset: dataset.path.clone(),
        stored: format!("{}({})", dataset.content, shape.join(", ")),
        becomes,
        rule,
        is_drift,
    };
    let Some(bound) = bound else {
        let rule = if product.time.is_replaced(&dataset.path) {
            return line(bind::TIME.to_owned(), "becomes the time of records".to_owned(), false);
        } else if product.row(&dataset.path).is_some_and(|row| row.is_dropped) {
            "not in the product, by the table"
        } else {
            "holds no data"
        };
        return line(String::new(), rule.to_owned(), false);
    };
    let dimensions: Vec<&str> = bound.dimensions.iter().map(|dimension| dimension.name.as_str()).collect();
    let becomes = format!("{}({})", bound.name, dimensions.join(", "));
    let mut rules = Vec::new();
    match bound.row {
        Some(row) => rules.extend(by_row(row, dataset)),
        None => rules.push("unknown: carried through, dimensions by length".to_owned()),
    }
    match bound.form {
        Form::Rows => {}
        Form::Text => rules.push("text".to_owned()),
        Form::Edges(_) => rules.push("at record edges: midpoints, the edges are kept beside them".to_owned()),
    }
    if let (Form::Rows | Form::Edges(_), Some(reading)) = (bound.form, source.reading(dataset)) {
        rules.extend(by_reading(reading, bound.row));
    }
    line(becomes, rules.join("; "), bound.row.is_none())
}

/// Rules of the table alone.
fn by_row(row: &VariableSpec, dataset: &Dataset) -> Vec<String> {
    let mut rules = vec!["in the table".to_owned()];
    if row.name != dataset.path {
        rules.push(format!("as {}", row.name));
    }
    if row.called.is_some() {
        rules.push("renamed".to_owned());
    }
    if let Some(MissingPolicy::Stored(listed)) = row.missing {
        rules.push(format!("missing as stored {}", shown(listed)));
    }
    match row.role {
        Role::VerticalCoordinate => rules.push("vertical coordinate".to_owned()),
        Role::Coordinate => rules.push("coordinate".to_owned()),
        Role::Data | Role::Text | Role::Navigation(_) => {}
    }
    rules
}

/// Rules for the values: packing, unit, missing values.
fn by_reading(reading: &Reading, row: Option<&VariableSpec>) -> Vec<String> {
    let mut rules: Vec<String> = reading.note.clone().into_iter().collect();
    let unit = reading.units.as_deref().or_else(|| row.and_then(|row| row.units.of_table()));
    rules.extend(unit.map(|unit| format!("unit {unit}")));
    if reading.is_packed {
        rules.push("packed in an unknown way".to_owned());
    }
    match &reading.sentinels {
        Sentinels::Nothing => {}
        Sentinels::AtOrBelow(limit) => rules.push(format!("missing at or below {limit}")),
        Sentinels::Equal(listed) => {
            let is_stored = matches!(row.and_then(|row| row.missing), Some(MissingPolicy::Stored(_)));
            let shown = shown(listed);
            if !shown.is_empty() && !is_stored {
                rules.push(format!("missing {shown}"));
            }
        }
    }
    rules
}

/// Sentinels as a reader writes them: without netCDF's fill value, and without those that are others in single
/// precision.
fn shown(listed: &[f64]) -> String {
    let texts = listed.iter().filter(|number| number.abs() < 1e30).map(ToString::to_string);
    let texts: Vec<String> = texts.filter(|text| text.len() <= LONGEST_SENTINEL).collect();
    texts.join(", ")
}

fn absent_row(row: &VariableSpec) -> Line {
    // A required row without a dataset is a failure before this.
    let is_expected = row.evidence == Evidence::Confirmed || row.presence == Presence::Required;
    Line {
        dataset: row.name.to_owned(),
        stored: String::new(),
        becomes: String::new(),
        rule: if is_expected { "absent, although real granules have it" } else { "absent" }.to_owned(),
        is_drift: is_expected,
    }
}
