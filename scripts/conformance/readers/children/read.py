"""Reads files with one reader and prints a line of JSON for each: {"file": ..., "digest": ...} or {"file": ...,
"error": ...}.

usage: read.py READER FILE...

The first line has the version of the reader. A crash ends only this process; its output up to then is used. Also runs
on Python 3.6; the modules of a reader are imported only if that reader is used.
"""

import importlib
import json
import sys

# Name: module, source of the version, and the function that returns the digest of a file. The version is from a
# function, from a package of that name, or, if None, from the digest function, which then returns digest and version.
READERS = {
    "h5py": ("hdf5_readers", "h5py_version", "with_h5py"),
    "pyfive": ("hdf5_readers", "pyfive_version", "with_pyfive"),
    "netcdf4": ("netcdf_readers", "netcdf4_version", "with_netcdf4"),
    "h5netcdf": ("netcdf_readers", "h5netcdf_version", "with_h5netcdf"),
    "h5netcdf-pyfive": ("netcdf_readers", "h5netcdf_version", "with_h5netcdf_pyfive"),
    "ncdump": ("programs", "netcdf_version", "with_ncdump"),
    "nccopy": ("programs", "netcdf_version", "with_nccopy"),
    "nco": ("programs", "nco_version", "with_nco"),
    "gdal": ("programs", "gdal_version", "with_gdal"),
    "r": ("programs", None, "with_r"),
    "octave": ("programs", None, "with_octave"),
    "java": ("programs", None, "with_java"),
    "xarray-netcdf4": ("array_readers", "xarray", "with_xarray_netcdf4"),
    "xarray-h5netcdf": ("array_readers", "xarray", "with_xarray_h5netcdf"),
    "kerchunk": ("array_readers", "kerchunk", "with_kerchunk"),
    "virtualizarr": ("array_readers", "virtualizarr", "with_virtualizarr"),
    "hidefix": ("array_readers", "hidefix", "with_hidefix"),
    "cfdm": ("array_readers", "cfdm", "with_cfdm"),
    "iris": ("array_readers", "scitools-iris", "with_iris"),
    "metpy": ("array_readers", "MetPy", "with_metpy"),
}


def reader_of(word):
    """The two functions of a reader; `library:PATH` is a libnetcdf."""
    if word.startswith("library:"):
        library = importlib.import_module("netcdf_library").Library(word[len("library:"):])
        return library.version, library.digest
    module, version, digest = READERS[word]
    module = importlib.import_module(module)
    if version is None:
        return None, getattr(module, digest)
    return getattr(module, version, None) or module.version_of(version), getattr(module, digest)


def say(answer):
    print(json.dumps(answer), flush=True)


def main():
    version, digest = reader_of(sys.argv[1])
    if version:
        say({"version": version()})
    for path in sys.argv[2:]:
        try:
            found = digest(path)
            if not version:
                found, told = found
                say({"version": told})
            say({"file": path, "digest": found})
        except Exception as error:  # any exception of a reader is its verdict on the file
            say({"file": path, "error": "%s: %s" % (type(error).__name__, error)})


if __name__ == "__main__":
    main()
