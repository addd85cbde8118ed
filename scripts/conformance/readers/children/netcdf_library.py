"""Digests by a libnetcdf that is loaded from a file: a minimal reader for libraries without a Python package, such as
a build of HDF5 with assertions."""

import ctypes

import numpy

import canonical

NC_CHAR, NC_STRING, NC_GLOBAL, NC_MAX_NAME = 2, 12, -1, 256
# External types of netcdf.h, by number.
TYPES = {1: "i1", NC_CHAR: "S1", 3: "i2", 4: "i4", 5: "f4", 6: "f8", 7: "u1", 8: "u2", 9: "u4", 10: "i8", 11: "u8"}


class Library:
    """The functions of netcdf.h for reading; every error is an OSError."""

    def __init__(self, path):
        self.netcdf = ctypes.CDLL(path)
        self.netcdf.nc_strerror.restype = ctypes.c_char_p
        self.netcdf.nc_inq_libvers.restype = ctypes.c_char_p

    def version(self):
        parts = [ctypes.c_uint() for _ in range(3)]
        self.netcdf.H5get_libversion(*map(ctypes.byref, parts))
        hdf5 = ".".join(str(part.value) for part in parts)
        return "HDF5 %s, netCDF %s" % (hdf5, self.netcdf.nc_inq_libvers().decode().split(" ")[0])

    def call(self, function, *arguments):
        status = getattr(self.netcdf, function)(*arguments)
        if status:
            raise OSError("%s: %s" % (function, self.netcdf.nc_strerror(status).decode()))

    def count(self, function, *arguments):
        """Calls a function that returns one int."""
        answer = ctypes.c_int()
        self.call(function, *arguments, ctypes.byref(answer))
        return answer.value

    def numbers(self, function, *arguments):
        """Calls a function that returns a number of ints, and then the ints."""
        length = ctypes.c_int()
        self.call(function, *arguments, ctypes.byref(length), None)
        answer = (ctypes.c_int * length.value)()
        self.call(function, *arguments, ctypes.byref(length), answer)
        return list(answer)

    def name(self, function, *arguments):
        answer = ctypes.create_string_buffer(NC_MAX_NAME + 1)
        self.call(function, *arguments, answer)
        return answer.value.decode()

    def array(self, function, external_type, shape, *arguments):
        """Values of an attribute or a variable."""
        size = int(numpy.prod(shape, dtype=int))
        if external_type == NC_STRING:
            pointers = (ctypes.c_char_p * size)()
            self.call(function, *arguments, pointers)
            return numpy.array([pointer.decode() for pointer in pointers], object).reshape(shape)
        values = numpy.zeros(shape, TYPES[external_type])
        if size:
            self.call(function, *arguments, values.ctypes.data_as(ctypes.c_void_p))
        return values

    def attributes(self, group, variable):
        if variable == NC_GLOBAL:
            total = self.count("nc_inq_natts", group)
        else:
            total = self.count("nc_inq_varnatts", group, variable)
        found = {}
        for number in range(total):
            name = self.name("nc_inq_attname", group, variable, number)
            if name in canonical.HIDDEN:
                continue
            external_type, length = ctypes.c_int(), ctypes.c_size_t()
            self.call("nc_inq_att", group, variable, name.encode(), ctypes.byref(external_type), ctypes.byref(length))
            values = self.array("nc_get_att", external_type.value, (length.value,), group, variable, name.encode())
            found[name] = canonical.attribute(values.tobytes() if external_type.value == NC_CHAR else values)
        return found

    def dimension(self, group, number):
        length = ctypes.c_size_t()
        self.call("nc_inq_dimlen", group, number, ctypes.byref(length))
        return self.name("nc_inq_dimname", group, number), length.value

    def variable(self, group, number):
        external_type = self.count("nc_inq_vartype", group, number)
        dimension_numbers = (ctypes.c_int * self.count("nc_inq_varndims", group, number))()
        self.call("nc_inq_vardimid", group, number, dimension_numbers)
        dimensions = [self.dimension(group, number) for number in dimension_numbers]
        values = self.array("nc_get_var", external_type, tuple(length for _, length in dimensions), group, number)
        return canonical.variable(values, self.attributes(group, number), [name for name, _ in dimensions])

    def visit(self, group, prefix, found):
        """Adds a group and everything in it to a digest."""
        dimensions = dict(self.dimension(group, number) for number in self.dimension_numbers(group))
        found[prefix or "/"] = canonical.group(self.attributes(group, NC_GLOBAL), dimensions)
        for number in self.numbers("nc_inq_varids", group):
            found[prefix + self.name("nc_inq_varname", group, number)] = self.variable(group, number)
        for child in self.numbers("nc_inq_grps", group):
            self.visit(child, prefix + self.name("nc_inq_grpname", child) + "/", found)

    def dimension_numbers(self, group):
        length = ctypes.c_int()
        self.call("nc_inq_dimids", group, ctypes.byref(length), None, 0)
        answer = (ctypes.c_int * length.value)()
        self.call("nc_inq_dimids", group, ctypes.byref(length), answer, 0)
        return list(answer)

    def digest(self, path):
        handle, found = ctypes.c_int(), {}
        self.call("nc_open", path.encode(), 0, ctypes.byref(handle))
        try:
            self.visit(handle.value, "", found)
        finally:
            self.call("nc_close", handle.value)
        return found
