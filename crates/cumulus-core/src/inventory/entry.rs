//! One granule of an inventory.

use quick_xml::escape::unescape;
use serde::Serialize;

use super::Expected;
use crate::collection::Collection;
use crate::granule::identify_by_name;
use crate::metadata::{echo10, elements};
use crate::report::Product;
use cumulus_model::digest::RunningDigest;

/// What is known of a granule. Fields that are not known are left out.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Entry {
    /// Name of the granule in the catalogue, which is that of its data file.
    pub(super) granule_ur: String,
    /// Name of the product, by the name of the granule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) product: Option<&'static str>,
    pub(super) state: State,
    /// Why it is not published, or what is wrong with its metadata.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) input: Option<Input>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) files: Vec<PublishedFile>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) time_start: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) time_end: Option<String>,
    /// West, south, east and north in degrees; west is greater than east where the granule crosses the date line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) bbox: Option<[f64; 4]>,
    /// The flight track as GeoJSON, from the report of a run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) line: Option<serde_json::Value>,
    /// Number of records, from the report of a run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) records: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) platform: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) instrument: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) campaign: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) producer: Option<Producer>,
    /// Time stamp of the product.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) produced: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    /// Its metadata are there.
    Published,
    /// It is expected, and a run could not convert it.
    Failed,
    /// It is expected, and not there.
    Absent,
}

impl State {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Published => "published",
            Self::Failed => "failed",
            Self::Absent => "absent",
        }
    }
}

/// The granule's file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Input {
    pub(super) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) size: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sha256: Option<String>,
}

/// A file of the product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct PublishedFile {
    /// Path inside OUTPUT.
    pub(super) name: String,
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) size: u64,
    pub(super) sha256: String,
    /// Address under which it is fetched, if the metadata state a whole one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) url: Option<String>,
}

/// What made the product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Producer {
    pub(super) tool: String,
    pub(super) version: String,
}

impl Entry {
    /// An entry of which the name is all that is known.
    pub(super) fn of_name(collection: &'static Collection, stem: &str) -> Self {
        let name = stem.rsplit('/').next().unwrap_or(stem);
        // The number of a sounding in its file is no part of the producer's name.
        let without_number = name.rsplit_once('-').map_or(name, |(whole, _)| whole);
        let identity = [name, without_number]
            .into_iter()
            .find_map(|name| identify_by_name(collection, name).ok().flatten());
        Self {
            granule_ur: format!("{name}.nc"),
            product: identity.map(|identity| identity.product.name),
            state: State::Absent,
            reason: None,
            input: None,
            files: Vec::new(),
            time_start: None,
            time_end: None,
            bbox: None,
            line: None,
            records: None,
            platform: None,
            instrument: None,
            campaign: None,
            producer: None,
            produced: None,
        }
    }

    /// A granule that is expected and not published, with the reason if a run told one.
    pub(super) fn absent(
        collection: &'static Collection,
        stem: &str,
        expected: &Expected,
        reason: Option<String>,
    ) -> Self {
        let state = if reason.is_some() { State::Failed } else { State::Absent };
        let name = expected.input.rsplit('/').next().unwrap_or(&expected.input).to_owned();
        Self {
            state,
            reason: Some(reason.unwrap_or_else(|| "no run has converted it".to_owned())),
            input: Some(Input { name, size: Some(expected.size), sha256: expected.sha256.clone() }),
            ..Self::of_name(collection, stem)
        }
    }

    /// A published granule, by its metadata document.
    pub(super) fn published(
        collection: &'static Collection,
        stem: &str,
        metadata: &str,
        document: &[u8],
        expected: Option<&Expected>,
        product: Option<&Product>,
    ) -> Self {
        let entry = Self { state: State::Published, ..Self::of_name(collection, stem) };
        let text = String::from_utf8_lossy(document);
        let elements = match elements::elements(&text) {
            Ok(elements) => elements,
            Err(error) => return Self { reason: Some(format!("metadata: {error}")), ..entry },
        };
        let find = |ending: &str| {
            let (_, text) = elements.iter().find(|(path, _)| path.ends_with(ending))?;
            Some(unescape(text).map_or_else(|_| text.clone(), std::borrow::Cow::into_owned))
        };
        let side = |name: &str| find(&format!("/{name}BoundingCoordinate"))?.parse::<f64>().ok();
        let bbox = || Some([side("West")?, side("South")?, side("East")?, side("North")?]);
        let origin = echo10::origin(&text);
        let data = || {
            Some(PublishedFile {
                name: format!("{stem}.nc"),
                kind: "data",
                size: find("/DataGranuleSizeInBytes")?.parse().ok()?,
                sha256: find("/Checksum/Value")?,
                url: find("/OnlineAccessURL/URL").filter(|url| url.contains("://")),
            })
        };
        let mut digest = RunningDigest::default();
        digest.update(document);
        let digest = digest.finish();
        let metadata = PublishedFile {
            name: metadata.to_owned(),
            kind: "metadata",
            size: digest.size,
            sha256: digest.sha256,
            url: None,
        };
        let input = find("/InputGranule").map(|name| Input {
            name,
            size: expected.map(|expected| expected.size).or(product.map(|product| product.source_size)),
            sha256: origin.as_ref().map(|origin| origin.source_sha256.clone()),
        });
        Self {
            reason: data().is_none().then(|| "its metadata state no size and checksum".to_owned()),
            input,
            files: data().into_iter().chain([metadata]).collect(),
            time_start: find("/BeginningDateTime"),
            time_end: find("/EndingDateTime"),
            bbox: bbox(),
            line: product.and_then(|product| super::geojson::line(&product.track)),
            records: product.map(|product| product.records),
            platform: find("/Platform/ShortName"),
            instrument: find("/Instrument/ShortName"),
            campaign: find("/Campaign/ShortName"),
            producer: find("/PGEName")
                .zip(find("/PGEVersion"))
                .map(|(tool, version)| Producer { tool, version }),
            produced: find("/ProductionDateTime"),
            ..entry
        }
    }
}
