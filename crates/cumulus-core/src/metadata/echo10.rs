//! Renders ECHO10 granule metadata, the format that NASA's catalogue accepts, valid against its `Granule.xsd`.
//!
//! The schema is a strict sequence, so elements are written in its order. The document has every element of the file
//! that the 2016 Cumulus image wrote, at the same paths.

use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesPI, BytesText, Event};

use super::{DayNight, GranuleRecord, Origin};
use crate::map::position::Extent;
use cumulus_model::decimal::decimal;
use cumulus_model::digest::FileDigest;
use cumulus_model::error::{Class, Failure, Stage};

/// MIME type of netCDF in NASA's Unified Metadata Model.
const MIME_TYPE: &str = "application/x-netcdf";

/// Renders the record as an ECHO10 document.
///
/// # Errors
/// None that a record can cause; rendering to memory cannot fail.
pub fn render(record: &GranuleRecord) -> Result<Vec<u8>, Failure> {
    let _span = tracing::info_span!("metadata").entered();
    document(record).map_err(|error| {
        Failure::new(Stage::Metadata, &record.granule_ur, "cannot be rendered")
            .class(Class::Internal)
            .cause(error)
    })
}

type Xml = Writer<Vec<u8>>;

fn document(record: &GranuleRecord) -> io::Result<Vec<u8>> {
    let mut xml = Writer::new_with_indent(Vec::new(), b' ', 2);
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    xml.write_event(Event::PI(BytesPI::new(instruction(&record.origin))))?;
    within(&mut xml, "Granule", |xml| {
        let produced = record.produced.to_string();
        text(xml, "GranuleUR", &record.granule_ur)?;
        text(xml, "InsertTime", &produced)?;
        text(xml, "LastUpdate", &produced)?;
        within(xml, "Collection", |xml| {
            text(xml, "ShortName", &record.short_name)?;
            text(xml, "VersionId", &record.version_id)
        })?;
        within(xml, "DataGranule", |xml| data_granule(xml, record))?;
        within(xml, "PGEVersionClass", |xml| {
            text(xml, "PGEName", &record.program)?;
            text(xml, "PGEVersion", &record.program_version)
        })?;
        within(xml, "Temporal", |xml| {
            within(xml, "RangeDateTime", |xml| {
                text(xml, "BeginningDateTime", &record.begin.to_string())?;
                text(xml, "EndingDateTime", &record.end.to_string())
            })
        })?;
        spatial(xml, record)?;
        within(xml, "Platforms", |xml| {
            within(xml, "Platform", |xml| {
                text(xml, "ShortName", &record.platform)?;
                within(xml, "Instruments", |xml| {
                    within(xml, "Instrument", |xml| text(xml, "ShortName", &record.instrument))
                })
            })
        })?;
        within(xml, "Campaigns", |xml| {
            within(xml, "Campaign", |xml| text(xml, "ShortName", &record.campaign))
        })?;
        within(xml, "InputGranules", |xml| text(xml, "InputGranule", &record.producer_granule_id))?;
        within(xml, "OnlineAccessURLs", |xml| {
            within(xml, "OnlineAccessURL", |xml| {
                text(xml, "URL", &record.url)?;
                text(xml, "URLDescription", "Download the data file")?;
                text(xml, "MimeType", MIME_TYPE)
            })
        })?;
        text(xml, "Orderable", "true")?;
        text(xml, "DataFormat", "netCDF-4")?;
        text(xml, "Visible", "true")
    })?;
    let mut bytes = xml.into_inner();
    bytes.push(b'\n');
    Ok(bytes)
}

/// Name of the processing instruction that contains the origin. ECHO10 has no element for it, and catalogues ignore
/// processing instructions.
const ORIGIN: &str = "granule-origin";

fn instruction(origin: &Origin) -> String {
    let Origin { program, version, source_sha256, options_sha256 } = origin;
    format!(
        "{ORIGIN} program=\"{program}\" version=\"{version}\" source-sha256=\"{source_sha256}\" options-sha256=\"{options_sha256}\""
    )
}

/// Returns the origin that `document`, from an earlier run, states for its data file; `None` if it states none.
#[must_use]
pub fn origin(document: &str) -> Option<Origin> {
    let (_, rest) = document.split_once(&format!("<?{ORIGIN} "))?;
    let (instruction, _) = rest.split_once("?>")?;
    let value = |name: &str| {
        let (_, rest) = instruction.split_once(&format!("{name}=\""))?;
        rest.split_once('"').map(|(value, _)| value.to_owned())
    };
    Some(Origin {
        program: value("program")?,
        version: value(" version")?,
        source_sha256: value("source-sha256")?,
        options_sha256: value("options-sha256")?,
    })
}

/// Returns true if `document` states that its data file has this size in bytes.
#[must_use]
pub fn states_size(document: &str, size: u64) -> bool {
    document.contains(&format!("<DataGranuleSizeInBytes>{size}</DataGranuleSizeInBytes>"))
}

/// Returns true if `document` states that its data file has this size and checksum.
#[must_use]
pub fn describes(document: &str, data: &FileDigest) -> bool {
    states_size(document, data.size) && document.contains(&format!("<Value>{}</Value>", data.sha256))
}

fn data_granule(xml: &mut Xml, record: &GranuleRecord) -> io::Result<()> {
    text(xml, "DataGranuleSizeInBytes", &record.size.to_string())?;
    text(xml, "SizeMBDataGranule", &megabytes(record.size))?;
    within(xml, "Checksum", |xml| {
        text(xml, "Value", &record.sha256)?;
        text(xml, "Algorithm", "SHA-256")
    })?;
    text(xml, "ProducerGranuleId", &record.producer_granule_id)?;
    let day_night = match record.day_night {
        DayNight::Day => "DAY",
        DayNight::Night => "NIGHT",
        DayNight::Both => "BOTH",
        DayNight::Unspecified => "UNSPECIFIED",
    };
    text(xml, "DayNightFlag", day_night)?;
    text(xml, "ProductionDateTime", &record.produced.to_string())
}

/// Type of a granule's vertical extent. `Minimum Altitude` and `Maximum Altitude` are types for collections; for
/// granules the catalogue has Altitude, Pressure, Depth and Atmosphere Layer (UMM-G 1.6.6,
/// `VerticalSpatialDomainType`). ECHO10 has one value per domain, so a range is written as two domains, the lower
/// first.
const VERTICAL_DOMAIN: &str = "Altitude";

/// Maximum plausible altitude in metres, an orbit of 100,000 km; ECHO10 allows 80 characters for the value.
const HIGHEST_ALTITUDE_M: f64 = 1e8;

fn spatial(xml: &mut Xml, record: &GranuleRecord) -> io::Result<()> {
    let altitudes = record.altitude_m.map_or(Vec::new(), |(lowest, highest)| vec![lowest, highest]);
    let altitudes: Vec<String> = altitudes
        .into_iter()
        .filter(|metres| metres.abs() <= HIGHEST_ALTITUDE_M)
        // Rounded to a decimetre, which is finer than any instrument here resolves.
        .filter_map(|metres| decimal((metres * 10.0).round() / 10.0))
        .collect();
    let sides = record.extent.and_then(|extent| {
        let Extent { south, north, west, east } = extent;
        let name = |side| format!("{side}BoundingCoordinate");
        let sides = [("West", west), ("North", north), ("East", east), ("South", south)];
        sides
            .into_iter()
            .map(|(side, degrees)| Some((name(side), decimal(degrees)?)))
            .collect::<Option<Vec<_>>>()
    });
    if altitudes.len() < 2 && sides.is_none() {
        return Ok(());
    }
    within(xml, "Spatial", |xml| {
        if altitudes.len() == 2 {
            within(xml, "VerticalSpatialDomains", |xml| {
                for metres in &altitudes {
                    within(xml, "VerticalSpatialDomain", |xml| {
                        text(xml, "Type", VERTICAL_DOMAIN)?;
                        text(xml, "Value", &format!("{metres} meters"))
                    })?;
                }
                Ok(())
            })?;
        }
        let Some(sides) = &sides else { return Ok(()) };
        within(xml, "HorizontalSpatialDomain", |xml| {
            within(xml, "Geometry", |xml| {
                within(xml, "BoundingRectangle", |xml| {
                    for (side, degrees) in sides {
                        text(xml, side, degrees)?;
                    }
                    Ok(())
                })
            })
        })
    })
}

/// Formats a size in megabytes of 10^6 bytes, exactly.
fn megabytes(bytes: u64) -> String {
    format!("{}.{:06}", bytes / 1_000_000, bytes % 1_000_000)
}

fn within(xml: &mut Xml, name: &str, inside: impl FnOnce(&mut Xml) -> io::Result<()>) -> io::Result<()> {
    xml.create_element(name).write_inner_content(inside)?;
    Ok(())
}

fn text(xml: &mut Xml, name: &str, text: &str) -> io::Result<()> {
    xml.create_element(name).write_text_content(BytesText::new(text))?;
    Ok(())
}
