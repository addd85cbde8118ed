//! Single values of a sounding (the aircraft's measurements at launch, the launch time, the trajectory, other numbers),
//! and texts.

use jiff::Timestamp;

use super::{Arranger, array, scalar, text, unit, unknown_attributes, wrapped};
use crate::collection::{Constant, Units};
use cumulus_model::error::Failure;
use cumulus_model::source::{SourceAttribute, SourceValue};
use cumulus_model::values::{ElementType, Values};
use cumulus_model::warning::Warning;
use cumulus_sounding::Column;

/// Name prefix of the aircraft's measurements at launch.
const REFERENCE: &str = "reference_";

impl Arranger<'_> {
    /// Adds the single values: the aircraft's measurements at launch, the launch time, the name of the trajectory, and
    /// other numbers.
    pub(super) fn single_values(
        &mut self,
        launch: Timestamp,
        warnings: &mut Vec<Warning>,
    ) -> Result<(), Failure> {
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
            let value = self.reference_value(name, *value, warnings)?;
            let name = self.row(name).map_or(name.as_str(), |row| row.name);
            // The aircraft's altitude is a single value that needs no filling, so it gets the name of the filled
            // altitude.
            let (filled, made_from) = self.spec.altitude;
            let name = if name == made_from { filled } else { name };
            if self.product.row(&format!("{REFERENCE}{name}")).is_some() {
                known.push((name.to_owned(), value));
            } else if !self.is_clock(name) {
                self.unknown_reference(name, value);
            }
        }
        for (name, value) in stated {
            if let Some(value) = value.filter(|_| !known.iter().any(|(other, _)| other == name)) {
                known.push((name.to_owned(), value));
            }
        }
        for (name, value) in known {
            let value = if name == east { wrapped(value) } else { value };
            let name = format!("{REFERENCE}{name}");
            if let Some(row) = self.product.row(&name) {
                self.push(row.name, scalar(value, row.element_type), Vec::new());
            }
        }
        #[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 are far below 2^53")]
        let seconds = launch.as_millisecond() as f64 / 1000.0;
        self.push(self.spec.launch_time, scalar(seconds, ElementType::F64), Vec::new());
        let sonde = self.sounding.sonde_id.as_deref().unwrap_or("unknown");
        let stamp = launch.strftime("%Y%m%dT%H%M%SZ");
        self.push_texts(self.spec.trajectory, Vec::new(), vec![format!("{stamp}_{sonde}")], Vec::new());
        self.scalars();
        Ok(())
    }

    /// Returns the value of `name` at the aircraft, in the unit of its row in the table.
    fn reference_value(&self, name: &str, value: f64, warnings: &mut Vec<Warning>) -> Result<f64, Failure> {
        let place = format!("{REFERENCE}{name}");
        let known = self.row(name).map_or(name, |row| row.name);
        let known = if known == self.spec.altitude.1 { self.spec.altitude.0 } else { known };
        let Some(row) = self.product.row(&format!("{REFERENCE}{known}")) else { return Ok(value) };
        let column = self.sounding.column(name);
        let own = self.sounding.reference_units.iter().find(|(known, _)| known == name).map(|(_, unit)| unit);
        // A value without its own unit is in the unit of its column, stated or inferred from the magnitude.
        let (units, told_by) = match (own.filter(|unit| !unit.trim().is_empty()), column) {
            (Some(unit), _) => (unit.as_str(), Vec::new()),
            (None, Some(column)) => (column.units.as_str(), column.values.clone()),
            (None, None) => ("", vec![value]),
        };
        unit::conversion(row, &place, units, &told_by, warnings).map(|conversion| conversion.of(value))
    }

    /// Adds a measurement of the aircraft that has no row in the table, in the unit that the source states; codes get
    /// the flag attributes of their column.
    fn unknown_reference(&mut self, name: &str, value: f64) {
        if let Some(row) = self.product.row(name).filter(|row| row.units == Units::None) {
            let values = scalar(value, row.element_type);
            let numbers = |numbers: &[f64]| SourceValue::Numbers(array(row.element_type, numbers));
            let attributes = row.attributes.iter().map(|(name, value)| SourceAttribute {
                name: (*name).to_owned(),
                value: match value {
                    Constant::Text(text) => SourceValue::Text((*text).to_owned()),
                    Constant::Numbers(values) => numbers(values),
                },
            });
            let long_name = text("long_name", &format!("{} at the aircraft", row.long_name));
            let attributes = attributes.chain([long_name]).collect();
            self.push(&self.unknown_name(&format!("{REFERENCE}{name}")), values, attributes);
            return;
        }
        let own = self.sounding.reference_units.iter().find(|(known, _)| known == name).map(|(_, unit)| unit);
        let column = self.sounding.column(name);
        let units = own.or_else(|| column.map(|column| &column.units)).cloned().unwrap_or_default();
        let reference = Column { name: format!("{REFERENCE}{name}"), units, ..Column::default() };
        let value = Values::F64(ndarray::arr0(value).into_dyn());
        self.push(&self.unknown_name(&reference.name), value, unknown_attributes(&reference));
    }

    /// Adds other single numbers, which are not in the table, under their own names.
    fn scalars(&mut self) {
        for scalar in &self.sounding.scalars {
            let Some(&value) = scalar.values.first() else { continue };
            let name = self.unknown_name(&scalar.name);
            let value = Values::F64(ndarray::arr0(value).into_dyn());
            self.push(&name, value, unknown_attributes(scalar));
        }
    }

    /// Adds the texts of the source; columns of text are in the order of the rows.
    pub(super) fn texts(&mut self) {
        for column in &self.sounding.texts {
            let (shape, texts) = if column.is_column {
                (vec![self.ordered.times.len()], self.ordered.texts(&column.values))
            } else {
                (Vec::new(), column.values.clone())
            };
            // Skip empty texts, which have no meaning and which netCDF cannot store.
            if texts.iter().all(|text| text.trim().is_empty()) {
                continue;
            }
            let name = self.unknown_name(&column.name);
            let mut attributes = vec![text("source_column", &column.name)];
            attributes.extend(column.attributes.iter().cloned());
            self.push_texts(&name, shape, texts, attributes);
        }
    }
}
