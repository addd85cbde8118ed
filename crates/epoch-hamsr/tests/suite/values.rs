//! Every value of the product beside what the granule was written from.

use std::path::Path;

use cumulus_core::testing::operator::{Operator, Run, say, skip};

use crate::granule::{self, CHANNELS, LEVELS, PIXELS, SCANS};

const STEM: &str = "EPOCH_HAMSR_L2_realtime_20170824T1400_20170824T1500";

fn converted() -> (Operator, Run) {
    let operator = Operator::new(env!("CARGO_BIN_EXE_epoch-hamsr"));
    granule::write(&operator.input().join(format!("{STEM}.nc"))).unwrap();
    let run = operator.run(&["input", "output", "--check", "full"]);
    run.succeeded();
    (operator, run)
}

/// Unpacked 16-bit numbers are in single precision, which holds them and has seven digits.
fn close(found: &[f64], expected: impl Iterator<Item = f64>) {
    let expected: Vec<f64> = expected.collect();
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() <= 1e-7 * expected.abs(), "{found}, expected {expected}");
    }
}

#[test]
fn every_value_of_a_granule_is_in_the_product() {
    let (operator, run) = converted();
    assert_eq!(run.lines_with(" WARN "), Vec::<&str>::new());
    let product = hdf5::File::open(operator.output().join(format!("{STEM}.nc"))).unwrap();
    let read = |name: &str| -> Vec<f64> { product.dataset(name).unwrap().read_raw().unwrap() };
    let fill = |name: &str| -> f64 {
        product.dataset(name).unwrap().attr("_FillValue").unwrap().read_raw().unwrap()[0]
    };

    // 14:10:17.25 UTC, and a scan every 2.25 s.
    let first = 14.0 * 3600.0 + 10.0 * 60.0 + 17.25;
    let times: Vec<f64> = (0_u8..12).map(|scan| first + 2.25 * f64::from(scan)).collect();
    assert_eq!(read("time"), times);
    let pixels = || (0..SCANS).flat_map(|scan| (0..PIXELS).map(move |pixel| (scan, pixel)));
    close(&read("lat"), pixels().map(|(scan, pixel)| f64::from(granule::latitude(scan, pixel)) * 1e-3));
    close(&read("lon"), pixels().map(|(scan, pixel)| f64::from(granule::longitude(scan, pixel)) * 1e-3));
    let channels =
        pixels().flat_map(|(scan, pixel)| (0..CHANNELS).map(move |channel| (scan, pixel, channel)));
    let brightness = channels.map(|(scan, pixel, channel)| granule::brightness(scan, pixel, channel));
    close(&read("TB"), brightness.map(|stored| f64::from(stored) * 1e-3));

    let levels = || pixels().flat_map(|(scan, pixel)| (0..LEVELS).map(move |level| (scan, pixel, level)));
    let unpacked = |stored: i16, missing: i16, scale: f64, fill: f64| {
        if stored == missing { fill } else { f64::from(stored) * scale }
    };
    let of_temperature = fill("ham_airT");
    let single = read("ham_airT");
    let expected = levels().map(|(scan, pixel, level)| {
        let stored = granule::temperature(scan, pixel, level);
        unpacked(stored, granule::MISSING_TEMPERATURE, 0.1, of_temperature)
    });
    close(&single, expected);
    let of_humidity = fill("ham_airRH");
    let expected = levels().map(|(scan, pixel, level)| {
        unpacked(granule::humidity(scan, pixel, level), granule::MISSING, 0.01, of_humidity)
    });
    close(&read("ham_airRH"), expected);
    assert!(read("PWV").iter().all(|value| value.to_bits() == fill("PWV").to_bits()));
    close(&read("ham_pres_levels"), (0_u16..6).map(|level| 100.0 + 150.0 * f64::from(level)));
}

#[test]
fn pixels_are_located_by_their_own_places() {
    let (operator, _) = converted();
    let header = operator.ncdump(&["-h"], &format!("{STEM}.nc"));
    for line in [
        "time:units = \"seconds since 2017-08-24 00:00:00 UTC\"",
        "double time(along_track)",
        "TB:coordinates = \"time lat lon\"",
        "ham_airT:coordinates = \"time lat lon\"",
        "ACheading:coordinates = \"time AClat AClon\"",
        "ham_airT:number_of_missing_values = 324",
        "ham_pres_levels:units = \"hPa\"",
        ":geospatial_lon_min = -118.",
        ":geospatial_lon_max = -117.2",
        ":platform = \"GLOBAL HAWK\"",
    ] {
        assert!(header.contains(line), "{line} is not in {header}");
    }
    assert!(!header.contains("source_time"), "{header}");
}

/// The granule of the archive, where it is at hand.
#[test]
fn a_genuine_granule_is_converted_without_a_warning() {
    let Some(shared) = std::env::var_os("CUMULUS_SHARED") else {
        skip("CUMULUS_SHARED is not set, so no genuine granule is at hand");
        return;
    };
    let operator = Operator::new(env!("CARGO_BIN_EXE_epoch-hamsr"));
    let genuine = Path::new(&shared).join("samples/airborne").join(format!("{STEM}.nc"));
    std::fs::copy(&genuine, operator.input().join(format!("{STEM}.nc"))).unwrap();
    let run = operator.run(&["input", "output", "--check", "full"]);
    assert_eq!(run.succeeded().lines_with(" WARN "), Vec::<&str>::new());
    let header = operator.ncdump(&["-h"], &format!("{STEM}.nc"));
    assert!(header.contains("TB:coordinates = \"time lat lon\""), "{header}");
    say("the genuine granule of HAMSR was converted");
}

#[test]
fn times_of_another_origin_are_refused() {
    let operator = Operator::new(env!("CARGO_BIN_EXE_epoch-hamsr"));
    let path = operator.input().join(format!("{STEM}.nc"));
    for (units, told) in [
        ("seconds since 1970-01-01", "has times from another origin than in the table"),
        ("fortnights", "has times whose unit or origin is not known"),
    ] {
        granule::write_with(&path, units).unwrap();
        let run = operator.convert();
        assert_eq!(run.code, Some(65), "{}", run.stderr);
        assert_eq!(run.lines_with(told).len(), 1, "{units}: {}", run.stderr);
        assert!(operator.products().is_empty());
    }
}

/// Renames the scale factor of a variable in the header of a granule, where names are plain text.
fn rename_scale_factor(path: &Path, variable: &str) {
    let mut bytes = std::fs::read(path).unwrap();
    let find = |bytes: &[u8], text: &str, from: usize| {
        from + bytes[from..].windows(text.len()).position(|window| window == text.as_bytes()).unwrap()
    };
    // The length of a name is stored before it.
    let start =
        find(&bytes, &format!("\0\0\0{}{variable}", char::from(u8::try_from(variable.len()).unwrap())), 0);
    let name = find(&bytes, "scale_factor", start);
    bytes[name..name + 12].copy_from_slice(b"Scale_Factor");
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn packed_numbers_without_their_scale_are_no_values() {
    let operator = Operator::new(env!("CARGO_BIN_EXE_epoch-hamsr"));
    let path = operator.input().join(format!("{STEM}.nc"));
    granule::write(&path).unwrap();
    rename_scale_factor(&path, "TB");
    let run = operator.convert();
    assert_eq!(run.code, Some(65), "{}", run.stderr);
    assert_eq!(
        run.lines_with("TB: is packed, and its scale_factor is not a usable number").len(),
        1,
        "{}",
        run.stderr
    );
    assert!(operator.products().is_empty());

    granule::write(&path).unwrap();
    rename_scale_factor(&path, "ham_airRH");
    let run = operator.convert();
    assert_eq!(run.succeeded().lines_with("carried without a unit").len(), 1, "{}", run.stderr);
    let header = operator.ncdump(&["-h"], &format!("{STEM}.nc"));
    assert!(header.contains("short ham_airRH") && !header.contains("ham_airRH:units"), "{header}");
    assert!(!header.contains("ham_airRH:standard_name"), "{header}");
}

#[test]
fn the_platform_is_that_of_the_campaign_in_the_name() {
    let operator = Operator::new(env!("CARGO_BIN_EXE_epoch-hamsr"));
    let stem = "CPEX_HAMSR_L2_realtime_20170601T1400_20170601T1500";
    granule::write(&operator.input().join(format!("{stem}.nc"))).unwrap();
    let run = operator.convert();
    // Its records are those of the other campaign.
    let told = "the name of the granule states 2017-06-01, its first record 2017-08-24";
    assert_eq!(run.succeeded().lines_with(told).len(), 1, "{}", run.stderr);
    let header = operator.ncdump(&["-h"], &format!("{stem}.nc"));
    assert!(header.contains(":platform = \"DC-8\"") && header.contains(":project = \"CPEX\""), "{header}");
    let metadata = std::fs::read_to_string(operator.output().join(format!("{stem}.nc.meta.xml"))).unwrap();
    for element in
        ["<ShortName>cpexhamsr</ShortName>", "<ShortName>DC-8</ShortName>", "<ShortName>CPEX</ShortName>"]
    {
        assert!(metadata.contains(element), "{element} is not in {metadata}");
    }
}

#[test]
fn a_granule_of_an_unknown_campaign_is_refused_and_not_given_a_platform() {
    let operator = Operator::new(env!("CARGO_BIN_EXE_epoch-hamsr"));
    granule::write(&operator.input().join("GRIP_HAMSR_L2_20100901.nc")).unwrap();
    let run = operator.convert();
    assert_eq!(run.code, Some(65), "{}", run.stderr);
    assert_eq!(run.lines_with("expected EPOCH or CPEX").len(), 1, "{}", run.stderr);
    assert!(operator.products().is_empty());
}
