"""Digests by command-line programs: ncdump, nccopy, NCO, GDAL, R, Octave and netCDF-Java."""

import json
import os
import re
import subprocess
import tempfile

import numpy

import canonical
import cdl
import classic
import dumps

HERE = os.path.dirname(os.path.abspath(__file__))

# Max number of values of a variable that ncdump prints; larger variables are compared through nccopy.
PRINTED_VALUES = 5000


def output_of(*words):
    """Returns the output of a program; raises OSError with its message if it fails."""
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
    if done.returncode:
        raise OSError("%s ends with %d: %s" % (words[0], done.returncode, done.stderr.decode("utf-8", "replace")[-300:]))
    return done.stdout


def netcdf_version():
    done = subprocess.run(["ncdump", "--version"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
    return "netCDF " + re.search(r"version (\S+)", done.stdout.decode()).group(1)


def with_ncdump(path):
    header = cdl.digest(output_of("ncdump", "-h", path))
    small = [name for name, item in header.items() if "shape" in item and product_of(item["shape"]) <= PRINTED_VALUES]
    return cdl.digest(output_of("ncdump", "-p", "9,17", "-v", ",".join(small), path)) if small else header


def product_of(lengths):
    result = 1
    for length in lengths:
        result *= length
    return result


def copied(*words):
    """The digest of the classic copy that a program makes; the path of the copy is its last argument."""
    with tempfile.TemporaryDirectory() as folder:
        copy = os.path.join(folder, "copy.nc")
        output_of(*words, copy)
        return classic.digest(copy)


def with_nccopy(path):
    return copied("nccopy", "-k", "cdf5", path)


def nco_version():
    done = subprocess.run(["ncks", "--version"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
    return re.search(r"version (\d\S*)", done.stdout.decode()).group(1)


def with_nco(path):
    # -h keeps NCO from appending to the history.
    return copied("ncks", "-h", "-O", "-5", path)


def gdal_version():
    return re.search(r"GDAL (\S+),", output_of("gdalinfo", "--version").decode()).group(1)


GDAL_TYPES = {"Byte": "u1", "Int16": "i2", "UInt16": "u2", "Int32": "i4", "UInt32": "u4", "Int64": "i8", "UInt64": "u8",
              "Float32": "f4", "Float64": "f8", "String": "O"}


def with_gdal(path):
    import netCDF4
    # GDAL prints negative zero as an integer.
    printed = json.loads(output_of("gdalmdiminfo", "-detailed", path), parse_int=lambda text: -0.0 if text == "-0" else int(text))
    dimensions = {one["name"]: one["size"] for one in printed.get("dimensions", [])}
    found = {}
    with netCDF4.Dataset(path) as file:
        found["/"] = canonical.group(gdal_attributes(printed, file), dimensions)
        for name, item in printed.get("arrays", {}).items():
            declared = file.variables[name]
            values = narrowed(numpy.array(item["values"], GDAL_TYPES[item["datatype"]]), declared.dtype)
            names = [one.lstrip("/") for one in item.get("dimensions", [])]
            found[name] = canonical.variable(values, gdal_attributes(item, declared), names)
    return found


def gdal_attributes(holder, declared):
    found = {}
    for name, held in holder.get("attributes", {}).items():
        values = numpy.array(held["value"], GDAL_TYPES[held["datatype"]])
        if values.dtype != object and name in declared.ncattrs():
            values = narrowed(values, numpy.asarray(declared.getncattr(name)).dtype)
        found[name] = canonical.attribute(values)
    return found


def narrowed(values, dtype):
    """GDAL 3.6 has neither characters nor signed bytes and converts them to Byte and Int16; this is undone if it is
    lossless."""
    if dtype == "S1" and values.dtype == "u1":
        return values.view("S1")
    if dtype == "i1" and values.dtype == "i2" and numpy.array_equal(values.astype("i1"), values):
        return values.astype("i1")
    return values


def dumped(path, *words):
    """Returns the digest and the version that a program in another language prints; it may write files to a folder."""
    with tempfile.TemporaryDirectory() as folder:
        return dumps.digest(output_of(*words, path, folder))


def with_r(path):
    return dumped(path, "Rscript", os.path.join(HERE, "dump.R"))


def with_octave(path):
    return dumped(path, "octave-cli", "--no-gui", "--quiet", os.path.join(HERE, "dump.m"))


def with_java(path):
    """Runs netCDF-Java; the environment states the location of its jar and of our class."""
    return dumped(path, "java", "-cp", os.environ["DUMP_CLASSPATH"], "Dump")
