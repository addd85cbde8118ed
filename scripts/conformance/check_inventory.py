"""Checks the inventory of a folder of products: check_inventory.py PROGRAM FOLDER.

All four forms are compared with the files themselves, by netCDF4 and hashlib. STAC items must be valid for stac-pydantic
and pystac. The exit code is 1 if anything is wrong.
"""

import csv
import hashlib
import io
import json
import pathlib
import subprocess
import sys

import netCDF4
import pystac
from stac_pydantic import Item

# The code of SHA-256 and its length in bytes, as the multihash table has them.
MULTIHASH = bytes([0x12, 0x20]).hex()


def facts(path):
    """What a product says of itself, in the words of the inventory."""
    with netCDF4.Dataset(path) as product:
        attribute = {name: product.getncattr(name) for name in product.ncattrs()}
    sides = ("lon_min", "lat_min", "lon_max", "lat_max")
    bbox = None
    if "geospatial_lon_min" in attribute:
        bbox = [float(attribute[f"geospatial_{side}"]) for side in sides]
    return {
        "size": path.stat().st_size,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "time_start": attribute["time_coverage_start"],
        "time_end": attribute["time_coverage_end"],
        "bbox": bbox,
    }


def same_time(one, other):
    """Texts of one moment, to a millisecond."""
    def parts(text):
        whole, _, fraction = text.rstrip("Z").partition(".")
        return whole, fraction[:3].ljust(3, "0")

    return parts(one) == parts(other)


def near(one, other):
    return one == other or all(abs(a - b) < 1e-5 for a, b in zip(one, other, strict=True))


def main():
    program, folder = sys.argv[1], pathlib.Path(sys.argv[2])

    def inventory(form):
        command = [program, "inventory", str(folder), "--form", form]
        return subprocess.run(command, capture_output=True, check=True, text=True).stdout

    wrong = []
    products = {path.name: facts(path) for path in sorted(folder.rglob("*.nc"))}
    entries = [json.loads(line) for line in inventory("ndjson").splitlines()]
    items = [json.loads(line) for line in inventory("stac").splitlines()]
    rows = list(csv.DictReader(io.StringIO(inventory("csv"))))
    features = json.loads(inventory("geojson"))["features"]
    names = [entry["granule_ur"] for entry in entries]
    if names != list(products):
        wrong.append(f"{names} are listed, {list(products)} are there")
    for rest in (items, rows, features):
        if len(rest) != len(entries):
            wrong.append(f"{len(rest)} of {len(entries)} in another form")
    for entry, item, row, feature in zip(entries, items, rows, features):
        name = entry["granule_ur"]
        expected = products[name]
        data, metadata = entry["files"]
        checks = {
            "size": data["size"] == expected["size"] == int(row["data_size"]),
            "sha256": data["sha256"] == expected["sha256"] == row["data_sha256"],
            "metadata": metadata["sha256"] == hashlib.sha256((folder / metadata["name"]).read_bytes()).hexdigest(),
            "start": same_time(entry["time_start"], expected["time_start"]) and row["time_start"] == entry["time_start"],
            "end": same_time(entry["time_end"], expected["time_end"]) and row["time_end"] == entry["time_end"],
            "bbox": near(entry.get("bbox"), expected["bbox"]) and item.get("bbox") == entry.get("bbox"),
            "product": bool(entry.get("product")),
            "feature": feature["id"] == name and feature["geometry"] == item["geometry"],
            "checksum": item["assets"]["data"]["file:checksum"] == MULTIHASH + expected["sha256"],
        }
        wrong += [f"{name}: {check}: {entry}" for check, is_right in checks.items() if not is_right]
        try:
            Item.model_validate(item)
            pystac.Item.from_dict(item)
        except Exception as error:  # whatever a judge says
            wrong.append(f"{name}: no STAC item: {error}")
    print(f"{folder}: inventory of {len(entries)} products in four forms, {len(wrong)} bad")
    for line in wrong:
        print(line)
    sys.exit(bool(wrong) or not entries)


main()
