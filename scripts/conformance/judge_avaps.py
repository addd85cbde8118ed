"""Compares dropsonde products with their sources, with libraries and parsers that the product does not use.

Every rule (rows, merging, missing values, positions, derived winds and dew points, time, extents) is implemented here
a second time, from the description of the formats and not from the product's code.

    judge_avaps.py SOURCES PRODUCTS [--schemas FOLDER] [--checkers every|form|none]

The exit code is 0 if nothing is wrong, else 1. The last line is a summary. A `note` states which of two valid
readings of the description a product follows.
"""

import dataclasses
import datetime
import pathlib
import re
import sys

import numpy as np

from positions import turned
from product_checks import Inspection, Verdict, arguments, conclude, judge_all, surrounding
from sounding_rules import FILL, NO_POSITION, REPORTED, derivations, filled, fixes, ordered
from sounding import DATA
from soundings import read

MEANINGS = "reported interpolated launch_position missing interpolated_long_gap"
STEM = re.compile(r"(\.eol\.cls|\.cls\.qc|\.eol|\.hdf5|\.h5|\.nc|\.ict|\.dat|\.cls|\.\d)$", re.IGNORECASE)

# Name: allowed standard names and units, None if CF has no name.
SPEED, ALTITUDE = ("m s-1",), ("m",)
VARIABLES = {
    "alt": (("altitude",), ALTITUDE), "gph": (("geopotential_height",), ALTITUDE),
    "gpsalt": (("altitude", "height_above_reference_ellipsoid"), ALTITUDE),
    "pres": (("air_pressure",), ("hPa",)), "tdry": (("air_temperature",), ("degC",)),
    "dp": (("dew_point_temperature",), ("degC",)), "rh": (("relative_humidity",), ("%",)),
    "u_wind": (("eastward_wind",), SPEED), "v_wind": (("northward_wind",), SPEED),
    "w_wind": (("upward_air_velocity",), SPEED), "wspd": (("wind_speed",), SPEED),
    "wdir": (("wind_from_direction",), ("degree",)), "dz": ((None,), SPEED),
    "mr": (("humidity_mixing_ratio",), ("g kg-1",)), "vt": (("virtual_temperature",), ("K",)),
    "theta": (("air_potential_temperature",), ("K",)), "theta_v": ((None,), ("K",)),
    "theta_e": (("air_equivalent_potential_temperature", "equivalent_potential_temperature"), ("K",)),
    "lat": (("latitude",), ("degrees_north",)), "lon": (("longitude",), ("degrees_east",))}
DOUBLES = ("time", "lat", "lon", "lat_reported", "lon_reported")
AXES = {"time": "T", "lat": "Y", "lon": "X", "alt": "Z"}
QC_MEANINGS = {"1": "good", "2": "questionable", "3": "bad", "4": "estimated", "9": "missing", "99": "unchecked"}


# The comparison ---------------------------------------------------------------------------------------------------

class Judge(Inspection):
    """Compares one sounding of a source with its product."""

    def __init__(self, source_path, product_path, place):
        super().__init__(source_path, product_path)
        self.found_time = np.asarray(self.product["time"][:])
        self.choose_reading(place)

    def choose_reading(self, place):
        """Chooses the same reading of rows with too few cells as the product."""
        tables = []
        for keep_short in (False, True):
            self.sounding = read(self.source_path, keep_short)[place]
            table = ordered(self.sounding)
            tables.append((self.sounding, table))
            if len(table[0]) == len(self.found_time):
                break
            if not self.sounding.malformed:
                break
        else:
            self.sounding, table = tables[0]
        if self.sounding.malformed:
            kept = "kept" if len(tables) == 2 and table is tables[1][1] else "left out"
            self.notes.append(f"{self.sounding.malformed} rows with too few cells are {kept}")
        self.time, self.columns, self.dropped, self.conflicts = table

    def run(self):
        self.structure()
        self.launch()
        if self.rows():
            self.data()
            self.positions()
            self.altitude()
            self.quality()
            self.carried()
        self.coordinates()
        self.aircraft()
        self.counts()
        self.identity()
        extent = self.extent()
        begin, end = (moment(self.launched + second) for second in (self.found_time[0], self.found_time[-1]))
        self.attributes(begin, end, extent, within=1e-6)
        self.metadata(begin, end, extent, within=1e-6)
        return self

    def variable(self, name):
        return self.product.variables.get(name)

    def values_of(self, name):
        return np.asarray(self.product[name][:])

    # Layout ---------------------------------------------------------------------------------------------------

    def structure(self):
        """Checks global attributes, types, units, names and fill values, as required by CF and the layout."""
        self.expect("featureType", getattr(self.product, "featureType", None), "trajectory")
        for name in ("time", "lat", "lon", "alt", "launch_time", "trajectory", "position_status", "lat_reported",
                     "lon_reported"):
            if self.variable(name) is None:
                self.say(f"{name} is lost")
        for name, (standard_names, units) in VARIABLES.items():
            variable = self.variable(name)
            if variable is None:
                continue
            self.expect(f"{name} dimensions", variable.dimensions, ("time",))
            self.expect(f"{name} type", variable.dtype, np.dtype("f8" if name in DOUBLES else "f4"))
            self.one_of(f"{name} units", getattr(variable, "units", None), units)
            self.one_of(f"{name} standard_name", getattr(variable, "standard_name", None), standard_names)
            fill = getattr(variable, "_FillValue", None)
            self.expect(f"{name} _FillValue", None if fill is None else float(fill), FILL)
        time = self.variable("time")
        self.expect("time type", time.dtype, np.dtype("f8"))
        self.expect("time standard_name", getattr(time, "standard_name", None), "time")
        self.one_of("time calendar", getattr(time, "calendar", None), ("standard", "gregorian"))
        if "_FillValue" in time.ncattrs():
            self.say("time has a _FillValue")
        for name, axis in AXES.items():
            if self.variable(name) is not None:
                self.expect(f"{name} axis", getattr(self.variable(name), "axis", None), axis)
        if self.variable("alt") is not None:
            self.expect("alt positive", getattr(self.variable("alt"), "positive", None), "up")
            self.comment("alt", "geopotential")

    def one_of(self, what, found, right):
        if found not in right:
            self.say(f"{what}: {found!r}, expected {' or '.join(repr(item) for item in right)}")

    def comment(self, name, *words):
        text = str(getattr(self.variable(name), "comment", "")).lower()
        if not any(word in text for word in words):
            self.say(f"{name}: its comment says none of {', '.join(words)}: {text!r}")

    # Rows and time --------------------------------------------------------------------------------------------

    def launch(self):
        """Checks that launch_time and the units of time agree with each other and with the source."""
        self.launched = float(self.product["launch_time"][...])
        units = self.variable("time").units
        match = re.fullmatch(r"seconds since (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?)( UTC)?", units)
        if not match:
            self.say(f"time units: {units!r}")
        else:
            epoch = datetime.datetime.fromisoformat(match[1])
            if abs((epoch - moment(self.launched)).total_seconds()) > 1e-3:
                self.say(f"time units {units!r} are not the launch_time {moment(self.launched)}")
        self.expect("launch_time units", self.product["launch_time"].units.removesuffix(" UTC"),
                    "seconds since 1970-01-01 00:00:00")
        self.expect("launch_time type", self.product["launch_time"].dtype, np.dtype("f8"))
        launches = self.sounding.launches
        near = [choice for choice in launches if abs(choice[1] - self.launched) < 2e-3]
        if not near:
            said = ", ".join(f"{moment(when)} by {name}" for name, when in launches)
            self.say(f"launch_time: {moment(self.launched)}, expected {said}")
        elif near[0] is not launches[0]:
            self.notes.append(f"launch by {near[0][0]}, not by {launches[0][0]}")
        if near and self.sounding.form == "d-file":  # rows have clock times, so another launch shifts all of them
            self.time = np.round(self.time + launches[0][1] - near[0][1], 2)

    def rows(self):
        """Checks that the rows of the product are those of the sonde, in order, once each; returns True if they are."""
        found = self.found_time
        if (np.diff(found) <= 0).any():
            self.say(f"time does not increase at row {int(np.argmax(np.diff(found) <= 0)) + 1}")
        if len(found) != len(self.time):
            missing = np.setdiff1d(self.time, found)[:3]
            extra = np.setdiff1d(found, self.time)[:3]
            self.say(f"rows: {len(found)}, expected {len(self.time)}; lost {missing}, unexpected {extra}")
            return False
        within = 1e-6 if self.sounding.form == "d-file" or not self.sounding.exact_time else 0
        apart = np.abs(found - self.time)
        if not (apart <= within).all():
            row = int(np.argmax(apart > within))
            self.say(f"time: {int((apart > within).sum())} differ, first row {row}: {found[row]}, expected {self.time[row]}")
        self.values += len(found)
        return True

    # Values ---------------------------------------------------------------------------------------------------

    def data(self):
        derived = derivations(self.columns, len(self.time))
        for name in (name for name in DATA if name not in ("lat", "lon")):
            source = self.columns.get(name)
            has_source = source is not None and np.isfinite(source).any()
            could = derived.get(name)
            could = could if could is not None and np.isfinite(could).any() else None
            variable = self.variable(name)
            if variable is None:
                if (has_source and name != "theta_v") or (source is None and could is not None):
                    self.say(f"{name} is lost")
                continue
            nothing = np.full(len(self.time), np.nan)
            choices = []
            if source is not None:
                choices.append(("", source, nothing))
            if could is not None:
                patch = could if not has_source else np.where(np.isnan(source), could, np.nan)
                if np.isfinite(patch).any():
                    choices.append(("computed" if source is None else "its gaps are computed",
                                    nothing if source is None else source, patch))
            choices = choices or [("", nothing, nothing)]
            label = self.choose(name, choices)
            if label:
                self.comment(name, "derived", "computed", "calculated", "bolton", "from wind", "from the wind", "from u_wind")
            missing = int((self.values_of(name) == FILL).sum())
            if "number_of_missing_values" in variable.ncattrs():
                self.expect(f"{name} number_of_missing_values", int(variable.number_of_missing_values), missing)

    def choose(self, name, choices):
        """Compares with the first choice that fits, (label, given values, computed values); returns its label."""
        complaints = [self.differences(name, given, computed) for _, given, computed in choices]
        best = next((place for place, text in enumerate(complaints) if not text), None)
        if best is None:
            self.say(complaints[0])
            return None
        if best:
            self.notes.append(f"{name}: {choices[best][0]}")
        return choices[best][0]

    def differences(self, name, given, computed):
        """Differences of a variable: given values must be equal bit by bit, computed ones approximately."""
        found = self.values_of(name)
        self.values += found.size
        is_given, is_computed = ~np.isnan(given), np.isnan(given) & ~np.isnan(computed)
        expected = np.where(is_given, given, np.where(is_computed, computed, FILL)).astype(found.dtype)
        wrong = found != expected
        if self.sounding.form == "netcdf" and name in self.columns and name not in self.sounding.inexact:
            width = f"u{found.dtype.itemsize}"
            wrong |= is_given & (np.ascontiguousarray(found).view(width) != np.ascontiguousarray(expected).view(width))
        elif name in self.sounding.inexact:
            wrong &= ~np.isclose(found, expected, rtol=1e-6, atol=1e-4)
        with np.errstate(invalid="ignore"):
            wrong[is_computed] = ~self.near(name, found, computed)[is_computed]
        if not wrong.any():
            return ""
        row = int(np.argmax(wrong))
        return f"{name}: {int(wrong.sum())} values differ, first row {row}: {found[row]}, expected {expected[row]}"

    def near(self, name, found, computed):
        """True if computed values agree within single precision."""
        if name == "wdir":
            unknown = np.full(len(found), np.inf)
            speed = np.hypot(self.columns.get("u_wind", unknown), self.columns.get("v_wind", unknown))
            turn = np.abs((found - computed + 180) % 360 - 180)
            in_range = (found >= 0) & (found <= 360)
            return in_range & ((turn < 1e-3) | (np.radians(turn) * speed < 1e-4) | (speed == 0))
        return np.abs(found - computed) <= {"dp": 1e-3}.get(name, 1e-4)

    # Positions ------------------------------------------------------------------------------------------------

    def positions(self):
        """Checks lat, lon and position_status by the rule of gaps; the reported columns must be unchanged except for
        the convention of longitudes."""
        nothing = np.full(len(self.time), np.nan)
        latitude, longitude = self.columns.get("lat", nothing), self.columns.get("lon", nothing)
        around, known = fixes(self.time, latitude, longitude)
        for name, given in (("lat_reported", latitude), ("lon_reported", around)):
            if self.variable(name) is not None:
                self.expect(f"{name} type", self.variable(name).dtype, np.dtype("f8"))
                complaint = self.differences(name, given, nothing)
                if complaint:
                    self.say(complaint)
        if any(self.variable(name) is None for name in ("lat", "lon", "position_status")):
            return
        self.expect("position_status type", self.variable("position_status").dtype, np.dtype("i1"))
        self.expect("position_status flag_values", list(np.ravel(self.variable("position_status").flag_values)), [0, 1, 2, 3, 4])
        self.expect("position_status flag_meanings", self.variable("position_status").flag_meanings, MEANINGS)
        self.wrong += self.position_faults(latitude, around, known)
        self.values += 3 * len(self.time)

    def position_faults(self, latitude, longitude, known):
        found = {name: self.values_of(name) for name in ("lat", "lon", "position_status")}
        north, north_status = filled(self.time, latitude, known)
        east, east_status = filled(self.time, longitude, known, around=360)
        faults = []
        for name, expected in (("lat", north), ("lon", east)):
            absent = np.isnan(expected)
            apart = found[name] - np.where(absent, FILL, expected)
            if name == "lon":
                apart = np.where(absent, apart, (apart + 180) % 360 - 180)
                outside = ~absent & (np.abs(found["lon"]) > 180)
                if outside.any():
                    faults.append(f"lon: {int(outside.sum())} values beyond 180, first row {int(np.argmax(outside))}")
            wrong = np.where(known & ~absent & (name == "lat"), apart != 0, np.abs(apart) > 1e-9)
            if wrong.any():
                row = int(np.argmax(wrong))
                faults.append(f"{name}: {int(wrong.sum())} values differ, first row {row}: {found[name][row]}, expected {expected[row]}")
        status = np.where((north_status == NO_POSITION) | (east_status == NO_POSITION), NO_POSITION,
                          np.where(north_status == REPORTED, east_status, north_status))
        wrong = found["position_status"] != status
        if wrong.any():
            row = int(np.argmax(wrong))
            faults.append(f"position_status: {int(wrong.sum())} values differ, first row {row}: "
                          f"{found['position_status'][row]}, expected {status[row]}")
        return faults

    def altitude(self):
        """Checks that alt is gph, with gaps filled like those of the position."""
        if self.variable("alt") is None:
            return
        given = self.columns.get("gph", np.full(len(self.time), np.nan))
        known = ~np.isnan(given)
        expected, status = filled(self.time, given, known)
        found = self.values_of("alt")
        target = np.where(np.isnan(expected), FILL, expected)
        near = np.abs(found - target) <= np.maximum(1e-3, 2e-7 * np.abs(target))
        wrong = np.where(known, found != target.astype("f4"), ~near)
        if "gph" in self.sounding.inexact:
            wrong = ~near
        if wrong.any():
            row = int(np.argmax(wrong))
            self.say(f"alt: {int(wrong.sum())} values differ, first row {row}: {found[row]}, expected {target[row]}")
        for name in ("alt_status", "altitude_status"):
            if self.variable(name) is not None and (self.values_of(name) != status).any():
                self.say(f"{name} is not the status of alt")
        self.values += found.size

    def quality(self):
        """Checks _qc variables: their meanings; the codes of the source, or else 9 for missing values and 3 for those
        of a bad frame."""
        for base in self.sounding.quality:
            if f"{base}_qc" not in self.product.variables:
                self.say(f"{base}_qc is lost")
        for name, variable in self.product.variables.items():
            base = name.removesuffix("_qc")
            if base == name or base not in {*self.product.variables, *self.sounding.quality}:
                continue
            flags = np.asarray(variable[:])
            said = dict(zip(map(str, np.ravel(variable.flag_values)), variable.flag_meanings.split()))
            for value in np.unique(flags):
                self.expect(f"{name} meaning of {value}", said.get(str(value)), QC_MEANINGS.get(str(value)))
            if base in self.sounding.quality:  # the producer's codes are not changed
                codes = ordered(dataclasses.replace(self.sounding, columns={base: self.sounding.quality[base]}))[1][base]
                if (flags != np.where(np.isnan(codes), 9, codes)).any():
                    self.say(f"{name} has other codes than the source")
                continue
            missing = self.values_of(base) == FILL
            if ((flags == 9) != missing).any():
                self.say(f"{name} is not 9 exactly where {base} is missing")
            bad = self.columns.get("_ptu" if base in ("pres", "tdry", "rh", "dp") else "_gps")
            if bad is not None and base in self.columns and ((flags == 3) != ((bad == 1) & ~missing)).any():
                self.say(f"{name} is not 3 exactly where the frame of {base} was bad")

    def carried(self):
        """Checks that unknown columns and single numbers have their own names; those without values may be omitted."""
        columns = {name: values for name, values in self.sounding.others.items() if np.ndim(values)}
        _, columns, _, _ = ordered(dataclasses.replace(self.sounding, columns=columns))
        singles = {name: values for name, values in self.sounding.others.items() if not np.ndim(values)}
        # Captions of text columns are read in lower case here.
        names = {name.lower(): name for name in self.product.variables}
        for name, expected in (columns | singles).items():
            variable = self.variable(names.get(name.lower(), names.get(f"source_{name.lower()}")))
            if variable is None:
                if np.isfinite(expected).any():
                    self.say(f"{name} is lost")
                continue
            fill = getattr(variable, "_FillValue", np.nan)
            found = np.asarray(variable[...], "f8")
            found = np.where(found == fill, np.nan, found)
            if np.shape(found) != np.shape(expected) or not np.allclose(found, expected, rtol=1e-6, atol=0, equal_nan=True):
                self.say(f"{name} is not what it was")
            self.values += found.size

    # Coordinates, reference and global attributes -------------------------------------------------------------

    def coordinates(self):
        """Checks that every `coordinates` lists the coordinates with values, and no empty one."""
        self.usable = [name for name in ("lat", "lon", "alt")
                       if self.variable(name) is not None and (self.values_of(name) != FILL).any()]
        for name, variable in self.product.variables.items():
            listed = str(getattr(variable, "coordinates", "")).split()
            if variable.dimensions == ("time",) and name in VARIABLES and name not in AXES:
                for coordinate in self.usable:
                    if coordinate not in listed:
                        self.say(f"{name}:coordinates lacks {coordinate}: {' '.join(listed)!r}")
            for coordinate in listed:
                if coordinate not in self.product.variables:
                    self.say(f"{name}:coordinates names {coordinate}, which is no variable")
                elif coordinate in ("lat", "lon", "alt") and coordinate not in self.usable:
                    self.say(f"{name}:coordinates names {coordinate}, which has no value")

    def aircraft(self):
        """Checks the scalars of the aircraft row."""
        for name, given in self.sounding.reference.items():
            target = self.variable(f"reference_{name}")
            if target is None:
                if not np.isnan(given):
                    self.say(f"reference_{name} is lost")
                continue
            self.expect(f"reference_{name} dimensions", target.dimensions, ())
            found = np.asarray(target[...])[()]
            given = float(turned(given)) if name == "lon" else given
            expected = found.dtype.type(FILL if np.isnan(given) else given)
            converted = f"reference_{name}" in self.sounding.inexact and np.isclose(found, expected, rtol=1e-6, atol=1e-4)
            if found != expected and not converted:
                if np.isnan(given) and name in ("lat", "lon", "alt", "dp", "u_wind", "v_wind"):
                    self.notes.append(f"reference_{name} is {found}, which the aircraft row does not have")
                else:
                    self.say(f"reference_{name}: {found}, expected {expected}")
            self.values += 1
        if not self.sounding.reference:
            for name, variable in self.product.variables.items():
                if name.startswith("reference_") and (np.asarray(variable[...]) != FILL).any():
                    self.notes.append(f"{name} has a value, but the source has no aircraft row")

    def counts(self):
        """Checks the global attributes that count dropped and conflicting values."""
        self.expect("conflicting_values_dropped", self.count("conflicting_values_dropped"), self.conflicts)
        self.expect("rows_dropped_without_time", self.count("rows_dropped_without_time"), self.dropped)

    def count(self, name):
        return int(self.product.getncattr(name)) if name in self.product.ncattrs() else None

    def identity(self):
        """Checks that trajectory consists of launch and sonde."""
        variable = self.variable("trajectory")
        if variable is None:
            return
        self.expect("trajectory cf_role", getattr(variable, "cf_role", None), "trajectory_id")
        found = np.asarray(variable[:]).tobytes().decode().rstrip("\0 ")
        rounded = moment(self.launched + 0.5)
        starts = [f"{when:%Y%m%dT%H%M%SZ}_" for when in (moment(self.launched + 1e-6), rounded)]
        if not found.startswith(tuple(starts)):
            self.say(f"trajectory: {found!r}, expected to start with {starts[0]!r}")
            return
        if not found.startswith(starts[0]):
            self.notes.append("trajectory rounds the launch to the next second")
        sonde = self.sounding.sonde
        if re.fullmatch(r"\w+", sonde):
            self.expect("trajectory sonde", found[17:], sonde)
        else:
            self.notes.append(f"trajectory of sonde {sonde!r} ends with {found[17:]!r}")

    def extent(self):
        """Checks the bounding box of the drift."""
        if any(self.variable(name) is None for name in ("lat", "lon")):
            return None
        latitude, longitude = self.values_of("lat"), self.values_of("lon")
        known = (latitude > FILL) & (longitude > FILL)
        box = surrounding(latitude[known], longitude[known])
        if box is None:
            for name in self.product.ncattrs():
                if re.match("geospatial_(lat|lon)_m(in|ax)", name):
                    self.say(f"{name} without any position")
        return box


def moment(seconds):
    return datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=float(seconds))


# Tasks ------------------------------------------------------------------------------------------------------------

def judge_one(source, product, place, schema_folder, with_checkers):
    if not product.exists():
        return Verdict(product.name, wrong=[f"no product of {source.name}, sounding {place + 1}"])
    judge = Judge(source, product, place).run()
    return conclude(judge, ("time", *judge.usable), schema_folder, with_checkers)


def tasks(sources, products):
    """Returns (source, product, place of the sounding in the source) for each sounding, and verdicts on files without
    soundings."""
    found, refused = [], []
    for source in sorted(path for path in sources.iterdir() if path.is_file() and STEM.search(path.name)):
        stem = STEM.sub("", source.name)
        try:
            soundings = read(source)
        except Exception as error:  # the product should not accept what this judge cannot read
            soundings = []
            print(f"{source.name} cannot be read: {type(error).__name__}: {error}")
        names = [stem] if len(soundings) == 1 else [f"{stem}-{place}" for place in range(1, len(soundings) + 1)]
        if soundings and soundings[0].form == "esc" and not (products / f"{names[0]}.nc").exists():
            print(f"{source.name} is ESC text, which has no product")
            continue
        found += [(source, products / f"{name}.nc", place) for place, name in enumerate(names)]
        if not soundings:
            refused.append((source, products / f"{stem}.nc"))
    expected = {product for _, product, _ in found}
    verdicts = []
    for source, product in refused:
        wrong = ["a product of a file without a sounding"] if product.exists() and product not in expected else []
        verdicts.append(Verdict(source.name, wrong=wrong, notes=["no sounding"]))
    known = expected | {product for _, product in refused}
    verdicts += [Verdict(path.name, wrong=["a product of no source"])
                 for path in sorted(products.glob("*.nc")) if path not in known]
    return found, verdicts


def main():
    options = arguments(__doc__.splitlines()[0])
    found, verdicts = tasks(options.sources, options.products)
    return judge_all(found, judge_one, options, before=verdicts)


if __name__ == "__main__":
    sys.exit(main())
