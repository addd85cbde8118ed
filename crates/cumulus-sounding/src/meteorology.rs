//! Quantities that are derived from others, for formats that print only some of them.
//!
//! All computations are element-wise; a missing value (NaN) gives a missing value.

/// How a variable is derived from others, by their names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Derivation {
    /// Eastward wind from wind speed and the direction that the wind comes from.
    EastwardWind(&'static str, &'static str),
    /// Northward wind from wind speed and the direction that the wind comes from.
    NorthwardWind(&'static str, &'static str),
    /// Wind speed from the eastward and northward components.
    WindSpeed(&'static str, &'static str),
    /// Direction that the wind comes from, from the eastward and northward components.
    WindDirection(&'static str, &'static str),
    /// Dew point from temperature and relative humidity.
    DewPoint(&'static str, &'static str),
}

impl Derivation {
    /// Names of the two variables that it requires.
    #[must_use]
    pub fn needs(self) -> [&'static str; 2] {
        match self {
            Self::EastwardWind(first, second)
            | Self::NorthwardWind(first, second)
            | Self::WindSpeed(first, second)
            | Self::WindDirection(first, second)
            | Self::DewPoint(first, second) => [first, second],
        }
    }

    /// Describes the computation, for people.
    #[must_use]
    pub fn text(self) -> String {
        let [first, second] = self.needs();
        match self {
            Self::DewPoint(..) => format!("computed from {first} and {second} by Bolton (1980), equation 11"),
            _ => format!("computed from {first} and {second}"),
        }
    }

    /// Computes the value for one row; units are m/s, degrees, degrees Celsius and percent.
    #[must_use]
    pub fn value(self, first: f64, second: f64) -> f64 {
        match self {
            Self::EastwardWind(..) => -first * second.to_radians().sin(),
            Self::NorthwardWind(..) => -first * second.to_radians().cos(),
            Self::WindSpeed(..) => first.hypot(second),
            Self::WindDirection(..) => (-first).atan2(-second).to_degrees().rem_euclid(360.0),
            Self::DewPoint(..) => dew_point(first, second),
        }
    }
}

/// Dew point in degrees Celsius (Bolton 1980, The Computation of Equivalent Potential Temperature, equations 10 and
/// 11), with respect to liquid water; NaN if the air is perfectly dry.
fn dew_point(temperature: f64, humidity_percent: f64) -> f64 {
    if humidity_percent <= 0.0 {
        return f64::NAN;
    }
    let exponent = (humidity_percent / 100.0).ln() + 17.67 * temperature / (temperature + 243.5);
    243.5 * exponent / (17.67 - exponent)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-9, "{found} is not {expected}");
    }

    #[test]
    fn wind_from_the_west_blows_eastward() {
        near(Derivation::EastwardWind("", "").value(10.0, 270.0), 10.0);
        near(Derivation::NorthwardWind("", "").value(10.0, 180.0), 10.0);
        near(Derivation::WindDirection("", "").value(10.0, 0.0), 270.0);
        near(Derivation::WindSpeed("", "").value(3.0, -4.0), 5.0);
    }

    #[test]
    fn saturated_air_is_at_its_dew_point() {
        near(Derivation::DewPoint("", "").value(12.5, 100.0), 12.5);
        // 50 % at 20 degrees Celsius, from psychrometric tables.
        assert!((Derivation::DewPoint("", "").value(20.0, 50.0) - 9.27).abs() < 0.01);
        assert!(Derivation::DewPoint("", "").value(20.0, 0.0).is_nan());
        assert!(Derivation::DewPoint("", "").value(f64::NAN, 50.0).is_nan());
    }
}
