//! Attributes of the whole file: title, provenance, and coverage in space and time.

use jiff::Timestamp;

use super::{CONVENTIONS, carried};
use crate::collection::Collection;
use crate::facts::Facts;
use crate::granule::{Granule, Identity};
use crate::map::time::Method;
use crate::map::track::{Track, Vertical};
use cumulus_model::attributes::{Attribute, Attributes};
use cumulus_model::decimal::decimal;
use cumulus_model::source::Source;
use cumulus_model::values::ElementType;
use cumulus_model::warning::Warning;

/// Vocabularies of the keywords in a [`Collection`] and of the standard names in its rows.
const VOCABULARIES: [(&str, &str); 4] = [
    ("keywords_vocabulary", "GCMD Science Keywords"),
    ("platform_vocabulary", "GCMD Platforms"),
    ("instrument_vocabulary", "GCMD Instruments"),
    ("standard_name_vocabulary", "CF Standard Name Table v93"),
];

/// Provenance of a product.
#[derive(Clone, Copy, Debug)]
pub struct Provenance<'run> {
    /// The collection.
    pub collection: &'run Collection,
    /// Platform and campaign of the granule.
    pub facts: &'run Facts,
    /// The granule.
    pub granule: &'run Granule,
    /// Size of the source in bytes.
    pub source_size: u64,
    /// Time stamp of the product.
    pub produced: Timestamp,
    /// The options that affect its content, in command-line syntax.
    pub content_options: &'run str,
}

pub(super) fn attributes(
    identity: &Identity,
    track: &Track,
    vertical: Option<Vertical>,
    provenance: &Provenance<'_>,
    source: &dyn Source,
    warnings: &mut Vec<Warning>,
) -> Attributes {
    let Provenance { collection, facts, granule, .. } = provenance;
    let product = identity.product;
    let mut attributes = Attributes::from_iter([
        Attribute::text("Conventions", CONVENTIONS),
        Attribute::text("title", format!("{}, {}", product.title, granule.stem)),
        Attribute::text("summary", product.summary),
        Attribute::text("id", granule.stem.as_str()),
    ]);
    for (name, value) in collection.attributes.iter().copied().flatten().chain(product.attributes) {
        attributes.set(Attribute::text(*name, *value));
    }
    for (name, value) in VOCABULARIES {
        attributes.set(Attribute::text(name, value));
    }
    let project = product.project.and_then(|path| crate::map::text::single(source, path).ok().flatten());
    attributes.set(Attribute::text("project", project.unwrap_or_else(|| facts.campaign.clone())));
    attributes.set(Attribute::text("platform", facts.platform.as_str()));
    attributes.set(Attribute::text("instrument", collection.instrument));
    if let Some(date) = &track.date_text {
        attributes.set(Attribute::text("flight_date", date.as_str()));
    }
    for (name, value) in &identity.fields {
        attributes.set(Attribute::text(name.as_str(), value.as_str()));
    }
    coverage(&mut attributes, track, vertical);
    history(&mut attributes, provenance);
    carried::of_file(&mut attributes, &source.description().attributes, warnings);
    attributes
}

/// Time, position and altitude ranges, as ACDD names them; all computed from the values that are written.
fn coverage(attributes: &mut Attributes, track: &Track, vertical: Option<Vertical>) {
    let (first, last) = track.time.range();
    attributes.set(Attribute::text("time_coverage_start", track.time.instant(first).to_string()));
    attributes.set(Attribute::text("time_coverage_end", track.time.instant(last).to_string()));
    attributes.set(Attribute::text("time_coverage_duration", duration(last - first)));
    #[expect(clippy::cast_precision_loss, reason = "seconds of one flight are far below 2^53")]
    let clock: Vec<f64> = track.time.clock_seconds.iter().map(|&second| second as f64).collect();
    // If a sonde measures several times a second, its whole seconds are equal in most consecutive rows.
    let fraction = || median_step(&track.time.seconds).filter(|_| track.time.method == Method::SinceLaunch);
    if let Some(step) = median_step(&clock).or_else(fraction) {
        attributes.set(Attribute::text("time_coverage_resolution", duration(step)));
    }
    let number = |name: &str, value: f64| Attribute::numbers(name, ElementType::F64, &[value]);
    if let Some(extent) = track.extent {
        attributes.set(number("geospatial_lat_min", extent.south));
        attributes.set(number("geospatial_lat_max", extent.north));
        attributes.set(Attribute::text("geospatial_lat_units", "degrees_north"));
        attributes.set(number("geospatial_lon_min", extent.west));
        attributes.set(number("geospatial_lon_max", extent.east));
        attributes.set(Attribute::text("geospatial_lon_units", "degrees_east"));
        let sides = [extent.south, extent.north, extent.west, extent.east];
        let [s, n, w, e] = sides.map(|degrees| decimal(degrees).unwrap_or_default());
        // Latitude before longitude, the axis order of EPSG:4326.
        attributes.set(Attribute::text(
            "geospatial_bounds",
            format!("POLYGON (({s} {w}, {n} {w}, {n} {e}, {s} {e}, {s} {w}))"),
        ));
        attributes.set(Attribute::text("geospatial_bounds_crs", "EPSG:4326"));
    }
    if let Some(vertical) = vertical {
        attributes.set(number("geospatial_vertical_min", vertical.lowest));
        attributes.set(number("geospatial_vertical_max", vertical.highest));
        attributes.set(Attribute::text("geospatial_vertical_units", vertical.units));
        attributes.set(Attribute::text("geospatial_vertical_positive", "up"));
    }
}

fn history(attributes: &mut Attributes, provenance: &Provenance<'_>) {
    let Provenance { collection, granule, source_size, produced, content_options, .. } = provenance;
    let stamp = produced.to_string();
    for name in ["date_created", "date_modified", "date_issued", "date_metadata_modified"] {
        attributes.set(Attribute::text(name, stamp.as_str()));
    }
    let software = format!("{} {}", collection.program, collection.version);
    let options = if content_options.is_empty() { String::new() } else { format!(" {content_options}") };
    attributes.set(Attribute::text("history", format!("{stamp} {software}{options} {}", granule.file_name)));
    attributes.set(Attribute::text("processing_software", collection.program));
    attributes.set(Attribute::text("processing_software_version", collection.version));
    attributes.set(Attribute::text("source_granule", granule.file_name.as_str()));
    #[expect(clippy::cast_precision_loss, reason = "sizes of files are far below 2^53")]
    attributes.set(Attribute::numbers("source_size_in_bytes", ElementType::F64, &[*source_size as f64]));
}

/// Formats an ISO 8601 duration, rounded to milliseconds.
fn duration(seconds: f64) -> String {
    format!("PT{}S", (seconds * 1000.0).round() / 1000.0)
}

/// Returns the median step between records, in seconds; `None` unless it is positive.
fn median_step(seconds: &[f64]) -> Option<f64> {
    let steps = seconds.iter().zip(seconds.iter().skip(1)).map(|(before, after)| after - before);
    let mut steps: Vec<f64> = steps.collect();
    steps.sort_by(f64::total_cmp);
    steps.get(steps.len() / 2).copied().filter(|&step| step > 0.0)
}
