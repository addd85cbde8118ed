"""Tests the dropsonde judge itself: its parsers on genuine files, its rules on hand-computed values, and its
verdicts.

    check_soundings.py

Genuine files are in $CUMULUS_SHARED/samples/avaps; without it, only synthetic ones are used. Each sounding is also
written as a product by a few lines below; the judge must accept it, and must reject every damaged copy. The exit code
is 0 if all tests pass.
"""

import os
import pathlib
import sys
import tempfile

import netCDF4
import numpy as np

from judge_avaps import MEANINGS, STEM, VARIABLES, Judge, moment, tasks
from positions import spikes
from product_checks import digest, surrounding
from skipping import skip
from sounding_rules import FILL, derivations, dew_point, components, filled, fixes, ordered, polar
from sounding import DATA
from soundings import read

failures = []


def check(what, is_well, detail=""):
    print(f"{'good' if is_well else 'bad '} {what}{f': {detail}' if detail else ''}")
    if not is_well:
        failures.append(what)


# Hand-computed rules ----------------------------------------------------------------------------------------------

def check_rules():
    check("wind from the west is eastward", np.allclose(components(10.0, 270.0), (10, 0)))
    check("northward wind comes from the south", np.allclose(polar(0.0, 5.0), (5, 180)))
    # 20 degC: es = 23.370 hPa, half of it 11.685; ln(11.685 / 6.112) = 0.64807; 243.5 * 0.64807 / 17.02193 = 9.271.
    check("dew point of 20 degC and 50 %", abs(dew_point(20.0, np.float64(50)) - 9.271) < 1e-2)
    check("saturated air is at its dew point", abs(dew_point(-5.0, np.float64(100)) + 5) < 1e-9)
    time = np.array([0, 1, 2, 4, 6, 66, 130, 190, 191.0])
    values = np.array([np.nan, 179.0, np.nan, -179.0, np.nan, np.nan, -178.0, np.nan, np.nan])
    result, status = filled(time, values, ~np.isnan(values), around=360)
    check("positions are filled the shorter way around",
          np.allclose(result, [179, 179, 179 + 2 / 3, -179, -179 + 2 / 126, -179 + 62 / 126, -178, -178, -178]))
    check("status of filled positions", list(status) == [2, 0, 1, 0, 4, 4, 0, 1, 1])
    longitude, believed = fixes(np.arange(9.0), np.array([1, 1, 3, 3, 1, 0, 1, 95, 1.0]),
                                np.array([300, -60, -60, -60, 299.999, 0, -60, -60, 420]))
    check("longitudes are told from -180 to 180, and 420 is none", list(longitude) == [-60, -60, -60, -60, 299.999 - 360, 0, -60, -60, 420])
    check("spikes of two fixes, 0 N 0 E and what is off the globe are not believed",
          list(believed) == [True, True, False, False, True, False, True, False, False])
    lasting = np.repeat([10.0, 12.0, 10.0], [1, 61, 1])
    check("what lasts longer than a minute is no spike", not spikes(lasting, lasting * 0, np.arange(63.0), 200).any())


# Genuine files ----------------------------------------------------------------------------------------------------

def check_samples(folder):
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix != ".md"):
        soundings = read(path)
        if not soundings:
            print(f"     {path.name}: no sounding")
        for sounding in soundings:
            time, columns, dropped, conflicts = ordered(sounding)
            counts = " ".join(f"{name} {int(np.isfinite(columns[name]).sum())}" for name in DATA if name in columns)
            print(f"     {path.name}: {sounding.form}, sonde {sounding.sonde}, launch {moment(sounding.launches[0][1])}, "
                  f"{len(time)} rows of {len(sounding.time)} to {time[-1]:.2f} s, {dropped} dropped, {conflicts} conflicts, "
                  f"{sounding.malformed} malformed; {counts}")
    empty = ("NAMMA_DROP_20060807_193132_P.dat", "halodrops/A20200119_165514.1", "pydropsonde/A20240831_130430.8")
    for name in empty:
        check(f"{name} holds no sounding", not read(folder / name))
    check_twins(folder / "IMPACTS_AVAPS_P3B_202202081429_R0.ict", folder / "IMPACTS_AVAPS_PQC_20220208_142943.nc")
    check_raw(folder / "halodrops/D20200119_165514_P.1", folder / "halodrops/D20200119_165514QC.nc")
    check_raw(folder / "pydropsonde/D20200210_062412.1", folder / "pydropsonde/D20200210_062412QC.nc")


def check_twins(text_path, netcdf_path):
    """The same sounding as ICARTT and as netCDF: equal within the rounding to two decimals, including gaps."""
    text, netcdf = read(text_path)[0], read(netcdf_path)[0]
    check("twins: launch and sonde", (text.launches[0][1], text.sonde) == (netcdf.launches[0][1], netcdf.sonde))
    (text_time, text_columns, *_), (netcdf_time, netcdf_columns, *_) = ordered(text), ordered(netcdf)
    # The last row, extrapolated to the surface, has a different time in the two files.
    check("twins: time", len(text_time) == len(netcdf_time) and np.abs(text_time - netcdf_time)[:-1].max() <= 0.005,
          f"surface row at {text_time[-1]} and {netcdf_time[-1]:.2f} s")
    for name in text_columns:
        one, other = text_columns[name], netcdf_columns[name]
        same_holes = (np.isnan(one) == np.isnan(other)).all()
        apart = np.nanmax(np.abs(one - other))
        check(f"twins: {name}", same_holes and apart <= 0.00505, f"{int(np.isfinite(one).sum())} values within {apart:.5f}")


def check_raw(raw_path, netcdf_path):
    """Compares a D-file with ASPEN's result: the same positions at the same time since launch."""
    raw, netcdf = read(raw_path)[0], read(netcdf_path)[0]
    early = raw.launches[0][1] - netcdf.launches[0][1]
    check(f"{raw_path.name}: launch, which ASPEN cuts to the second", 0 <= early < 1 and raw.sonde == netcdf.sonde, f"{early:.2f} s")
    (time, columns, *_), (other_time, others, *_) = ordered(raw), ordered(netcdf)
    _, left, right = np.intersect1d(np.round(time, 2), np.round(other_time, 2), return_indices=True)
    for name in ("lat", "lon"):
        apart = np.abs(columns[name][left] - others[name][right])
        known = np.isfinite(apart)
        check(f"{raw_path.name}: {name}", known.sum() > 1000 and np.median(apart[known]) < 1e-5,
              f"{int(known.sum())} common, {np.median(apart[known]):.1e} apart in the median, {apart[known].max():.1e} at most")


# Verdicts of the judge --------------------------------------------------------------------------------------------

HEADER = """\
Data Type/Direction:                       AVAPS SOUNDING DATA, Channel 3/Descending
File Format/Version:                       EOL Sounding Format/1.1
Project Name/Platform:                     SYNTHETIC, 01/Global Hawk, NASA872
Launch Site:                               
Launch Location (lon,lat,alt):             179 59.40'E 179.990000, 00 07.41'S -0.123456, 19156.16
UTC Launch Time (y,m,d,h,m,s):             2012, 12, 31, 23:59:50
Sonde Id/Sonde Type:                       {sonde}/Vaisala NRD94
Post Processing Comments:                  Aspen Version 3.1; Created on 24 Apr 2012 20:07 UTC
/
  Time   -- UTC  --   Press    Temp   Dewpt    RH     Uwind   Vwind   Wspd     Dir     dZ    GeoPoAlt     Lon         Lat      GPSAlt 
   sec   hh mm   ss     mb      C       C       %      m/s     m/s     m/s     deg     m/s       m        deg         deg         m   
-------- -- -- ----- ------- ------- ------- ------- ------- ------- ------- ------- ------- -------- ----------- ----------- --------
"""


def eol_row(time, **known):
    """A row of the format, -999 for values that are not given."""
    clock = (86390.25 + time) % 86400
    numbers = [known.get(name, -999) for name in
               ("pres", "tdry", "dp", "rh", "u_wind", "v_wind", "wspd", "wdir", "dz", "gph", "lon", "lat", "gpsalt")]
    return (f"{time:8.2f} {int(clock // 3600):2d} {int(clock // 60 % 60):2d} {clock % 60:5.2f} "
            + "{:7.2f} {:7.2f} {:7.2f} {:7.2f} {:7.2f} {:7.2f} {:7.2f} {:7.2f} {:7.2f} {:8.2f} {:11.6f} {:11.6f} {:8.2f}".format(*numbers))


def synthetic(sonde):
    """An EOL sounding with the difficulties of real ones."""
    wind = dict(u_wind=-3.21, v_wind=4.05, wspd=5.17, wdir=141.6)
    rows = [eol_row(-1, pres=66.3, tdry=-66.4, wspd=3.32, wdir=111.16, gph=19102.4, lon=179.99, lat=-0.123456)]
    rows += [eol_row(0.25 * step, **(dict(lon=179.99 + 0.001 * step - 360 * (step > 10), lat=-0.123456 + 0.001 * step,
                                          gph=19000 - 5 * step, gpsalt=19001 - 5 * step) if step % 2 else {}),
                     **(dict(pres=66.5 + step, tdry=-60.25, rh=3.5, dp=-85.1, dz=-28.3) if step % 4 == 1 else {}),
                     **(wind if step > 4 else {})) for step in range(30)]
    rows.append(eol_row(100, pres=500, tdry=-5, gph=5000, lon=-179.8, lat=0.2))
    rows.append(eol_row(110, pres=1015.03, tdry=28.15, dp=23.94, rh=77.95, gph=0))
    rows.insert(9, eol_row(1.25, pres=70, tdry=-61.5, **wind))  # a twin that adds wind and contradicts P and T
    rows.insert(12, eol_row(-999, pres=70))
    rows.append(rows.pop(4))
    rows[20] = rows[20].replace(" -999.00", "-999.00")
    text = HEADER.format(sonde=sonde) + "\n".join(rows) + "\n"
    return text.replace("\n", "\r\r\n")


def check_text(folder):
    """Tests the EOL parser on the difficulties of real files: glued cells, twins, missing times, New Year's midnight,
    more columns."""
    path = folder / "trial.eol"

    def parsed(text, **options):
        path.write_bytes(text.encode("latin-1"))
        return read(path, **options)

    text = synthetic("102035023")
    sounding, = parsed(text)
    time, columns, dropped, conflicts = ordered(sounding)
    check("EOL: rows, dropped, conflicts, malformed", (len(time), dropped, conflicts, sounding.malformed) == (32, 1, 2, 0))
    check("EOL: launch by the UTC columns", moment(sounding.launches[0][1]).isoformat() == "2012-12-31T23:59:50.250000")
    twin = int(np.flatnonzero(time == 1.25)[0])
    check("EOL: the first of two rows wins, the other fills", (columns["pres"][twin], columns["wspd"][twin]) == (71.5, 5.17))
    check("EOL: aircraft", (sounding.reference["pres"], sounding.reference["alt"], sounding.reference["lat"]) == (66.3, 19102.4, -0.123456))
    lines = text.split("\r\r\n")
    rule = next(place for place, line in enumerate(lines) if line.startswith("-----"))
    reverse = "\n".join(lines[:rule + 1] + lines[:rule:-1])
    check("EOL: surface first", np.array_equal(ordered(parsed(reverse)[0])[0], time))
    wide = [line + {-2: "   Wwind   Wwind", -1: "    m/s     m/s ", 0: " ------- -------"}.get(place, "    0.10    0.20" if place > 0 and line else "")
            for place, line in enumerate(lines, -rule)]
    check("EOL: 19 columns", np.array_equal(ordered(parsed("\n".join(wide))[0])[1]["gpsalt"], columns["gpsalt"], equal_nan=True))
    cut = text[:-30]
    check("EOL: a cut row is malformed, and left out or kept",
          [(len(one.time), one.malformed) for one in (*parsed(cut), *parsed(cut, keep_short=True))]
          == [(len(sounding.time) - 1, 1), (len(sounding.time), 1)])
    check("EOL: two soundings", [one.sonde for one in parsed(synthetic("1") + synthetic("2"))] == ["1", "2"])
    path.unlink()


def write_product(source, product, place, spoil=None):
    """Writes a product exactly by the description; `spoil` may change its parts before they are written."""
    sounding = read(source)[place]
    time, columns, dropped, conflicts = ordered(sounding)
    nothing = np.full(len(time), np.nan)
    reported = [columns.get(name, nothing) for name in ("lat", "lon")]
    reported[1], known = fixes(time, *reported)
    variables, comments = {"time": time}, {"alt": "Geopotential altitude taken for altitude."}
    variables["lat"], variables["position_status"] = filled(time, reported[0], known)
    variables["lon"], _ = filled(time, reported[1], known, around=360)
    gph = columns.get("gph", nothing)
    variables["alt"], _ = filled(time, gph, ~np.isnan(gph))
    variables |= {"lat_reported": reported[0], "lon_reported": reported[1]}
    computed = derivations(columns, len(time))
    for name in (name for name in DATA if name not in ("lat", "lon", "theta_v")):
        if name in columns:
            variables[name] = columns[name]
        elif np.isfinite(computed.get(name, nothing)).any():
            variables[name] = computed[name]
            comments[name] = "Derived from other columns."
    launch = sounding.launches[0][1]
    usable = [name for name in ("lat", "lon", "alt") if np.isfinite(variables[name]).any()]
    begin, end = (moment(launch + second) for second in (time[0], time[-1]))
    known = np.isfinite(variables["lat"]) & np.isfinite(variables["lon"])
    extent = surrounding(variables["lat"][known], variables["lon"][known])
    parts = dict(variables=variables, comments=comments, coordinates=" ".join(["time", *usable]), launch=launch,
                 conflicts=conflicts, trajectory=f"{moment(launch):%Y%m%dT%H%M%SZ}_{sounding.sonde}", extent=extent,
                 reference=dict(sounding.reference), begin=begin, ur=product.name,
                 singles={name: value for name, value in sounding.others.items() if not np.ndim(value)})
    if spoil:
        spoil(parts)
    product.unlink(missing_ok=True)
    with netCDF4.Dataset(product, "w", format="NETCDF4_CLASSIC") as file:
        file.setncatts(dict(Conventions="CF-1.6, ACDD-1.3", featureType="trajectory", source_granule=source.name,
                            source_sha256=digest(source), conflicting_values_dropped=np.int32(parts["conflicts"]),
                            rows_dropped_without_time=np.int32(dropped), time_coverage_start=stamp(parts["begin"]),
                            time_coverage_end=stamp(end)))
        if parts["extent"]:
            file.setncatts(dict(zip(("geospatial_lat_min", "geospatial_lat_max", "geospatial_lon_min", "geospatial_lon_max"),
                                    parts["extent"])))
        file.createDimension("time", len(parts["variables"]["time"]))
        file.createDimension("strlen", len(parts["trajectory"]))
        for name, values in parts["variables"].items():
            double = name in ("time", "lat", "lon", "lat_reported", "lon_reported")
            kind = "i1" if name == "position_status" else "f8" if double else "f4"
            fill = None if name in ("time", "position_status") else FILL
            variable = file.createVariable(name, kind, ("time",), fill_value=fill)
            standard_names, units = VARIABLES.get(name, ((None,), (None,)))
            kept = {"standard_name": standard_names[0], "units": units[0], "comment": parts["comments"].get(name),
                    "axis": {"lat": "Y", "lon": "X", "alt": "Z", "time": "T"}.get(name)}
            if name == "alt":
                kept["positive"] = "up"
            if name == "time":
                kept |= dict(standard_name="time", calendar="standard", units=f"seconds since {moment(parts['launch'])}")
            elif name not in ("lat", "lon", "alt"):
                kept["coordinates"] = parts["coordinates"]
            if name == "position_status":
                kept |= dict(flag_values=np.arange(5, dtype="i1"), flag_meanings=MEANINGS)
            variable.setncatts({key: value for key, value in kept.items() if value is not None})
            variable[:] = np.where(np.isnan(values), FILL, values)
        variable = file.createVariable("launch_time", "f8", ())
        variable.units = "seconds since 1970-01-01 00:00:00"
        variable[...] = parts["launch"]
        variable = file.createVariable("trajectory", "S1", ("strlen",))
        variable.cf_role = "trajectory_id"
        variable[:] = np.frombuffer(parts["trajectory"].encode(), "S1")
        for name, value in parts["reference"].items():
            variable = file.createVariable(f"reference_{name}", "f8" if name in ("lat", "lon") else "f4", (), fill_value=FILL)
            variable[...] = FILL if np.isnan(value) else value
        for name, value in parts["singles"].items():
            file.createVariable(name, "f8", (), fill_value=FILL)[...] = FILL if np.isnan(value) else value
    box = "".join(f"<{side}BoundingCoordinate>{value:.8f}</{side}BoundingCoordinate>"
                  for side, value in zip(("South", "North", "West", "East"), parts["extent"] or ()))
    product.with_name(product.name + ".meta.xml").write_text(
        f"<Granule><GranuleUR>{parts['ur']}</GranuleUR><InsertTime>x</InsertTime><LastUpdate>x</LastUpdate>"
        "<Collection><ShortName>x</ShortName><VersionId>1</VersionId></Collection><DataGranule>"
        f"<DataGranuleSizeInBytes>{product.stat().st_size}</DataGranuleSizeInBytes><ProducerGranuleId>{source.name}"
        f"</ProducerGranuleId><Checksum><Value>{digest(product)}</Value></Checksum><ProductionDateTime>x</ProductionDateTime>"
        "</DataGranule><PGEVersionClass><PGEVersion>1</PGEVersion></PGEVersionClass><Temporal><RangeDateTime>"
        f"<BeginningDateTime>{stamp(begin)}</BeginningDateTime><EndingDateTime>{stamp(end)}</EndingDateTime>"
        "</RangeDateTime></Temporal><Spatial><HorizontalSpatialDomain><Geometry><BoundingRectangle>"
        f"{box}</BoundingRectangle></Geometry></HorizontalSpatialDomain></Spatial><OnlineAccessURLs><OnlineAccessURL>"
        "<URL>x</URL></OnlineAccessURL></OnlineAccessURLs><Orderable>true</Orderable><DataFormat>x</DataFormat></Granule>")


def stamp(when):
    return f"{when.isoformat(timespec='milliseconds')}Z"


def first_known(values):
    return int(np.argmax(np.isfinite(values)))


def spoils():
    """Ways to damage a product: name -> the change of its parts, and the judge's expected complaint."""
    def nudge(name, by):
        def change(parts):
            values = parts["variables"][name] = np.array(parts["variables"][name], "f8")
            values[first_known(values)] += by
        return change

    def lose(name):
        return lambda parts: parts["variables"].pop(name)

    def put(key, value):
        return lambda parts: parts.update({key: value})

    def without_last_row(parts):
        parts["variables"] = {name: values[:-1] for name, values in parts["variables"].items()}

    def other_fixes(parts):
        values = parts["variables"]["lat"]
        filled_rows = np.flatnonzero(np.isin(parts["variables"]["position_status"], (1, 4)))
        values[filled_rows[0]] += 1e-6

    def statuses(parts):
        status = parts["variables"]["position_status"]
        status[status == 4] = 1
        status[0] = 3

    def holes(parts):
        values = parts["variables"]["pres"] = parts["variables"]["pres"].copy()
        values[first_known(values)] = np.nan

    def aircraft(parts):
        parts["reference"]["pres"] += 0.01

    def carried(parts):
        parts["singles"]["reference_time"] += 1

    changes = {f"{name} off by a hundredth": (nudge(name, 0.01), f"{name}:")
               for name in ("time", "lat", "lon", "alt", "gph", "pres", "wdir", "u_wind", "dp", "lat_reported")}
    return changes | {
        "pres is lost": (lose("pres"), "pres is lost"), "u_wind is lost": (lose("u_wind"), "u_wind is lost"),
        "dp is lost": (lose("dp"), "dp is lost"), "the last row is lost": (without_last_row, "rows:"),
        "a filled latitude is off": (other_fixes, "lat: 1 values"), "statuses are off": (statuses, "position_status:"),
        "a pressure becomes a hole": (holes, "pres: 1 values"), "an aircraft value is off": (aircraft, "reference_pres:"),
        "a number without a table is off": (carried, "reference_time is not what it was"),
        "coordinates name no altitude": (put("coordinates", "time lat lon"), "coordinates lacks alt"),
        "another sonde": (put("trajectory", "20120101T000000Z_1"), "trajectory:"),
        "another launch": (lambda parts: parts.update(launch=parts["launch"] + 1), "launch_time:"),
        "another UR": (put("ur", "x"), "GranuleUR:"),
        "another conflict count": (lambda parts: parts.update(conflicts=parts["conflicts"] + 1), "conflict"),
        "another beginning": (put("begin", moment(0)), "time_coverage_start:"),
        "no comment": (put("comments", {}), "its comment says none"),
        "another box": (put("extent", (-1.0, 1.0, -1.0, 1.0)), "geospatial_lat_min:")}


def check_judge(sources, folder):
    """Correct products must pass, damaged ones must not."""
    found, _ = tasks(sources, folder)
    check("soundings to judge", bool(found), len(found))
    for source, product, place in found:
        write_product(source, product, place)
        judge = Judge(source, product, place).run()
        remarks = f"; {'; '.join(judge.notes)}" if judge.notes else ""
        check(f"{product.name} passes", not judge.wrong, "; ".join(judge.wrong) or f"{judge.values} values{remarks}")
        unseen, tried = [], 0
        for name, (spoil, words) in spoils().items():
            try:
                write_product(source, product, place, spoil)
            except (KeyError, IndexError):  # this sounding has nothing to damage in that way
                continue
            tried += 1
            try:
                if not any(words in complaint for complaint in Judge(source, product, place).run().wrong):
                    unseen.append(name)
            except Exception as error:
                unseen.append(f"{name} ({type(error).__name__}: {error})")
        check(f"{product.name} spoilt in {tried} ways", not unseen, "; ".join(unseen))


def main():
    check_rules()
    shared = os.environ.get("CUMULUS_SHARED")
    with tempfile.TemporaryDirectory() as folder:
        sources, products = pathlib.Path(folder, "sources"), pathlib.Path(folder, "products")
        sources.mkdir()
        products.mkdir()
        (sources / "D20121231_235950_PQC.eol").write_bytes(synthetic("102035023").encode("latin-1"))
        (sources / "two.eol.cls").write_bytes((synthetic("111111111") + synthetic("222222222")).encode("latin-1"))
        (sources / "empty.eol").write_bytes(b"")
        (sources / "header.eol").write_bytes(HEADER.format(sonde="1").encode())
        check_text(products)
        if shared:
            samples = pathlib.Path(shared, "samples", "avaps")
            check_samples(samples)
            for path in samples.rglob("*"):
                if path.is_file() and STEM.search(path.name):
                    (sources / path.name).write_bytes(path.read_bytes())
        else:
            skip("CUMULUS_SHARED is not set, so no genuine file is read")
        check_judge(sources, products)
    print(f"{len(failures)} bad")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
