//! Writes the raw D-file that the aircraft records, format NOAA 1.7.

use jiff::SignedDuration;
use jiff::civil::DateTime;

use super::Recipe;
use super::anomaly::Anomaly;
use super::noise::Noise;
use super::scene::{Column, Row, Sounding};
use super::text;

/// Number of rows recorded before the launch: ten seconds.
const BEFORE: i32 = 40;

/// Returns the complete file.
pub(crate) fn print(recipe: &Recipe) -> Vec<u8> {
    let mut lines = Vec::new();
    for sounding in recipe.truth() {
        Writer { recipe, sounding: &sounding }.write(&mut lines);
    }
    text::assemble(recipe, &lines)
}

struct Writer<'a> {
    recipe: &'a Recipe,
    sounding: &'a Sounding,
}

impl Writer<'_> {
    fn write(&self, lines: &mut Vec<String>) {
        let (sounding, launch) = (self.sounding, self.sounding.launch);
        let never = self.recipe.has(Anomaly::NeverLaunched);
        let clock = |moment: DateTime| {
            format!("{}.{:02}", moment.strftime("%y%m%d %H%M%S"), moment.subsec_nanosecond() / 10_000_000)
        };
        let before = launch.saturating_sub(SignedDuration::from_mins(6));
        lines.push(self.remark(&format!("STA {} {}", sounding.sonde, clock(before))));
        for title in [
            "           UTC     UTC       Air    Air     Rel   Wind   Wind   Vert      GPS        GPS     Geopoten GPS  Sonde  Sonde GPS Wind    GPS",
            "  Sonde    Date    Time     Press   Temp   Humid  Dir    Spd    Veloc  Longitude   Latitude  Altitude Wnd   RH1    RH2  Snd Error Altitude",
            "   ID     yymmdd hhmmss.ss   (mb)  (degC)   (%)   (deg)  (m/s)  (m/s)    (deg)       (deg)      (m)   Sat   (%)    (%)  Sat (m/s)    (m)",
            "--------- ------ --------- ------- ------ ------ ------ ------ ------ ----------- ---------- -------- --- ------ ------ --- ----- --------",
        ] {
            lines.push(self.remark(&format!("COM {title}")));
        }
        let launched = if never { "000000 000000.00".to_owned() } else { clock(launch) };
        lines.push(self.remark(&format!("LAU {} {launched}", sounding.sonde)));
        if let Some(aircraft) = sounding.aircraft.as_ref().filter(|_| !never) {
            // The launch observation is a fraction of a second after the launch.
            let row = Row { clock: 0.2, ..aircraft.clone() };
            lines.push(self.data("A00", &row, None));
        }
        lines.extend((0..BEFORE).map(|index| self.carried(f64::from(index - BEFORE) * 0.25)));
        if !self.recipe.has(Anomaly::HeaderOnly) {
            for (index, row) in sounding.rows.iter().enumerate() {
                if self.recipe.has(Anomaly::LeakingRows) && index % 97 == 60 {
                    lines.push(self.carried(row.clock));
                }
                lines.push(self.data(flag(row), row, Some(8)));
            }
        }
        self.close(lines);
    }

    fn remark(&self, text: &str) -> String {
        format!("AVAPS-T{:02} {text}", self.sounding.channel)
    }

    /// A row of a sonde that is still in the aircraft: cabin air, and the aircraft's motion as wind.
    fn carried(&self, clock: f64) -> String {
        let mut noise = Noise::new(self.recipe.seed, &format!("carried {clock}"));
        let mut row = Row::empty(clock);
        row.set(Column::Pressure, 843.2 + 0.1 * noise.normal());
        row.set(Column::Temperature, 19.0 + 0.1 * noise.normal());
        row.set(Column::Humidity, 11.0);
        row.set(Column::Direction, 271.3);
        row.set(Column::Speed, 172.8);
        if let Some(aircraft) = &self.sounding.aircraft {
            row.set(Column::Longitude, aircraft.get(Column::Longitude));
            row.set(Column::Latitude, aircraft.get(Column::Latitude));
        }
        self.data("P00", &row, Some(9))
    }

    fn data(&self, flag: &str, row: &Row, satellites: Option<u8>) -> String {
        let sounding = self.sounding;
        let hundredths = text::hundredths_of_day(sounding.launch, row.clock);
        let day = sounding.launch.date().to_datetime(jiff::civil::Time::midnight());
        let moment = day.saturating_add(SignedDuration::from_millis(hundredths * 10));
        let cell = |column, width: usize, decimals: usize, missing: f64| {
            format!("{:width$.decimals$}", row.get(column).unwrap_or(missing))
        };
        let has_wind = row.get(Column::Speed).is_some();
        let seen = satellites.unwrap_or(0);
        let used = if has_wind { seen } else { 0 };
        let error = if has_wind { "0.35" } else { "99.00" };
        let humidity = cell(Column::Humidity, 6, 2, 999.0);
        let line = [
            format!("AVAPS-D{:02} {flag} {}", sounding.channel, sounding.sonde),
            format!("{}.{:02}", moment.strftime("%y%m%d %H%M%S"), hundredths.rem_euclid(100)),
            cell(Column::Pressure, 7, 2, 9999.0),
            cell(Column::Temperature, 6, 2, 99.0),
            humidity.clone(),
            cell(Column::Direction, 6, 2, 999.0),
            cell(Column::Speed, 6, 2, 999.0),
            cell(Column::Descent, 6, 2, 99.0),
            cell(Column::Longitude, 11, 6, 999.0),
            cell(Column::Latitude, 10, 6, 99.0),
            cell(Column::Altitude, 8, 2, 99_999.0),
            format!("{used:3} {humidity} 999.00 {seen:3} {error:>5}"),
        ]
        .join(" ");
        if self.recipe.has(Anomaly::NineteenFields) {
            return line;
        }
        format!("{line} {}", cell(Column::GpsAltitude, 8, 2, 99_999.0))
    }

    fn close(&self, lines: &mut Vec<String>) {
        let sounding = self.sounding;
        let built =
            if self.recipe.has(Anomaly::Latin1) { "2011\u{ff}0215T185620Z" } else { "20110215T185620Z" };
        let mut add =
            |label: &str, value: String| lines.push(self.remark(&format!("COM {label:<35}{value}")));
        add("Data Type/Data Channel:", format!("AVAPS SOUNDING DATA, Channel {}", sounding.channel));
        add("Project Name/Mission ID:", "HS3, SYNTHETIC01".into());
        add("Aircraft Type/ID:", "Global Hawk, NASA872".into());
        // The comment is rounded to the second.
        let rounded = sounding.launch.saturating_add(SignedDuration::from_millis(500));
        add("Launch Time (y,m,d,h,m,s):", rounded.strftime("%Y-%m-%d, %H:%M:%S").to_string());
        add("Sounding Name:", "SYNTHETIC".into());
        add("Sonde ID/Type/Rev/Built/Sensors:", format!("{}, 3, A1, {built}, RD94", sounding.sonde));
        add("Operator Name/Comments:", "synthetic, none".into());
        add("Standard Comments:", "Good Drop".into());
        lines.push(self.remark("VER 4.1.0                              SYNTHETIC"));
        lines.push(self.remark(
            "FMT NOAA 1.7                           Format Version NOAA 1.7 - 2010 Apr 17; Adds: 0.25 second winds",
        ));
        lines.push(self.remark(
            "TOF  0.00                              Met/Wind Offset: ptu data leads wind data by  0.00 sec",
        ));
        let last = sounding.rows.last().map_or(0.0, |row| row.clock);
        let end = sounding.launch.saturating_add(SignedDuration::from_secs_f64(last.ceil() + 60.0));
        lines.push(self.remark(&format!("END {} {}.00", sounding.sonde, end.strftime("%y%m%d %H%M%S"))));
    }
}

/// Returns `S` and two digits, each of which is 1 if a frame was not received.
fn flag(row: &Row) -> &'static str {
    let no_thermal = row.get(Column::Pressure).is_none() && row.get(Column::Temperature).is_none();
    let no_satellites = row.get(Column::Speed).is_none() && row.get(Column::Longitude).is_none();
    match (no_thermal, no_satellites) {
        (false, false) => "S00",
        (true, false) => "S10",
        (false, true) => "S01",
        (true, true) => "S11",
    }
}
