"""Digests by libraries that show arrays and omit other parts: xarray and the libraries that open files for it,
hidefix, cfdm, iris, MetPy. What a library does not show is None; a variable that it does not show is absent."""

import importlib.metadata
import os
import warnings

import numpy

import canonical

warnings.simplefilter("ignore")


def version_of(package):
    return lambda: importlib.metadata.version(package)


def only_values(arrays):
    """A digest without attributes and dimensions."""
    found = {"/": {"attributes": None, "dimensions": None}}
    for name, values in arrays.items():
        found[name] = canonical.variable(numpy.asarray(values), None)
    return found


def of_dataset(dataset, attribute=canonical.attribute):
    """The digest of an xarray dataset that was opened without decoding."""
    def attributes(held):
        return {name: attribute(value) for name, value in held.items() if name not in canonical.HIDDEN}
    found = {"/": canonical.group(attributes(dataset.attrs))}
    for name, item in dataset.variables.items():
        found[name] = canonical.variable(item.values, attributes(item.attrs), item.dims)
    return found


def with_xarray_netcdf4(path, engine="netcdf4"):
    import xarray
    with xarray.open_dataset(path, engine=engine, decode_cf=False) as dataset:
        return of_dataset(dataset)


def with_xarray_h5netcdf(path):
    return with_xarray_netcdf4(path, "h5netcdf")


def json_attribute(value):
    """An attribute that was converted to JSON: text, or numbers without type."""
    if isinstance(value, list) and value and isinstance(value[0], str):
        return ["texts", value]
    return canonical.untyped(value)


def with_kerchunk(path):
    """Maps the file's chunks with kerchunk, and reads the map as Zarr with xarray."""
    import xarray
    from kerchunk.hdf import SingleHdf5ToZarr
    references = SingleHdf5ToZarr(path, inline_threshold=100).translate()
    with xarray.open_dataset("reference://", engine="zarr", decode_cf=False,
                             backend_kwargs={"consolidated": False, "storage_options": {"fo": references}}) as dataset:
        return of_dataset(dataset, json_attribute)


def with_virtualizarr(path):
    """Maps the file's chunks with VirtualiZarr, and reads the map as Zarr with xarray."""
    import xarray
    from obspec_utils.registry import ObjectStoreRegistry
    from obstore.store import LocalStore
    from virtualizarr.parsers import HDFParser
    store = HDFParser()(url="file://" + os.path.abspath(path), registry=ObjectStoreRegistry({"file://": LocalStore()}))
    with xarray.open_zarr(store, consolidated=False, zarr_format=3, decode_cf=False) as dataset:
        return of_dataset(dataset, json_attribute)


def with_hidefix(path):
    """hidefix reads only chunks of numbers; netCDF4 provides the names."""
    import hidefix
    import netCDF4
    with netCDF4.Dataset(path) as file:
        shapes = {name: item.shape for name, item in file.variables.items() if item.dtype != "S1"}
    index = hidefix.Index(path)
    # A scalar is returned as an array of one.
    return only_values({name: index.dataset(name)[()].reshape(shape) for name, shape in shapes.items()})


def with_cfdm(path):
    """Every field and its parts, by name of variable. cfdm joins characters to strings, so these are omitted."""
    import cfdm
    arrays = {}
    for field in cfdm.read(path, mask=False):
        arrays[field.nc_get_variable()] = field.data
        axes = field.domain_axes(todict=True)
        for key, item in field.constructs.filter_by_data(todict=True).items():
            name = item.nc_get_variable(None)
            if name is not None:
                # A scalar coordinate is returned as an array of one, along an axis that is not a dimension of the
                # file.
                shape = [axes[axis].get_size() for axis in field.get_data_axes(key) if axes[axis].nc_get_dimension(None)]
                arrays[name] = item.data if item.data.shape == tuple(shape) else item.data.reshape(shape)
    return only_values({name: data.array for name, data in arrays.items() if data.dtype.kind in "iuf"})


def with_iris(path):
    import iris
    arrays = {}
    for cube in iris.load_raw(path):
        for item in [cube, *cube.coords(), *cube.ancillary_variables(), *cube.cell_measures()]:
            if item.var_name is None or item.var_name in arrays:
                continue
            # The data under a mask are the values as stored.
            values = numpy.ma.getdata(item.points if hasattr(item, "points") else item.data)
            # A scalar coordinate is returned as an array of one.
            arrays[item.var_name] = values.reshape(()) if item is not cube and not item.cube_dims(cube) else values
    return only_values(arrays)


def with_metpy(path):
    """Numbers with units that MetPy supports, as MetPy passes them to calculations."""
    import metpy  # noqa: F401, which registers the accessor
    import xarray
    arrays = {}
    with xarray.open_dataset(path, mask_and_scale=False) as dataset:
        parsed = dataset.metpy.parse_cf()
        for name, item in parsed.variables.items():
            if item.dtype.kind in "iuf" and "units" in item.attrs:
                arrays[name] = parsed[name].metpy.quantify().metpy.magnitude
    return only_values(arrays)
