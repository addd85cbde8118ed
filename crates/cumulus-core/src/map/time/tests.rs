use jiff::ToSpan;
use jiff::civil::{Date, date};
use proptest::prelude::*;

use super::*;

/// Returns the clocks of records at these seconds after midnight of `day` in `year`.
fn clocks(year: i16, day: i64, seconds: &[f64]) -> Clocks {
    let part = |unit: f64, modulus: f64| {
        seconds.iter().map(|second| (second / unit).floor().rem_euclid(modulus)).collect::<Vec<f64>>()
    };
    let first = date(year, 1, 1).checked_add((day - 1).days()).unwrap();
    Clocks {
        hours: part(3600.0, 24.0),
        minutes: part(60.0, 60.0),
        seconds: Some(part(1.0, 60.0)),
        days: Some(seconds.iter().map(|second| day as f64 + second / 86_400.0).collect()),
        date: Some(first),
        ..Clocks::default()
    }
}

fn derived(clocks: &Clocks) -> TimeAxis {
    let mut warnings = Vec::new();
    let axis = derive(clocks, &mut warnings).unwrap();
    assert!(warnings.is_empty(), "{warnings:?}");
    axis
}

#[test]
fn the_decimal_day_tells_milliseconds() {
    let axis = derived(&clocks(2012, 250, &[3427.25, 3428.25, 3428.75]));
    assert_eq!(axis.method, Method::DecimalDay);
    assert_eq!(axis.epoch.date(), date(2012, 9, 6));
    assert_eq!(axis.seconds, [3427.25, 3428.25, 3428.75]);
    assert_eq!(axis.repeated_seconds, 1);
    assert_eq!(axis.day_zero, date(2011, 12, 31));
}

#[test]
fn time_goes_on_past_midnight_and_past_new_year() {
    let seconds = [86_398.0, 86_399.0, 86_400.0, 86_401.0];
    assert_eq!(derived(&clocks(2012, 250, &seconds)).seconds, seconds);
    let new_year = derived(&clocks(2012, 366, &seconds));
    assert_eq!(new_year.epoch.date(), date(2012, 12, 31));
    assert_eq!(new_year.seconds, seconds);
}

#[test]
fn a_day_of_year_that_starts_anew_is_a_new_year() {
    let mut clocks = clocks(2013, 365, &[86_399.0, 86_400.0, 86_401.0]);
    for day in clocks.days.as_mut().unwrap().iter_mut().skip(1) {
        *day -= 365.0;
    }
    let axis = derived(&clocks);
    assert_eq!((axis.epoch.date(), axis.seconds), (date(2013, 12, 31), vec![86_399.0, 86_400.0, 86_401.0]));
}

#[test]
fn the_day_is_the_records_day_not_the_names() {
    // Take-off is on September 5, and the first record after midnight.
    let mut clocks = clocks(2012, 250, &[3427.0, 3428.0]);
    clocks.date = Some(date(2012, 9, 5));
    assert_eq!(derived(&clocks).epoch.date(), date(2012, 9, 6));
    // Take-off is on December 31, and the day of year is already that of the new year.
    clocks.date = Some(date(2012, 12, 31));
    clocks.days = Some(vec![1.0 + 3427.0 / 86_400.0, 1.0 + 3428.0 / 86_400.0]);
    assert_eq!(derived(&clocks).epoch.date(), date(2013, 1, 1));
}

#[test]
fn single_precision_days_leave_the_second_to_the_wall_clock() {
    let mut clocks = clocks(2012, 250, &[3427.0, 3428.0, 3429.0]);
    clocks.days = clocks.days.map(|days| days.iter().map(|&day| f64::from(day as f32)).collect());
    clocks.days_are_single = true;
    let axis = derived(&clocks);
    assert_eq!((axis.method, axis.seconds), (Method::WallClock, vec![3427.0, 3428.0, 3429.0]));
}

#[test]
fn without_days_of_year_the_clock_is_unwrapped_from_the_date() {
    let mut clocks = clocks(2012, 250, &[86_399.0, 86_400.0, 86_401.0]);
    clocks.days = None;
    let axis = derived(&clocks);
    assert_eq!(axis.method, Method::WallClockUnwrapped);
    assert_eq!((axis.epoch.date(), axis.seconds), (date(2012, 9, 6), vec![86_399.0, 86_400.0, 86_401.0]));
    clocks.first_day = Some(251.0 - 1.0 / 86_400.0);
    clocks.date = Some(date(2012, 9, 5));
    assert_eq!(derived(&clocks).epoch.date(), date(2012, 9, 6));
}

#[test]
fn a_constant_day_of_year_is_not_believed() {
    let mut clocks = clocks(2012, 250, &[3600.0, 40_000.0, 80_000.0]);
    clocks.days = Some(vec![250.9; 3]);
    let mut warnings = Vec::new();
    let axis = derive(&clocks, &mut warnings).unwrap();
    assert_eq!((axis.method, axis.seconds), (Method::WallClockUnwrapped, vec![3600.0, 40_000.0, 80_000.0]));
    assert_eq!(warnings.len(), 1);
}

#[test]
fn one_bad_clock_is_replaced_by_the_other_two_bad_clocks_are_an_error() {
    let mut clocks = clocks(2012, 250, &[3427.0, 3428.0, 3429.0]);
    clocks.hours[1] = -999.0;
    assert_eq!(derived(&clocks).seconds, [3427.0, 3428.0, 3429.0]);
    clocks.days.as_mut().unwrap()[1] = f64::NAN;
    let failure = derive(&clocks, &mut Vec::new()).unwrap_err();
    assert!(failure.to_string().contains("record 1 has no time"), "{failure}");
}

/// Day 250 of 2012 is September 6.
#[test]
fn a_first_record_before_the_stated_date_is_told() {
    let codes = |stated: Date| {
        let mut clocks = clocks(2012, 250, &[3427.0, 3428.0]);
        clocks.date = Some(stated);
        clocks.file_date = Some(stated);
        let mut warnings = Vec::new();
        derive(&clocks, &mut warnings).unwrap();
        warnings.into_iter().map(|warning| (warning.code, warning.message)).collect::<Vec<_>>()
    };
    assert_eq!(codes(date(2012, 9, 6)), []);
    // A record after midnight, in a flight named after its take-off.
    assert_eq!(codes(date(2012, 9, 5)), []);
    let told = codes(date(2012, 9, 7));
    assert!(
        matches!(told.as_slice(), [(Code::DatesDisagree, message)] if message.ends_with("January 1 as 0?"))
    );
    assert!(matches!(codes(date(2012, 9, 4)).as_slice(), [(Code::DatesDisagree, _)]));
}

#[test]
fn stated_ends_that_disagree_are_reported() {
    let mut clocks = clocks(2012, 250, &[3427.0, 3428.0]);
    clocks.first_day = Some(250.0 + 3427.0 / 86_400.0);
    clocks.last_day = Some(250.0 + 3438.0 / 86_400.0);
    let mut warnings = Vec::new();
    derive(&clocks, &mut warnings).unwrap();
    assert_eq!(warnings.len(), 1);
    assert!(warnings[0].message.contains("+10.0 s"), "{warnings:?}");
}

proptest! {
    #[test]
    fn time_order_survives(
        day in 1_i64..366,
        start in 0.0..86_399.0_f64,
        steps in prop::collection::vec(prop::sample::select(vec![0.4, 1.0, 2.0, 1561.0]), 1..300),
    ) {
        let start = start.floor();
        let seconds: Vec<f64> = std::iter::once(start)
            .chain(steps.iter().scan(start, |second, step| { *second += step; Some(*second) }))
            .collect();
        let axis = derive(&clocks(2012, day, &seconds), &mut Vec::new()).unwrap();
        prop_assert_eq!(axis.seconds.len(), seconds.len());
        for (derived, given) in axis.seconds.iter().zip(&seconds) {
            prop_assert!((derived - given).abs() <= 0.0005, "{derived} {given}");
        }
        prop_assert_eq!(axis.backward_steps, 0);
    }
}

#[test]
fn a_clock_without_seconds_leaves_them_to_the_decimal_day() {
    let mut clocks = clocks(2012, 250, &[3427.25, 3434.5, 3489.0]);
    clocks.seconds = None;
    let axis = derived(&clocks);
    assert_eq!((axis.method, axis.seconds), (Method::DecimalDay, vec![3427.25, 3434.5, 3489.0]));
    assert_eq!(axis.clock_seconds, [3427, 3434, 3489]);
}

#[test]
fn the_first_known_day_is_followed_back_over_midnight() {
    let seconds: Vec<f64> = (0..40).map(|record| 36_000.0 + 1800.0 * f64::from(record)).collect();
    let mut clocks = clocks(2012, 250, &seconds);
    clocks.days.as_mut().unwrap()[..30].fill(f64::NAN);
    let axis = derived(&clocks);
    assert_eq!((axis.epoch.date(), axis.seconds), (date(2012, 9, 6), seconds));
}

#[test]
fn one_missing_decimal_day_leaves_all_seconds_to_the_wall_clock() {
    let mut clocks = clocks(2012, 250, &[3427.0, 3428.0, 3429.0]);
    for day in clocks.days.as_mut().unwrap() {
        *day += 1.2 / 86_400.0;
    }
    clocks.days.as_mut().unwrap()[1] = -999.0;
    let axis = derived(&clocks);
    assert_eq!((axis.method, axis.seconds), (Method::WallClock, vec![3427.0, 3428.0, 3429.0]));
}

#[test]
fn whole_numbers_are_no_decimal_days_even_near_midnight() {
    let mut clocks = clocks(2012, 250, &[86_100.0, 86_101.0, 86_105.0]);
    clocks.days = Some(vec![250.0; 3]);
    clocks.first_day = Some(250.0 + 86_100.0 / 86_400.0);
    let axis = derive(&clocks, &mut Vec::new()).unwrap();
    assert_eq!((axis.method, axis.epoch.date()), (Method::WallClockUnwrapped, date(2012, 9, 6)));
}
