"""Converts inputs that are known to mislead programs, and compares each product with the expected result.

    cases.py HS3_CPL HS3_AVAPS CASES

The first two are the programs. CASES is a folder with a file or folder for each case, whose name determines the rule;
its folder `doubtful` has cases whose expected result is debatable. Sources are read with h5py, products with
netCDF4-python. A case without a rule, or a rule without a case, is also an error. The exit code is 0 if all results
are as expected.
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile

import h5py
import netCDF4
import numpy as np

RULES = {}


def case(*names):
    """Decorator that registers a function as the rule for these cases."""
    def register(rule):
        RULES.update(dict.fromkeys(names, rule))
        return rule
    return register


class Conversion:
    """A case after its conversion."""

    def __init__(self, program, path, output):
        self.wrong = []
        report = output / "report.json"
        self.source = path if path.is_file() else next(path.iterdir())
        done = subprocess.run([program, "--quiet", "--check", "full", "--report", report, path, output / "products"],
                              capture_output=True, stdin=subprocess.DEVNULL, timeout=300)
        self.said = done.stderr.decode("utf-8", "replace").strip()
        self.warnings = {}
        if report.exists():
            for granule in json.loads(report.read_text())["granules"]:
                for warning in granule.get("warnings", []):
                    self.warnings.setdefault(warning["code"], []).append(warning)
        products = sorted((output / "products").glob("*.nc"))
        self.product = netCDF4.Dataset(products[0]) if len(products) == 1 and not done.returncode else None
        if self.product is None:
            self.wrong.append(f"exit code {done.returncode}, {len(products)} products: {self.said[-300:]}")
            return
        self.product.set_auto_mask(False)
        self.product.set_auto_scale(False)

    # Contents of the product ----------------------------------------------------------------------------------

    def values(self, name):
        """Values as float64, NaN where missing."""
        variable = self.product[name]
        values = np.asarray(variable[...], "f8")
        return np.where(values == getattr(variable, "_FillValue", np.nan), np.nan, values)

    def text(self, name, attribute):
        return getattr(self.product[name], attribute, None)

    def original(self, name):
        """A dataset of an HDF5 source, as stored."""
        with h5py.File(self.source) as file:
            return np.asarray(file[name][()])

    # Expectations ---------------------------------------------------------------------------------------------

    def expect(self, what, found, right):
        if found != right:
            self.wrong.append(f"{what} is {found!r}, not {right!r}")

    def near(self, what, found, right, within):
        if np.shape(found) != np.shape(right):
            self.wrong.append(f"{what} has shape {np.shape(found)}, not {np.shape(right)}")
        elif not np.allclose(found, right, rtol=0, atol=within, equal_nan=True):
            self.wrong.append(f"{what} is {np.ravel(found)[:3]} ..., not {np.ravel(right)[:3]} ... within {within}")

    def warned(self, code, place=None, count=None):
        told = self.warnings.get(code, [])
        if not any((place is None or one["place"] == place) and (count is None or one.get("count") == count) for one in told):
            self.wrong.append(f"no warning {code}{f' at {place}' if place else ''}{f' of {count}' if count else ''}: {self.warnings}")

    def launched(self, moment):
        self.expect("launch_time", str(netCDF4.num2date(self.values("launch_time"), "seconds since 1970-01-01")), moment)
        self.expect("the origin of time", str(netCDF4.num2date(0, self.product["time"].units)), moment)

    def fell(self, rows, seconds, first=None):
        """Expects this number of rows over this number of seconds, in order, from `first` seconds after the launch."""
        time = self.values("time")
        self.expect("rows", len(time), rows)
        self.near("the time of the fall", time[-1] - time[0], seconds, 0.1)
        if first is not None:
            self.near("the first time", time[0], first, 1e-3)
        self.expect("time increases", bool((np.diff(time) > 0).all()), True)

    def spans(self, name, low, high, unit, within):
        self.expect(f"unit of {name}", self.text(name, "units"), unit)
        found = self.values(name)
        self.near(f"the range of {name}", (np.nanmin(found), np.nanmax(found)), (low, high), within)

    def column(self, name, expected, unit, within):
        """Expects the values of a source column, which starts at the surface, in the unit of the product."""
        self.expect(f"unit of {name}", self.text(name, "units"), unit)
        self.near(name, self.values(name), expected[::-1], within)

    def keeps(self, name, unit=None, original=None):
        """Expects exactly the bits of the source."""
        found, expected = np.asarray(self.product[name][...]), self.original(original or name)
        if found.dtype.kind != expected.dtype.kind or np.ravel(found).tobytes() != np.ravel(expected).tobytes():
            self.wrong.append(f"{name} is not what the source has")
        if unit:
            self.expect(f"unit of {name}", self.text(name, "units"), unit)


# Dropsondes -------------------------------------------------------------------------------------------------------

LAUNCH = "2024-08-31 13:04:30"


@case("sonde_time_minutes", "sonde_time_milliseconds", "sonde_time_nanoseconds_launch_first", "sonde_time_xarray_resaved",
      "sonde_time_before_splash", "sonde_time_epoch_date_only", "sonde_time_from_1970", "sonde_time_zone_minus6")
def whatever_time_counts(one):
    one.launched(LAUNCH)
    one.fell(rows=157, seconds=936.04, first=2.0)
    # The rows are those of the source, sorted by time.
    fall = np.argsort(one.original("time"))
    pressure = one.original("pres")[fall].astype("f8")
    one.near("pres", one.values("pres"), pressure, 0)


@case("sonde_one_sounding_dim")
def axis_of_length_one(one):
    one.expect("dimensions of pres", one.product["pres"].dimensions, ("time",))
    one.launched(LAUNCH)
    one.fell(rows=157, seconds=936.04)
    for name in ("pres", "tdry", "rh", "u_wind", "v_wind"):
        one.near(name, one.values(name), one.original(name).ravel()[::-1].astype("f8"), 0)
    one.near("lat_reported", one.values("lat_reported"), one.original("lat").ravel()[::-1].astype("f8"), 0)


@case("sonde_packed")
def packed(one):
    one.spans("pres", 166.7, 1013.0, "hPa", within=1.0)
    for name, scale, offset in (("pres", 0.1, 500.0), ("tdry", 0.01, 0.0)):
        stored = one.original(name)
        one.column(name, np.where(stored == -32768, np.nan, stored * scale + offset), one.text(name, "units"), 1e-4)
    one.expect("packing is undone", one.text("pres", "scale_factor"), None)


@case("sonde_reference_si")
def reference_in_si(one):
    one.expect("unit of reference_pres", one.text("reference_pres", "units"), "hPa")
    one.expect("unit of reference_tdry", one.text("reference_tdry", "units"), "degC")
    one.near("reference_pres", one.values("reference_pres"), 171.12, 1e-4)
    one.near("reference_tdry", one.values("reference_tdry"), -60.6, 1e-4)


@case("sonde_reference_lon360")
def longitudes_to_360(one):
    one.near("reference_lon", one.values("reference_lon"), -22.57, 0.005)
    reported = one.original("lon").astype("f8")[::-1]
    one.near("lon_reported", one.values("lon_reported"), reported - 360, 0)
    one.expect("lon lies by -22.6", bool((np.abs(one.values("lon") + 22.575) < 0.02).all()), True)


@case("sonde_surface_scalars")
def single_values(one):
    for name in ("surface_pressure", "surface_tdry", "sea_surface_skin_temperature"):
        if name not in one.product.variables:
            one.wrong.append(f"{name} is lost")
            continue
        one.near(name, one.values(name), float(one.original(name).ravel()[0]), 0)
        with h5py.File(one.source) as file:
            stated = file[name].attrs["units"]
        one.expect(f"unit of {name}", one.text(name, "units"), stated.decode() if isinstance(stated, bytes) else str(stated))


@case("sonde_units_pascal")
def pascal(one):
    one.column("pres", one.original("pres").astype("f8") / 100, "hPa", 1e-4)
    one.spans("pres", 166.7, 1013.0, "hPa", within=1.0)
    one.warned("units_converted", "pres")


@case("sonde_units_knots")
def knots(one):
    one.column("wspd", one.original("wspd").astype("f8") * 1852 / 3600, "m s-1", 1e-4)
    one.warned("units_converted", "wspd")


def text_rows(path, cells):
    """Rows of numbers in a text, NaN where a cell is not numeric."""
    rows = [re.split(r"[,\s]+", line.strip().rstrip(",")) for line in path.read_text("latin-1").splitlines()]
    start = next(place for place in range(len(rows)) if all(len(row) == cells and re.match(r"-?\d", row[0]) for row in rows[place:]))

    def number(cell):
        try:
            return float(cell)
        except ValueError:
            return np.nan
    table = np.array([[number(cell) for cell in row] for row in rows[start:]])
    return np.where(table <= -999, np.nan, table)


def icartt(one, launch, duration, cells):
    one.launched(launch)
    table = text_rows(one.source, cells)
    one.fell(rows=len(table), seconds=duration, first=0.0)
    shift = cells - 14
    for name, place in (("pres", 1), ("tdry", 2), ("lat_reported", 6), ("lon_reported", 7), ("gpsalt", 9)):
        one.near(name, one.values(name), table[:, place + shift], 5e-4)
    one.expect("unit of lat", one.text("lat", "units"), "degrees_north")


@case("ict_no_launch_statement")
def first_row_is_the_launch(one):
    icartt(one, "2022-02-08 14:29:42", 281, 14)
    one.warned("launch_assumed")


@case("ict_clock_wraps_at_midnight")
def across_midnight(one):
    icartt(one, "2022-02-08 23:57:42", 281, 14)
    one.expect("time_coverage_end", one.product.time_coverage_end, "2022-02-09T00:02:23Z")


@case("ict_degrees_N", "ict_trailing_comma")
def as_every_icartt(one):
    icartt(one, "2022-02-08 14:29:42", 281, 15)


@case("eol_stars_in_a_cell", "eol_two_digit_year", "eol_gmt_launch_time")
def as_every_eol(one):
    one.launched("2014-08-05 15:55:38")
    table = text_rows(one.source, 17)
    table = table[table[:, 0] >= 0]
    one.near("time", one.values("time"), table[:, 0], 0)
    for name, place in (("pres", 4), ("tdry", 5), ("u_wind", 8), ("dz", 12), ("gph", 13), ("gpsalt", 16)):
        one.near(name, one.values(name), table[:, place], 5e-4)
    if "stars" in one.source.name:
        one.warned("cells_unreadable", count=2)
        one.expect("cells without a number", len(re.findall(r"\*+", one.source.read_text("latin-1"))), 2)


@case("cls_2001_dialect")
def class_of_2001(one):
    one.launched("2001-08-18 18:49:32")
    one.fell(rows=390, seconds=778, first=2.0)
    # The row at 0 s is from the aircraft.
    for name, value in (("pres", 216.5), ("tdry", -49.8), ("wspd", 6.7), ("lon", -77.588), ("alt", 11950.5)):
        one.near(f"reference_{name}", one.values(f"reference_{name}"), value, 1e-3)
    table = text_rows(one.source, 21)
    table = table[table[:, 0] > 0][::-1]
    for name, place, missing in (("pres", 1, 9999.0), ("u_wind", 5, 999.0), ("wspd", 7, 999.0), ("dz", 9, 99.0), ("lon_reported", 10, 999.0)):
        one.near(name, one.values(name), np.where(table[:, place] == missing, np.nan, table[:, place]), 5e-4)


# Granules of the Cloud Physics Lidar --------------------------------------------------------------------------------

@case("cpl_altitudes_in_m")
def altitudes_in_metres(one):
    one.keeps("Bin_Alt", "m")
    one.keeps("Plane_Alt", "m")
    one.warned("altitudes_in_metres")


@case("cpl_bin_alt_in_m_below_minus_900")
def metres_below_minus_900(one):
    one.keeps("Bin_Alt", "m")
    one.expect("missing values of Bin_Alt", int(np.isnan(one.values("Bin_Alt")).sum()), 0)
    one.warned("altitudes_in_metres")


@case("cpl_layer_bottom_below_100m")
def layers_in_metres(one):
    one.keeps("Layer_Top_Alt", "m")
    one.keeps("Layer_Bot_Alt", "m")
    one.warned("altitudes_in_metres")


@case("cpl_chunk_never_written")
def never_written(one):
    with h5py.File(one.source) as file:
        for name in ("Qual", "Saturate"):
            dataset = file[name]
            written = np.zeros(dataset.shape, bool)
            for place in range(dataset.id.get_num_chunks()):
                offset = dataset.id.get_chunk_info(place).chunk_offset
                written[tuple(slice(start, start + length) for start, length in zip(offset, dataset.chunks))] = True
            one.near(name, one.values(name), np.where(written, dataset[()], np.nan), 0)
            one.expect(f"_FillValue of {name}", int(one.text(name, "_FillValue")), int(dataset.fillvalue))
            one.warned("chunks_never_written", name)
    # Unwritten values must not turn flags into altitudes.
    one.expect("flags of Saturate", one.text("Saturate", "flag_values") is not None, True)


@case("cpl_saturate_heights")
def saturation_is_a_height(one):
    one.keeps("Saturate", "m")
    one.expect("flag_values of Saturate", one.text("Saturate", "flag_values"), None)
    one.expect("flag_meanings of Saturate", one.text("Saturate", "flag_meanings"), None)


@case("cpl_own_fill_1e20")
def own_fill_value(one):
    original = one.original("ATB_532").astype("f8")
    is_fill = original > 1e19
    one.expect("fill values in the source", bool(is_fill.any()), True)
    one.near("ATB_532", one.values("ATB_532"), np.where(is_fill | (original <= -900), np.nan, original), 0)


@case("cpl_packed_pressure")
def packed_pressure(one):
    one.expect("unit of Pressure", one.text("Pressure", "units"), "hPa")
    one.near("Pressure", one.values("Pressure"), one.original("Pressure") * 0.1, 1e-9)
    one.near("the largest Pressure", np.nanmax(one.values("Pressure")), 1012.3, 1e-3)
    one.expect("packing is undone", one.text("Pressure", "scale_factor"), None)


@case("cpl_lon_0_360")
def granule_to_360(one):
    one.near("Longitude", one.values("Longitude"), one.original("Longitude") - 360, 0)
    one.expect("positions that are missing", int(np.isnan(one.values("Latitude")).sum()), 0)
    one.near("geospatial_lon_min", one.product.geospatial_lon_min, (one.original("Longitude") - 360).min(), 1e-6)
    one.warned("longitudes_wrapped")


@case("cpl_stated_per_m")
def stated_per_metre(one):
    original = one.original("ATB_532").astype("f8")
    factor = {"km-1 sr-1": 1000.0, "m-1 sr-1": 1.0}.get(one.text("ATB_532", "units"))
    if factor is None:
        one.wrong.append(f"unit of ATB_532 is {one.text('ATB_532', 'units')!r}")
        return
    known = original > -900
    one.expect("values of ATB_532", bool(np.allclose(one.values("ATB_532")[known], original[known] * factor, rtol=1e-12, atol=0)), True)


@case("cpl_has_own_time")
def names_of_the_product(one):
    one.expect("standard_name of time", one.text("time", "standard_name"), "time")
    one.expect("dimensions of time", one.product["time"].dimensions, ("record",))
    one.expect("beginning", str(netCDF4.num2date(one.values("time")[0], one.product["time"].units))[:16], "2012-09-24 16:42")
    one.keeps("source_time", original="time")
    one.keeps("source_record", original="record")


@case("cpl_enum_layer_type")
def enumeration(one):
    with h5py.File(one.source) as file:
        members = h5py.check_enum_dtype(file["Layer_Type"].dtype)
    values, meanings = np.ravel(one.text("Layer_Type", "flag_values")), one.text("Layer_Type", "flag_meanings").split()
    one.expect("flags of Layer_Type", dict(zip(meanings, map(int, values))), members)
    one.near("Layer_Type", np.asarray(one.product["Layer_Type"][...], "f8"), one.original("Layer_Type").astype("f8"), 0)


@case("cpl_compound_extra")
def compound(one):
    one.warned("dataset_left_out", "Cal_Table")
    one.expect("Cal_Table in the product", [name for name in one.product.variables if name.startswith("Cal_Table")], [])
    with h5py.File(one.source) as file:
        others = {name for name, item in file.items() if isinstance(item, h5py.Dataset) and item.shape} - {"Cal_Table"}
    one.expect("other datasets that are lost", sorted(others - set(one.product.variables)), [])


@case("cpl_units_in_Units")
def capital_units(one):
    one.expect("unit of Ext_532", one.text("Ext_532", "units"), "km-1")
    one.expect("unit of Gidozo_Badozo", one.text("Gidozo_Badozo", "units"), "hPa")
    one.keeps("Ext_532")
    for name in ("Ext_532", "Gidozo_Badozo"):
        one.expect(f"{name} says that no unit is stated", "not stated" in (one.text(name, "comment") or ""), False)


@case("cpl_units_not_udunits")
def no_units(one):
    one.keeps("Cloud_OD", "1")
    one.keeps("Ext_532", "1")


@case("cpl_jday_from_zero")
def days_from_zero(one):
    one.warned("dates_disagree")


@case("cpl_negative_counts")
def negative_counts(one):
    one.keeps("Bkg_Counts")
    one.expect("missing values of Bkg_Counts", int(np.isnan(one.values("Bkg_Counts")).sum()), 0)


@case("cpl_lat_N_by_1")
def latitude_by_one(one):
    for name in ("Latitude", "Longitude"):
        one.expect(f"dimensions of {name}", one.product[name].dimensions, ("record",))
        one.keeps(name)


@case("cpl_attrs_64bit_and_empty")
def odd_attributes(one):
    one.expect("the large attribute", str(one.text("ATB_532", "count")), str(2**63 + 5))
    one.warned("attributes_as_text", count=1)
    one.warned("attributes_empty", count=3)


# Running ------------------------------------------------------------------------------------------------------------

def main():
    cpl, avaps, folder = (pathlib.Path(argument).resolve() for argument in sys.argv[1:4])
    paths = {path.stem if path.is_file() else path.name: path
             for path in sorted([*folder.iterdir(), *(folder / "doubtful").iterdir()])
             if path.name != "doubtful" and path.suffix != ".md"}
    failed = 0
    for name in sorted(paths.keys() | RULES.keys()):
        wrong = []
        if name not in paths:
            wrong = ["there is no such case"]
        elif name not in RULES:
            wrong = ["no rule says what is right"]
        else:
            with tempfile.TemporaryDirectory() as output:
                one = Conversion(cpl if name.startswith("cpl_") else avaps, paths[name], pathlib.Path(output))
                try:
                    if not one.wrong:
                        RULES[name](one)
                except Exception as error:  # something that the rule needs is missing
                    one.wrong.append(f"{type(error).__name__}: {error}")
                wrong = one.wrong
                if one.product is not None:
                    one.product.close()
        failed += bool(wrong)
        print(f"{'bad ' if wrong else 'good'} {name}: {'; '.join(wrong) or RULES[name].__name__.replace('_', ' ')}")
    print(f"{len(paths)} cases, {failed} bad")
    return 1 if failed or not paths else 0


if __name__ == "__main__":
    sys.exit(main())
