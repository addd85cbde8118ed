"""Digests by Python's netCDF readers: netCDF4 and h5netcdf. Also runs on Python 3.6 and netCDF4 1.2."""

import numpy

import canonical


def netcdf4_version():
    import netCDF4
    netcdf = netCDF4.__netcdf4libversion__.split(" ")[0]
    return "%s (netCDF %s, HDF5 %s)" % (netCDF4.__version__, netcdf, netCDF4.__hdf5libversion__)


def with_netcdf4(path):
    import netCDF4
    found = {}

    def visit(holder, prefix):
        dimensions = {name: len(dimension) for name, dimension in holder.dimensions.items()}
        found[prefix or "/"] = canonical.group({name: canonical.attribute(holder.getncattr(name)) for name in holder.ncattrs()
                                                if name not in canonical.HIDDEN}, dimensions)
        for name, item in holder.variables.items():
            # As stored: no scaling, no masks, characters not joined to strings.
            item.set_auto_maskandscale(False)
            if hasattr(item, "set_auto_chartostring"):
                item.set_auto_chartostring(False)
            attributes = {key: canonical.attribute(item.getncattr(key)) for key in item.ncattrs()}
            found[prefix + name] = canonical.variable(item[...], attributes, item.dimensions, item.shape)
        for name, child in holder.groups.items():
            visit(child, prefix + name + "/")

    with netCDF4.Dataset(path) as file:
        visit(file, "")
    return found


def h5netcdf_version():
    import h5netcdf
    return h5netcdf.__version__


def with_h5netcdf(path, backend="h5py"):
    import h5netcdf
    found = {}
    with h5netcdf.File(path, "r", backend=backend) as file:
        for name, item in file.variables.items():
            attributes = {key: canonical.attribute(value) for key, value in item.attrs.items()}
            found[name] = canonical.variable(numpy.asarray(item[...]), attributes, item.dimensions, item.shape)
        attributes = {key: canonical.attribute(value) for key, value in file.attrs.items() if key not in canonical.HIDDEN}
        found["/"] = canonical.group(attributes, {name: len(dimension) for name, dimension in file.dimensions.items()})
    return found


def with_h5netcdf_pyfive(path):
    return with_h5netcdf(path, "pyfive")
