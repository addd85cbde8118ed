"""The canonical form of every reader's result, so that any two results can be compared exactly.

A digest is a dictionary of objects. The name of a group ends in "/", and that of the root is "/"; a group has
`attributes` and, if the reader shows them, `dimensions` (name to length). A variable has `type`, `shape`, `sha256` of
its values, `size` (their number), `attributes` and, if the reader shows them, `dimensions` (a list of names). None
means that a reader does not show something. An attribute is one of

    ["text", "metres"]      ["texts", ["a", "b"]]      ["f4", "0000803f"]      ["number", "000000000000f03f"]

Numbers are the bytes of the values, little-endian, in hexadecimal, so equality is bitwise. "number" is from a reader
that has only float64, ["empty", ""] from one that shows no type if there are no values, and ["unreadable", "why"]
from one that fails on this attribute only.

Also runs on Python 3.6 and numpy 1.13.
"""

import hashlib

import numpy

# HDF5 attributes that are internal to netCDF-4. No netCDF reader shows them, so they are omitted from HDF5 readers'
# results.
HIDDEN = frozenset(["CLASS", "DIMENSION_LIST", "NAME", "REFERENCE_LIST", "_NCProperties", "_Netcdf4Coordinates",
                    "_Netcdf4Dimid", "_nc3_strict"])
# Start of the NAME of an HDF5 dataset that represents a dimension and is not a variable.
NO_VARIABLE = "This is a netCDF dimension but not a netCDF variable"
# netCDF-C creates dimensions with this prefix if an HDF5 dataset has none.
INVENTED = "phony_dim_"


def group(attributes, dimensions=None):
    """A group with canonical attributes and with dimensions by name."""
    if dimensions is not None:
        dimensions = {name: int(length) for name, length in dimensions.items() if not name.startswith(INVENTED)}
    return {"attributes": attributes, "dimensions": dimensions}


def variable(values, attributes, dimensions=None, shape=None):
    """A variable with all its values as an array and with canonical attributes."""
    values = numpy.asarray(values)
    if dimensions is not None:
        dimensions = [None if name.startswith(INVENTED) else name for name in dimensions]
    return {"type": type_name(values.dtype), "shape": [int(length) for length in (values.shape if shape is None else shape)],
            "sha256": hashlib.sha256(value_bytes(values)).hexdigest(), "size": int(values.size),
            "attributes": attributes, "dimensions": dimensions}


def type_name(dtype):
    """`f4`, `i2`, ...; `char` for single bytes of text, `string` for texts of any length. Byte order is ignored."""
    dtype = numpy.dtype(dtype)
    if dtype.kind in "iuf":
        return dtype.kind + str(dtype.itemsize)
    if dtype.kind == "S" and dtype.itemsize == 1:
        return "char"
    if dtype.kind in "OSU":
        return "string"
    return str(dtype)


def value_bytes(values):
    """Values as bytes: little-endian numbers, characters, or NUL-terminated UTF-8 texts."""
    kind = type_name(values.dtype)
    if kind == "string":
        return b"".join(plain(text).encode("utf-8", "surrogateescape") + b"\0" for text in values.ravel().tolist())
    if values.dtype.byteorder == ">" or values.dtype.byteorder == "=" and numpy.little_endian is False:
        values = values.astype(values.dtype.newbyteorder("<"))
    return numpy.ascontiguousarray(values).tobytes()


def attribute(value):
    """Converts an attribute as returned by numpy, h5py, pyfive, netCDF4 or h5netcdf."""
    # A null dataspace is an attribute without values: empty text, or no numbers.
    if type(value).__name__ == "Empty":
        dtype = numpy.dtype(value.dtype)
        return ["text", ""] if dtype.kind in "OSU" else [type_name(dtype), ""]
    if isinstance(value, (bytes, str)):
        return ["text", plain(value)]
    values = numpy.asarray(value)
    if values.dtype.kind not in "OSU":
        # A number and an array of one number are the same in netCDF, which has no scalar attributes.
        return [type_name(values.dtype), value_bytes(values).hex()]
    texts = [plain(text) for text in values.ravel().tolist()]
    # A text and an array of one text are also the same.
    return ["texts", texts] if len(texts) > 1 else ["text", "".join(texts)]


def untyped(value):
    """Converts a numeric attribute of a reader whose only types are float64 and, possibly, text."""
    if isinstance(value, (bytes, str)):
        return ["text", plain(value)]
    return ["number", numpy.asarray(value, "<f8").tobytes().hex()]


def plain(text):
    """Text without the padding of its storage.

    Fixed-length text is padded with NULs, and HDF5 readers differ in showing these. Bytes are interpreted as UTF-8,
    which the product uses; invalid bytes are kept. So are bytes that h5py represents as surrogates because the file
    declares them as ASCII, which netCDF-C does for any text.
    """
    if not isinstance(text, bytes):
        text = text.encode("utf-8", "surrogateescape")
    return text.decode("utf-8", "surrogateescape").rstrip("\0")


def shown(attributes):
    """The names of attributes that are not internal to netCDF-4."""
    return [name for name in attributes if name not in HIDDEN]
