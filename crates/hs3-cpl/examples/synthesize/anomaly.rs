//! Anomalies of real CPL granules, each of which can be switched on.

use clap::ValueEnum;

/// One anomaly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Anomaly {
    /// NaN and infinities in backscatter and depolarization.
    Missing,
    /// -999 in navigation, layers and sun angles.
    Sentinels,
    /// -9999 instead of -999.
    OldSentinels,
    /// Zero, out-of-range, missing and unreachable positions.
    Positions,
    /// The clock passes midnight in mid-granule.
    Midnight,
    /// The clock passes New Year in mid-granule, the day of year going on to 367.
    NewYear,
    /// Aircraft altitude, heading, pitch and roll at record edges, one longer than the records.
    Edges,
    /// Units and other attributes on datasets and file.
    Attributes,
    /// The stated number of records is one too many.
    Miscount,
    /// The name carries the day before the first record.
    TakeOffDate,
    /// The track crosses the antimeridian.
    Antimeridian,
    /// No decimal day of year.
    NoDayOfYear,
}
