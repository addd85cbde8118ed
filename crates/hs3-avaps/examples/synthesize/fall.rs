//! The fall of the sonde: its position, its measurements, and which of them are received.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "rows are few"
)]

use super::Recipe;
use super::anomaly::Anomaly;
use super::atmosphere::{Air, Atmosphere};
use super::noise::{Drift, Noise};
use super::scene::{Column, Row, rounded};

/// Seconds between rows, which is the interval of wind data.
const STEP_SECONDS: f64 = 0.25;
/// Density of air at sea level in kg m-3.
const SEA_DENSITY: f64 = 1.225;
/// Seconds after launch at which a late parachute opens, and at which rows resume.
const LATE_CHUTE: (f64, f64) = (20.0, 260.0);
/// Metres per degree of latitude.
const DEGREE_M: f64 = 111_195.0;

/// State of the sonde.
#[derive(Clone, Copy)]
struct State {
    time: f64,
    height_m: f64,
    descent: f64,
    updraft: f64,
    eastward: f64,
    northward: f64,
    longitude: f64,
    latitude: f64,
    air: Air,
}

/// Fall speed at sea level in m/s, `time` seconds after launch.
fn sea_level_speed(recipe: &Recipe, time: f64) -> f64 {
    let drawn = 9.0 + 2.0 * Noise::new(recipe.seed, "chute").uniform();
    if recipe.has(Anomaly::FastFall) || (recipe.has(Anomaly::LateChute) && time < LATE_CHUTE.0) {
        37.0
    } else if recipe.has(Anomaly::Long) {
        4.5
    } else {
        drawn
    }
}

/// Fall speed in m/s: it is inversely proportional to the square root of the density, up to 60 m/s, the highest
/// observed.
fn fall_speed(sea_level: f64, air: &Air) -> f64 {
    (sea_level * (SEA_DENSITY / air.density).sqrt()).min(60.0)
}

/// Launch height in metres from which the fall takes no longer than the recipe allows.
fn launch_height_m(recipe: &Recipe, atmosphere: &Atmosphere) -> f64 {
    let highest = recipe.altitude_m.clamp(100.0, 21_000.0);
    if recipe.has(Anomaly::Long) {
        return highest.max(18_000.0);
    }
    if recipe.has(Anomaly::LateChute) {
        return highest.max(8_000.0);
    }
    let seconds = recipe.seconds.unwrap_or(f64::INFINITY);
    let (mut height, mut time) = (0.0, 0.0);
    while height < highest && time < seconds {
        height += STEP_SECONDS * fall_speed(sea_level_speed(recipe, f64::INFINITY), &atmosphere.at(height));
        time += STEP_SECONDS;
    }
    height.min(highest)
}

/// States every quarter of a second from launch to the sea surface.
fn states(recipe: &Recipe, atmosphere: &Atmosphere) -> Vec<State> {
    let (mut longitude, mut latitude) = recipe.position;
    let mut height_m = launch_height_m(recipe, atmosphere);
    let lowest = if recipe.has(Anomaly::NoSurface) { 0.15 * height_m } else { 0.0 };
    let smooth = |purpose, deviation, seconds: f64| {
        Drift::new(Noise::new(recipe.seed, purpose), deviation, 1.0 - STEP_SECONDS / seconds)
    };
    let mut eastward_gusts = smooth("eastward", 0.8, 12.0);
    let mut northward_gusts = smooth("northward", 0.8, 12.0);
    let mut updrafts = smooth("updraft", recipe.environment.updraft_deviation(), 15.0);
    let mut jitter = Noise::new(recipe.seed, "clock");
    let mut states = Vec::new();
    while height_m > lowest {
        let time = states.len() as f64 * STEP_SECONDS;
        let air = atmosphere.at(height_m);
        let updraft = updrafts.step();
        let descent = updraft.min(4.0) - fall_speed(sea_level_speed(recipe, time), &air);
        let (eastward, northward) =
            (air.eastward + eastward_gusts.step(), air.northward + northward_gusts.step());
        let shift = if recipe.has(Anomaly::JitteredClock) { 0.01 * jitter.uniform() } else { 0.0 };
        states.push(State {
            time: time + shift,
            height_m,
            descent,
            updraft,
            eastward,
            northward,
            longitude,
            latitude,
            air,
        });
        height_m += STEP_SECONDS * descent;
        latitude += STEP_SECONDS * northward / DEGREE_M;
        longitude += STEP_SECONDS * eastward / (DEGREE_M * latitude.to_radians().cos());
    }
    states
}

/// Frames that are not received, in runs of 3.5 rows on average.
struct Losses {
    noise: Noise,
    share: f64,
    left: u32,
}

impl Losses {
    fn new(recipe: &Recipe, purpose: &str) -> Self {
        let mut noise = Noise::new(recipe.seed, purpose);
        let share = 0.03 + 0.07 * noise.uniform();
        Self { noise, share, left: 0 }
    }

    fn step(&mut self) -> bool {
        if self.left > 0 {
            self.left -= 1;
            return true;
        }
        let lost = self.noise.uniform() < self.share / 3.5;
        if lost {
            self.left = (self.noise.uniform() * 6.0) as u32;
        }
        lost
    }
}

/// Seconds after launch at which temperature, humidity and wind become valid: a cold sensor needs longer.
fn first_valid(height_m: f64, duration: f64) -> [f64; 3] {
    let share = height_m / 19_000.0;
    [4.0 + 20.0 * share, 8.0 + 60.0 * share, 10.0].map(|delay| delay.min(duration / 6.0))
}

/// The aircraft row and the rows of the fall, sorted by time; longitudes are not wrapped at 180 degrees.
pub(crate) fn fall(recipe: &Recipe) -> (Row, Vec<Row>) {
    let atmosphere = Atmosphere::new(recipe.environment);
    let states = states(recipe, &atmosphere);
    let duration = states.len() as f64 * STEP_SECONDS;
    let launch_m = states.first().map_or(0.0, |state| state.height_m);
    let [thermal_delay, humidity_delay, wind_delay] = first_valid(launch_m, duration);
    let mut noise = Noise::new(recipe.seed, "sensors");
    let phase = usize::from(Noise::new(recipe.seed, "phase").uniform() < 0.5);
    let last_fix = duration - 0.5 - noise.uniform();
    let (mut lost_thermal, mut lost_satellites) =
        (Losses::new(recipe, "thermal"), Losses::new(recipe, "satellites"));
    let mut gps_error = Drift::new(Noise::new(recipe.seed, "gps"), 3.0, 0.98);
    let mut rows = Vec::with_capacity(states.len() + 1);
    for (index, state) in states.iter().enumerate() {
        let mut row = Row::empty(state.time);
        let air = state.air;
        let full = index % 2 == phase;
        let errors = [0.02, 0.02, 0.3, 0.05, 0.05, 0.05, 0.5].map(|deviation| deviation * noise.normal());
        let gps_m = state.height_m + gps_error.step() + errors[6];
        let (no_thermal, no_satellites) = (lost_thermal.step(), lost_satellites.step());
        if full && !no_thermal && state.time >= thermal_delay {
            let humidity =
                (state.time >= humidity_delay).then(|| (air.humidity_percent + errors[2]).clamp(0.0, 100.4));
            row.set_thermodynamics(air.pressure_hpa + errors[0], air.temperature_c + errors[1], humidity);
            row.set(Column::Altitude, state.height_m);
            row.set(Column::Descent, state.descent);
            row.updraft = Some(rounded(state.updraft + errors[3], 2));
        }
        if !no_satellites && state.time >= wind_delay {
            row.set_wind(state.eastward + errors[4], state.northward + errors[5]);
        }
        if full && !no_satellites && state.time <= last_fix {
            row.set(Column::Longitude, state.longitude);
            row.set(Column::Latitude, state.latitude);
            row.set(Column::GpsAltitude, gps_m);
        }
        let silent = recipe.has(Anomaly::LateChute) && state.time > LATE_CHUTE.0 && state.time < LATE_CHUTE.1;
        if !silent {
            rows.push(row);
        }
    }
    if !recipe.has(Anomaly::NoSurface) {
        let last = rows.last().and_then(|row| row.time).unwrap_or(0.0);
        rows.push(surface(&atmosphere, last + 0.04 + 0.5 * noise.uniform()));
    }
    if recipe.has(Anomaly::PostSplash) {
        float(&mut rows, &mut noise);
    }
    (aircraft(&states), rows)
}

/// The extrapolated surface point, without wind and position.
fn surface(atmosphere: &Atmosphere, time: f64) -> Row {
    let air = atmosphere.at(0.0);
    let mut row = Row::empty(time);
    row.set_thermodynamics(air.pressure_hpa, air.temperature_c, Some(air.humidity_percent));
    row.set(Column::Altitude, 0.0);
    row.extrapolated = true;
    row
}

/// Appends ten seconds of a floating sonde: pressure falls again, and the altitude drops below sea level.
fn float(rows: &mut Vec<Row>, noise: &mut Noise) {
    let Some(surface) = rows.last().cloned() else { return };
    let (Some(time), Some(pressure), Some(temperature)) =
        (surface.time, surface.get(Column::Pressure), surface.get(Column::Temperature))
    else {
        return;
    };
    for step in 1..=20 {
        let later = f64::from(step);
        let mut row = Row::empty(time + 0.5 * later);
        row.set_thermodynamics(
            pressure - 0.05 * later + 0.02 * noise.normal(),
            temperature - 0.01 * later,
            Some(99.0),
        );
        row.set(Column::Altitude, -0.3 * later);
        row.set(Column::Descent, -0.6);
        row.set_wind(0.4 + 0.1 * noise.normal(), -0.2 + 0.1 * noise.normal());
        rows.push(row);
    }
}

/// Flight-level values one second before the launch.
fn aircraft(states: &[State]) -> Row {
    let mut row = Row::empty(-1.0);
    if let Some(state) = states.first() {
        row.set_thermodynamics(state.air.pressure_hpa, state.air.temperature_c, None);
        row.set_wind(state.air.eastward, state.air.northward);
        row.set(Column::Altitude, state.height_m);
        row.set(Column::Longitude, state.longitude);
        row.set(Column::Latitude, state.latitude);
    }
    row
}

/// A sonde that never left the aircraft: cabin air, the track of the aircraft, and a meaningless integrated altitude.
pub(crate) fn cabin(recipe: &Recipe) -> (Row, Vec<Row>) {
    let mut noise = Noise::new(recipe.seed, "cabin");
    let (mut longitude, latitude) = recipe.position;
    let flight_m = recipe.altitude_m.min(14_500.0);
    let mut aircraft = Row::empty(-1.0);
    aircraft.set_thermodynamics(139.5, -64.2, None);
    aircraft.set(Column::Altitude, flight_m);
    aircraft.set(Column::Longitude, longitude);
    aircraft.set(Column::Latitude, latitude);
    let count = (recipe.seconds.unwrap_or(2358.0) / STEP_SECONDS) as usize;
    let rows = (0..count)
        .map(|index| {
            let mut row = Row::empty(index as f64 * STEP_SECONDS);
            longitude += 2e-4;
            if index % 2 == 0 {
                row.set_thermodynamics(
                    843.2 + 0.05 * noise.normal(),
                    19.0 + 0.05 * noise.normal(),
                    Some(11.0 + 0.1 * noise.normal()),
                );
                row.set(Column::Altitude, 0.3 * noise.normal());
                row.set(Column::Descent, 0.05 * noise.normal());
                row.set(Column::Longitude, longitude);
                row.set(Column::Latitude, latitude);
                row.set(Column::GpsAltitude, flight_m + 2.0 * noise.normal());
            }
            row
        })
        .collect();
    (aircraft, rows)
}
