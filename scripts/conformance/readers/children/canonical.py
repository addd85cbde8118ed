"""The form that every reader's answer is brought to, so that the answers of any two can be compared word for word.

A digest is a dictionary of objects. A group's name ends in "/" and the root's is "/"; a group has `attributes` and,
where the reader knows them, `dimensions` (name to length). A variable has `type`, `shape`, `sha256` of its values,
`size` (how many they are), `attributes` and, where the reader knows them, `dimensions` (a list of names). None stands
for what a reader cannot say. An attribute is one of

    ["text", "metres"]      ["texts", ["a", "b"]]      ["f4", "0000803f"]      ["number", "000000000000f03f"]

Numbers are the bytes of the values, little-endian, in hexadecimal: equal means bit for bit equal. "number" is of a
reader that knows no types but float64, ["empty", ""] of one that shows no type where there are no values, and
["unreadable", "why"] of one that fails on this attribute alone.

Runs on Python 3.6 and numpy 1.13 too.
"""

import hashlib

import numpy

# What netCDF-4 keeps in HDF5 attributes for itself. No netCDF reader shows them, so HDF5 readers' are left out.
HIDDEN = frozenset(["CLASS", "DIMENSION_LIST", "NAME", "REFERENCE_LIST", "_NCProperties", "_Netcdf4Coordinates",
                    "_Netcdf4Dimid", "_nc3_strict"])
# The NAME of an HDF5 dataset that only stands for a dimension begins so; it is no variable.
NO_VARIABLE = "This is a netCDF dimension but not a netCDF variable"
# netCDF-C invents dimensions with such names where an HDF5 dataset has none.
INVENTED = "phony_dim_"


def group(attributes, dimensions=None):
    """A group, of canonical attributes and of dimensions by name."""
    if dimensions is not None:
        dimensions = {name: int(length) for name, length in dimensions.items() if not name.startswith(INVENTED)}
    return {"attributes": attributes, "dimensions": dimensions}


def variable(values, attributes, dimensions=None, shape=None):
    """A variable, of all its values as an array and of canonical attributes."""
    values = numpy.asarray(values)
    if dimensions is not None:
        dimensions = [None if name.startswith(INVENTED) else name for name in dimensions]
    return {"type": type_name(values.dtype), "shape": [int(length) for length in (values.shape if shape is None else shape)],
            "sha256": hashlib.sha256(value_bytes(values)).hexdigest(), "size": int(values.size),
            "attributes": attributes, "dimensions": dimensions}


def type_name(dtype):
    """`f4`, `i2`, ...; `char` for single bytes of text, `string` for texts of any length. Byte order is storage only."""
    dtype = numpy.dtype(dtype)
    if dtype.kind in "iuf":
        return dtype.kind + str(dtype.itemsize)
    if dtype.kind == "S" and dtype.itemsize == 1:
        return "char"
    if dtype.kind in "OSU":
        return "string"
    return str(dtype)


def value_bytes(values):
    """Values as bytes: little-endian numbers, characters, or texts in UTF-8 that a NUL ends each."""
    kind = type_name(values.dtype)
    if kind == "string":
        return b"".join(plain(text).encode("utf-8", "surrogateescape") + b"\0" for text in values.ravel().tolist())
    if values.dtype.byteorder == ">" or values.dtype.byteorder == "=" and numpy.little_endian is False:
        values = values.astype(values.dtype.newbyteorder("<"))
    return numpy.ascontiguousarray(values).tobytes()


def attribute(value):
    """An attribute as numpy, h5py, pyfive, netCDF4 or h5netcdf answer it."""
    # A null dataspace is an attribute without values: empty text, or no numbers.
    if type(value).__name__ == "Empty":
        dtype = numpy.dtype(value.dtype)
        return ["text", ""] if dtype.kind in "OSU" else [type_name(dtype), ""]
    if isinstance(value, (bytes, str)):
        return ["text", plain(value)]
    values = numpy.asarray(value)
    if values.dtype.kind not in "OSU":
        # One number and an array of one number are the same to netCDF, which has no scalar attributes.
        return [type_name(values.dtype), value_bytes(values).hex()]
    texts = [plain(text) for text in values.ravel().tolist()]
    # So are one text and an array of one text.
    return ["texts", texts] if len(texts) > 1 else ["text", "".join(texts)]


def untyped(value):
    """A numeric attribute of a reader that has no types but float64 and, perhaps, text."""
    if isinstance(value, (bytes, str)):
        return ["text", plain(value)]
    return ["number", numpy.asarray(value, "<f8").tobytes().hex()]


def plain(text):
    """Text without what its storage adds.

    Text of fixed length is filled up with NUL, and HDF5 readers differ in whether they show that. Readers that answer
    bytes are to mean UTF-8, as the product does; bytes that are not stay as they are. So do bytes that h5py hides in
    surrogates because the file calls them ASCII, as netCDF-C does whatever the text.
    """
    if not isinstance(text, bytes):
        text = text.encode("utf-8", "surrogateescape")
    return text.decode("utf-8", "surrogateescape").rstrip("\0")


def shown(attributes):
    """The names among attributes that netCDF-4 does not keep for itself."""
    return [name for name in attributes if name not in HIDDEN]
