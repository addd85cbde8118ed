"""The readers of the quick form: how each is installed and started, and what is known to be wrong with it."""

import dataclasses
import typing

import installing
from running import Child

CHILDREN = installing.HERE / "children"


@dataclasses.dataclass(frozen=True)
class KnownFault:
    """A fault of a reader, not of the products: differences that it makes are counted but are no failures."""

    name: str
    explains: typing.Callable


@dataclasses.dataclass(frozen=True)
class Reader:
    """`start` installs a reader into a cache and returns the Child. One that is known to refuse passes unless it agrees."""

    name: str
    start: typing.Callable
    faults: tuple = ()
    refuses: str = ""


def python(environment, reader, interpreter=None):
    """Starts a Python reader in a virtual environment of requirements/ENVIRONMENT.txt."""
    def start(cache):
        words = (installing.interpreter(interpreter),) if interpreter else ()
        return Child([cache.environment(environment, *words), CHILDREN / "read.py", reader])
    return start


def program(name, package, reader):
    """Starts a reader that calls a program of Debian's."""
    def start(cache):
        installing.program(name, package)
        return python("quick", reader)(cache)
    return start


def javascript(reader):
    def start(cache):
        return Child([installing.program("node", "nodejs"), CHILDREN / "read.mjs", cache.modules(), reader])
    return start


def with_assertions(cache):
    """The libraries in this wheel are an HDF5 1.12.0 that was built with assertions, and netCDF-C 4.7.4.

    It has no build for Python 3.11, so it is unpacked and its libraries are called without it.
    """
    libraries = cache.unpacked("assertions", "netCDF4==1.5.8", "3.10") / "netCDF4.libs"
    library = next(libraries.glob("libnetcdf-*.so*")).name
    return Child([cache.environment("quick"), CHILDREN / "read.py", f"library:{library}"],
                 {"LD_LIBRARY_PATH": str(libraries)})


def from_nothing(difference, _):
    """An attribute without numbers, for which a reader shows some."""
    return difference.part.startswith(":") and bool(difference.expected) and difference.expected[1] == ""


NUMBERS_FROM_NOTHING = KnownFault("shows a number where an attribute has none", from_nothing)
# jsfive decodes each byte of characters as UTF-8; jsfive and R make every number a float64.
LOST = KnownFault("loses bytes outside ASCII and digits beyond 2^53", lambda difference, _: difference.found == "lost")

REFERENCE = python("quick", "h5py")

QUICK = [
    Reader("h5py", REFERENCE),
    Reader("netCDF4", python("quick", "netcdf4")),
    Reader("libhdf5 with assertions", with_assertions),
    Reader("pyfive", python("quick", "pyfive")),
    Reader("h5netcdf on h5py", python("quick", "h5netcdf")),
    Reader("h5netcdf on pyfive", python("quick", "h5netcdf-pyfive")),
    Reader("jsfive", javascript("jsfive"), faults=(NUMBERS_FROM_NOTHING, LOST)),
    Reader("h5wasm", javascript("h5wasm")),
    Reader("NCO (ncks -5)", program("ncks", "nco", "nco")),
    Reader("ncdump", program("ncdump", "netcdf-bin", "ncdump")),
    Reader("nccopy", program("nccopy", "netcdf-bin", "nccopy")),
]
