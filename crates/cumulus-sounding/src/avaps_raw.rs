//! AVAPS raw data: D-files and NAMMA's `.dat`, FMT NOAA 1.6 and 1.7.
//!
//! Only `S` rows belong to the sounding. `P` rows were recorded on board and show the cabin and the motion of the
//! aircraft; the `A` row was measured by the aircraft at launch. Rows have a date and a clock time but no time since
//! launch; the column `Time` is computed from these and the `LAU` line, which states the launch to 0.01 s.

use jiff::Timestamp;
use jiff::civil::Date;

use super::header::{self, Header};
use super::launch::{self, DAY_MS};
use super::number;
use super::{Column, Launch, LaunchPosition, Sounding, lines};
use cumulus_model::error::{Failure, Stage};
use cumulus_model::warning::{Code, Warning};

/// Words of a data line (all 127 863 lines of 18 files have this number).
const WORDS: usize = 20;

/// Index of the first word that is a column.
const FIRST_COLUMN: usize = 5;

/// Name, unit and missing value of each column. Names are those of the title, which is spread over three lines.
const COLUMNS: [(&str, &str, f64); WORDS - FIRST_COLUMN] = [
    ("Air Press", "mb", 9999.0),
    ("Air Temp", "degC", 99.0),
    ("Rel Humid", "%", 999.0),
    ("Wind Dir", "deg", 999.0),
    ("Wind Spd", "m/s", 999.0),
    ("Vert Veloc", "m/s", 99.0),
    ("GPS Longitude", "deg", 999.0),
    ("GPS Latitude", "deg", 99.0),
    ("Geopoten Altitude", "m", 99_999.0),
    ("GPS Wnd Sat", "1", 0.0),
    ("Sonde RH1", "%", 999.0),
    ("Sonde RH2", "%", 999.0),
    ("GPS Snd Sat", "1", 0.0),
    ("GPS Wind Error", "m/s", 99.0),
    ("GPS Altitude", "m", 99_999.0),
];

/// Name of the column computed from date, clock and launch.
const TIME: &str = "Time";

/// Columns of 0 and 1, where 1 means that a frame of the sonde's sensors, or of its GPS receiver, is absent or has a
/// wrong checksum.
const SENSORS_BAD: &str = "PTU bad";
const GPS_BAD: &str = "GPS bad";

/// True for a line written by the receiver: `AVAPS-T01 …` or `AVAPS-D01 …`.
pub(super) fn begins(line: &[u8]) -> bool {
    matches!(lines::without_blanks(line), [b'A', b'V', b'A', b'P', b'S', b'-', b'T' | b'D', b'0'..=b'9', ..])
}

/// Parses the sounding of a D-file.
pub(super) fn parse(bytes: &[u8], place: &str) -> Result<Sounding, Failure> {
    let mut recording = Recording::new();
    let mut ends_within = None;
    for line in lines::of(bytes) {
        let malformed = recording.sounding.dropped.malformed;
        recording.line(line.bytes);
        if !line.is_blank() {
            ends_within = if recording.sounding.dropped.malformed > malformed {
                Some("the last line is not a complete row")
            } else {
                (!line.ended).then_some("the last line has no line end")
            };
        }
    }
    recording.sounding.notes.extend(ends_within.map(super::truncated));
    recording.finish(place)
}

/// The contents of a data line.
struct Row<'text> {
    /// The flag's letter and its two digits.
    flag: &'text [u8],
    sonde_id: &'text [u8],
    date: Option<Date>,
    clock_ms: i64,
    values: [f64; WORDS - FIRST_COLUMN],
    decimals: [u8; WORDS - FIRST_COLUMN],
    /// Number of columns that are not numeric.
    unreadable: usize,
}

impl<'text> Row<'text> {
    fn read(line: &'text [u8]) -> Option<Self> {
        let mut words: [&[u8]; WORDS] = [&[]; WORDS];
        let mut found = lines::words(line);
        for word in &mut words {
            *word = found.next()?;
        }
        let [_, flag, sonde_id, date, clock, columns @ ..] = words;
        if found.next().is_some() || flag.len() != 3 {
            return None;
        }
        let mut values = [f64::NAN; WORDS - FIRST_COLUMN];
        let mut decimals = [0; WORDS - FIRST_COLUMN];
        let mut unreadable = 0;
        for (((value, printed), word), (_, _, missing)) in
            values.iter_mut().zip(&mut decimals).zip(columns).zip(COLUMNS)
        {
            let Some(number) = number::whole(word) else {
                unreadable += 1;
                continue;
            };
            #[expect(clippy::float_cmp, reason = "sentinels are printed, not computed")]
            if number.value != missing {
                *value = number.value;
            }
            *printed = number.decimals;
        }
        if unreadable * 2 > COLUMNS.len() {
            return None;
        }
        let (date, clock_ms) = (read_date(date), read_clock(clock)?);
        Some(Self { flag, sonde_id, date, clock_ms, values, decimals, unreadable })
    }
}

/// A file that is being converted to a sounding.
struct Recording {
    header: Header,
    /// Date of each row, if known, and its clock in milliseconds.
    times: Vec<(Option<Date>, i64)>,
    reference: Option<(Option<Date>, i64)>,
    launch: Option<Launch>,
    sensors_bad: Vec<f64>,
    gps_bad: Vec<f64>,
    sounding: Sounding,
    other_sondes: usize,
    unreadable_cells: usize,
}

impl Recording {
    fn new() -> Self {
        let columns = COLUMNS
            .iter()
            .map(|(name, units, _)| Column {
                name: (*name).to_owned(),
                units: (*units).to_owned(),
                ..Column::default()
            })
            .collect();
        Self {
            header: Header::new("avaps_"),
            times: Vec::new(),
            reference: None,
            launch: None,
            sensors_bad: Vec::new(),
            gps_bad: Vec::new(),
            sounding: Sounding { columns, time_column: TIME.to_owned(), ..Sounding::default() },
            other_sondes: 0,
            unreadable_cells: 0,
        }
    }

    fn line(&mut self, line: &[u8]) {
        let line = line.trim_ascii();
        match line.get(6) {
            _ if line.is_empty() => {}
            Some(b'D') if begins(line) => self.row(line),
            Some(b'T') if begins(line) => self.text(line),
            _ => self.sounding.dropped.malformed += 1,
        }
    }

    fn text(&mut self, line: &[u8]) {
        let (_, line) = split_word(line);
        let (kind, rest) = split_word(line);
        match kind {
            b"" => {}
            b"COM" => {
                // The column titles have no label, and repeat the names of the columns.
                if header::split_label(rest).is_some() {
                    self.header.add_line(rest);
                }
            }
            b"LAU" => {
                self.header.add("lau", lines::text(rest));
                self.launch = self.launch.take().or_else(|| detected_launch(rest));
            }
            kind => self.header.add(&lines::text(kind), lines::text(rest)),
        }
    }

    fn row(&mut self, line: &[u8]) {
        let Some(row) = Row::read(line) else {
            self.sounding.dropped.malformed += 1;
            return;
        };
        self.unreadable_cells += row.unreadable;
        match row.flag {
            [b'S', sensors, gps] => {
                for (column, (value, decimals)) in
                    self.sounding.columns.iter_mut().zip(row.values.iter().zip(row.decimals))
                {
                    column.values.push(*value);
                    column.decimals = column.decimals.max(decimals);
                }
                let bad = |digit: &u8| if *digit == b'0' { 0.0 } else { 1.0 };
                self.sensors_bad.push(bad(sensors));
                self.gps_bad.push(bad(gps));
                self.times.push((row.date, row.clock_ms));
                let sonde_id = lines::text(row.sonde_id);
                if *self.sounding.sonde_id.get_or_insert_with(|| sonde_id.clone()) != sonde_id {
                    self.other_sondes += 1;
                }
            }
            [b'P', ..] => self.sounding.dropped.before_launch += 1,
            [b'A', ..] if self.reference.is_some() => self.sounding.dropped.repeated_reference += 1,
            [b'A', ..] => {
                self.reference = Some((row.date, row.clock_ms));
                self.sounding.reference = COLUMNS
                    .iter()
                    .zip(row.values)
                    .filter(|(_, value)| !value.is_nan())
                    .map(|((name, ..), value)| ((*name).to_owned(), value))
                    .collect();
            }
            _ => self.sounding.dropped.malformed += 1,
        }
    }

    fn finish(mut self, place: &str) -> Result<Sounding, Failure> {
        let dropped = self.sounding.dropped;
        if self.times.is_empty() {
            return Err(Failure::new(Stage::Read, place, "holds no sounding")
                .found(format!(
                    "no S row, {} P rows, {} malformed lines, launch line {:?}",
                    dropped.before_launch,
                    dropped.malformed,
                    self.header.find("lau").unwrap_or("absent")
                ))
                .expected("S rows, which a sonde sends after its launch")
                .hint("the sonde was never launched or sent nothing; there is nothing to convert"));
        }
        self.describe();
        let launch = self.launch.take().or_else(|| self.undetected_launch());
        let launch_ms = launch.as_ref().map(|launch| launch.instant.as_millisecond());
        let times = self.times.iter().map(|time| since(*time, launch_ms)).collect();
        if launch.is_none() {
            let message = "no date in the file can be read; Time counts from midnight";
            self.sounding.notes.push(Warning::of_granule(Code::DateUnreadable, message));
        }
        if let Some(reference) = self.reference {
            self.sounding.reference.insert(0, (TIME.to_owned(), since(reference, launch_ms)));
        }
        if self.other_sondes > 0 {
            let message = format!("{} rows name another sonde", self.other_sondes);
            let note = Warning::of_granule(Code::RowsOfAnotherSonde, message).count(self.other_sondes);
            self.sounding.notes.push(note);
        }
        if self.unreadable_cells > 0 {
            let message = format!("{} cells are not numbers and are missing", self.unreadable_cells);
            let note = Warning::of_granule(Code::CellsUnreadable, message).count(self.unreadable_cells);
            self.sounding.notes.push(note);
        }
        self.sounding.time_origin = launch.as_ref().map(|launch| launch.instant);
        self.sounding.launch = launch;
        let flag = |name: &str, values| Column {
            name: name.to_owned(),
            units: "1".to_owned(),
            values,
            ..Column::default()
        };
        let time = Column {
            name: TIME.to_owned(),
            units: "sec".to_owned(),
            values: times,
            decimals: 2,
            ..Column::default()
        };
        self.sounding.columns.insert(0, time);
        self.sounding.columns.push(flag(SENSORS_BAD, self.sensors_bad));
        self.sounding.columns.push(flag(GPS_BAD, self.gps_bad));
        self.sounding.notes.extend(self.header.note());
        self.sounding.header = self.header.into_lines();
        Ok(self.sounding)
    }

    /// Fills in sonde, campaign and aircraft from the header.
    fn describe(&mut self) {
        let text = |label: &str| self.header.find(label).unwrap_or_default();
        let format = text("fmt").split("  ").next().unwrap_or_default().trim();
        let (project, flight) = header::split_first(text("project_name"), ',');
        let sonde_type = self.sonde_type();
        let launch_position = pre_launch_position(text("pre_launch_obs_lon_lat_alt"));
        let sounding = &mut self.sounding;
        sounding.format =
            format!("AVAPS raw data, {}", if format.is_empty() { "no version" } else { format });
        sounding.project = header::stated(project);
        sounding.flight = header::stated(flight);
        sounding.platform = header::stated_parts(text("aircraft_type"));
        sounding.sonde_type = sonde_type;
        sounding.launch_position = launch_position;
    }

    /// The label lists the parts: `Sonde ID/ID$/Built/Firmware/Type` in 1.6, where the type is text, and `Sonde
    /// ID/Type/Rev/Built/Sensors` in 1.7, where the type is a number and the sensors are more informative.
    fn sonde_type(&self) -> Option<String> {
        let (label, part) = [("sonde_id_id_built_firmware_type", 4), ("sonde_id_type_rev_built_sensors", 4)]
            .into_iter()
            .find(|(label, _)| self.header.find(label).is_some())?;
        self.header.find(label)?.splitn(part + 1, ", ").nth(part).and_then(header::stated)
    }

    /// The launch if none was detected: the one that the header states, else the first row.
    fn undetected_launch(&self) -> Option<Launch> {
        let stated = self.header.find("launch_time").and_then(launch::date_and_time);
        if let Some((instant, has_fraction)) = stated {
            return Some(Launch { instant, source: "Launch Time", has_fraction, detected: false });
        }
        let (date, clock_ms) = self.times.iter().find_map(|(date, clock)| Some(((*date)?, *clock)))?;
        let instant = launch::instant(date, clock_ms)?;
        Some(Launch { instant, source: "first S row", has_fraction: true, detected: false })
    }
}

/// Splits off the first word of a line; the rest is trimmed.
fn split_word(line: &[u8]) -> (&[u8], &[u8]) {
    let end = line.iter().position(u8::is_ascii_whitespace).unwrap_or(line.len());
    let (word, rest) = line.split_at_checked(end).unwrap_or((line, &[]));
    (word, rest.trim_ascii())
}

/// Parses the launch of a `LAU` line, `<id> <yymmdd> <hhmmss.ss>`; zeros mean that none was detected.
fn detected_launch(text: &[u8]) -> Option<Launch> {
    let mut words = lines::words(text).skip(1);
    let date = read_date(words.next()?)?;
    let instant = launch::instant(date, read_clock(words.next()?)?)?;
    Some(Launch { instant, source: "LAU line", has_fraction: true, detected: true })
}

/// Parses `yymmdd`, from 1969 to 2068: AVAPS began in 1996.
fn read_date(word: &[u8]) -> Option<Date> {
    let digits = word.iter().map(|byte| byte.is_ascii_digit().then(|| i16::from(byte - b'0')));
    let digits: Vec<i16> = digits.collect::<Option<_>>()?;
    let [y1, y2, m1, m2, d1, d2] = digits[..] else { return None };
    let part = |tens: i16, ones: i16| i8::try_from(tens * 10 + ones).ok();
    Date::new(launch::full_year(y1 * 10 + y2), part(m1, m2)?, part(d1, d2)?).ok()
}

/// Parses `hhmmss.ss` as milliseconds of the day.
fn read_clock(word: &[u8]) -> Option<i64> {
    let ms = launch::whole_ms(number::whole(word)?.value).filter(|ms| *ms >= 0)?;
    let (hour, minute, second_ms) = (ms / 10_000_000, ms / 100_000 % 100, ms % 100_000);
    (hour <= 24 && minute < 60 && second_ms <= 60_000).then(|| (hour * 60 + minute) * 60_000 + second_ms)
}

/// Seconds from the launch to a row. If a recorder does not change the date at midnight, or a row has no date, the
/// difference is off by whole days; these are removed, because no sounding lasts half a day.
fn since((date, clock_ms): (Option<Date>, i64), launch_ms: Option<i64>) -> f64 {
    let Some(launch_ms) = launch_ms else { return launch::seconds(clock_ms) };
    let instant_ms =
        date.and_then(|date| launch::instant(date, clock_ms)).map_or(clock_ms, Timestamp::as_millisecond);
    let ms = instant_ms - launch_ms;
    launch::seconds((ms + DAY_MS / 2).rem_euclid(DAY_MS) - DAY_MS / 2)
}

/// Parses `-54.079400 deg, 13.370100 deg, 7704.1 m, (…)`.
fn pre_launch_position(text: &str) -> LaunchPosition {
    let plain = text.split('(').next().unwrap_or_default();
    let mut numbers = plain.split(',').map(|part| {
        let word = part.split_whitespace().next()?;
        number::whole(word.as_bytes()).map(|number| number.value)
    });
    let mut next = |most: f64| numbers.next().flatten().filter(|value| value.abs() <= most);
    let (longitude, latitude) = (next(180.0), next(90.0));
    LaunchPosition {
        longitude: longitude.filter(|_| latitude.is_some()),
        latitude: latitude.filter(|_| longitude.is_some()),
        altitude_m: next(60_000.0).filter(|altitude| *altitude > -500.0),
    }
}

#[cfg(test)]
mod tests;
