"""Reads soundings in arrays: ASPEN netCDF in either container, and files that other tools derive from it.

Written from docs/data-notes.md and the description of the formats, and not from the product's code. Units are
converted by UDUNITS.
"""

import fractions
import re

import cf_units
import h5py
import netCDF4
import numpy as np

from sounding import Sounding, blank, moment

STANDARD_NAMES = {
    "air_pressure": "pres", "air_temperature": "tdry", "dew_point_temperature": "dp", "relative_humidity": "rh",
    "eastward_wind": "u_wind", "northward_wind": "v_wind", "upward_air_velocity": "w_wind", "wind_speed": "wspd",
    "wind_from_direction": "wdir", "latitude": "lat", "longitude": "lon", "geopotential_height": "gph",
    "humidity_mixing_ratio": "mr", "virtual_temperature": "vt", "air_potential_temperature": "theta",
    "equivalent_potential_temperature": "theta_e", "air_equivalent_potential_temperature": "theta_e"}
ALIASES = {
    "pres": "p press pressure", "tdry": "ta temp temperature t", "dp": "dewpt dewpoint td", "rh": "relative_humidity",
    "u_wind": "u uwnd uwind", "v_wind": "v vwnd vwind", "w_wind": "w wwind", "wspd": "wind_speed ws spd",
    "wdir": "wind_dir dir wd", "dz": "asc ascent fall_rate", "lat": "latitude", "lon": "longitude long",
    "gph": "alt geopot_alt geopoalt height", "gpsalt": "gps_alt", "mr": "", "vt": "", "theta": "", "theta_e": "",
    "theta_v": ""}
BY_ALIAS = {alias: name for name, aliases in ALIASES.items() for alias in [name, *aliases.split()]}


def plain(value):
    """An attribute as text, number or array; None for a null dataspace."""
    if isinstance(value, h5py.Empty):
        return ""
    if isinstance(value, np.ndarray) and value.size == 1:
        value = value.ravel()[0]
    return value.decode("latin-1") if isinstance(value, bytes) else value


def datasets(path, is_classic):
    """Returns variables as name -> (values, attributes), and the global attributes."""
    if is_classic:
        with netCDF4.Dataset(path) as file:
            file.set_auto_mask(False)
            file.set_auto_scale(False)
            variables = {name: (np.asarray(variable[...]), {key: plain(variable.getncattr(key)) for key in variable.ncattrs()})
                         for name, variable in file.variables.items()}
            return variables, {key: plain(file.getncattr(key)) for key in file.ncattrs()}
    with h5py.File(path) as file:
        variables = {}
        for name, dataset in file.items():
            if not isinstance(dataset, h5py.Dataset):
                continue
            kept = {key: plain(value) for key, value in dataset.attrs.items() if not key.endswith("_LIST")}
            if not str(kept.get("NAME", "")).startswith("This is a netCDF dimension but not"):
                variables[name] = np.asarray(dataset[()]), kept
        return variables, {key: plain(value) for key, value in file.attrs.items()}


# Values -----------------------------------------------------------------------------------------------------------

UNITS = {"pres": "hPa", "tdry": "degC", "dp": "degC", "rh": "%", "mr": "g kg-1", "vt": "K", "theta": "K", "theta_e": "K",
         "theta_v": "K", "u_wind": "m s-1", "v_wind": "m s-1", "w_wind": "m s-1", "wspd": "m s-1", "dz": "m s-1",
         "wdir": "degree", "lat": "degree", "lon": "degree", "gph": "m", "gpsalt": "m", "alt": "m"}
# Common spellings that UDUNITS does not accept or interprets differently: mb is the millibarn, C the coulomb.
SPELLINGS = {"mb": "hPa", "millibar": "hPa", "C": "degC", "deg C": "degC", "F": "degF", "deg": "degree", "kt": "knot", "kts": "knot",
             "gpm": "m", "percent": "%"}
LAUNCH_AT_ORIGIN = (-1.5, 600.0)  # of the earliest row if times count from the launch; the aircraft row is at -1 s


def numbers(value):
    """The numbers of an attribute, which may be a single one, several, or text."""
    try:
        return [float(one) for one in (re.split(r"[\s,]+", value.strip()) if isinstance(value, str) else np.ravel(value))]
    except ValueError:
        return []


def stated_missing(values, attributes):
    """True for values that the source defines as missing or out of range; its limits are about values as stored."""
    missing = np.zeros(np.shape(values), bool)
    for key in ("_FillValue", "missing_value"):
        for sentinel in numbers(attributes.get(key, "")):
            missing |= values == np.asarray(sentinel).astype(values.dtype)
    low, high = (numbers(attributes.get("valid_range", "")) + [np.nan, np.nan])[:2]
    low, high = (numbers(attributes.get(key, "")) or [limit] for key, limit in (("valid_min", low), ("valid_max", high)))
    # A range of -180 to 180 is not about the convention of longitudes: values one turn more or less are valid too.
    is_longitude = attributes.get("standard_name") == "longitude" or "longitude" in str(attributes.get("long_name", "")).lower()
    slack = 360 if is_longitude else 0
    with np.errstate(invalid="ignore"):
        return missing | (values < low[0] - slack) | (values > high[0] + slack)


def physical(values, attributes):
    """Unpacked values as float64, NaN where missing."""
    missing = stated_missing(values, attributes)
    if "scale_factor" in attributes or "add_offset" in attributes:
        found = values.astype("f8") * float(attributes.get("scale_factor", 1)) + float(attributes.get("add_offset", 0))
    else:
        found = blank(values)
    found[missing] = np.nan
    return found


def converted(name, values, units):
    """Returns values in the product's unit, and True if that required a conversion."""
    target = UNITS.get(name)
    largest = np.nanmax(values) if np.isfinite(values).any() else 0
    if not units:
        magnitudes = {"pres": (2000, "Pa"), "tdry": (150, "K"), "dp": (150, "K")}
        if name in magnitudes and largest > magnitudes[name][0]:
            units = magnitudes[name][1]
        elif name == "rh" and largest <= 1.5:
            units = "1"
    try:
        stated, wanted = cf_units.Unit(SPELLINGS.get(units, units)), cf_units.Unit(target or "unknown")
    except ValueError:  # unknown units are written as stated
        return values, False
    if not units or stated == wanted or not stated.is_convertible(wanted):
        return values, False
    return stated.convert(values, wanted), True


# Time -------------------------------------------------------------------------------------------------------------

SECONDS = {"nanosecond": "1/1000000000", "ns": "1/1000000000", "microsecond": "1/1000000", "us": "1/1000000",
           "millisecond": "1/1000", "msec": "1/1000", "ms": "1/1000", "second": 1, "sec": 1, "s": 1, "minute": 60, "min": 60,
           "hour": 3600, "hr": 3600, "h": 3600, "day": 86400, "d": 86400}


def counting(units):
    """Seconds from 1970 to the origin of times, and seconds per unit, both exact; None if it is not a unit of time."""
    match = re.fullmatch(r"(\w+?)s? since (\d{4})-(\d+)-(\d+)(?:[T ]+(\d+):(\d+)(?::(\d+)(\.\d*)?)?)?"
                         r"\s*(Z|UTC|GMT|([+-])?(\d\d?):?(\d\d)?)?", str(units).strip())
    unit = match and SECONDS.get(match[1].lower(), SECONDS.get(f"{match[1]}s".lower()))
    if not unit:
        return None
    origin = fractions.Fraction(round(moment(*(match[place] or 0 for place in range(2, 8)))))
    origin += fractions.Fraction(f"0{(match[8] or '.').rstrip('.') or '.0'}")
    if match[11]:
        east = int(match[11]) * 3600 + int(match[12] or 0) * 60
        origin -= -east if match[10] == "-" else east
    return origin, fractions.Fraction(unit)


def launch_of(variables, attributes):
    """The launch that a source states, in seconds since 1970."""
    if "launch_time" in variables:
        values, kept = variables["launch_time"]
        count = counting(kept.get("units"))
        value = physical(values.ravel()[:1], kept)
        if count and value.size and np.isfinite(value[0]):
            return count[0] + fractions.Fraction(values.ravel()[0].item()) * count[1]
    text = next((str(value) for key, value in attributes.items() if key.lower().startswith("launch_time")), "")
    match = re.match(r"(\d{4})-(\d+)-(\d+)[T ]+(\d+):(\d+):(\d+)(\.\d+)?", text)
    return fractions.Fraction(round(moment(*match.groups()[:6]))) + fractions.Fraction(f"0{match[7] or '.0'}") if match else None


def read_netcdf(path, is_classic):
    variables, attributes = datasets(path, is_classic)
    # Axes of length one are ignored.
    variables = {name: (np.squeeze(values) if np.ndim(values) > 1 else values, kept) for name, (values, kept) in variables.items()}
    name = next((name for name in ("time", "time_offset") if name in variables),
                next((name for name, (values, kept) in variables.items()
                      if kept.get("standard_name") == "time" and np.ndim(values) == 1), None))
    if name is None or np.ndim(variables[name][0]) != 1:
        return None
    values, kept = variables[name]
    count = counting(kept.get("units"))
    if count is None:
        return None
    zero, unit = count
    missing = stated_missing(values, kept) | ~(np.abs(values.astype("f8")) <= 1e30)
    since = [None if absent else fractions.Fraction(value.item()) * unit for value, absent in zip(values, missing)]
    known = [second for second in since if second is not None]
    launch, launched_by = launch_of(variables, attributes), "launch_time"
    if launch is None and known:
        first = min(known)
        launch, launched_by = (zero, "time units") if LAUNCH_AT_ORIGIN[0] <= first <= LAUNCH_AT_ORIGIN[1] else (zero + first, "first row")
    launch = zero if launch is None else launch
    time = np.array([np.nan if second is None else float(second + zero - launch) for second in since])
    time[np.abs(time) > 86400] = np.nan  # more than a day from the launch: another unit or origin than stated
    columns, inexact, others = {}, set(), {}
    for by_name in (True, False):
        for key, (values, kept) in variables.items():
            if np.shape(values) != time.shape or values.dtype.kind not in "fiu" or key == name:
                continue
            if re.match("reference_|surface_", key):
                continue
            standard = STANDARD_NAMES.get(kept.get("standard_name"))
            target = standard if by_name else BY_ALIAS.get(key.lower())
            if target and target not in columns and not (not by_name and standard):
                columns[target], was_converted = converted(target, physical(values, kept), str(kept.get("units", "")))
                inexact |= {target} if was_converted else set()
            elif not by_name and not target and not standard:
                others[key] = physical(values, kept)
    reference = {}
    for key, (values, kept) in variables.items():
        if values.size != 1 or values.dtype.kind not in "fiu" or key == "launch_time":
            continue
        value = physical(values.ravel()[:1], kept)
        if key == "reference_time":
            counted = counting(kept.get("units"))
            is_known = counted and np.isfinite(value[0])
            others[key] = float(counted[0] + fractions.Fraction(value[0].item()) * counted[1] - launch) if is_known else value[0]
            continue
        if key.startswith("reference_"):
            target = key.removeprefix("reference_")
            reference[target], was_converted = (part[0] if np.ndim(part) else part
                                                for part in converted(target, value, str(kept.get("units", ""))))
            inexact |= {key} if was_converted else set()
        else:
            others[key] = value[0]
    sonde = next((str(value) for key, value in attributes.items() if key.lower() in ("sondeid", "sonde_id", "sonde_serial_id")), "")
    return Sounding("netcdf", sonde.strip(), [(launched_by, float(launch))], time, columns, reference, inexact,
                    others=others, exact_time=unit == 1 or variables[name][0].dtype.kind in "iu")
