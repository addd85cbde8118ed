"""Digests by HDF5 readers: h5py, which is the reference, and pyfive. Also runs on Python 3.6 and h5py 2.7."""

import numpy

import canonical


def h5py_version():
    import h5py
    return "%s (HDF5 %s)" % (h5py.__version__, h5py.version.hdf5_version)


def with_h5py(path):
    import h5py
    found, names = {}, {}

    def name_of(reference, file):
        """The name of a dimension scale, cached because HDF5 takes long to find a name."""
        scale = file[reference]
        address = h5py.h5o.get_info(scale.id).addr
        if address not in names:
            names[address] = scale.name.split("/")[-1]
        return names[address]

    def visit(holder, prefix):
        dimensions = {}
        for name in holder:
            item = holder[name]
            if isinstance(item, h5py.Group):
                visit(item, prefix + name + "/")
                continue
            if is_scale(item) and len(item.shape) == 1:
                dimensions[name] = item.shape[0]
            if not is_bare_dimension(item):
                found[prefix + name] = canonical.variable(item[()], attributes(item.attrs), dimensions_of(item, name_of),
                                                          item.shape)
        found[prefix or "/"] = canonical.group(attributes(holder.attrs), dimensions)

    with h5py.File(path, "r") as file:
        visit(file, "")
    return found


def attributes(held):
    """All attributes of an object; one that cannot be read is recorded as such and does not hide the others."""
    found = {}
    for name in canonical.shown(held.keys()):
        try:
            found[name] = canonical.attribute(held[name])
        except (OSError, TypeError, ValueError, AssertionError, NotImplementedError) as error:
            found[name] = ["unreadable", str(error)]
    return found


def text_of(item, name):
    return canonical.plain(item.attrs[name]) if name in item.attrs else ""


def is_scale(item):
    return text_of(item, "CLASS") == "DIMENSION_SCALE"


def is_bare_dimension(item):
    return is_scale(item) and text_of(item, "NAME").startswith(canonical.NO_VARIABLE)


def dimensions_of(item, name_of):
    """Names of a dataset's dimensions: those of its scales, or its own if it is a scale; None if unknown."""
    if "DIMENSION_LIST" in item.attrs:
        names = [name_of(attached[0], item.file) if len(attached) else None for attached in item.attrs["DIMENSION_LIST"]]
        return None if None in names else names
    if is_scale(item) and len(item.shape) == 1:
        return [item.name.split("/")[-1]]
    return None if item.shape else []


def pyfive_version():
    import pyfive
    return pyfive.__version__


def with_pyfive(path):
    import pyfive
    found = {}
    file = pyfive.File(path)
    for name in file:
        item = file[name]
        if not is_bare_dimension(item):
            values = item[()] if item.shape == () else item[:]
            found[name] = canonical.variable(numpy.asarray(values, item.dtype), attributes(item.attrs), None, item.shape)
    found["/"] = canonical.group(attributes(file.attrs))
    return found
