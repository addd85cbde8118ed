"""Writes unusual but legal variants of a granule with h5py, which the library of the Rust generator cannot write.

    variants.py GRANULE FOLDER
"""

import pathlib
import shutil
import sys

import h5py
import numpy as np

NAME = "HS3_CPL_ATB_{:05d}{}_20120906.hdf5"


def rewrite(base, path, change, **options):
    """Writes a granule with every dataset of `base` passed through `change(name, values) -> (values, storage)`."""
    with h5py.File(base) as source, h5py.File(path, "w", **options) as target:
        for name, dataset in source.items():
            values, storage = change(name, dataset[()])
            target.create_dataset(name, data=values, **storage)


def big_endian(_, values):
    if values.dtype.kind in "fiu":
        values = np.asarray(values).astype(values.dtype.newbyteorder(">"))
    return values, {}


def chunked(**filters):
    def change(_, values):
        shape = np.shape(values)
        return values, dict(chunks=tuple(min(7, length) for length in shape), **filters) if shape else {}
    return change


def one_chunk(_, values):
    return values, dict(chunks=np.shape(values), compression="gzip") if np.shape(values) else {}


def unlimited(_, values):
    return values, dict(maxshape=(None,) * np.ndim(values)) if np.ndim(values) else {}


def single_days(name, values):
    return (values.astype("f4") if name == "Dec_JDay" else values), {}


def unicode_text(name, values):
    return (f" {values.decode()}\t " if name in ("Date", "Project") else values), {}


def whole_degrees(name, values):
    if name in ("Latitude", "Longitude", "Solar_Elevation_Angle", "Plane_Pitch"):
        values = np.rint(values).astype("i2")
        values[[3, 17]] = -999
    if name == "Layer_Type":
        values = np.where(values < 0, -1, values).astype("i1")
    return values, {}


def without_seconds(path):
    with h5py.File(path, "r+") as file:
        del file["Second"]


def deep_scalars(_, values):
    return (np.reshape(values, (1, 1)) if np.ndim(values) == 0 and values.dtype.kind in "fi" else values), {}


def bytes_and_booleans(path):
    with h5py.File(path, "r+") as file:
        records = file["Hour"].size
        file["Flag"] = np.arange(records) % 3 == 0
        file["Half"] = np.linspace(-2, 2, records).astype("f2")
        file["Tiny"] = np.arange(records, dtype="i1")
        file["Unsigned"] = (np.arange(records) * 6).astype("u1")
        file["Large"] = np.arange(records).astype("u8") * 2**40
        file["Words"] = np.array([f"w{index}" for index in range(records)], dtype="S5")
        file["Unfilled"] = np.zeros((0, 4))
        file["Null"] = h5py.Empty("f4")
        file["Group/Inner"] = np.arange(records) * 0.5
        file["Alias"] = h5py.SoftLink("/Hour")
        file["Flag"].attrs["note"] = ["two", "strings"]
        file["Half"].attrs["valid_max"] = np.float64(2)
        file["Half"].attrs["_FillValue"] = np.float16(7.5)
        file["Tiny"].attrs["_FillValue"] = np.int8(-1)
        file.attrs["table"] = np.zeros((2, 2))
        file.attrs["software"] = "IDL \N{LATIN SMALL LETTER E WITH ACUTE}"


def next_to_nothing(name, values):
    """Positions so close to zero and to a pole that naive formatting has an exponent or thirty decimals."""
    if name in ("Latitude", "Longitude"):
        values = np.asarray(values, "f8").copy()
        values[:] = 1e-30 if name == "Latitude" else -179.99999999999997
        values[1] = -1e-30 if name == "Latitude" else -180
    return values, {}


def user_block(base, path):
    rewrite(base, path, lambda _, values: (values, {}), userblock_size=512)


def main():
    base, folder = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    number = iter(range(90001, 99999))
    path = lambda: folder / NAME.format(next(number), "v")
    rewrite(base, path(), big_endian)
    rewrite(base, path(), chunked())
    rewrite(base, path(), chunked(compression="gzip", shuffle=True, fletcher32=True))
    if h5py.h5z.filter_avail(h5py.h5z.FILTER_SCALEOFFSET):
        rewrite(base, path(), lambda name, values: chunked(scaleoffset=0)(name, values)
                if np.asarray(values).dtype.kind == "i" else (values, {}))
    rewrite(base, path(), one_chunk)
    rewrite(base, path(), unlimited)
    rewrite(base, path(), single_days)
    rewrite(base, path(), unicode_text)
    rewrite(base, path(), deep_scalars)
    rewrite(base, path(), whole_degrees)
    rewrite(base, path(), next_to_nothing)
    minutes = folder / path().name.replace("ATB", "OP")
    shutil.copy(base, minutes)
    without_seconds(minutes)
    rewrite(base, path(), lambda _, values: (values, {}), libver=("v110", "v110"))
    user_block(base, path())
    odd = path()
    shutil.copy(base, odd)
    bytes_and_booleans(odd)


if __name__ == "__main__":
    main()
