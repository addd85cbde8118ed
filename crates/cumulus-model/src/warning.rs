//! Warnings: anomalies in a granule that was converted nevertheless.
//!
//! A warning has a code, for counting and alerting; a place, which is the dataset or attribute that it is about; a
//! message for people; and, if it is about several values, their number. `docs/data-notes.md` lists the codes.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Declares the codes, each with its name in logs and reports and its meaning.
macro_rules! codes {
    ($($name:ident $word:literal $meaning:literal)*) => {
        /// The kind of a warning.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Code {
            $(#[doc = $meaning] #[serde(rename = $word)] $name,)*
        }

        impl Code {
            /// All codes, sorted by name.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The code's name in logs, reports and documents.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// The code's meaning, in one sentence.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$name => $meaning,)* }
            }
        }
    };
}

codes! {
    AltitudesInMetres "altitudes_in_metres" "Some or all altitudes without a stated unit are in metres, judging by their magnitude."
    AnotherCampaign "another_campaign" "The source names another campaign than the collection's."
    AttributeLeftOut "attribute_left_out" "An attribute is left out: its name or value is not allowed in netCDF."
    AttributesAsText "attributes_as_text" "Attributes with integers beyond 2^53 are written as text, because netCDF's classic model has no such integers."
    AttributesEmpty "attributes_empty" "Attributes without a value are left out."
    AxesAmbiguous "axes_ambiguous" "Axes of a dataset have the length of several dimensions, or of one dimension that is needed once; they get dimensions of their own."
    CellsUnreadable "cells_unreadable" "Some cells of rows are not numbers and are missing; the other cells of those rows are kept."
    ChunksNeverWritten "chunks_never_written" "Values were never written; they are the fill value where HDF5 has one for them, else missing."
    ClocksDisagree "clocks_disagree" "Two clocks of the source disagree; the message states which one is used."
    ColumnLeftOut "column_left_out" "A column of a sounding is left out, because it does not have one value per row."
    DatasetLeftOut "dataset_left_out" "A dataset is left out: it holds no data, has a type that netCDF cannot store, or cannot be read."
    DatasetRenamed "dataset_renamed" "A variable has another name than its dataset, because that name is not allowed in netCDF or already in use in the product."
    DateUnreadable "date_unreadable" "A date that the source states cannot be read and is not used."
    DatesDisagree "dates_disagree" "Dates of the source and of its name disagree; the message states which one is used."
    FlagsDisagree "flags_disagree" "The source states other flags than the table; those of the source are used."
    GranuleNameRepeated "granule_name_repeated" "Several granules of a run have the same name in different folders; a catalogue keeps only one of them."
    HeaderShortened "header_shortened" "A sounding's header has more lines than are kept."
    ImplausibleValues "implausible_values" "Values are too large for any quantity; they may mark missing data."
    LaunchAssumed "launch_assumed" "No launch time is stated; the time of the first row is used."
    LaunchPosition "launch_position" "The launch position cannot be read or contradicts itself."
    LaunchTimeUnreadable "launch_time_unreadable" "The launch time that the source states cannot be read."
    LengthsDisagree "lengths_disagree" "A length stated by the source differs from that of its arrays; the length of the arrays is used."
    LongitudesWrapped "longitudes_wrapped" "The source has longitudes beyond 180 degrees; those of the product are from -180 to 180."
    MaybeRenamed "maybe_renamed" "A dataset of the table is absent, and an unknown dataset has a similar name."
    NeverLaunched "never_launched" "The sonde never left the aircraft."
    NoFall "no_fall" "Pressure and altitude of a sonde do not show a descent over the file as a whole."
    NoPosition "no_position" "No record has a valid position, so the metadata have no horizontal extent."
    PackingUnreadable "packing_unreadable" "Values are packed and their scale or offset cannot be read; the packed values are carried without a unit."
    PositionsInvalid "positions_invalid" "Some positions are implausible; they are missing, or interpolated in soundings."
    PrecisionReduced "precision_reduced" "Numbers are stored in fewer bits than the source has."
    ProductByContent "product_by_content" "The file name matches no product; the product was identified by the contents of the file."
    RowsContradict "rows_contradict" "Rows with the same time have different values; the first row is used."
    RowsDamaged "rows_damaged" "Rows of a sounding cannot be read and are left out, or were read by their layout."
    RowsOfAnotherSonde "rows_of_another_sonde" "Rows name another sonde."
    ShapeUnknown "shape_unknown" "The shape of a dataset matches no layout of the table; its dimensions were assigned by length."
    SoundingUnreadable "sounding_unreadable" "One of several soundings in a file cannot be read; the others are converted."
    TextForNumbers "text_for_numbers" "A dataset holds text where the table describes numbers; it is carried as text, without the unit of the table."
    TimeGoesBack "time_goes_back" "Time decreases between records; records keep their order."
    Truncated "truncated" "The source ends within a row or far above the surface; it may be truncated."
    UnitsConverted "units_converted" "Values were converted from the unit that the source states to that of the product."
    UnitsDiffer "units_differ" "A variable has another unit than in an earlier granule of the same run."
    UnitsDisagree "units_disagree" "The source states another unit than the table, and no conversion leads from one to the other."
    UnitsUnknown "units_unknown" "The source states an unknown unit; it is written as stated."
    ValueUnreadable "value_unreadable" "A value by which the source describes itself, such as a number of records, cannot be read and is not used."
    ValuesAreNoFlags "values_are_no_flags" "A variable that usually holds flags has other values; it is described as the quantity that it then holds."
    ValuesOutOfRange "values_out_of_range" "Values are flagged as beyond the limits of detection and are missing."
}

impl fmt::Display for Code {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())
    }
}

/// One anomaly of a granule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// Its kind.
    pub code: Code,
    /// The dataset, attribute or column that it is about; empty if it is about the whole granule.
    pub place: String,
    /// The message, without the place.
    pub message: String,
    /// Number of values, rows or records that it is about, if that is only some of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
}

impl Warning {
    /// A warning about `place`.
    pub fn at(code: Code, place: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code, place: place.into(), message: message.into(), count: None }
    }

    /// A warning about the whole granule.
    pub fn of_granule(code: Code, message: impl Into<String>) -> Self {
        Self::at(code, "", message)
    }

    /// Adds the number of values, rows or records that it is about.
    #[must_use]
    pub fn count(mut self, count: impl TryInto<u64>) -> Self {
        self.count = count.try_into().ok();
        self
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.place.is_empty() {
            formatter.write_str(&self.message)
        } else {
            write!(formatter, "{}: {}", self.place, self.message)
        }
    }
}

/// Number of alike warnings from which on they are told as one.
const MIN_ALIKE: usize = 3;

/// Number of places that one warning about many names.
const MAX_PLACES: usize = 8;

/// Returns the warnings with those merged that say the same about different places: one line instead of twenty. The
/// order is that of the first of each kind.
#[must_use]
pub fn merged(warnings: Vec<Warning>) -> Vec<Warning> {
    let mut kinds: Vec<Vec<Warning>> = Vec::new();
    for warning in warnings {
        let is_alike = |kind: &Vec<Warning>| {
            let first = &kind[0];
            let is_general = warning.place.is_empty() || warning.count.is_some();
            !is_general
                && first.count.is_none()
                && (first.code, &first.message) == (warning.code, &warning.message)
        };
        match kinds.iter_mut().find(|kind| is_alike(kind)) {
            Some(kind) => kind.push(warning),
            None => kinds.push(vec![warning]),
        }
    }
    kinds
        .into_iter()
        .flat_map(|kind| if kind.len() < MIN_ALIKE { kind } else { vec![merge(&kind)] })
        .collect()
}

/// Returns one warning for several that differ only in their place.
fn merge(kind: &[Warning]) -> Warning {
    let count = kind.len();
    let mut places: Vec<&str> = kind.iter().take(MAX_PLACES).map(|warning| warning.place.as_str()).collect();
    let more = format!("{} more", count - places.len());
    if count > MAX_PLACES {
        places.push(&more);
    }
    let place = places.join(", ");
    let message = format!("{} ({count} alike)", kind.first().map_or("", |warning| warning.message.as_str()));
    let code = kind.first().map_or(Code::DatasetLeftOut, |warning| warning.code);
    Warning { code, place, message, count: u64::try_from(count).ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alike_warnings_are_told_as_one() {
        let empty = |number: usize| Warning::at(Code::DatasetLeftOut, format!("d{number}"), "holds no data");
        let other = Warning::at(Code::UnitsUnknown, "x", "has an unknown unit");
        let mut all: Vec<Warning> = (0..22).map(empty).collect();
        all.insert(1, other.clone());
        let merged = merged(all);
        assert_eq!((merged.len(), merged[0].count, &merged[1]), (2, Some(22), &other));
        assert_eq!(
            merged[0].to_string(),
            "d0, d1, d2, d3, d4, d5, d6, d7, 14 more: holds no data (22 alike)"
        );
        let two: Vec<Warning> = (0..2).map(empty).collect();
        assert_eq!(super::merged(two.clone()), two);
    }

    #[test]
    fn codes_are_sorted_words_and_documented() {
        let words: Vec<&str> = Code::ALL.iter().map(|code| code.word()).collect();
        assert!(words.is_sorted());
        let notes = include_str!("../../../docs/data-notes.md");
        for code in Code::ALL {
            assert!(
                notes.contains(&format!("| `{code}` | {} |", code.meaning())),
                "docs/data-notes.md lacks | `{code}` | {} |",
                code.meaning()
            );
        }
    }

    #[test]
    fn a_warning_reads_as_a_sentence_about_its_place() {
        let warning = Warning::at(Code::UnitsConverted, "Press", "converted from Pa to hPa");
        assert_eq!(warning.to_string(), "Press: converted from Pa to hPa");
        let granule = Warning::of_granule(Code::TimeGoesBack, "time goes back 2 times").count(2);
        assert_eq!(granule.to_string(), "time goes back 2 times");
        let json = serde_json::to_string(&granule).unwrap();
        assert_eq!(
            json,
            r#"{"code":"time_goes_back","place":"","message":"time goes back 2 times","count":2}"#
        );
    }
}
