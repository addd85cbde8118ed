//! Names of units, with their physical dimensions and factors.
//!
//! Factors are exact. Sources: for the SI and the units accepted with it, BIPM, The International System of Units, 9th
//! edition, tables 2 to 8; for foot, inch, yard, mile, pound, degree Fahrenheit, conventional inch and millimetre of
//! mercury, NIST Special Publication 811, appendix B; for knot and nautical mile, BIPM, 8th edition, table 8.

use super::{Magnitude, Unit};

/// Physical dimension of a unit, as powers of these, in this order: length, mass, time, temperature, current, amount,
/// luminous intensity, plane angle, solid angle, and two kinds of levels in decibels, which cannot be converted.
pub(super) type Dimension = [i8; 11];

const NONE: Dimension = [0; 11];
const LENGTH: Dimension = [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
const MASS: Dimension = [0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
const TIME: Dimension = [0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0];
const TEMPERATURE: Dimension = [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0];
const CURRENT: Dimension = [0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0];
const AMOUNT: Dimension = [0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0];
const LUMINOSITY: Dimension = [0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0];
const ANGLE: Dimension = [0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0];
const SOLID_ANGLE: Dimension = [0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0];
const DECIBEL: Dimension = [0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0];
const REFLECTIVITY: Dimension = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
const SPEED: Dimension = [1, 0, -1, 0, 0, 0, 0, 0, 0, 0, 0];
const FREQUENCY: Dimension = [0, 0, -1, 0, 0, 0, 0, 0, 0, 0, 0];
const FORCE: Dimension = [1, 1, -2, 0, 0, 0, 0, 0, 0, 0, 0];
const PRESSURE: Dimension = [-1, 1, -2, 0, 0, 0, 0, 0, 0, 0, 0];
const ENERGY: Dimension = [2, 1, -2, 0, 0, 0, 0, 0, 0, 0, 0];
const POWER: Dimension = [2, 1, -3, 0, 0, 0, 0, 0, 0, 0, 0];
const POTENTIAL: Dimension = [2, 1, -3, 0, -1, 0, 0, 0, 0, 0, 0];
const VOLUME: Dimension = [3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

/// A unit with its names.
pub(super) struct Named {
    /// Case-sensitive spellings that UDUNITS accepts; the first is the one that is written.
    pub(super) symbols: &'static [&'static str],
    /// Case-insensitive names that UDUNITS accepts, in lower case and without the plural's `s`.
    pub(super) names: &'static [&'static str],
    /// Spellings that UDUNITS does not accept or interprets as another unit, in lower case.
    pub(super) others: &'static [&'static str],
    dimension: Dimension,
    numerator: f64,
    denominator: f64,
    offset: f64,
    /// Whether prefixes such as `kilo` can be used with it.
    pub(super) prefixed: bool,
}

impl Named {
    pub(super) const fn unit(&self) -> Unit {
        Unit {
            dimension: self.dimension,
            magnitude: Magnitude { numerator: self.numerator, denominator: self.denominator },
            offset: self.offset,
        }
    }
}

const fn named(
    symbols: &'static [&'static str],
    names: &'static [&'static str],
    others: &'static [&'static str],
    dimension: Dimension,
    (numerator, denominator): (f64, f64),
) -> Named {
    Named { symbols, names, others, dimension, numerator, denominator, offset: 0.0, prefixed: false }
}

const fn prefixed(
    symbols: &'static [&'static str],
    names: &'static [&'static str],
    others: &'static [&'static str],
    dimension: Dimension,
    ratio: (f64, f64),
) -> Named {
    Named { prefixed: true, ..named(symbols, names, others, dimension, ratio) }
}

const fn zero_at(offset: f64, named: &Named) -> Named {
    Named { offset, ..*named }
}

const ONE: (f64, f64) = (1.0, 1.0);

/// All known units, in base units m, kg, s, K, A, mol, cd, degree, sr. Spellings in `others` take precedence over
/// UDUNITS: `mb` is the millibar of meteorologists, not UDUNITS' millibarn, and `C` is the degree Celsius, not the
/// coulomb.
pub(super) const NAMED: &[Named] = &[
    named(
        &["1"],
        &["count"],
        &["unitless", "dimensionless", "none", "#", "ratio", "fraction", "nd", "number"],
        NONE,
        ONE,
    ),
    named(&["%", "percent"], &["percent"], &["pct", "per cent", "%rh", "% rh"], NONE, (1.0, 100.0)),
    named(&["ppm", "ppmv"], &["ppm"], &[], NONE, (1.0, 1e6)),
    named(&["ppb", "ppbv"], &["ppb"], &[], NONE, (1.0, 1e9)),
    prefixed(&["m"], &["meter", "metre"], &[], LENGTH, ONE),
    named(
        &["m"],
        &[],
        &["gpm", "m agl", "m asl", "m msl", "meters asl", "meters msl", "meters agl"],
        LENGTH,
        ONE,
    ),
    named(&["km"], &[], &["kms", "km", "kilometer asl", "km asl", "km msl"], LENGTH, (1000.0, 1.0)),
    prefixed(&["micron"], &["micron"], &[], LENGTH, (1.0, 1e6)),
    named(&["angstrom"], &["angstrom"], &[], LENGTH, (1.0, 1e10)),
    named(&["ft", "feet"], &["foot", "feet"], &[], LENGTH, (3048.0, 10_000.0)),
    named(&["in"], &["inch", "inches"], &[], LENGTH, (254.0, 10_000.0)),
    named(&["yd"], &["yard"], &[], LENGTH, (9144.0, 10_000.0)),
    named(&["mi"], &["mile"], &[], LENGTH, (1_609_344.0, 1000.0)),
    named(
        &["nmile"],
        &["nautical_mile", "nmile"],
        &["nmi", "naut_mile", "nautical mile"],
        LENGTH,
        (1852.0, 1.0),
    ),
    prefixed(&["g"], &["gram"], &[], MASS, (1.0, 1000.0)),
    named(&["lb"], &["pound"], &[], MASS, (45_359_237.0, 1e8)),
    prefixed(&["s", "sec"], &["second", "sec"], &["secs"], TIME, ONE),
    named(&["min"], &["minute", "min"], &["mins"], TIME, (60.0, 1.0)),
    named(&["h", "hr"], &["hour", "hr"], &["hrs"], TIME, (3600.0, 1.0)),
    named(&["d"], &["day"], &[], TIME, (86_400.0, 1.0)),
    prefixed(
        &["K"],
        &["kelvin", "degree_kelvin", "degk", "deg_k", "degreek"],
        &["deg k", "degree k", "degrees k"],
        TEMPERATURE,
        ONE,
    ),
    zero_at(
        273.15,
        &named(
            &["degree_Celsius", "degC", "deg_C", "°C", "℃"],
            &["celsius", "degree_celsius", "degc", "deg_c", "degree_c", "degreec"],
            &[
                "c",
                "deg c",
                "deg. c",
                "degree c",
                "degrees c",
                "degrees_c",
                "degree celsius",
                "degrees celsius",
                "degrees_celsius",
                "deg celsius",
                "degs c",
                "centigrade",
                "deg_celsius",
            ],
            TEMPERATURE,
            ONE,
        ),
    ),
    zero_at(
        459.67 * 5.0 / 9.0,
        &named(
            &["degree_Fahrenheit", "degF", "deg_F", "°F", "℉"],
            &["fahrenheit", "degree_fahrenheit", "degf", "deg_f", "degreef"],
            &["deg f", "degree f", "degrees f", "degree fahrenheit", "degrees fahrenheit", "degrees_f"],
            TEMPERATURE,
            (5.0, 9.0),
        ),
    ),
    prefixed(&["A"], &["ampere", "amp"], &[], CURRENT, ONE),
    prefixed(&["mol"], &["mole"], &[], AMOUNT, ONE),
    prefixed(&["cd"], &["candela"], &[], LUMINOSITY, ONE),
    named(
        &[
            "degree",
            "degrees",
            "arc_degree",
            "angular_degree",
            "degree_true",
            "degrees_true",
            "degrees_north",
            "degree_north",
            "degree_N",
            "degrees_N",
            "degreeN",
            "degreesN",
            "degrees_east",
            "degree_east",
            "degree_E",
            "degrees_E",
            "degreeE",
            "degreesE",
            "arcdeg",
            "°",
        ],
        &["degree", "arc_degree", "angular_degree"],
        &[
            "deg",
            "degs",
            "deg.",
            "deg true",
            "degt",
            "degrees true",
            "degree true",
            "deg_true",
            "decimal degree",
            "decimal_degree",
        ],
        ANGLE,
        ONE,
    ),
    named(
        &["degrees_north"],
        &[],
        &[
            "degrees n",
            "degree n",
            "deg n",
            "deg_n",
            "degn",
            "degs n",
            "degrees north",
            "degree north",
            "deg north",
            "deg. n",
        ],
        ANGLE,
        ONE,
    ),
    named(
        &["degrees_east"],
        &[],
        &[
            "degrees e",
            "degree e",
            "deg e",
            "deg_e",
            "dege",
            "degs e",
            "degrees east",
            "degree east",
            "deg east",
            "deg. e",
        ],
        ANGLE,
        ONE,
    ),
    named(
        &["degrees_west", "degree_west", "degrees_W", "degree_W", "degreesW", "degreeW"],
        &[],
        &[
            "degrees w",
            "deg w",
            "deg_w",
            "degrees west",
            "degree west",
            "deg west",
            "degrees_south",
            "degrees s",
            "deg_s",
            "degrees south",
        ],
        ANGLE,
        (-1.0, 1.0),
    ),
    named(&["arcminute", "arc_minute"], &["arcminute", "arc_minute", "arcmin"], &[], ANGLE, (1.0, 60.0)),
    named(&["arcsecond", "arc_second"], &["arcsecond", "arc_second", "arcsec"], &[], ANGLE, (1.0, 3600.0)),
    prefixed(&["radian", "rad"], &["radian"], &[], ANGLE, (180.0, std::f64::consts::PI)),
    prefixed(&["sr"], &["steradian"], &["ster", "str"], SOLID_ANGLE, ONE),
    named(
        &["knot", "kt", "kts"],
        &["knot", "knot_international"],
        &["kt", "kts", "kn", "knts"],
        SPEED,
        (1852.0, 3600.0),
    ),
    named(
        &["m s-1"],
        &[],
        &[
            "ms-1",
            "ms^-1",
            "ms^{-1}",
            "ms**-1",
            "mps",
            "m per s",
            "m/sec.",
            "meters per second",
            "metres per second",
            "meter per second",
        ],
        SPEED,
        ONE,
    ),
    named(&["km h-1"], &[], &["kph", "kmh", "kmh-1"], SPEED, (1000.0, 3600.0)),
    named(&["mile h-1"], &[], &["mph"], SPEED, (1_609_344.0, 3_600_000.0)),
    prefixed(&["Hz"], &["hertz"], &[], FREQUENCY, ONE),
    prefixed(&["N"], &["newton"], &[], FORCE, ONE),
    prefixed(&["Pa"], &["pascal"], &[], PRESSURE, ONE),
    named(
        &["hPa"],
        &[],
        &["mb", "mbs", "mbar", "mbars", "hpa", "hpascal", "hectopascals"],
        PRESSURE,
        (100.0, 1.0),
    ),
    prefixed(&["bar"], &["bar"], &[], PRESSURE, (100_000.0, 1.0)),
    named(&["atm"], &["atmosphere", "standard_atmosphere"], &[], PRESSURE, (101_325.0, 1.0)),
    named(&["torr"], &["torr"], &[], PRESSURE, (101_325.0, 760.0)),
    named(&["mmHg", "mm_Hg"], &["mmhg"], &["mm hg"], PRESSURE, (133_322.387_415, 1000.0)),
    named(&["inHg", "in_Hg"], &[], &["in hg"], PRESSURE, (3_386_388.640_341, 1000.0)),
    prefixed(&["J"], &["joule"], &[], ENERGY, ONE),
    prefixed(&["W"], &["watt"], &[], POWER, ONE),
    prefixed(&["V"], &["volt"], &[], POTENTIAL, ONE),
    prefixed(&["L", "l"], &["liter", "litre"], &[], VOLUME, (1.0, 1000.0)),
    // UDUNITS has no decibel, only what it means.
    named(&["0.1 lg(re 1)"], &[], &["0.1 lg(re 1)", "db", "decibel"], DECIBEL, ONE),
    named(&["dBZ"], &[], &["dbz"], REFLECTIVITY, ONE),
];

/// Prefixes for names and for symbols, with their powers of ten (BIPM, table 7).
pub(super) const PREFIXES: &[(&str, &[&str], i32)] = &[
    ("tera", &["T"], 12),
    ("giga", &["G"], 9),
    ("mega", &["M"], 6),
    ("kilo", &["k"], 3),
    ("hecto", &["h"], 2),
    ("deca", &["da"], 1),
    ("deci", &["d"], -1),
    ("centi", &["c"], -2),
    ("milli", &["m"], -3),
    ("micro", &["u", "µ", "μ"], -6),
    ("nano", &["n"], -9),
    ("pico", &["p"], -12),
    ("femto", &["f"], -15),
];
