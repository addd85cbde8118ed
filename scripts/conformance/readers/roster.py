"""The readers of the quick form: how each is installed and started, and its known faults."""

import dataclasses
import typing

import installing
from running import Child

CHILDREN = installing.HERE / "children"


@dataclasses.dataclass(frozen=True)
class KnownFault:
    """A fault of a reader, not of the products: its differences are counted but are not errors."""

    name: str
    explains: typing.Callable


@dataclasses.dataclass(frozen=True)
class Reader:
    """`start` installs a reader into a cache and returns the Child. With `refuses`, the reason why a reader is known to
    reject products, it passes unless it agrees."""

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
    """Starts a reader that calls a program from a Debian package."""
    def start(cache):
        installing.program(name, package)
        return python("quick", reader)(cache)
    return start


def javascript(reader):
    def start(cache):
        return Child([installing.program("node", "nodejs"), CHILDREN / "read.mjs", cache.modules(), reader])
    return start


def with_assertions(cache):
    """Starts a reader with the libraries in this wheel, an HDF5 1.12.0 that was built with assertions, and netCDF-C
    4.7.4.

    There is no build for Python 3.11, so the wheel is unpacked and its libraries are called directly.
    """
    libraries = cache.unpacked("assertions", "netCDF4==1.5.8", "3.10") / "netCDF4.libs"
    library = next(libraries.glob("libnetcdf-*.so*")).name
    return Child([cache.environment("quick"), CHILDREN / "read.py", f"library:{library}"],
                 {"LD_LIBRARY_PATH": str(libraries)})


def from_nothing(difference, _):
    """True for an attribute without numbers for which a reader shows some."""
    return difference.part.startswith(":") and bool(difference.expected) and difference.expected[1] == ""


NUMBERS_FROM_NOTHING = KnownFault("shows a number where an attribute has none", from_nothing)
# jsfive decodes each byte of characters as UTF-8; jsfive and R convert every number to float64.
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
