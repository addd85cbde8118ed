"""Compares products with their sources, with libraries that the product does not use.

Sources are read with h5py, products with netCDF4-python. Every rule (missing values, positions, time, extents) is
implemented here a second time, from the documentation and not from the product's code.

    judge.py SOURCES PRODUCTS [--schemas FOLDER] [--checkers every|form|none]

The exit code is 0 if nothing is wrong, else 1. The last line is a summary.
"""

import datetime
import re
import sys

import h5py
import netCDF4
import numpy as np

from positions import spikes
from product_checks import Inspection, arguments, conclude, judge_all, surrounding

FILL = -999.0
TEXTS = ("Date", "Project")
NAVIGATION = ("Plane_Alt", "Plane_Heading", "Plane_Pitch", "Plane_Roll")
# Variables with a sentinel for integers, according to the documentation.
INTEGER_SENTINELS = ("Layer_Type", "Latitude", "Longitude", *NAVIGATION, "Solar_Azimuth_Angle", "Solar_Elevation_Angle",
                     "Gnd_Hgt", "Layer_Top_Alt", "Layer_Bot_Alt", "Dec_JDay")
# Variables in the documentation's tables, in which all floats at or below -900 are missing. In others, only the usual
# sentinels are missing.
KNOWN = (*INTEGER_SENTINELS, "Hour", "Minute", "Second", "Bin_Alt", "Bin_Width", "Frame_Top", "Hori_Res", "NumBins", "NumChans", "NumRecs",
         "NumWave", "MaxLayers", "NumLayers", "Start_JDay", "End_JDay", "ATB_355", "ATB_532", "ATB_1064", "Depol_Ratio",
         "Depol_Ratio_1sec", "Mole_Back", "Pressure", "Temperature", "RH", "Saturate", "Cali_355", "Cali_532", "Cali_1064")
USUAL_SENTINELS = (-999.0, -999.9, -999.99, -9999.0, -9999.9, -9999.99, -99999.0, -999999.0)
# Stated units that are converted in these cases: (prefix of the variable, stated unit) and the factor.
FACTORS = {("ATB_", "m-1 sr-1"): 1000.0, ("Bin_Alt", "m"): 1e-3, ("Plane_Alt", "m"): 1e-3, ("Gnd_Hgt", "m"): 1e-3,
           ("Plane_Pitch", "rad"): 180 / np.pi}


def stated_missing(dataset):
    """The missing values that a dataset states and its type can represent."""
    stated = [np.ravel(dataset.attrs[name]) for name in ("_FillValue", "missing_value") if name in dataset.attrs]
    numbers = np.concatenate(stated).astype("f8") if stated else np.array([])
    with np.errstate(all="ignore"):
        held = numbers.astype(dataset.dtype)
    kept = [one for one, number in zip(held, numbers) if dataset.dtype.kind == "f" or float(one) == number]
    return np.array(kept, dataset.dtype)


def factor_of(name, dataset):
    """Factor for the conversion of a dataset's values to the unit in the tables."""
    stated = next((dataset.attrs[key] for key in ("units", "Units", "UNITS", "unit", "Unit") if key in dataset.attrs), "")
    stated = stated.decode() if isinstance(stated, bytes) else str(stated)
    return next((factor for (prefix, unit), factor in FACTORS.items() if name.startswith(prefix) and unit == stated), 1.0)


class Judge(Inspection):
    """Compares one source with its product."""

    def __init__(self, source_path, product_path):
        super().__init__(source_path, product_path)
        self.source = h5py.File(source_path, "r")

    def read(self, name):
        """All values of a source dataset, flattened, in its own type."""
        return np.asarray(self.source[name][()]).ravel()

    def run(self):
        seconds = self.clock()
        invalid = self.positions(seconds)
        names = []
        self.source.visititems(lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) else None)
        for name in names:
            if self.source[name].size:
                self.variable(name, invalid)
        self.status()
        self.time(seconds)
        extent = self.extent(invalid)
        self.attributes(self.begin, self.end, extent)
        self.day_or_night(self.metadata(self.begin, self.end, extent))
        return self

    # Values ---------------------------------------------------------------------------------------------------

    def text(self, name):
        value = self.source[name][()]
        if isinstance(value, np.ndarray) and value.dtype.kind in "iu":
            value = bytes(value.astype("u1"))
        elif isinstance(value, np.ndarray):
            value = b"".join(item if isinstance(item, bytes) else str(item).encode() for item in value.ravel())
        if isinstance(value, bytes):
            value = value.decode("utf-8", "replace")
        return value.split("\0")[0].strip()

    def variable(self, name, invalid):
        target = name.replace("/", "_")
        if target not in self.product.variables:
            self.say(f"{name} is lost")
            return
        dataset, variable = self.source[name], self.product[target]
        if name in TEXTS:
            found = variable[:].tobytes().decode().rstrip("\0")
            self.expect(f"{name} text", found, self.text(name))
            self.values += 1
            return
        if dataset.dtype.kind in "SO":
            found = [item.tobytes().decode().rstrip("\0") for item in variable[:].reshape(-1, variable.shape[-1])]
            expected = [(item if isinstance(item, bytes) else str(item).encode()).decode().strip("\0 ")
                        for item in np.asarray(dataset[()]).ravel()]
            self.expect(f"{name} text", found, expected)
            self.values += len(expected)
            return
        records = self.source["Hour"].size
        if name in NAVIGATION and dataset.size > records:
            self.edges(name, dataset, records)
            target, variable = f"{name}_edges", self.product[f"{name}_edges"]
        self.compare(name, dataset, variable, invalid if name in ("Latitude", "Longitude") else None)

    def compare(self, name, dataset, variable, invalid):
        """Compares blocks of rows of a source dataset with those of its variable, bit by bit."""
        kind = dataset.dtype.kind
        expected_type = classic_type(dataset.dtype)
        is_packed = "scale_factor" in dataset.attrs or "add_offset" in dataset.attrs
        if is_packed:
            expected_type = np.dtype("f4") if dataset.dtype.itemsize <= 2 else np.dtype("f8")
        factor = factor_of(name, dataset)
        if name in INTEGER_SENTINELS and expected_type == np.dtype("i1"):
            expected_type = np.dtype("i2")  # a byte cannot hold -999
        self.expect(f"{name} type", variable.dtype, expected_type)
        if variable.shape != dataset.shape and variable.size != 1:
            self.say(f"{name} shape: {variable.shape}, expected {dataset.shape}")
            return
        has_sentinel = kind == "f" or name in INTEGER_SENTINELS or is_packed
        own = stated_missing(dataset)
        is_coordinate = name in variable.dimensions
        fill = getattr(variable, "_FillValue", None)
        expected_fill = expected_type.type(FILL) if has_sentinel else expected_type.type(own[0]) if own.size else None
        if has_sentinel and name not in KNOWN and (is_packed or factor != 1.0):
            expected_fill = expected_type.type(9.969209968386869e36)
        self.expect(f"{name} _FillValue", fill, None if is_coordinate else expected_fill)
        missing = 0
        rows = max(1, 4_000_000 // max(1, dataset.size // max(1, dataset.shape[0]))) if dataset.shape else 1
        for start in range(0, dataset.shape[0] if dataset.shape else 1, rows):
            before = np.asarray(dataset[start:start + rows] if dataset.shape else dataset[()])
            after = np.asarray(variable[start:start + rows] if variable.shape else variable[...]).reshape(before.shape)
            if kind == "b" or h5py.check_enum_dtype(dataset.dtype):
                before = before.astype("i1")
            is_own = np.isin(before, own)
            if is_packed:
                scale, offset = float(dataset.attrs.get("scale_factor", 1.0)), float(dataset.attrs.get("add_offset", 0.0))
                expected = ((before.astype("f8") * scale + offset) * factor).astype(expected_type)
            elif factor != 1.0:
                is_own |= np.isin(before, np.array(USUAL_SENTINELS, before.dtype))
                # Thousandths are computed by division, which is exact where multiplication is not.
                wide = before.astype("f8")
                expected = (wide * factor if factor > 1 else wide / round(1 / factor)).astype(expected_type)
            else:
                expected = before.astype(expected_type)
            if not has_sentinel and own.size:
                expected = np.where(is_own, expected_fill, expected)
                missing += int(is_own.sum())
            if has_sentinel:
                with np.errstate(invalid="ignore"):
                    gone = ~np.isfinite(expected) | is_own
                    if name in KNOWN:
                        gone |= (expected if is_packed else before) <= -900
                    elif not is_packed:
                        gone |= np.isin(expected, np.array(USUAL_SENTINELS, expected_type))
                if invalid is not None:
                    gone = gone | invalid[start:start + rows]
                expected = np.where(gone, expected_fill, expected)
                missing += int(gone.sum())
            self.values += expected.size
            if factor == 180 / np.pi:
                # This factor is not exact in floating point: the last bit may differ.
                after = np.where(np.abs(after - expected) <= np.spacing(np.abs(expected)), expected, after)
            width = f"u{expected_type.itemsize}"
            differ = np.ascontiguousarray(after).view(width) != np.ascontiguousarray(expected).view(width)
            if differ.any():
                place = tuple(int(axis[0]) for axis in np.nonzero(np.atleast_1d(differ)))
                self.say(f"{name}: {int(differ.sum())} values differ, first at row {start} + {place}")
                return
        if (has_sentinel or own.size) and not is_coordinate:
            self.expect(f"{name} number_of_missing_values", int(variable.number_of_missing_values), missing)

    def edges(self, name, dataset, records):
        edges = np.asarray(dataset[()], "f8").ravel()[:records + 1]
        before, after = edges[:-1], edges[1:]
        if name == "Plane_Heading":
            turn = (after - before + 540) % 360 - 180
            middle = (before + turn / 2) % 360
        else:
            middle = (before + after) / 2
        gone = ~np.isfinite(before) | ~np.isfinite(after) | (before <= -900) | (after <= -900)
        middle = np.where(gone, FILL, middle)
        if not np.allclose(self.product[name][:], middle, rtol=1e-6, atol=1e-9):
            self.say(f"{name} is not the middle of its edges")
        self.values += records

    def kilometres(self, name):
        """Altitudes of a product in km, NaN where missing; one per record if possible."""
        if name not in self.product.variables:
            return None
        variable = self.product[name]
        values = np.ma.filled(np.ma.masked_values(variable[...].astype("f8"), FILL), np.nan)
        return values / {"km": 1, "m": 1000}[variable.units]

    def status(self):
        """Expected status flags of profiles: aircraft and surface of the record, zeros from the top, missing values."""
        if "_OP_" in self.source_path.name:  # the tables do not describe OP profiles
            return
        for name in ("ATB_355", "ATB_532", "ATB_1064", "Depol_Ratio", "Depol_Ratio_1sec"):
            if name not in self.product.variables or self.product[name].dimensions != ("record", "Bin_Alt"):
                continue
            flags = self.product.variables.get(f"{name}_status")
            if flags is None or self.product[name].ancillary_variables != f"{name}_status":
                self.say(f"{name} has no status")
                continue
            altitude, aircraft, surface = (self.kilometres(one) for one in ("Bin_Alt", "Plane_Alt", "Gnd_Hgt"))
            values = self.product[name][:]
            absent = np.full(len(values), np.nan)
            aircraft, surface = (absent if one is None else one for one in (aircraft, surface))
            with np.errstate(invalid="ignore"):
                above = altitude[None, :] > aircraft[:, None]
                below = ~above & (altitude[None, :] < surface[:, None])
            order = slice(None) if altitude[0] > altitude[-1] else slice(None, None, -1)
            from_top = np.logical_and.accumulate((above | (~below & (values == 0)))[:, order], axis=1)[:, order]
            expected = np.select([values == values.dtype.type(FILL), above | from_top, below], [3, 1, 2], 0)
            self.values += values.size
            if flags.dtype != np.int8 or (flags[:] != expected).any():
                place = np.argwhere(flags[:] != expected)[:1].tolist()
                self.say(f"{name}_status: {int((flags[:] != expected).sum())} flags differ, first at {place}")

    # Time and position ----------------------------------------------------------------------------------------

    def clock(self):
        """Whole seconds of each record since day 0 (December 31), from the wall clock and the day of year."""
        hour, minute = self.read("Hour").astype("i8"), self.read("Minute").astype("i8")
        second = self.read("Second").astype("i8") if "Second" in self.source else 0 * hour
        of_day = hour * 3600 + minute * 60 + second
        self.single = self.source["Dec_JDay"].dtype.itemsize < 8 if "Dec_JDay" in self.source else True
        if "Dec_JDay" in self.source:
            self.decimal = self.read("Dec_JDay").astype("f8")
            days = np.rint(self.decimal - of_day / 86400).astype("i8")
        else:
            self.decimal = None
            start = round(float(self.read("Start_JDay")[0]) - of_day[0] / 86400)
            days = start + np.concatenate([[0], np.cumsum(np.diff(of_day) < -43200)])
        return days * 86400 + of_day

    def year(self, day):
        """The year in which day of year `day` is closest to the stated date."""
        text = re.sub(r"\s", "", self.text("Date")) if "Date" in self.source else self.source_path.stem[-8:]
        for form in ("%d%b%y", "%d%b%Y", "%Y%m%d"):
            try:
                stated = datetime.datetime.strptime(text, form).date()
                break
            except ValueError:
                continue
        off = lambda year: abs((datetime.date(year - 1, 12, 31) + datetime.timedelta(int(day)) - stated).days)
        return min((stated.year, stated.year - 1, stated.year + 1), key=off)

    def time(self, seconds):
        name = next(name for name in self.product.variables if getattr(self.product[name], "standard_name", "") == "time")
        variable = self.product[name]
        day_zero = datetime.datetime(self.year(seconds[0] // 86400) - 1, 12, 31)
        expected = seconds.astype("f8")
        behind = 0 if "Second" in self.source else 59
        apart = self.decimal * 86400 - expected if self.decimal is not None else np.inf
        if not self.single and np.all((apart >= -1.5) & (apart <= behind + 1.5)):
            expected = np.rint(self.decimal * 86400 * 1000) / 1000
        epoch = netCDF4.num2date(0, variable.units, variable.calendar)
        epoch = datetime.datetime(epoch.year, epoch.month, epoch.day)
        found = np.asarray(variable[:]) + (epoch - day_zero).total_seconds()
        if np.abs(found - expected).max() > 1e-3:
            self.say(f"time is off by up to {np.abs(found - expected).max()} s")
        first_day = day_zero + datetime.timedelta(seconds=float(expected[0]))
        self.expect("epoch", epoch.date(), first_day.date())
        self.begin = day_zero + datetime.timedelta(seconds=float(expected.min()))
        self.end = day_zero + datetime.timedelta(seconds=float(expected.max()))
        self.values += expected.size

    def positions(self, seconds):
        """True for every record whose position is invalid."""
        latitude, longitude = self.read("Latitude").astype("f8"), self.read("Longitude").astype("f8")
        with np.errstate(invalid="ignore"):
            bad = ~np.isfinite(latitude) | ~np.isfinite(longitude) | (latitude <= -900) | (longitude <= -900)
            bad |= (np.abs(latitude) > 90) | (np.abs(longitude) > 180) | ((latitude == 0) & (longitude == 0))
        good = np.flatnonzero(~bad)
        bad[good[spikes(latitude[good], longitude[good], seconds[good], fastest=400)]] = True
        return bad

    def extent(self, invalid):
        """South, north, west, east of the valid positions, with west > east across the antimeridian."""
        latitude, longitude = self.read("Latitude").astype("f8")[~invalid], self.read("Longitude").astype("f8")[~invalid]
        return surrounding(latitude, longitude)

    def day_or_night(self, tree):
        if "Solar_Elevation_Angle" in self.source:
            elevation = self.read("Solar_Elevation_Angle").astype("f8")
            elevation = elevation[np.isfinite(elevation) & (elevation > -900)]
            flag = "UNSPECIFIED" if not elevation.size else "DAY" if elevation.min() > 0 else "NIGHT" if elevation.max() <= 0 else "BOTH"
            self.expect("DayNightFlag", tree.findtext("DataGranule/DayNightFlag"), flag)


def classic_type(dtype):
    """The netCDF classic type that holds every value of a source type."""
    if dtype.kind == "b" or h5py.check_enum_dtype(dtype):
        return np.dtype("i1")
    if dtype.kind == "f":
        return np.dtype("f4") if dtype.itemsize <= 4 else np.dtype("f8")
    table = {"i1": "i1", "i2": "i2", "i4": "i4", "i8": "f8", "u1": "i2", "u2": "i4", "u4": "f8", "u8": "f8"}
    return np.dtype(table[dtype.kind + str(dtype.itemsize)])


def judge_one(source, product, schema_folder, with_checkers):
    return conclude(Judge(source, product).run(), ("Latitude", "Longitude", "time"), schema_folder, with_checkers)


def main():
    options = arguments(__doc__.splitlines()[0])
    sources = sorted(path for path in options.sources.iterdir() if path.suffix in (".hdf5", ".h5"))
    return judge_all([(source, options.products / f"{source.stem}.nc") for source in sources], judge_one, options)


if __name__ == "__main__":
    sys.exit(main())
