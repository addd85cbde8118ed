//! Arranges a sounding as records: one row per time, in order, each with a position.
//!
//! Input: the contents of a file ([`Sounding`]), in any format. Output: a [`Source`] like any other, whose datasets
//! have the names and units of the product's table, and the time of its records. Values are changed only by unit
//! conversion, and longitudes by wrapping; merged, filled and dropped rows and values are counted in attributes.

mod facts;
mod fill;
mod kind;
mod named;
mod rows;
mod single;
mod unit;

pub use self::named::compare;

use crate::map::interpreted::InterpretedSource;
use std::ops::Range;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use ndarray::{Array1, ArrayD};

use self::fill::Status;
use self::rows::Ordered;
use super::position;
use super::time::{Method, TimeAxis};
use super::units;
use crate::collection::{Product, SoundingSpec, VariableSpec};
use cumulus_model::error::{Class, Failure, Stage};
use cumulus_model::source::{Content, Dataset, Description, Source, SourceAttribute, SourceValue};
use cumulus_model::values::{ElementType, Values};
use cumulus_model::warning::{Code, Warning};
use cumulus_sounding::{Column, Sounding};

/// Maximum time in seconds between the launch and any row. A receiver that is left running after the splash may record
/// for hours but not for a day; a longer time is damaged, and catalogues would use it as the time of the granule.
const MAX_S: f64 = 86_400.0;

/// The records of a sounding.
#[derive(Debug)]
pub struct Records {
    description: Description,
    contents: Vec<Stored>,
    /// The time of every record.
    pub time: TimeAxis,
}

#[derive(Debug)]
enum Stored {
    Values(Values),
    Texts(Vec<String>),
}

impl InterpretedSource for Records {}

impl Source for Records {
    fn description(&self) -> &Description {
        &self.description
    }

    fn rows(&self, dataset: &Dataset, rows: Range<usize>) -> Result<Values, Failure> {
        match self.stored(dataset)? {
            Stored::Values(values) if values.shape().is_empty() => Ok(values.clone()),
            Stored::Values(values) if rows.end > values.row_count() => {
                Err(Failure::new(Stage::Read, &dataset.path, "has fewer rows").class(Class::Internal))
            }
            Stored::Values(values) => Ok(values.rows(rows)),
            Stored::Texts(_) => Err(Failure::new(Stage::Read, &dataset.path, "does not hold numbers")),
        }
    }

    fn strings(&self, dataset: &Dataset) -> Result<Vec<String>, Failure> {
        match self.stored(dataset)? {
            Stored::Texts(texts) => Ok(texts.clone()),
            Stored::Values(_) => Err(Failure::new(Stage::Read, &dataset.path, "does not hold text")),
        }
    }
}

impl Records {
    fn stored(&self, dataset: &Dataset) -> Result<&Stored, Failure> {
        let index = self.description.datasets.iter().position(|known| known.path == dataset.path);
        index.and_then(|index| self.contents.get(index)).ok_or_else(|| {
            Failure::new(Stage::Read, &dataset.path, "is not in this sounding").class(Class::Internal)
        })
    }
}

/// Arranges `sounding` by the table of `product`; `place` names it in failures.
///
/// # Errors
/// No row has a time within a day of the launch, the origin of times is unknown, a column has a unit that cannot be
/// converted, or the rows are not the fall of a dropsonde.
pub fn arrange(
    sounding: &Sounding,
    product: &'static Product,
    spec: &SoundingSpec,
    place: &str,
    warnings: &mut Vec<Warning>,
) -> Result<Records, Failure> {
    let _span = tracing::info_span!("arrange").entered();
    warnings.extend(sounding.notes.iter().cloned());
    let times = sounding.column(&sounding.time_column).map_or(&[][..], |column| &column.values);
    let (launch, offset) = launch(sounding, place)?;
    let is_far = |time: f64| (time + offset).abs() > MAX_S;
    let far = times.iter().filter(|&&time| is_far(time)).count();
    let near: Vec<f64> = times.iter().map(|&time| if is_far(time) { f64::NAN } else { time }).collect();
    if far > 0 && near.iter().all(|time| time.is_nan()) {
        return Err(Failure::new(Stage::Map, place, "has times that do not fit the descent of a sonde")
            .found(format!("{far} rows, all more than one day from the launch at {launch}"))
            .expected("times within a day of the launch")
            .hint("the unit or the origin of the times, or the launch time, is wrong; ask the producer"));
    }
    if far > 0 {
        let message = format!("{far} rows have a time more than one day from the launch and are left out");
        warnings.push(Warning::at(Code::RowsDamaged, sounding.time_column.as_str(), message).count(far));
    }
    let ordered = Ordered::by(&near);
    if ordered.times.is_empty() {
        return Err(Failure::new(Stage::Map, place, "has no row with a time")
            .found(format!("{} rows", times.len()))
            .expected("at least one row of the sounding")
            .hint("the sounding is empty; ask the producer"));
    }
    let seconds: Vec<f64> = ordered.times.iter().map(|time| time + offset).collect();
    let mut arranger = Arranger {
        sounding,
        product,
        spec,
        ordered,
        columns: Vec::new(),
        conflicts: 0,
        records: Records {
            description: Description::default(),
            contents: Vec::new(),
            time: axis(launch, seconds),
        },
    };
    arranger.columns(warnings)?;
    arranger.derive();
    arranger.judge(place, warnings)?;
    arranger.place(warnings);
    arranger.single_values(launch, warnings)?;
    arranger.texts();
    arranger.facts(launch, warnings);
    Ok(arranger.finished())
}

/// Returns the time of the launch, and the offset in seconds from the file's times to seconds since the launch.
fn launch(sounding: &Sounding, place: &str) -> Result<(Timestamp, f64), Failure> {
    let launch = sounding.launch.as_ref().map(|launch| launch.instant);
    match (launch, sounding.time_origin) {
        (Some(launch), Some(origin)) => Ok((launch, origin.duration_since(launch).as_secs_f64())),
        (None, Some(origin)) => Ok((origin, 0.0)),
        (Some(launch), None) => Ok((launch, 0.0)),
        (None, None) => Err(Failure::new(Stage::Map, place, "has no launch time")
            .found("neither a launch time nor a reference date of the times")
            .expected("a launch time in the header")
            .hint("the header is damaged; ask the producer")),
    }
}

fn axis(launch: Timestamp, seconds: Vec<f64>) -> TimeAxis {
    let epoch = launch.to_zoned(TimeZone::UTC).datetime();
    let steps = seconds.iter().zip(seconds.iter().skip(1)).map(|(before, after)| after - before);
    let longest_gap_s = steps.fold(0.0, f64::max);
    #[expect(clippy::cast_possible_truncation, reason = "seconds of one fall")]
    let clock_seconds = seconds.iter().map(|second| second.floor() as i64).collect();
    TimeAxis {
        epoch,
        seconds,
        clock_seconds,
        day_zero: epoch.date(),
        method: Method::SinceLaunch,
        repeated_seconds: 0,
        backward_steps: 0,
        longest_gap_s,
    }
}

struct Arranger<'run> {
    sounding: &'run Sounding,
    product: &'static Product,
    spec: &'run SoundingSpec,
    ordered: Ordered,
    /// Columns under the product's names, in order of time.
    columns: Vec<(&'static VariableSpec, Vec<f64>)>,
    conflicts: usize,
    records: Records,
}

impl Arranger<'_> {
    /// Adds every column: those of the table in its units, and the others unchanged.
    fn columns(&mut self, warnings: &mut Vec<Warning>) -> Result<(), Failure> {
        for column in &self.sounding.columns {
            if self.is_clock(&column.name) {
                continue;
            }
            let (values, conflicts) = self.ordered.column(&column.values);
            self.conflicts += conflicts;
            let row = self.row(&column.name);
            let row = row.filter(|row| !self.columns.iter().any(|(known, _)| known.name == row.name));
            match row {
                Some(row) => {
                    let mut values = unit::converted(row, column, values, warnings)?;
                    if row.name == self.spec.position[1].0 {
                        values = values.into_iter().map(wrapped).collect();
                    }
                    self.add_row(row, values, Some(column));
                }
                None => self.add_unknown_column(column, &values),
            }
        }
        if self.conflicts > 0 {
            let message = format!(
                "{} values differ from another row with the same time; the first row is used",
                self.conflicts
            );
            warnings.push(Warning::of_granule(Code::RowsContradict, message).count(self.conflicts));
        }
        Ok(())
    }

    /// Returns the row for a column of the source, by any of its names in any case; rows that are computed here are
    /// excluded.
    fn row(&self, name: &str) -> Option<&'static VariableSpec> {
        let (filled, made_from) = self.spec.altitude;
        let name = if name.eq_ignore_ascii_case(filled) { made_from } else { name };
        self.product.row_in_any_case(name).filter(|row| !self.spec.makes(row.name))
    }

    fn add_row(&mut self, row: &'static VariableSpec, values: Vec<f64>, source: Option<&Column>) {
        let mut attributes = Vec::new();
        if let Some(source) = source.filter(|source| source.name != row.name) {
            attributes.push(text("source_column", &source.name));
        }
        // Attributes come from the table, except flags, whose codes are the source's own.
        let codes = source.map_or(&[][..], |source| &source.attributes);
        attributes.extend(codes.iter().filter(|attribute| attribute.name.starts_with("flag_")).cloned());
        self.push(row.name, array(row.element_type, &values), attributes);
        self.columns.push((row, values));
    }

    /// Adds a column that is not in the table, under its own name and with the source's attributes.
    fn add_unknown_column(&mut self, column: &Column, values: &[f64]) {
        let name = self.unknown_name(&column.name);
        let attributes = unknown_attributes(column);
        self.push(&name, array(ElementType::F64, values), attributes);
    }

    /// Returns true for the column of times, and for columns that only repeat the time.
    fn is_clock(&self, name: &str) -> bool {
        let is_named = |clock: &&str| clock.eq_ignore_ascii_case(name);
        name == self.sounding.time_column || self.spec.clocks.iter().any(is_named)
    }

    /// Returns a legal netCDF name that no variable of the product has.
    fn unknown_name(&self, name: &str) -> String {
        let name: String = name
            .chars()
            .map(|character| if character.is_ascii_alphanumeric() { character } else { '_' })
            .collect();
        let taken =
            |name: &str| self.product.row(name).is_some() || self.records.description.dataset(name).is_some();
        cumulus_model::name::free_name(&name, taken)
    }

    fn push(&mut self, name: &str, values: Values, attributes: Vec<SourceAttribute>) {
        self.records.description.datasets.push(Dataset {
            path: name.to_owned(),
            shape: values.shape().to_vec(),
            content: Content::Numbers(values.element_type()),
            rows_stored_together: None,
            attributes,
        });
        self.records.contents.push(Stored::Values(values));
    }

    fn push_texts(
        &mut self,
        name: &str,
        shape: Vec<usize>,
        texts: Vec<String>,
        attributes: Vec<SourceAttribute>,
    ) {
        self.records.description.datasets.push(Dataset {
            path: name.to_owned(),
            shape,
            content: Content::Text,
            rows_stored_together: None,
            attributes,
        });
        self.records.contents.push(Stored::Texts(texts));
    }

    fn column(&self, name: &str) -> Option<&Vec<f64>> {
        self.columns.iter().find(|(row, _)| row.name == name).map(|(_, values)| values)
    }

    /// Computes variables that the source lacks and for which the table has a derivation.
    fn derive(&mut self) {
        for row in self.product.rows() {
            let Some(derivation) = row.derived.filter(|_| self.column(row.name).is_none()) else { continue };
            let [first, second] = derivation.needs().map(|name| self.column(name));
            let (Some(first), Some(second)) = (first, second) else { continue };
            let values: Vec<f64> =
                first.iter().zip(second).map(|(&first, &second)| derivation.value(first, second)).collect();
            let attributes = vec![text("comment", &derivation.text())];
            self.push(row.name, array(row.element_type, &values), attributes);
            self.columns.push((row, values));
        }
    }

    /// Fills position and altitude of every row, and adds the reported positions and the status flags.
    fn place(&mut self, warnings: &mut Vec<Warning>) {
        let missing = || vec![f64::NAN; self.ordered.times.len()];
        let [latitude, longitude] =
            self.spec.position.map(|(name, _)| self.column(name).cloned().unwrap_or_else(missing));
        let altitude = self.column(self.spec.altitude.1).cloned().unwrap_or_else(missing);
        for ((name, reported), values) in self.spec.position.into_iter().zip([&latitude, &longitude]) {
            self.remove(name);
            self.push_by_table(reported, values);
        }
        let seconds = &self.records.time.clock_seconds;
        let (invalid, counts) =
            position::flag_invalid(&latitude, &longitude, seconds, self.product.position.fastest_m_per_s);
        let unbelievable = counts.total() - counts.missing;
        if unbelievable > 0 {
            let message = format!(
                "{unbelievable} reported positions are implausible and were interpolated ({} out of range, {} zero, {} spikes)",
                counts.out_of_range, counts.zero, counts.spike
            );
            warnings.push(Warning::of_granule(Code::PositionsInvalid, message).count(unbelievable));
        }
        let believed = |values: &[f64]| -> Vec<f64> {
            values
                .iter()
                .zip(&invalid)
                .map(|(&value, &invalid)| if invalid { f64::NAN } else { value })
                .collect()
        };
        let (times, gap) = (self.ordered.times.clone(), self.spec.longest_gap_s);
        let (latitude, north) = fill::fill(&times, &believed(&latitude), gap, None);
        let (longitude, east) = fill::fill(&times, &believed(&longitude), gap, Some(360.0));
        let (altitude, up) = fill::fill(&times, &altitude, gap, None);
        let status: Vec<Status> =
            north.into_iter().zip(east).map(|(north, east)| north.less_certain(east)).collect();
        for ((name, _), values) in self.spec.position.into_iter().zip([latitude, longitude]) {
            self.push_by_table(name, &values);
        }
        self.push_by_table(self.spec.altitude.0, &altitude);
        for (name, statuses) in [(self.spec.position_status, status), (self.spec.altitude_status, up)] {
            let flags = statuses.iter().map(|&status| status as i8).collect::<Array1<i8>>().into_dyn();
            self.push(name, Values::I8(flags), Vec::new());
            for (count, told) in [("reported", Status::Reported), ("missing", Status::Missing)] {
                let rows = statuses.iter().filter(|&&status| status == told).count();
                self.count(&format!("{name}_{count}"), rows);
            }
        }
    }

    fn push_by_table(&mut self, name: &'static str, values: &[f64]) {
        let element_type = self.product.row(name).map_or(ElementType::F64, |row| row.element_type);
        self.push(name, array(element_type, values), Vec::new());
    }

    fn remove(&mut self, name: &str) {
        let datasets = &mut self.records.description.datasets;
        if let Some(index) = datasets.iter().position(|dataset| dataset.path == name) {
            datasets.remove(index);
            self.records.contents.remove(index);
        }
    }

    fn count(&mut self, name: &str, number: usize) {
        let value = Values::I32(ArrayD::from_elem(vec![1], i32::try_from(number).unwrap_or(i32::MAX)));
        let value = SourceValue::Numbers(value);
        self.records.description.attributes.push(SourceAttribute { name: name.to_owned(), value });
    }

    /// Returns the records, with datasets in the order of the product's table and unknown datasets last, so that the
    /// order is the same for every format.
    fn finished(self) -> Records {
        let Records { description: Description { datasets, attributes, notes, unusable }, contents, time } =
            self.records;
        let place = |dataset: &Dataset| self.product.rows().position(|row| row.name == dataset.path);
        let mut pairs: Vec<(Dataset, Stored)> = datasets.into_iter().zip(contents).collect();
        pairs.sort_by_key(|(dataset, _)| place(dataset).unwrap_or(usize::MAX));
        let (datasets, contents) = pairs.into_iter().unzip();
        Records { description: Description { datasets, attributes, notes, unusable }, contents, time }
    }
}

/// Wraps a longitude to -180 to 180: some files count from 0 to 360, or continue past 180 across the antimeridian.
fn wrapped(east: f64) -> f64 {
    if east > 180.0 && east <= 360.0 {
        east - 360.0
    } else if (-360.0..-180.0).contains(&east) {
        east + 360.0
    } else {
        east
    }
}

/// Returns the attributes of a column that is not in the table.
fn unknown_attributes(column: &Column) -> Vec<SourceAttribute> {
    let mut attributes = vec![text("source_column", &column.name)];
    if !column.units.is_empty() {
        attributes.push(text("units", units::canonical(&column.units)));
    }
    attributes.extend(column.attributes.iter().cloned());
    attributes
}

/// Converts values to an element type; missing values are NaN, which the decoder replaces and counts.
#[expect(clippy::cast_possible_truncation, reason = "the table says that the type is wide enough")]
fn array(element_type: ElementType, values: &[f64]) -> Values {
    let array = || values.iter().copied().collect::<Array1<f64>>().into_dyn();
    match element_type {
        ElementType::I8 => Values::I8(array().mapv(|value| value as i8)),
        ElementType::F32 => Values::F32(array().mapv(|value| value as f32)),
        _ => Values::F64(array()),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the table says that the type is wide enough")]
fn scalar(value: f64, element_type: ElementType) -> Values {
    match element_type {
        ElementType::I8 => Values::I8(ndarray::arr0(value as i8).into_dyn()),
        ElementType::F32 => Values::F32(ndarray::arr0(value as f32).into_dyn()),
        _ => Values::F64(ndarray::arr0(value).into_dyn()),
    }
}

fn text(name: &str, value: &str) -> SourceAttribute {
    SourceAttribute { name: name.to_owned(), value: SourceValue::Text(value.to_owned()) }
}
