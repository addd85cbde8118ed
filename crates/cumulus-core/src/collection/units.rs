//! How a table states the unit of a variable.

/// Physical unit of a variable, or how to find it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Units {
    /// This unit.
    Fixed(&'static str),
    /// No unit at all: flags and text.
    None,
    /// The source does not state it: written as `1`, with a comment.
    Unstated,
    /// Days since December 31 of the year before the granule's, as decimal days of year are.
    DayOfYear,
    /// km: an altitude. Where the source states no unit, it is inferred from all altitudes of the granule whether it is m
    /// ([`crate::map::altitudes`]).
    Altitude(AltitudeOf),
    /// Told by magnitude: `above` where the statistic exceeds `threshold`, else `otherwise`.
    ByMagnitude {
        /// What is compared.
        statistic: Statistic,
        /// Compared with this.
        threshold: f64,
        /// Unit of the large magnitudes.
        above: &'static str,
        /// Unit of the small ones.
        otherwise: &'static str,
    },
}

impl Units {
    /// The unit that the table gives by itself; an altitude may turn out to be in m.
    #[must_use]
    pub const fn of_table(self) -> Option<&'static str> {
        match self {
            Self::Fixed(units) => Some(units),
            Self::Altitude(_) => Some("km"),
            Self::None | Self::Unstated | Self::DayOfYear | Self::ByMagnitude { .. } => None,
        }
    }
}

/// What an altitude belongs to, which limits its values in km and in m.
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

/// The statistic from which a unit is inferred, over all values that are not missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Statistic {
    /// The largest value.
    Maximum,
    /// The value that half of all exceed.
    Median,
}
