"""Checks products of any collection by the rules that all of them share, with libraries that the product does not
use.

For an HDF5 source, every finite number of a dataset that the product has under the same name, type and shape must be
equal bit by bit or missing in the product, and each dataset must exist under its own name. Values that a collection
converts, such as units, require a judge of its own. For other sources, only the product is checked.

    judge_any.py SOURCES PRODUCTS [--schemas FOLDER] [--checkers every|form|none]

The exit code is 0 if nothing is wrong, else 1. The last line is a summary.
"""

import pathlib
import re
import sys

import h5py
import numpy as np
from lxml import etree

from product_checks import Inspection, arguments, conclude, digest, judge_all


class Judge(Inspection):
    """Compares one product with its source."""

    def run(self):
        if h5py.is_hdf5(self.source_path):
            with h5py.File(self.source_path, "r") as source:
                source.visititems(self.item)
        self.expect("source_sha256", self.product.source_sha256, digest(self.source_path))
        self.catalogue()
        if "time" not in self.product.variables:
            self.say("the product has no time")
        return self

    def item(self, name, item):
        if isinstance(item, h5py.Dataset):
            self.dataset(name, item)

    def dataset(self, name, dataset):
        """Compares a dataset with its variable; a name that the product needs itself is renamed."""
        name = name.replace("/", "_")
        names = [other for other in (f"source_{name}", f"{name}_edges", name) if other in self.product.variables]
        if not names:
            self.say(f"{name} is lost")
            return
        variable = self.product[names[0]]
        if dataset.dtype.kind not in "fiu" or variable.dtype != dataset.dtype or variable.shape != dataset.shape:
            return
        before, after = np.asarray(dataset[()]).ravel(), np.asarray(variable[...]).ravel()
        fill = getattr(variable, "_FillValue", np.nan)
        wrong = np.flatnonzero(np.isfinite(before) & (before != after) & (after != fill))
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
    return conclude(Judge(source, product).run(), ("time",), schema_folder, with_checkers)


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
