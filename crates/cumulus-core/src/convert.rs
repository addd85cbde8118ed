//! Converts one granule to a finished product in its own folder.
//!
//! [`convert`] does all work on a granule and depends only on its arguments: it uses no clock, no environment and no
//! state that outlives the call. Any process can run it, any number of times, with the same result.

use std::fs;
use std::path::Path;

use crate::cf::{self, Composition, Provenance};
use crate::collection::{Arrangement, Collection};
use crate::context::Context;
use crate::earlier::{self, Earlier, InFolder};
use crate::facts::Facts;
use crate::granule::{self, Granule, Identity};
use crate::map::decode::Statistics;
use crate::map::interpreted::{Interpreted, InterpretedSource};
use crate::map::sounding;
use crate::map::time::TimeAxis;
use crate::map::track::{self, Track};
use crate::map::{altitudes, axes, bind, siblings};
use crate::metadata::{self, DayNight, GranuleRecord, Origin, echo10};
use crate::open::{self, Opened};
use crate::options::Check;
use crate::product_name::{STAGED, output_names};
use crate::report::{Product, VariableCount};
use crate::transfer::transfer;
use cumulus_formats::write::check::values::Comparison;
use cumulus_formats::write::{self, Sink as _, check};
use cumulus_model::digest::{FileDigest, Fingerprint};
use cumulus_model::error::{Class, Failure, Stage};
use cumulus_model::structure::LateAttributes;
use cumulus_model::warning::Warning;
use cumulus_sounding::arrays;

/// The outcome of a conversion.
#[derive(Debug)]
pub enum Outcome {
    /// Data and metadata files are in the context's folder.
    Converted(Box<Product>),
    /// The published product is up to date.
    UpToDate,
    /// The file contains this number of soundings, each of which becomes a granule.
    Parts(usize),
}

/// Converts one granule into files in the context's folder, unless its product is published already.
///
/// # Errors
/// The granule is invalid, the source cannot be read or changes meanwhile, or the folder cannot be written.
pub fn convert(
    granule: &Granule,
    context: &Context<'_>,
    warnings: &mut Vec<Warning>,
) -> Result<Outcome, Failure> {
    let place = granule.path.display().to_string();
    let unreadable = |error: std::io::Error| Failure::reading(Stage::Read, &place, error);
    let fingerprint = Fingerprint::of(granule.file()).map_err(unreadable)?;
    let checksum = || (context.digest)(granule.file()).map_err(unreadable);
    // Another file than that of the manifest is refused before anything is made of it, if its size tells.
    let expect = |size: u64, sha256: Option<&str>| {
        granule.expected.as_ref().map_or(Ok(()), |expected| expected.check(&place, size, sha256))
    };
    expect(fingerprint.size(), None)?;
    let published = InFolder::of(granule, context);
    let (earlier, known_digest) = earlier::look(&published, context, |_| checksum())?;
    if let Some(digest) = &known_digest {
        expect(digest.size, Some(&digest.sha256))?;
    }
    if matches!(earlier, Earlier::UpToDate { .. }) {
        return Ok(Outcome::UpToDate);
    }
    let contents = contents(granule, context.collection, warnings)
        .map_err(|failure| of_another_program(failure, granule, context.collection))?;
    let Contents { source, identity, facts, time } = match contents {
        Ok(contents) => contents,
        Err(parts) => return Ok(Outcome::Parts(parts)),
    };
    let source = &*source;
    let binding = bind::bind(source, identity.product, warnings)?;
    let track = track::derive(source, &identity, binding.records, time.as_ref(), warnings)?;
    let content_options = format!("--level {}", context.options.level);
    let provenance = Provenance {
        collection: context.collection,
        facts: &facts,
        granule,
        source_size: fingerprint.size(),
        produced: context.now,
        content_options: &content_options,
    };
    let composition = cf::compose(source, &identity, &binding, &track, &provenance, warnings)?;

    let (data_name, metadata_name) = output_names(granule, &context.options.metadata_suffix);
    let [data_path, metadata_path] = STAGED.map(|name| context.folder.join(name));
    let mut sink = write::create(&data_path, &composition.structure, context.options.level)?;
    let (statistics, source_digest) = rayon::join(
        || transfer(source, &mut *sink, &composition, context.block_bytes),
        || known_digest.map_or_else(checksum, Ok),
    );
    let (statistics, source_digest) = (statistics?, source_digest?);
    let late = cf::late_attributes(&composition, &statistics, &source_digest);
    sink.finish(&late)?;
    warnings.extend(cf::implausible(&composition, &statistics));

    let (checked, data_digest) = rayon::join(
        || check(context, &data_path, source, &composition, &late),
        || (context.digest)(&data_path),
    );
    // Report a changed source first, because it explains any other failure.
    if Fingerprint::of(granule.file()).map_err(unreadable)? != fingerprint {
        return Err(Failure::new(Stage::Read, place, "changed while it was read")
            .class(Class::Retryable)
            .hint("run again when its transfer is complete"));
    }
    expect(source_digest.size, Some(&source_digest.sha256))?;
    checked?;
    let data_digest = data_digest
        .map_err(|error| Failure::writing(Stage::Write, data_path.display().to_string(), error))?;
    let origin = context.origin(&source_digest);
    let record =
        record(granule, context, origin, &identity, facts, &track, &composition, &statistics, &data_digest);
    fs::write(&metadata_path, echo10::render(&record)?)
        .map_err(|error| Failure::writing(Stage::Metadata, metadata_path.display().to_string(), error))?;
    Ok(Outcome::Converted(Box::new(Product {
        product: identity.product.name.to_owned(),
        data: data_name,
        metadata: metadata_name,
        size: data_digest.size,
        sha256: data_digest.sha256,
        source_size: source_digest.size,
        source_sha256: source_digest.sha256,
        records: binding.records,
        begin: record.begin,
        end: record.end,
        repeated_seconds: track.time.repeated_seconds,
        backward_steps: track.time.backward_steps,
        longest_gap_s: track.time.longest_gap_s,
        extent: record.extent,
        track: track.outline.clone(),
        invalid_positions: track.invalid_counts,
        day_night: record.day_night,
        variables: counts(&composition, statistics),
        units: cf::units(&composition, &late),
    })))
}

/// Replaces the hint where the granule's name says that another program converts it.
fn of_another_program(failure: Failure, granule: &Granule, collection: &Collection) -> Failure {
    match granule::converted_by(collection, &granule.file_name) {
        Some(program) if failure.class == Class::BadGranule => {
            failure.hint(format!("this is a granule of {program} by its name: run {program} instead"))
        }
        _ => failure,
    }
}

/// What a granule holds, as records.
pub(crate) struct Contents {
    pub(crate) source: Box<dyn InterpretedSource>,
    pub(crate) identity: Identity,
    /// Platform, campaign and short name.
    pub(crate) facts: Facts,
    /// The time of records, if it was derived together with them, as for soundings.
    time: Option<TimeAxis>,
}

/// Opens the granule and arranges its records; the number of soundings where it has several and is not one of them.
pub(crate) fn contents(
    granule: &Granule,
    collection: &'static Collection,
    warnings: &mut Vec<Warning>,
) -> Result<Result<Contents, usize>, Failure> {
    let place = granule.path.display().to_string();
    let (sounding, identity, facts) = match open::open(granule.file(), collection.has_soundings())? {
        Opened::Arrays(source) => {
            warnings.extend(source.description().notes.iter().cloned());
            let identity = granule::identify(collection, granule, &*source, warnings)?;
            let facts = Facts::of(collection, &identity.fields, Some(&*source))?;
            if matches!(identity.product.arrangement, Arrangement::AsStored) {
                let source = siblings::described(source, identity.product)?;
                let source = axes::plain(source, identity.product);
                let mut source = Interpreted::new(source, identity.product, warnings)?;
                altitudes::decide(&mut source, identity.product, warnings)?;
                return Ok(Ok(Contents { source: Box::new(source), identity, facts, time: None }));
            }
            (arrays::sounding(&*source, &place)?, identity, facts)
        }
        Opened::Soundings(mut soundings) => {
            let count = soundings.len();
            let index = match granule.part {
                None if count > 1 => return Ok(Err(count)),
                part => part.unwrap_or(1).saturating_sub(1),
            };
            if index >= count {
                return Err(Failure::new(Stage::Read, place, "changed while it was read")
                    .class(Class::Retryable)
                    .found(format!("{count} soundings"))
                    .expected(format!("at least {}", index + 1))
                    .hint("run again when its transfer is complete"));
            }
            let identity = granule::identify_text(collection, granule)?;
            let facts = Facts::of(collection, &identity.fields, None)?;
            (soundings.swap_remove(index), identity, facts)
        }
    };
    let Arrangement::Sounding(spec) = &identity.product.arrangement else {
        return Err(Failure::new(Stage::Read, place, "is a sounding, which this product is not"));
    };
    sounding::compare(&sounding, &granule.stem, &facts.campaign, warnings);
    let records = sounding::arrange(&sounding, identity.product, spec, &place, warnings)?;
    let time = Some(records.time.clone());
    Ok(Ok(Contents { source: Box::new(records), identity, facts, time }))
}

/// Reads the finished file at `path` back: its structure, and with [`Check::Full`] all values, compared with the
/// source.
fn check(
    context: &Context<'_>,
    path: &Path,
    source: &dyn InterpretedSource,
    composition: &Composition<'_>,
    late: &LateAttributes,
) -> Result<(), Failure> {
    check::read_back(path, &composition.structure, late)?;
    if context.check == Check::Full {
        let mut comparison = Box::new(Comparison::open(path, &composition.structure, context.options.level)?);
        transfer(source, &mut *comparison, composition, context.block_bytes)?;
        comparison.finish(&LateAttributes::default())?;
    }
    Ok(())
}

#[expect(clippy::too_many_arguments, reason = "a record gathers what every stage has found")]
fn record(
    granule: &Granule,
    context: &Context<'_>,
    origin: Origin,
    identity: &Identity,
    facts: Facts,
    track: &Track,
    composition: &Composition<'_>,
    statistics: &[Option<Statistics>],
    data: &FileDigest,
) -> GranuleRecord {
    let Context { collection, options, now, .. } = context;
    let (data_name, _) = output_names(granule, &options.metadata_suffix);
    let elevation = identity.product.solar_elevation.and_then(|name| {
        let mut variables = composition.structure.variables.iter().zip(statistics);
        let name = bind::legal_name(name);
        variables.find(|(variable, _)| variable.name == name).and_then(|(_, seen)| seen.as_ref())
    });
    let (first, last) = track.time.range();
    GranuleRecord {
        origin,
        url: metadata::url(options.url_base.as_deref(), &data_name),
        granule_ur: format!("{}.nc", granule.stem),
        short_name: options.short_name.clone().unwrap_or(facts.short_name),
        version_id: collection.version_id.to_owned(),
        producer_granule_id: granule.file_name.clone(),
        size: data.size,
        sha256: data.sha256.clone(),
        produced: *now,
        day_night: DayNight::of(elevation),
        program: collection.program.to_owned(),
        program_version: collection.version.to_owned(),
        begin: track.time.instant(first),
        end: track.time.instant(last),
        extent: track.extent,
        altitude_m: composition.vertical.map(|vertical| {
            let metres = if vertical.units == "km" { 1000.0 } else { 1.0 };
            (vertical.lowest * metres, vertical.highest * metres)
        }),
        platform: facts.platform,
        instrument: collection.instrument.to_owned(),
        campaign: facts.campaign,
    }
}

/// Returns the statistics of each variable that has missing values, for the report.
fn counts(composition: &Composition<'_>, statistics: Vec<Option<Statistics>>) -> Vec<VariableCount> {
    composition
        .structure
        .variables
        .iter()
        .zip(statistics)
        .filter_map(|(variable, seen)| {
            let seen = seen.filter(|seen| seen.missing() > 0)?;
            Some(VariableCount { name: variable.name.clone(), statistics: seen })
        })
        .collect()
}
