//! Anomalies of real dropsonde files, each of which can be switched on.

use clap::ValueEnum;

/// One anomaly. Those of the sounding itself apply to all formats; the others state the formats that support them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Anomaly {
    // Bytes of the file.
    /// The file has no byte.
    Empty,
    /// The file ends in mid-row (text) or before half of its bytes (HDF5).
    Truncated,
    /// A header without rows; in HDF5, a time dimension of length 0.
    HeaderOnly,
    /// Lines end in LF (text).
    LineFeeds,
    /// Lines end in CR CR LF (text).
    DoubleReturns,
    /// The header has the latin-1 bytes 0xB1 and 0xFF (text).
    Latin1,
    /// Blanks, a blank line and 0x1A after the last row (text).
    TrailingBytes,

    // The EOL header.
    /// Two soundings in one file, overlapping in time (EOL).
    TwoSoundings,
    /// Two further header lines and several slashes (EOL).
    ExtraHeaderLines,
    /// The label of the tenth line is `Post Processing/Comments:` (EOL).
    OldPostProcessingLabel,
    /// The comment states that the dry bias of humidity was corrected (EOL).
    DryBias,
    /// Two operators with a slash between them (EOL).
    SlashInOperator,
    /// Nothing after the slash of the sonde type (EOL).
    NoSondeType,
    /// The launch location is -999 in the header, and the aircraft row has no position.
    NoLaunchLocation,
    /// The launch location is padded with zeros and blanks (EOL).
    PaddedLaunchLocation,
    /// No comma after the longitude of the launch location (EOL).
    NoCommaInLaunchLocation,
    /// Blanks in the flight name, which is stated twice, and no tail number (EOL).
    OddPlatform,
    /// The launch altitude is 351 m too high in the header (EOL).
    WrongLaunchAltitude,

    // The columns.
    /// The blank before a minus is lost where the number fills its column (EOL).
    GluedColumns,
    /// The layout of EOL Sounding Format 1.0 (EOL).
    FormatOne,
    /// Two columns of vertical wind after the usual ones (EOL).
    #[value(name = "columns-19")]
    NineteenColumns,
    /// The same, and radius and azimuth from the storm (EOL).
    #[value(name = "columns-21")]
    TwentyOneColumns,
    /// Hours and minutes are padded with zeros (EOL).
    ZeroPaddedClock,
    /// The UTC columns are one second after launch + Time (EOL).
    ClockAhead,
    /// No aircraft row, and no reference values.
    NoAircraft,

    // Position.
    /// Latitudes between -1 and 0.
    NegativeZeroLatitude,
    /// Longitudes between -1 and 0.
    NegativeZeroLongitude,
    /// The sonde drifts across the antimeridian in mid-fall.
    DateLine,
    /// South of the equator.
    Southern,
    /// East of Greenwich.
    Eastern,
    /// Three fixes at exactly 0, 0.
    ZeroPosition,
    /// Three fixes two degrees off.
    JumpingPosition,
    /// Three fixes at longitudes near 400.
    ImpossibleLongitude,
    /// Longitudes of 0 to 360.
    EastLongitudes,

    // Time.
    /// Midnight in mid-fall.
    Midnight,
    /// Launch at 00:00:00: the aircraft row belongs to the day before.
    MidnightAtLaunch,
    /// Midnight of New Year in mid-fall.
    NewYear,
    /// Launch on 29 February.
    LeapDay,
    /// Rows in the order of falling time (text).
    SurfaceFirst,
    /// Rows in the order of rising time (HDF5).
    LaunchFirst,
    /// A run of rows stands before its predecessors.
    Unsorted,
    /// Some rows are split into two of the same time, each with a part of the values.
    DuplicateTimes,
    /// Some rows stand twice, with different temperatures.
    ConflictingTimes,
    /// Some rows have the time -999 (EOL; missing in HDF5).
    MissingTime,
    /// Steps of 0.24 to 0.26 s.
    JitteredClock,

    // Missing values.
    /// No pressure, and so no altitude.
    NoPressure,
    /// No temperature, and so no dew point.
    NoTemperature,
    /// No humidity, and so no dew point.
    NoHumidity,
    /// No wind.
    NoWind,
    /// No position and no GPS altitude.
    NoPosition,
    /// Twenty rows without any value.
    AllMissingRows,
    /// No row has any value.
    NothingMeasured,

    // The fall.
    /// No parachute.
    FastFall,
    /// The parachute opens late, and 240 s of rows are lost.
    LateChute,
    /// Recorded in the cabin.
    NeverLaunched,
    /// The sonde floats and keeps sending.
    PostSplash,
    /// The sonde fails in the air: no surface row.
    NoSurface,
    /// More than 9000 rows.
    Long,
    /// Pressure and temperature of a few rows are far off.
    Outliers,

    /// Humidity of 0.02 percent, whose dew point fills its column where it is cold, and of 0, which has none.
    DryAir,

    // HDF5.
    /// Names, units and standard names of the `EUREC4A` level-2 files: Pa, K and fractions (HDF5).
    SiUnits,
    /// Launch position and surface values as further variables, as CAESAR has them (HDF5).
    SurfaceVariables,
    /// No `standard_name` at all (HDF5).
    NoStandardNames,
    /// Datasets are chunked, shuffled and deflated (HDF5).
    Compressed,

    // The raw D-file.
    /// Lines of nineteen fields (raw).
    NineteenFields,
    /// Pre-launch rows within the fall (raw).
    LeakingRows,
}
