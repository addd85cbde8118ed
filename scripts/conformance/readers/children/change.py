"""Changes a file with h5py or netCDF4; changes.py defines the expected result. Also runs on Python 3.6.

usage: change.py CHANGE VARIABLE FILE

The first line of output is the version of the library.
"""

import sys

import numpy

NOTE = "note " * 1638  # 8 kB
MANY = 200


def netcdf4_adds(path, variable):
    """Adds a dimension, two variables, one of them deflated, and an attribute."""
    import netCDF4
    with netCDF4.Dataset(path, "a") as file:
        like = file.variables[variable]
        added = file.createVariable("added", "f4", like.dimensions, zlib=True, fill_value=-1)
        added[:] = numpy.arange(like.size)
        added.units = "1"
        file.createDimension("added_dimension", 7)
        file.createVariable("added_numbers", "i4", ("added_dimension",))[:] = numpy.arange(7)
        file.note = "added later"


def netcdf4_adds_attributes(path, variable):
    """Adds so many attributes to a variable and to the file that they exceed their headers."""
    import netCDF4
    with netCDF4.Dataset(path, "a") as file:
        for number in range(MANY):
            file.setncattr("added_%03d" % number, "number %d" % number)
            file.variables[variable].setncattr("added_%03d" % number, numpy.int32(number))


def netcdf4_writes_values(path, variable):
    import netCDF4
    with netCDF4.Dataset(path, "a") as file:
        item = file.variables[variable]
        item.set_auto_maskandscale(False)
        item[:] = numpy.arange(item.size)


def h5py_adds(path, variable, libver=None):
    """Adds a long attribute, a dataset, and a group with a dataset."""
    import h5py
    with h5py.File(path, "r+", libver=libver) as file:
        file[variable].attrs["note"] = numpy.bytes_(NOTE)
        file.create_dataset("added_numbers", data=numpy.arange(7, dtype="i4"))
        file.create_group("added").create_dataset("ones", data=numpy.ones((5, 5), "f8"))


def h5py_adds_in_latest_format(path, variable):
    h5py_adds(path, variable, "latest")


def h5py_deletes(path, variable):
    import h5py
    with h5py.File(path, "r+") as file:
        del file[variable]


def h5py_deletes_attributes(path, variable):
    """Deletes two attributes and rewrites one of them with a longer value."""
    import h5py
    with h5py.File(path, "r+") as file:
        attributes = file[variable].attrs
        del attributes["units"], attributes["long_name"]
        attributes["units"] = numpy.bytes_(NOTE)


def main():
    change, variable, path = sys.argv[1:]
    library = __import__("netCDF4" if change.startswith("netcdf4") else "h5py")
    print(library.__version__, flush=True)
    globals()[change](path, variable)


if __name__ == "__main__":
    main()
