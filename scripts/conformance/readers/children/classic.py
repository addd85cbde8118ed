"""Digests of classic netCDF files (CDF-1, CDF-2 and CDF-5), written from the specification of the format: values that
NCO or nccopy copy from a product are read without libnetcdf."""

import numpy

import canonical

TYPES = {1: "i1", 2: "S1", 3: ">i2", 4: ">i4", 5: ">f4", 6: ">f8", 7: "u1", 8: ">u2", 9: ">u4", 10: ">i8", 11: ">u8"}
DIMENSIONS, VARIABLES, ATTRIBUTES = 10, 11, 12


class Header:
    """Reads the parts of a classic header in order."""

    def __init__(self, data):
        if data[:3] != b"CDF" or data[3] not in (1, 2, 5):
            raise ValueError("no classic netCDF file: it begins with %r" % data[:4])
        self.data, self.place, self.version = data, 4, data[3]

    def integer(self, width):
        self.place += width
        return int.from_bytes(self.data[self.place - width:self.place], "big")

    def count(self):
        """A length or number: 4 bytes, or 8 in CDF-5."""
        return self.integer(8 if self.version == 5 else 4)

    def offset(self):
        return self.integer(4 if self.version == 1 else 8)

    def padded(self, length):
        """Bytes that are padded to a multiple of 4."""
        start = self.place
        self.place += -(-length // 4) * 4
        return self.data[start:start + length]

    def name(self):
        return self.padded(self.count()).decode()

    def items(self, tag, read):
        """A list: its tag or 0, its length, its members."""
        found, length = self.integer(4), self.count()
        if found != tag and (found, length) != (0, 0):
            raise ValueError("tag %d where %d should be" % (found, tag))
        return [read() for _ in range(length)]

    def dimension(self):
        return self.name(), self.count()

    def attribute(self):
        name, kind, length = self.name(), TYPES[self.integer(4)], self.count()
        data = self.padded(length * numpy.dtype(kind).itemsize)
        return name, canonical.attribute(data if kind == "S1" else numpy.frombuffer(data, kind))

    def attributes(self):
        return {name: value for name, value in self.items(ATTRIBUTES, self.attribute) if name not in canonical.HIDDEN}

    def variable(self):
        name = self.name()
        dimensions = [self.count() for _ in range(self.count())]
        attributes, kind = self.attributes(), TYPES[self.integer(4)]
        self.count()  # vsize, which is determined by shape and type
        return name, dimensions, attributes, kind, self.offset()


def digest(path):
    """The digest of a classic file without a record dimension, such as a copy of a product."""
    with open(path, "rb") as file:
        data = file.read()
    header = Header(data)
    header.count()  # number of records
    dimensions = header.items(DIMENSIONS, header.dimension)
    if any(length == 0 for _, length in dimensions):
        raise ValueError("a record dimension, which no product has")
    found = {"/": canonical.group(header.attributes(), dict(dimensions))}
    for name, numbers, attributes, kind, start in header.items(VARIABLES, header.variable):
        shape = tuple(dimensions[number][1] for number in numbers)
        size = int(numpy.prod(shape, dtype=int))
        values = numpy.frombuffer(data, kind, size, start).reshape(shape)
        found[name] = canonical.variable(values, attributes, [dimensions[number][0] for number in numbers])
    return found
