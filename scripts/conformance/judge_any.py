"""Judges products of any collection by what holds for all of them, with libraries the product does not use.

Of an HDF5 source, every finite number of a dataset that the product has under the same name, type and shape is there
bit by bit or is missing in the product; each dataset is there under its own name. Values that a collection converts, such
as units, need a judge of its own. Of other sources, only the product is judged.

    judge_any.py SOURCES PRODUCTS [--schemas FOLDER] [--checkers every|form|none]

Exit code 0 where nothing is wrong, 1 otherwise. The last line sums up.
"""

import pathlib
import re
import sys

import h5py
import numpy as np
from lxml import etree

from product_checks import Inspection, arguments, conclude, digest, judge_all


class Judge(Inspection):
    """One product beside its source."""

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
        """A dataset and the variable that has it; a name that the product needs for itself gives way."""
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
        """What the metadata say of the product as a file."""
        text = etree.parse(self.product_path.with_name(self.product_path.name + ".meta.xml")).findtext
        self.expect("GranuleUR", text("GranuleUR"), self.product_path.name)
        self.expect("size", text("DataGranule/DataGranuleSizeInBytes"), str(self.product_path.stat().st_size))
        self.expect("checksum", text("DataGranule/Checksum/Value"), digest(self.product_path))
        self.expect("producer", text("DataGranule/ProducerGranuleId"), self.source_path.name)


def judge_one(source, product, schema_folder, with_checkers):
    return conclude(Judge(source, product).run(), ("time",), schema_folder, with_checkers)


def products_of(source, folder):
    """The products of a source: one of its own stem, or several that are numbered; a missing one is judged as missing."""
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
