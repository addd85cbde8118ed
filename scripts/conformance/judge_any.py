"""Checks products of any collection by the rules that all of them share, with libraries that the product does not
use.

For an HDF5 source, every finite number of a dataset that the product has in the same type must be equal bit by bit or
missing in the product, or equal to what UDUNITS makes of it if the product has another unit. Each dataset must be a
variable, under its own name or as the product states it (`source_name`), or, for a text about another dataset, an
attribute of that one's variable. In netCDF classic, packed numbers are compared as well.

    judge_any.py SOURCES PRODUCTS [--schemas FOLDER] [--checkers every|form|none]

The exit code is 0 if nothing is wrong, else 1. The last line is a summary.
"""

import pathlib
import re
import sys

import cf_units
import h5py
import netCDF4
import numpy as np
from lxml import etree

from product_checks import Inspection, arguments, conclude, digest, judge_all


# Endings of the names of datasets that hold a unit or a description of another one.
ABOUT_ANOTHER = re.compile(r"(.*)_(units|description|desciption)")


class Judge(Inspection):
    """Compares one product with its source."""

    def run(self):
        if h5py.is_hdf5(self.source_path):
            self.renamed = {variable.source_name: variable.name for variable in self.product.variables.values()
                            if "source_name" in variable.ncattrs() and not variable.name.endswith("_edges")}
            with h5py.File(self.source_path, "r") as source:
                source.visititems(self.item)
        elif self.source_path.read_bytes()[:3] == b"CDF":
            with netCDF4.Dataset(self.source_path) as source:
                source.set_auto_maskandscale(False)
                for name, variable in source.variables.items():
                    self.packed(name, variable)
        self.expect("source_sha256", self.product.source_sha256, digest(self.source_path))
        self.catalogue()
        if "time" not in self.product.variables:
            self.say("the product has no time")
        self.observed()
        return self

    def item(self, name, item):
        # netCDF-4 stores a dimension without a variable as a dataset.
        is_dimension = b"This is a netCDF dimension but not a netCDF variable" in np.bytes_(item.attrs.get("NAME", b""))
        if not isinstance(item, h5py.Dataset) or is_dimension:
            return
        if self.is_clock(name):
            self.times(item)
        elif not self.is_attribute(name, item):
            self.dataset(name, item)

    def is_clock(self, name):
        return f"from {name} of the source" in getattr(self.product["time"], "comment", "")

    def is_attribute(self, name, item):
        """True if a text is an attribute of the variable of the dataset that it is about."""
        about = ABOUT_ANOTHER.fullmatch(name)
        if not about or item.dtype.kind != "O" or item.size != 1:
            return False
        text = np.ravel(item[()])[0].decode()
        for path in (about[1], about[1].replace("Information/", "Data/")):
            variable = self.renamed.get(path)
            if variable:
                found = self.product[variable].ncattrs()
                values = [self.product[variable].getncattr(key) for key in ("units", "source_units", "description") if key in found]
                # A unit of one may be stated as "unitless".
                if text not in values and not (about[2] == "units" and "units" in found):
                    self.say(f"{name}: {text!r} is no attribute of {variable}, which has {values}")
                return True
            if self.is_clock(path):
                return True
        return False

    def packed(self, name, stored):
        """A variable of netCDF classic and the one of the product that has its values unpacked."""
        if name == "time" and "source_time" not in self.product.variables:
            self.times(stored)
            return
        if stored.dtype.kind not in "iuf" or name not in self.product.variables:
            if name not in self.product.variables:
                self.say(f"{name} is lost")
            return
        before = np.asarray(stored[...]).ravel()
        variable = self.product[name]
        after = np.asarray(variable[...], dtype="f8").ravel()
        if before.size != after.size:
            self.say(f"{name} has {after.size} values, expected {before.size}")
            return
        expected = before * getattr(stored, "scale_factor", 1.0) + getattr(stored, "add_offset", 0.0)
        fill = getattr(variable, "_FillValue", np.nan)
        is_missing = (after == np.float64(fill)) | np.isnan(after)
        # Single precision keeps seven digits.
        precision = 1e-6 if variable.dtype == np.float32 else 1e-12
        wrong = np.flatnonzero(~is_missing & ~np.isclose(after, expected, rtol=precision, atol=0))
        self.values += before.size
        if wrong.size:
            index = wrong[0]
            self.say(f"{name}[{index}]: {after[index]}, expected {expected[index]}; {wrong.size} values in all")
        both = np.intersect1d(before[is_missing], before[~is_missing])
        if both.size:
            self.say(f"{name}: {both[0]} as stored is missing in some places and a value in others")

    def observed(self):
        """The extent is that of the pixels, where places have more values than there are times."""
        for standard_name, short in (("latitude", "lat"), ("longitude", "lon")):
            for variable in self.product.get_variables_by_attributes(standard_name=standard_name):
                if variable.ndim < 2:
                    continue
                degrees = np.asarray(variable[...], dtype="f8")
                degrees = degrees[degrees != getattr(variable, "_FillValue", np.nan)]
                for end, extreme in (("min", degrees.min()), ("max", degrees.max())):
                    name = f"geospatial_{short}_{end}"
                    self.nearly(name, getattr(self.product, name), extreme, 1e-9)

    def times(self, stored):
        """Times have another origin in the product, and the same steps."""
        before, after = np.asarray(stored[...], dtype="f8").ravel(), np.asarray(self.product["time"][...])
        self.values += before.size
        if before.shape != after.shape or not np.allclose(before - before[0], after - after[0], rtol=0, atol=1e-6):
            self.say("time: other steps than in the source")

    def dataset(self, name, dataset):
        """Compares a dataset with its variable; a name that the product needs itself is renamed."""
        name = self.renamed.get(name, name.replace("/", "_"))
        names = [other for other in (f"source_{name}", f"{name}_edges", name) if other in self.product.variables]
        if not names:
            self.say(f"{name} is lost")
            return
        variable = self.product[names[0]]
        if dataset.dtype.kind not in "fiu" or variable.dtype != dataset.dtype or variable.size != dataset.size:
            return
        before, after = np.asarray(dataset[()]).ravel(), np.asarray(variable[...]).ravel()
        fill = getattr(variable, "_FillValue", np.nan)
        is_equal = before == after
        stated = getattr(variable, "source_units", None)
        if "converted" in getattr(variable, "comment", ""):
            expected = cf_units.Unit(stated).convert(before.astype("f8"), cf_units.Unit(variable.units))
            is_equal = np.isclose(after, expected, rtol=1e-6 if dataset.dtype.itemsize == 4 else 1e-12, atol=0)
        wrong = np.flatnonzero(np.isfinite(before) & ~is_equal & (after != fill))
        self.values += before.size
        if wrong.size:
            index = wrong[0]
            self.say(f"{name}[{index}]: {after[index]}, expected {before[index]}; {wrong.size} values in all")

    def catalogue(self):
        """Compares the metadata about the product file with the file."""
        text = etree.parse(self.product_path.with_name(self.product_path.name + ".meta.xml")).findtext
        self.expect("GranuleUR", text("GranuleUR"), self.product_path.name)
        self.expect("size", text("DataGranule/DataGranuleSizeInBytes"), str(self.product_path.stat().st_size))
        self.expect("checksum", text("DataGranule/Checksum/Value"), digest(self.product_path))
        self.expect("producer", text("DataGranule/ProducerGranuleId"), self.source_path.name)


def judge_one(source, product, schema_folder, with_checkers):
    judge = Judge(source, product).run()
    # A granule may hold nothing but its track, to which no variable refers.
    is_referred_to = any("coordinates" in variable.ncattrs() for variable in judge.product.variables.values())
    return conclude(judge, ("time",) if is_referred_to else (), schema_folder, with_checkers)


def products_of(source, folder):
    """The products of a source: one with its stem, or several numbered ones; a missing one is reported as missing."""
    whole = folder / f"{source.stem}.nc"
    if whole.exists():
        return [whole]
    numbered = re.compile(re.escape(source.stem) + r"-\d+\.nc")
    return sorted(path for path in folder.iterdir() if numbered.fullmatch(path.name)) or [whole]


def main():
    options = arguments(__doc__.splitlines()[0])
    sources = sorted(path for path in options.sources.iterdir() if path.is_file() and not path.name.startswith("."))
    return judge_all([(source, product) for source in sources for product in products_of(source, options.products)],
                     judge_one, options)


if __name__ == "__main__":
    sys.exit(main())
