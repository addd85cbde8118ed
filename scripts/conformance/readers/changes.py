"""The changes that other programs make to copies of products: how each is made, and its expected result.

`expect` converts the digest of a product to that of a correctly changed copy: everything that it does not change must
be the same.
"""

import dataclasses
import hashlib
import struct
import typing

import installing
import roster
from judging import FORMATS

LONG_TEXT = "a text much longer than the one before, so that its header must grow " * 80
NOTE = "note " * 1638  # as in children/change.py
MANY = 200


@dataclasses.dataclass(frozen=True)
class Subject:
    """What is changed in a product: a variable, and a dimension without a variable of its name."""

    variable: str
    dimension: str
    digest: dict

    @classmethod
    def of(cls, digest):
        dimensions = digest["/"]["dimensions"]
        variable = next(name for name, item in digest.items() if item.get("type") == "f4" and len(item["shape"]) == 1
                        and name not in dimensions and {"units", "long_name"} <= item["attributes"].keys())
        return cls(variable, next(name for name in dimensions if name not in digest), digest)


@dataclasses.dataclass(frozen=True)
class Change:
    """`words` returns the commands that change the copy at a path; `version` those that print the version of the
    program."""

    name: str
    words: typing.Callable
    expect: typing.Callable
    version: tuple = ()
    quick: bool = True
    faults: tuple = ()


def variable_of(kind, shape, dimensions, numbers, attributes=()):
    """The digest of a variable with these values."""
    data = struct.pack(f"<{len(numbers)}{FORMATS[kind]}", *numbers)
    return {"type": kind, "shape": shape, "dimensions": dimensions, "sha256": hashlib.sha256(data).hexdigest(),
            "size": len(numbers), "attributes": dict(attributes)}


def attributes_of(digest, subject):
    return digest[subject.variable]["attributes"]


# Expected results ---------------------------------------------------------------------------------------------------

def note_added(digest, subject):
    attributes_of(digest, subject)["note"] = ["text", "added later"]


def units_overwritten(digest, subject):
    attributes_of(digest, subject)["units"] = ["text", LONG_TEXT]


def units_deleted(digest, subject):
    del attributes_of(digest, subject)["units"]


def variable_renamed(digest, subject):
    digest["renamed"] = digest.pop(subject.variable)


def attribute_renamed(digest, subject):
    attributes_of(digest, subject)["renamed"] = attributes_of(digest, subject).pop("long_name")


def dimension_renamed(digest, subject):
    lengths = digest["/"]["dimensions"]
    lengths["renamed"] = lengths.pop(subject.dimension)
    for item in digest.values():
        if isinstance(item["dimensions"], list):
            item["dimensions"] = ["renamed" if name == subject.dimension else name for name in item["dimensions"]]


def nothing(digest, subject):
    pass


def variable_copied(digest, subject):
    digest["copied"] = digest[subject.variable]


def variables_added(digest, subject):
    like = digest[subject.variable]
    attributes = {"units": ["text", "1"], "_FillValue": ["f4", struct.pack("<f", -1).hex()]}
    digest["added"] = variable_of("f4", like["shape"], like["dimensions"], range(like["size"]), attributes)
    digest["added_numbers"] = variable_of("i4", [7], ["added_dimension"], range(7))
    digest["/"]["dimensions"]["added_dimension"] = 7
    digest["/"]["attributes"]["note"] = ["text", "added later"]


def attributes_added(digest, subject):
    for number in range(MANY):
        digest["/"]["attributes"][f"added_{number:03}"] = ["text", f"number {number}"]
        attributes_of(digest, subject)[f"added_{number:03}"] = ["i4", struct.pack("<i", number).hex()]


def values_written(digest, subject):
    item = digest[subject.variable]
    digest[subject.variable] = variable_of("f4", item["shape"], item["dimensions"], range(item["size"]), item["attributes"])


def group_added(digest, subject):
    attributes_of(digest, subject)["note"] = ["text", NOTE]
    digest["added_numbers"] = variable_of("i4", [7], None, range(7))
    digest["added/"] = {"attributes": {}, "dimensions": {}}
    digest["added/ones"] = variable_of("f8", [5, 5], None, [1] * 25)


def variable_deleted(digest, subject):
    del digest[subject.variable]


def attributes_deleted(digest, subject):
    del attributes_of(digest, subject)["long_name"]
    attributes_of(digest, subject)["units"] = ["text", NOTE]


# Commands -----------------------------------------------------------------------------------------------------------

def nco(tool, *words):
    """A call of an NCO tool, which changes the file in place; -h leaves the history unchanged."""
    def calls(cache, path, subject):
        filled = [word.format(variable=subject.variable, dimension=subject.dimension) for word in words]
        return [[installing.program(tool, "nco"), "-h", *filled, str(path)]]
    return calls


def appended(cache, path, subject):
    """A variable is extracted with its coordinates, renamed, and appended to the original file; the others are
    overwritten."""
    part = str(path.with_suffix(".part"))
    ncks, ncrename = installing.program("ncks", "nco"), installing.program("ncrename", "nco")
    return [[ncks, "-h", "-v", subject.variable, str(path), part],
            [ncrename, "-h", "-v", f"{subject.variable},copied", part],
            [ncks, "-h", "-A", part, str(path)]]


def repacked(cache, path, subject):
    new = str(path.with_suffix(".new"))
    return [[installing.program("h5repack", "hdf5-tools"), "--filter=GZIP=9", str(path), new], ["mv", new, str(path)]]


def python(change, environment="quick", interpreter=None):
    def calls(cache, path, subject):
        words = (installing.interpreter(interpreter),) if interpreter else ()
        return [[cache.environment(environment, *words), roster.CHILDREN / "change.py", change, subject.variable, path]]
    return calls


NCO, REPACK = ("ncks", "--version"), ("h5repack", "--version")
LEFT_BEHIND = roster.KnownFault("NCO leaves eulaVlliF_ in place of _FillValue", lambda difference, _: (
    difference.part == ":_FillValue" and difference.found is None or difference.part == ":eulaVlliF_" and difference.expected is None))

CHANGES = [
    Change("ncatted adds an attribute", nco("ncatted", "-a", "note,{variable},c,c,added later"), note_added, NCO),
    Change("ncatted overwrites with a longer text", nco("ncatted", "-a", f"units,{{variable}},o,c,{LONG_TEXT}"),
           units_overwritten, NCO),
    Change("ncatted deletes an attribute", nco("ncatted", "-a", "units,{variable},d,,"), units_deleted, NCO),
    Change("ncrename renames a variable", nco("ncrename", "-v", "{variable},renamed"), variable_renamed, NCO),
    Change("ncrename renames an attribute", nco("ncrename", "-a", "{variable}@long_name,renamed"), attribute_renamed, NCO),
    Change("ncrename renames a dimension", nco("ncrename", "-d", "{dimension},renamed"), dimension_renamed, NCO),
    Change("ncks -A appends a variable", appended, variable_copied, NCO, faults=(LEFT_BEHIND,)),
    Change("netCDF4 adds variables and a dimension", python("netcdf4_adds"), variables_added),
    Change("netCDF4 adds 400 attributes", python("netcdf4_adds_attributes"), attributes_added),
    Change("netCDF4 overwrites values", python("netcdf4_writes_values"), values_written),
    Change("h5py adds 8 kB, a dataset, a group", python("h5py_adds"), group_added),
    Change("h5py adds the same, libver latest", python("h5py_adds_in_latest_format"), group_added),
    Change("h5py deletes a variable", python("h5py_deletes"), variable_deleted),
    Change("h5py deletes and rewrites attributes", python("h5py_deletes_attributes"), attributes_deleted),
    Change("h5repack deflates anew", repacked, nothing, REPACK),
]

# The same with old libraries, in the long form. Each is defined by its requirements and its Python.
OLD_NETCDF4 = (("1.2.9", "hdf5-1.8.18", "3.6"), ("1.5.6", "hdf5-1.12.0", "3.6"), ("1.5.8", "hdf5-1.12.0-last", "3.9"),
               ("1.7.3", "hdf5-1.14.6", "3.13"))
OLD_H5PY = (("2.7.1", "hdf5-1.8.18", "3.6"), ("3.11.0", "hdf5-1.14.2", "3.8"))

NETCDF4_CHANGES = (("adds variables", "netcdf4_adds", variables_added),
                   ("adds attributes", "netcdf4_adds_attributes", attributes_added),
                   ("overwrites values", "netcdf4_writes_values", values_written))
H5PY_CHANGES = (("adds 8 kB, a dataset, a group", "h5py_adds", group_added), ("deletes a variable", "h5py_deletes", variable_deleted))

for library, past, made in (("netCDF4", OLD_NETCDF4, NETCDF4_CHANGES), ("h5py", OLD_H5PY, H5PY_CHANGES)):
    CHANGES += [Change(f"{library} {version} {what}", python(change, environment, interpreter), expect, quick=False)
                for version, environment, interpreter in past for what, change, expect in made]
