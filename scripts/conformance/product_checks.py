"""Checks that all judges share, for products of any collection: coverage, metadata, readers, CF checkers."""

import argparse
import concurrent.futures
import dataclasses
import datetime
import hashlib
import json
import pathlib
import re
import subprocess
import sys
import tempfile

import netCDF4
import numpy as np
import xarray
from lxml import etree

from skipping import skip


@dataclasses.dataclass
class Verdict:
    """Result of a judge: errors in `wrong`, remarks that are not errors in `notes`."""

    name: str
    values: int = 0
    variables: int = 0
    score: str = ""
    wrong: list[str] = dataclasses.field(default_factory=list)
    notes: list[str] = dataclasses.field(default_factory=list)


class Inspection:
    """Compares one source with its product, by the rules that do not depend on the collection."""

    def __init__(self, source_path, product_path):
        self.source_path, self.product_path = source_path, product_path
        self.wrong, self.notes, self.values = [], [], 0
        self.product = netCDF4.Dataset(product_path)
        self.product.set_auto_mask(False)
        self.product.set_auto_scale(False)

    def say(self, text):
        self.wrong.append(text)

    def expect(self, what, found, expected):
        if found != expected:
            self.say(f"{what}: {found!r}, expected {expected!r}")

    def same_moment(self, what, text, moment):
        found = datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).replace(tzinfo=None)
        if not text.endswith("Z") or abs((found - moment).total_seconds()) > 0.002:
            self.say(f"{what}: {text}, expected {moment.isoformat(timespec='milliseconds')}Z")

    def nearly(self, what, found, expected, within):
        if not abs(float(found) - float(expected)) <= within:
            self.say(f"{what}: {found}, expected {expected}")

    def attributes(self, begin, end, extent, within=0.0):
        """Checks global attributes; `extent` is None if no position is valid."""
        product = self.product
        self.expect("Conventions", product.Conventions, "CF-1.6, ACDD-1.3")
        self.expect("source_sha256", product.source_sha256, digest(self.source_path))
        self.expect("source_granule", product.source_granule, self.source_path.name)
        self.same_moment("time_coverage_start", product.time_coverage_start, begin)
        self.same_moment("time_coverage_end", product.time_coverage_end, end)
        names = ("geospatial_lat_min", "geospatial_lat_max", "geospatial_lon_min", "geospatial_lon_max")
        for name, expected in zip(names, extent or ()):
            self.nearly(name, getattr(product, name), expected, within)
        for variable in product.variables.values():
            for name in variable.ncattrs():
                if isinstance(variable.getncattr(name), list):
                    self.say(f"{variable.name}:{name} is a list of strings")

    def metadata(self, begin, end, extent, within=0.0):
        """Checks the ECHO10 document; returns its tree, for what a collection adds."""
        tree = etree.parse(self.product_path.with_name(self.product_path.name + ".meta.xml"))
        text = tree.findtext
        self.expect("GranuleUR", text("GranuleUR"), self.product_path.name)
        self.expect("size", text("DataGranule/DataGranuleSizeInBytes"), str(self.product_path.stat().st_size))
        self.expect("checksum", text("DataGranule/Checksum/Value"), digest(self.product_path))
        self.expect("producer", text("DataGranule/ProducerGranuleId"), self.source_path.name)
        self.same_moment("begin", text("Temporal/RangeDateTime/BeginningDateTime"), begin)
        self.same_moment("end", text("Temporal/RangeDateTime/EndingDateTime"), end)
        for element in ("Collection/ShortName", "Collection/VersionId", "InsertTime", "LastUpdate", "Orderable",
                        "OnlineAccessURLs/OnlineAccessURL/URL", "DataFormat", "PGEVersionClass/PGEVersion",
                        "DataGranule/ProductionDateTime"):
            if not text(element):
                self.say(f"{element} is missing")
        box = "Spatial/HorizontalSpatialDomain/Geometry/BoundingRectangle/{}BoundingCoordinate"
        # Metadata have eight decimals of a degree, a millimetre.
        for side, expected in zip(("South", "North", "West", "East"), extent or ()):
            self.nearly(side, text(box.format(side)), expected, within + 5.1e-9)
        for element in tree.iter(etree.Element):
            for number in re.findall(r"(?<![\w.:-])-?\d[\d.eE+-]*(?=$|\s|,)", element.text or ""):
                if re.search(r"[eE]|\.\d{9}", number) and element.tag not in ("Value", "GranuleUR"):
                    self.say(f"{element.tag}: {number} has an exponent or more than 8 decimals")
        altitudes = tree.findall(".//VerticalSpatialDomain")
        for domain in altitudes:
            # The types that UMM-G defines for granules; those for collections are different.
            if domain.findtext("Type") not in ("Altitude", "Pressure", "Depth", "Atmosphere Layer"):
                self.say(f"VerticalSpatialDomain/Type is {domain.findtext('Type')}")
            if not re.fullmatch(r"-?\d+(\.\d{1,8})? meters", domain.findtext("Value")):
                self.say(f"VerticalSpatialDomain/Value is {domain.findtext('Value')}")
        if altitudes:
            low, high = (float(domain.findtext("Value").split()[0]) for domain in altitudes)
            unit = {"m": 1, "km": 1000}[self.product.geospatial_vertical_units]
            self.nearly("lowest altitude", low, self.product.geospatial_vertical_min * unit, 0.051)
            self.nearly("highest altitude", high, self.product.geospatial_vertical_max * unit, 0.051)
        return tree


def surrounding(latitude, longitude):
    """South, north, west, east of positions, with west > east across the antimeridian; None without positions."""
    if not latitude.size:
        return None
    around = np.sort(longitude)
    gaps = np.append(np.diff(around), around[0] + 360 - around[-1])
    widest = int(np.argmax(gaps)) if gaps.max() > gaps[-1] else len(gaps) - 1
    return latitude.min(), latitude.max(), around[(widest + 1) % len(around)], around[widest]


def digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# Readers and checkers ---------------------------------------------------------------------------------------------

def command(*words):
    """Runs a program without network; returns its exit code and output."""
    done = subprocess.run([str(word) for word in words], capture_output=True, stdin=subprocess.DEVNULL, timeout=300)
    return done.returncode, (done.stdout + done.stderr).decode("utf-8", "replace")


def readers(path, coordinates):
    """Errors that other readers report for a product that should have these coordinates."""
    wrong = []
    for engine in ("netcdf4", "h5netcdf"):
        with xarray.open_dataset(path, engine=engine) as dataset:
            for name in coordinates:
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
    """Errors that the CF checkers report for a product, and the score of the first checker as text."""
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


# What the CF checkers look at in addition to names, types, dimensions and the presence of attributes.
SPOKEN_OF_BY_CF = ("units", "standard_name", "coordinates", "axis", "positive", "cf_role", "ancillary_variables", "bounds",
                   "flag_values", "flag_meanings", "calendar", "featureType", "_FillValue")


def form(path):
    """Everything in a product that the CF checkers look at, so that one of several products with the same form is
    enough.

    Lengths of dimensions and dates in units of time differ between products but do not affect conformance.
    """
    def attributes(holder):
        return tuple((name, re.sub(r"\d", "0", str(holder.getncattr(name))) if name in SPOKEN_OF_BY_CF else "")
                     for name in holder.ncattrs())
    with netCDF4.Dataset(path) as product:
        dimensions = tuple((name, len(dimension) > 1) for name, dimension in product.dimensions.items())
        variables = tuple((name, str(variable.dtype), variable.dimensions, attributes(variable))
                          for name, variable in product.variables.items())
        return dimensions, variables, attributes(product)


def seen_by_checkers(tasks, which):
    """The tasks whose products the CF checkers check: `every`, one of each `form`, or `none`."""
    if which == "none":
        return set()
    if which == "every":
        return set(tasks)
    first = {}
    for task in tasks:
        first.setdefault(form(task[1]), task)
    print(f"CF checkers judge {len(first)} products, one of each form")
    return set(first.values())


def conclude(inspection, coordinates, schema_folder, with_checkers):
    """The verdict on an inspected product, after readers, checkers and the ECHO10 schema have checked it."""
    product = inspection.product_path
    wrong, score = inspection.wrong + readers(product, coordinates), ""
    if with_checkers:
        found, score = checkers(product, schema_folder)
        wrong += found
    if schema_folder:
        schema = etree.XMLSchema(etree.parse(schema_folder / "echo10" / "Granule.xsd"))
        if not schema.validate(etree.parse(product.with_name(product.name + ".meta.xml"))):
            wrong.append(f"ECHO10 schema: {schema.error_log}")
    return Verdict(product.name, inspection.values, len(inspection.product.variables), score, wrong, inspection.notes)


# Command line -----------------------------------------------------------------------------------------------------

def arguments(description):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("sources", type=pathlib.Path)
    parser.add_argument("products", type=pathlib.Path)
    parser.add_argument("--schemas", type=pathlib.Path, help="folder with cf/ and echo10/")
    parser.add_argument("--checkers", choices=["every", "form", "none"], default="every",
                        help="CF checkers judge every product, one of each form, or none")
    found = parser.parse_args()
    if not found.schemas:
        skip("there are no schemas, so neither cfchecks nor the ECHO10 schema judge")
    return found


def judge_all(tasks, judge_one, options, before=()):
    """Runs every (source, product, ...) task, prints all verdicts, including passes, and returns the exit code."""
    failed = values = files = 0

    def report(verdict):
        nonlocal failed, values, files
        files, values, failed = files + 1, values + verdict.values, failed + bool(verdict.wrong)
        print(f"{'bad ' if verdict.wrong else 'good'} {verdict.name}: {verdict.variables} variables, "
              f"{verdict.values} values compared{verdict.score and ', cf:1.6 '}{verdict.score}")
        for line in verdict.wrong:
            print(f"     {line}")
        for line in verdict.notes:
            print(f"     note: {line}")

    for verdict in before:
        report(verdict)
    tasks = list(tasks)
    checked = seen_by_checkers(tasks, options.checkers)
    with concurrent.futures.ProcessPoolExecutor(2) as pool:
        futures = {pool.submit(judge_one, *task, options.schemas, task in checked): task for task in tasks}
        for future in concurrent.futures.as_completed(futures):
            try:
                report(future.result())
            except Exception as error:  # a product that cannot be read is a verdict as well
                report(Verdict(futures[future][0].name, wrong=[f"{type(error).__name__}: {error}"]))
    print(f"{files} products, {values} values compared with their sources, {failed} bad")
    return 1 if failed or not files else 0
