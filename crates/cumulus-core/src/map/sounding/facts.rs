//! Facts about a whole sounding, which become attributes of the product and warnings.

use jiff::Timestamp;
use ndarray::ArrayD;

use super::{Arranger, text};
use cumulus_model::source::{SourceAttribute, SourceValue};
use cumulus_model::values::Values;
use cumulus_model::warning::{Code, Warning};

/// Minimum change of pressure in hPa of a sonde that has fallen, however long it transmitted: 5 hPa are 40 m at the
/// surface and 600 m at the altitude of a Global Hawk.
const MIN_FALL_HPA: f64 = 5.0;

impl Arranger<'_> {
    /// Adds the attributes and warnings of the whole sounding.
    pub(super) fn facts(&mut self, launch: Timestamp, warnings: &mut Vec<Warning>) {
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
        // Skip empty values, which have no meaning and which netCDF cannot store.
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

    fn is_at_rest(&self) -> bool {
        let Some(pressure) = self.column(self.spec.pressure) else { return false };
        let known = || pressure.iter().copied().filter(|value| !value.is_nan());
        let range = known().reduce(f64::max).zip(known().reduce(f64::min));
        let (first, last) = self.records.time.range();
        range.is_some_and(|(most, least)| most - least < MIN_FALL_HPA) && last - first > 60.0
    }
}
