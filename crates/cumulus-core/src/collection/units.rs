//! Rules in a table for the unit of a variable.

/// Physical unit of a variable, or the rule that determines it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Units {
    /// This unit.
    Fixed(&'static str),
    /// No unit at all: flags and text.
    None,
    /// Not stated by the source; written as `1`, with a comment.
    Unstated,
    /// Days since December 31 of the year before the granule's, which is how decimal days of year count.
    DayOfYear,
    /// An altitude in km. If the source states no unit, all altitudes of the granule together determine whether it is m
    /// ([`crate::map::altitudes`]).
    Altitude(AltitudeOf),
    /// Determined by magnitude: `above` if the statistic exceeds `threshold`, else `otherwise`.
    ByMagnitude {
        /// The statistic that is compared.
        statistic: Statistic,
        /// The threshold that it is compared with.
        threshold: f64,
        /// Unit of large magnitudes.
        above: &'static str,
        /// Unit of small magnitudes.
        otherwise: &'static str,
    },
}

impl Units {
    /// Returns the unit that the table itself states, if any; an altitude may turn out to be in m.
    #[must_use]
    pub const fn of_table(self) -> Option<&'static str> {
        match self {
            Self::Fixed(units) => Some(units),
            Self::Altitude(_) => Some("km"),
            Self::None | Self::Unstated | Self::DayOfYear | Self::ByMagnitude { .. } => None,
        }
    }
}

/// The kind of an altitude, which limits its possible values in km and in m.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AltitudeOf {
    /// The bins of a profile, or the top of all of them.
    Frame,
    /// The aircraft.
    Platform,
    /// The ground or sea below it.
    Surface,
    /// The tops of layers.
    LayerTop,
    /// The bottoms of layers.
    LayerBottom,
}

/// The statistic that determines a unit, over all values that are not missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Statistic {
    /// The largest value.
    Maximum,
    /// The median: the value that half of all values exceed.
    Median,
}
