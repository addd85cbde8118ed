"""Creates a small file for the self-test of the matrix, or damages one in place.

usage: sample.py make|value|text|number|extra|missing|width FILE
"""

import sys

import h5py
import netCDF4
import numpy


def make(path):
    """Everything that products may contain, with so few attributes that netCDF-C keeps them in the headers."""
    with netCDF4.Dataset(path, "w") as file:
        file.title = "a small file"
        file.comment = ""
        file.createDimension("record", 50)
        file.createDimension("bin", 20)
        file.createDimension("letter", 6)
        file.createVariable("bin", "f4", ("bin",))[:] = numpy.arange(20) / 7
        profile = file.createVariable("profile", "f4", ("record", "bin"), zlib=True, chunksizes=(10, 20), fill_value=-999.0)
        profile[:] = numpy.arange(1000).reshape(50, 20) / 3
        profile.units = "km-1 sr-1"
        profile.valid_range = numpy.array([0.1, 400], "f4")
        profile.flags = numpy.array([1, 2, 3], "i1")
        file.createVariable("day", "f8", ())[...] = 250.1
        file.createVariable("count", "i2", ("record",))[:] = range(50)
        file.createVariable("name", "S1", ("letter",))[:] = numpy.frombuffer(b"abc\0\0\0", "S1")


def value(path):
    """Changes one of a thousand values to the next float32."""
    with h5py.File(path, "r+") as file:
        file["profile"][30, 10] = numpy.nextafter(file["profile"][30, 10], numpy.float32(1e9))


def text(path):
    """Changes one letter of an attribute."""
    write_attribute(path, "units", lambda old: old.replace(b"sr", b"st"))


def number(path):
    """Changes one number of an attribute to the next float32."""
    write_attribute(path, "valid_range", lambda old: numpy.nextafter(old, numpy.float32(1e9)))


def write_attribute(path, name, changed):
    """Overwrites an attribute in place, while h5py would write a new one."""
    with h5py.File(path, "r+") as file:
        attributes = file["profile"].attrs
        attribute, new = attributes.get_id(name), changed(attributes[name])
        attribute.write(numpy.asarray(new, attribute.dtype))


def extra(path):
    with h5py.File(path, "r+") as file:
        file["count"].attrs["extra"] = numpy.int32(1)


def missing(path):
    with h5py.File(path, "r+") as file:
        del file["profile"].attrs["flags"]


# An unnecessarily wide header --------------------------------------------------------------------------------------

def width(path):
    """Writes the size of the root's header in 4 bytes, where 2 or 1 are enough: a build with assertions aborts on
    that.

    A new header is written after the end of the file, and the superblock (version 2 or 3) is updated.
    """
    with open(path, "rb") as file:
        data = bytearray(file.read())
    root = int.from_bytes(data[36:44], "little")
    flags = data[root + 5]
    place = root + 6 + (16 if flags & 0x20 else 0) + (4 if flags & 0x10 else 0)
    narrow = 1 << (flags & 3)
    size = int.from_bytes(data[place:place + narrow], "little")
    header = (data[root:root + 5] + bytes([flags & ~3 | 2]) + data[root + 6:place] + size.to_bytes(4, "little")
              + data[place + narrow:place + narrow + size])
    new_root = len(data)
    data += header + checksum(header).to_bytes(4, "little")
    data[28:44] = len(data).to_bytes(8, "little") + new_root.to_bytes(8, "little")
    data[44:48] = checksum(data[:44]).to_bytes(4, "little")
    with open(path, "wb") as file:
        file.write(data)


def checksum(data):
    """Bob Jenkins' lookup3, the checksum of HDF5 metadata."""
    def rotated(word, bits):
        return (word << bits | word >> 32 - bits) & 0xffffffff
    a = b = c = 0xdeadbeef + len(data) & 0xffffffff
    words = [int.from_bytes(data[place:place + 4], "little") for place in range(0, len(data), 4)]
    words += [0] * (-len(words) % 3)
    for place in range(0, len(words), 3):
        a, b, c = (sum(pair) & 0xffffffff for pair in zip((a, b, c), words[place:place + 3]))
        if place + 3 == len(words):
            break
        for bits in (4, 6, 8, 16, 19, 4):
            a = (a - c & 0xffffffff) ^ rotated(c, bits)
            c = c + b & 0xffffffff
            a, b, c = b, c, a
    for bits in (14, 11, 25, 16, 4, 14, 24):
        c = (c ^ b) - rotated(b, bits) & 0xffffffff
        a, b, c = b, c, a
    return b


if __name__ == "__main__":
    globals()[sys.argv[1]](sys.argv[2])
