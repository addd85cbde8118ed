//! A sounding as records: one row a time, in order, each with a place.
//!
//! In: what a file states ([`Sounding`]), whatever its format. Out: a [`Source`] like any other, whose datasets have
//! the names and units of the product's table, and the time of its records. Values are never changed but from one
//! unit to another; whatever is merged, filled or left out is counted in attributes.

mod fill;
mod rows;

use std::ops::Range;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use ndarray::{Array1, ArrayD};

use self::fill::Status;
use self::rows::Ordered;
use super::position;
use super::time::{Method, TimeAxis};
use super::units;
use crate::collection::{Product, SoundingSpec, Units, VariableSpec};
use crate::error::{Class, Failure, Stage};
use crate::read::sounding::{Column, Sounding};
use crate::read::{Content, Dataset, Description, Source, SourceAttribute, SourceValue};
use crate::values::{ElementType, Values};
use crate::warning::{Code, Warning};

/// Change of pressure in hPa below which a sonde has not fallen, however long it sent: 5 hPa are 40 m at the surface
/// and 600 m at the height of a Global Hawk.
const LEAST_FALL_HPA: f64 = 5.0;

/// Prefix of what the aircraft measured at launch.
const REFERENCE: &str = "reference_";

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
    Text(String),
}

impl Source for Records {
    fn description(&self) -> &Description {
        &self.description
    }

    fn rows(&self, dataset: &Dataset, rows: Range<usize>) -> Result<Values, Failure> {
        match self.stored(dataset)? {
            Stored::Values(values) if values.shape().is_empty() => Ok(values.clone()),
            Stored::Values(values) => Ok(values.rows(rows)),
            Stored::Text(_) => Err(Failure::new(Stage::Read, &dataset.path, "does not hold numbers")),
        }
    }

    fn strings(&self, dataset: &Dataset) -> Result<Vec<String>, Failure> {
        match self.stored(dataset)? {
            Stored::Text(text) => Ok(vec![text.clone()]),
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
/// No row has a time, nothing tells when the time begins, or a column has a unit that nobody can convert.
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
    let ordered = Ordered::by(times);
    if ordered.times.is_empty() {
        return Err(Failure::new(Stage::Map, place, "has no row with a time")
            .found(format!("{} rows", times.len()))
            .expected("at least one row of the sounding")
            .hint("the sounding is empty; ask the producer"));
    }
    let (launch, offset) = launch(sounding, place)?;
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
    arranger.place(warnings);
    arranger.single_values(launch);
    arranger.facts(launch, warnings);
    Ok(arranger.finished())
}

/// The instant of the launch, and what takes the file's times to seconds since then.
fn launch(sounding: &Sounding, place: &str) -> Result<(Timestamp, f64), Failure> {
    let launch = sounding.launch.as_ref().map(|launch| launch.instant);
    match (launch, sounding.time_origin) {
        (Some(launch), Some(origin)) => Ok((launch, origin.duration_since(launch).as_secs_f64())),
        (None, Some(origin)) => Ok((origin, 0.0)),
        (Some(launch), None) => Ok((launch, 0.0)),
        (None, None) => Err(Failure::new(Stage::Map, place, "does not say when it was launched")
            .found("no launch time, and no date that times count from")
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
    /// Takes over every column, those of the table in their units and the others as they are.
    fn columns(&mut self, warnings: &mut Vec<Warning>) -> Result<(), Failure> {
        for column in &self.sounding.columns {
            let is_clock = self.spec.clocks.iter().any(|name| name.eq_ignore_ascii_case(&column.name));
            if column.name == self.sounding.time_column || is_clock {
                continue;
            }
            let (values, conflicts) = self.ordered.column(&column.values);
            self.conflicts += conflicts;
            let row = self.row(&column.name);
            let row = row.filter(|row| !self.columns.iter().any(|(known, _)| known.name == row.name));
            match row {
                Some(row) => {
                    let values = converted(row, column, values, warnings)?;
                    self.add_row(row, values, Some(&column.name));
                }
                None => self.add_stranger(column, &values),
            }
        }
        if self.conflicts > 0 {
            let message = format!(
                "{} values contradict another row of the same time; the first one counts",
                self.conflicts
            );
            warnings.push(Warning::of_granule(Code::RowsContradict, message).count(self.conflicts));
        }
        Ok(())
    }

    /// The row that a column of the source fills, by any of its names in any case; none of those that are made here.
    fn row(&self, name: &str) -> Option<&'static VariableSpec> {
        let (filled, made_from) = self.spec.altitude;
        let name = if name.eq_ignore_ascii_case(filled) { made_from } else { name };
        self.product.row_in_any_case(name).filter(|row| !self.spec.makes(row.name))
    }

    fn add_row(&mut self, row: &'static VariableSpec, values: Vec<f64>, source: Option<&str>) {
        let mut attributes = Vec::new();
        if let Some(source) = source.filter(|source| *source != row.name) {
            attributes.push(text("source_column", source));
        }
        self.push(row.name, array(row.element_type, &values), attributes);
        self.columns.push((row, values));
    }

    fn add_stranger(&mut self, column: &Column, values: &[f64]) {
        let name: String = column
            .name
            .chars()
            .map(|character| if character.is_ascii_alphanumeric() { character } else { '_' })
            .collect();
        let taken =
            |name: &str| self.product.row(name).is_some() || self.records.description.dataset(name).is_some();
        let name = super::bind::free_name(&name, taken);
        let mut attributes = vec![text("source_column", &column.name)];
        if !column.units.is_empty() {
            attributes.push(text("units", units::canonical(&column.units)));
        }
        self.push(&name, array(ElementType::F64, values), attributes);
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

    fn push_text(&mut self, name: &str, value: String) {
        self.records.description.datasets.push(Dataset {
            path: name.to_owned(),
            shape: Vec::new(),
            content: Content::Text,
            rows_stored_together: None,
            attributes: Vec::new(),
        });
        self.records.contents.push(Stored::Text(value));
    }

    fn column(&self, name: &str) -> Option<&Vec<f64>> {
        self.columns.iter().find(|(row, _)| row.name == name).map(|(_, values)| values)
    }

    /// Computes what the source lacks and the table knows how to make.
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

    /// Gives every row a place.
    fn place(&mut self, warnings: &mut Vec<Warning>) {
        let missing = || vec![f64::NAN; self.ordered.times.len()];
        let [latitude, longitude] =
            self.spec.position.map(|(name, _)| self.column(name).cloned().unwrap_or_else(missing));
        let altitude = self.column(self.spec.altitude.1).cloned().unwrap_or_else(missing);
        for ((name, reported), values) in self.spec.position.into_iter().zip([&latitude, &longitude]) {
            self.remove(name);
            self.push_by_table(reported, values);
        }
        // Some files count longitudes from 0 to 360.
        let longitude: Vec<f64> = longitude
            .into_iter()
            .map(|east| if east > 180.0 && east <= 360.0 { east - 360.0 } else { east })
            .collect();
        let seconds = &self.records.time.clock_seconds;
        let (invalid, counts) =
            position::judge(&latitude, &longitude, seconds, self.product.position.fastest_m_per_s);
        let unbelievable = counts.total() - counts.missing;
        if unbelievable > 0 {
            let message = format!(
                "{unbelievable} reported positions are not believed and are interpolated ({} out of range, {} zero, {} spikes)",
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
            north.into_iter().zip(east).map(|(north, east)| north.or_worse(east)).collect();
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

    /// What there is one of: what the aircraft measured, the launch, the name of the trajectory.
    fn single_values(&mut self, launch: Timestamp) {
        let (longitude, latitude) =
            (self.sounding.launch_position.longitude, self.sounding.launch_position.latitude);
        let [(north, _), (east, _)] = self.spec.position;
        let stated = [
            (north, latitude),
            (east, longitude),
            (self.spec.altitude.0, self.sounding.launch_position.altitude_m),
        ];
        let mut known: Vec<(String, f64)> = Vec::new();
        for (name, value) in &self.sounding.reference {
            let name = self.row(name).map_or(name.as_str(), |row| row.name);
            // The aircraft's altitude needs no filling: it is what the sonde's is made from.
            let (filled, made_from) = self.spec.altitude;
            let name = if name == made_from { filled } else { name };
            known.push((name.to_owned(), *value));
        }
        for (name, value) in stated {
            if let Some(value) = value.filter(|_| !known.iter().any(|(other, _)| other == name)) {
                known.push((name.to_owned(), value));
            }
        }
        for (name, value) in known {
            let name = format!("{REFERENCE}{name}");
            // What the table does not know of the aircraft is the time once more, or nothing a reader could use.
            if let Some(row) = self.product.row(&name) {
                self.push(row.name, scalar(value, row.element_type), Vec::new());
            }
        }
        #[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 are far below 2^53")]
        let seconds = launch.as_millisecond() as f64 / 1000.0;
        self.push(self.spec.launch_time, scalar(seconds, ElementType::F64), Vec::new());
        let sonde = self.sounding.sonde_id.as_deref().unwrap_or("unknown");
        let stamp = launch.strftime("%Y%m%dT%H%M%SZ");
        self.push_text(self.spec.trajectory, format!("{stamp}_{sonde}"));
    }

    fn count(&mut self, name: &str, number: usize) {
        let value = Values::I32(ArrayD::from_elem(vec![1], i32::try_from(number).unwrap_or(i32::MAX)));
        let value = SourceValue::Numbers(value);
        self.records.description.attributes.push(SourceAttribute { name: name.to_owned(), value });
    }

    /// What is true of the whole sounding, as attributes.
    fn facts(&mut self, launch: Timestamp, warnings: &mut Vec<Warning>) {
        let sounding = self.sounding;
        let attributes = &mut self.records.description.attributes;
        attributes.push(text("source_format", &sounding.format));
        let stated = [
            ("sonde_id", &sounding.sonde_id),
            ("sonde_type", &sounding.sonde_type),
            ("flight", &sounding.flight),
            ("source_project", &sounding.project),
            ("source_platform", &sounding.platform),
        ];
        for (name, value) in stated {
            attributes.extend(
                value.as_deref().filter(|value| !value.trim().is_empty()).map(|value| text(name, value)),
            );
        }
        attributes.push(text("launch_time", &launch.to_string()));
        let source =
            sounding.launch.as_ref().map_or("first instant of the file's times", |launch| launch.source);
        attributes.push(text("launch_time_source", source));
        let has_fraction = sounding.launch.as_ref().is_some_and(|launch| launch.has_fraction);
        attributes.push(text("launch_time_has_fraction", if has_fraction { "true" } else { "false" }));
        if sounding.dry_bias_corrected == Some(true) {
            attributes.push(text("dry_bias_correction_applied", "true"));
        }
        if let Some(seconds) = sounding.clock_deviation_s {
            let value = SourceValue::Numbers(Values::F64(ArrayD::from_elem(vec![1], seconds)));
            attributes.push(SourceAttribute { name: "largest_clock_deviation_in_seconds".to_owned(), value });
        }
        let never_launched =
            sounding.launch.as_ref().is_some_and(|launch| !launch.detected) || self.is_at_rest();
        let attributes = &mut self.records.description.attributes;
        if never_launched {
            attributes.push(text("no_launch_detect", "true"));
            let message = "the sonde never left the aircraft: its pressure does not change";
            warnings.push(Warning::of_granule(Code::NeverLaunched, message));
        }
        // What is empty says nothing, and netCDF has no place for it.
        for (name, value) in sounding.header.iter().filter(|(_, value)| !value.trim().is_empty()) {
            attributes.push(text(name, value));
        }
        let dropped = sounding.dropped;
        for (name, number) in [
            ("rows_dropped_without_time", dropped.without_time.max(self.ordered.without_time)),
            ("rows_dropped_malformed", dropped.malformed),
            ("rows_dropped_before_launch", dropped.before_launch),
            ("rows_merged", self.ordered.merged()),
            ("conflicting_values_dropped", self.conflicts),
        ] {
            self.count(name, number);
        }
        if dropped.malformed > 0 {
            let message = format!("{} rows are damaged and left out", dropped.malformed);
            warnings.push(Warning::of_granule(Code::RowsDamaged, message).count(dropped.malformed));
        }
    }

    /// The records, their datasets in the order of the product's table and strangers last: the same order for every
    /// format.
    fn finished(self) -> Records {
        let Records { description: Description { datasets, attributes, notes, unusable }, contents, time } =
            self.records;
        let place = |dataset: &Dataset| self.product.rows().position(|row| row.name == dataset.path);
        let mut pairs: Vec<(Dataset, Stored)> = datasets.into_iter().zip(contents).collect();
        pairs.sort_by_key(|(dataset, _)| place(dataset).unwrap_or(usize::MAX));
        let (datasets, contents) = pairs.into_iter().unzip();
        Records { description: Description { datasets, attributes, notes, unusable }, contents, time }
    }

    fn is_at_rest(&self) -> bool {
        let Some(pressure) = self.column(self.spec.pressure) else { return false };
        let known = || pressure.iter().copied().filter(|value| !value.is_nan());
        let range = known().reduce(f64::max).zip(known().reduce(f64::min));
        let (first, last) = self.records.time.range();
        range.is_some_and(|(most, least)| most - least < LEAST_FALL_HPA) && last - first > 60.0
    }
}

/// The values of a column in the unit of its row.
fn converted(
    row: &VariableSpec,
    column: &Column,
    values: Vec<f64>,
    warnings: &mut Vec<Warning>,
) -> Result<Vec<f64>, Failure> {
    let Units::Fixed(wanted) = row.units else { return Ok(values) };
    let stated = if column.units.trim().is_empty() { units::guessed(&values, wanted) } else { &column.units };
    let conversion = units::conversion(stated, wanted).ok_or_else(|| {
        Failure::new(Stage::Map, &column.name, "has a unit that cannot be converted")
            .found(stated)
            .expected(wanted)
            .hint("ask the producer which unit is meant")
    })?;
    if !conversion.is_none() {
        let message = format!("converted from {stated} to {wanted}");
        warnings.push(Warning::at(Code::UnitsConverted, column.name.as_str(), message));
    }
    Ok(values.into_iter().map(|value| conversion.of(value)).collect())
}

/// Values of an element type; what is missing is NaN, which the decoder replaces and counts.
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
        ElementType::F32 => Values::F32(ndarray::arr0(value as f32).into_dyn()),
        _ => Values::F64(ndarray::arr0(value).into_dyn()),
    }
}

fn text(name: &str, value: &str) -> SourceAttribute {
    SourceAttribute { name: name.to_owned(), value: SourceValue::Text(value.to_owned()) }
}
