"""Judges products by their sources, with libraries the product does not use.

Sources are read with h5py, products with netCDF4-python. Every rule (missing values, positions, time, extents) is
written down here a second time, from the documentation and not from the product's code.

    judge.py SOURCES PRODUCTS [--schemas FOLDER] [--without-checkers]

Exit code 0 where nothing is wrong, 1 otherwise. The last line sums up.
"""

import argparse
import concurrent.futures
import datetime
import hashlib
import json
import pathlib
import re
import subprocess
import sys
import tempfile

import h5py
import netCDF4
import numpy as np
import xarray
from lxml import etree

FILL = -999.0
TEXTS = ("Date", "Project")
NAVIGATION = ("Plane_Alt", "Plane_Heading", "Plane_Pitch", "Plane_Roll")
# Variables whose integers have a sentinel, by the documentation.
INTEGER_SENTINELS = ("Layer_Type", "Latitude", "Longitude", *NAVIGATION, "Solar_Azimuth_Angle", "Solar_Elevation_Angle",
                     "Gnd_Hgt", "Layer_Top_Alt", "Layer_Bot_Alt", "Dec_JDay")


class Judge:
    """One source beside its product."""

    def __init__(self, source_path, product_path):
        self.source_path, self.product_path = source_path, product_path
        self.wrong, self.values = [], 0
        self.source = h5py.File(source_path, "r")
        self.product = netCDF4.Dataset(product_path)
        self.product.set_auto_mask(False)
        self.product.set_auto_scale(False)

    def say(self, text):
        self.wrong.append(text)

    def expect(self, what, found, expected):
        if found != expected:
            self.say(f"{what}: {found!r}, expected {expected!r}")

    def read(self, name):
        """All values of a source dataset, flat, in its own type."""
        return np.asarray(self.source[name][()]).ravel()

    def run(self):
        seconds = self.clock()
        invalid = self.positions(seconds)
        names = []
        self.source.visititems(lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) else None)
        for name in names:
            if self.source[name].size:
                self.variable(name, invalid)
        self.time(seconds)
        self.attributes(invalid)
        self.metadata(invalid)
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
        """Row blocks of a source dataset beside those of its variable, bit by bit."""
        kind = dataset.dtype.kind
        expected_type = classic_type(dataset.dtype)
        if name in INTEGER_SENTINELS and expected_type == np.dtype("i1"):
            expected_type = np.dtype("i2")  # a byte has no room for -999
        self.expect(f"{name} type", variable.dtype, expected_type)
        if variable.shape != dataset.shape and variable.size != 1:
            self.say(f"{name} shape: {variable.shape}, expected {dataset.shape}")
            return
        has_sentinel = kind == "f" or name in INTEGER_SENTINELS
        is_coordinate = name in variable.dimensions
        fill = getattr(variable, "_FillValue", None)
        self.expect(f"{name} _FillValue", fill, None if is_coordinate or not has_sentinel else expected_type.type(FILL))
        missing = 0
        rows = max(1, 4_000_000 // max(1, dataset.size // max(1, dataset.shape[0]))) if dataset.shape else 1
        for start in range(0, dataset.shape[0] if dataset.shape else 1, rows):
            before = np.asarray(dataset[start:start + rows] if dataset.shape else dataset[()])
            after = np.asarray(variable[start:start + rows] if variable.shape else variable[...]).reshape(before.shape)
            if kind == "b" or h5py.check_enum_dtype(dataset.dtype):
                before = before.astype("i1")
            expected = before.astype(expected_type)
            if has_sentinel:
                with np.errstate(invalid="ignore"):
                    gone = ~np.isfinite(expected) | (expected <= -900)
                if invalid is not None:
                    gone = gone | invalid[start:start + rows]
                expected = np.where(gone, expected_type.type(FILL), expected)
                missing += int(gone.sum())
            self.values += expected.size
            width = f"u{expected_type.itemsize}"
            differ = np.ascontiguousarray(after).view(width) != np.ascontiguousarray(expected).view(width)
            if differ.any():
                place = tuple(int(axis[0]) for axis in np.nonzero(np.atleast_1d(differ)))
                self.say(f"{name}: {int(differ.sum())} values differ, first at row {start} + {place}")
                return
        if has_sentinel and not is_coordinate:
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

    # Time and position ----------------------------------------------------------------------------------------

    def clock(self):
        """Whole seconds of each record since day 0 (December 31), by the wall clock and the day of year."""
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
        """The year in which day of year `day` comes nearest to the stated date."""
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
        """True for every record whose position is not to be believed."""
        latitude, longitude = self.read("Latitude").astype("f8"), self.read("Longitude").astype("f8")
        with np.errstate(invalid="ignore"):
            bad = ~np.isfinite(latitude) | ~np.isfinite(longitude) | (latitude <= -900) | (longitude <= -900)
            bad |= (np.abs(latitude) > 90) | (np.abs(longitude) > 180) | ((latitude == 0) & (longitude == 0))
        good = np.flatnonzero(~bad)

        def speed(one, other):
            a, b = np.radians(latitude[one]), np.radians(latitude[other])
            turn = np.radians(longitude[other] - longitude[one])
            # Vincenty's formula on a sphere: another one than the product's.
            across = np.hypot(np.cos(b) * np.sin(turn), np.cos(a) * np.sin(b) - np.sin(a) * np.cos(b) * np.cos(turn))
            along = np.sin(a) * np.sin(b) + np.cos(a) * np.cos(b) * np.cos(turn)
            return 6371008.8 * np.arctan2(across, along) / (np.abs(seconds[other] - seconds[one]) + 1)

        before, middle, after = good[:-2], good[1:-1], good[2:]
        spike = (speed(before, middle) > 400) & (speed(middle, after) > 400) & (speed(before, after) <= 400)
        bad[middle[spike]] = True
        return bad

    def extent(self, invalid):
        """South, north, west, east of the valid positions, west > east across the antimeridian."""
        latitude, longitude = self.read("Latitude").astype("f8")[~invalid], self.read("Longitude").astype("f8")[~invalid]
        if not latitude.size:
            return None
        around = np.sort(longitude)
        gaps = np.append(np.diff(around), around[0] + 360 - around[-1])
        widest = int(np.argmax(gaps)) if gaps.max() > gaps[-1] else len(gaps) - 1
        return latitude.min(), latitude.max(), around[(widest + 1) % len(around)], around[widest]

    # Attributes and metadata ----------------------------------------------------------------------------------

    def stamp(self, moment):
        return moment.isoformat(timespec="milliseconds")

    def same_moment(self, what, text, moment):
        found = datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).replace(tzinfo=None)
        if not text.endswith("Z") or abs((found - moment).total_seconds()) > 0.002:
            self.say(f"{what}: {text}, expected {self.stamp(moment)}Z")

    def attributes(self, invalid):
        product = self.product
        self.expect("Conventions", product.Conventions, "CF-1.6, ACDD-1.3")
        self.expect("source_sha256", product.source_sha256, digest(self.source_path))
        self.expect("source_granule", product.source_granule, self.source_path.name)
        self.same_moment("time_coverage_start", product.time_coverage_start, self.begin)
        self.same_moment("time_coverage_end", product.time_coverage_end, self.end)
        extent = self.extent(invalid)
        names = ("geospatial_lat_min", "geospatial_lat_max", "geospatial_lon_min", "geospatial_lon_max")
        for name, expected in zip(names, extent or ()):
            self.expect(name, float(getattr(product, name)), float(expected))
        for variable in product.variables.values():
            for name in variable.ncattrs():
                value = variable.getncattr(name)
                if isinstance(value, list):
                    self.say(f"{variable.name}:{name} is a list of strings")

    def metadata(self, invalid):
        path = self.product_path.with_name(self.product_path.name + ".meta.xml")
        tree = etree.parse(path)
        text = lambda where: tree.findtext(where)
        self.expect("GranuleUR", text("GranuleUR"), self.product_path.name)
        self.expect("size", text("DataGranule/DataGranuleSizeInBytes"), str(self.product_path.stat().st_size))
        self.expect("checksum", text("DataGranule/Checksum/Value"), digest(self.product_path))
        self.expect("producer", text("DataGranule/ProducerGranuleId"), self.source_path.name)
        self.same_moment("begin", text("Temporal/RangeDateTime/BeginningDateTime"), self.begin)
        self.same_moment("end", text("Temporal/RangeDateTime/EndingDateTime"), self.end)
        for element in ("Collection/ShortName", "Collection/VersionId", "InsertTime", "LastUpdate", "Orderable",
                        "OnlineAccessURLs/OnlineAccessURL/URL", "DataFormat", "PGEVersionClass/PGEVersion",
                        "DataGranule/ProductionDateTime"):
            if not text(element):
                self.say(f"{element} is missing")
        if "Solar_Elevation_Angle" in self.source:
            elevation = self.read("Solar_Elevation_Angle").astype("f8")
            elevation = elevation[np.isfinite(elevation) & (elevation > -900)]
            flag = "UNSPECIFIED" if not elevation.size else "DAY" if elevation.min() > 0 else "NIGHT" if elevation.max() <= 0 else "BOTH"
            self.expect("DayNightFlag", text("DataGranule/DayNightFlag"), flag)
        box = "Spatial/HorizontalSpatialDomain/Geometry/BoundingRectangle/{}BoundingCoordinate"
        extent = self.extent(invalid)
        for side, expected in zip(("South", "North", "West", "East"), extent or ()):
            self.expect(side, float(text(box.format(side))), float(expected))


def classic_type(dtype):
    """The netCDF classic type that holds every value of a source type."""
    if dtype.kind == "b" or h5py.check_enum_dtype(dtype):
        return np.dtype("i1")
    if dtype.kind == "f":
        return np.dtype("f4") if dtype.itemsize <= 4 else np.dtype("f8")
    table = {"i1": "i1", "i2": "i2", "i4": "i4", "i8": "f8", "u1": "i2", "u2": "i4", "u4": "f8", "u8": "f8"}
    return np.dtype(table[dtype.kind + str(dtype.itemsize)])


def digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# Readers and checkers ---------------------------------------------------------------------------------------------

def command(*words):
    """Runs a program without network; answers its exit code and what it printed."""
    done = subprocess.run([str(word) for word in words], capture_output=True, stdin=subprocess.DEVNULL, timeout=300)
    return done.returncode, (done.stdout + done.stderr).decode("utf-8", "replace")


def readers(path):
    """What other readers hold against a product."""
    wrong = []
    for engine in ("netcdf4", "h5netcdf"):
        with xarray.open_dataset(path, engine=engine) as dataset:
            for name in ("Latitude", "Longitude", "time"):
                if name not in dataset.coords:
                    wrong.append(f"xarray {engine}: {name} is no coordinate")
            dataset.load()
    with tempfile.TemporaryDirectory() as folder:
        for words in (["ncks", "-m", path], ["ncdump", "-h", path], ["nccopy", "-k", "classic", path, f"{folder}/c.nc"]):
            code, printed = command(*words)
            if code:
                wrong.append(f"{words[0]} answers {code}: {printed[-300:]}")
    return wrong


def checkers(path, schemas):
    """What the CF checkers hold against a product, and the score of the first as text."""
    wrong, score = [], "not scored"
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "scores.json"
        tool = pathlib.Path(sys.executable).with_name("compliance-checker")
        code, printed = command(tool, "-t", "cf:1.6", "-c", "strict", "-f", "json", "-o", out, path)
        if out.exists():
            result = json.loads(out.read_text())["cf:1.6"]
            score = f"{result['scored_points']}/{result['possible_points']}"
            if result["scored_points"] != result["possible_points"]:
                wrong.append(f"compliance-checker: {score}")
        if code:
            wrong.append(f"compliance-checker answers {code}: {printed[-500:]}")
    if schemas:
        tables = schemas / "cf"
        code, printed = command(
            pathlib.Path(sys.executable).with_name("cfchecks"), "-v", "1.6",
            "-s", tables / "cf-standard-name-table.xml", "-a", tables / "area-type-table-site.xml",
            "-r", tables / "standardized-region-list-site.xml", path)
        if code:
            wrong.append(f"cfchecks answers {code}: {printed[-500:]}")
    return wrong, score


def judge_one(source, product, schema_folder, with_checkers):
    judge = Judge(source, product).run()
    wrong, score = judge.wrong + readers(product), ""
    if with_checkers:
        found, score = checkers(product, schema_folder)
        wrong += found
    if schema_folder:
        schema = etree.XMLSchema(etree.parse(schema_folder / "echo10" / "Granule.xsd"))
        if not schema.validate(etree.parse(product.with_name(product.name + ".meta.xml"))):
            wrong.append(f"ECHO10 schema: {schema.error_log}")
    return product.name, judge.values, len(judge.product.variables), score, wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sources", type=pathlib.Path)
    parser.add_argument("products", type=pathlib.Path)
    parser.add_argument("--schemas", type=pathlib.Path, help="folder with cf/ and echo10/")
    parser.add_argument("--without-checkers", action="store_true")
    arguments = parser.parse_args()
    if not arguments.schemas:
        print("skipped: no schemas, so neither cfchecks nor the ECHO10 schema judge")
    sources = sorted(path for path in arguments.sources.iterdir() if path.suffix in (".hdf5", ".h5"))
    failed = values = files = 0
    with concurrent.futures.ProcessPoolExecutor(2) as pool:
        tasks = {source: arguments.products / f"{source.stem}.nc" for source in sources}
        futures = {pool.submit(judge_one, source, product, arguments.schemas, not arguments.without_checkers): source
                   for source, product in tasks.items()}
        for future in concurrent.futures.as_completed(futures):
            source = futures[future]
            try:
                name, count, variables, score, wrong = future.result()
            except Exception as error:  # a judge that cannot read a product has judged it
                name, count, variables, score, wrong = source.name, 0, 0, "", [f"{type(error).__name__}: {error}"]
            files, values, failed = files + 1, values + count, failed + bool(wrong)
            print(f"{'bad ' if wrong else 'good'} {name}: {variables} variables, {count} values compared, cf:1.6 {score}")
            for line in wrong:
                print(f"     {line}")
    print(f"{files} products, {values} values compared with their sources, {failed} bad")
    return 1 if failed or not files else 0


if __name__ == "__main__":
    sys.exit(main())
