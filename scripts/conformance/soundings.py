"""Reads dropsonde sources: EOL and ESC text, AVAPS D-files, ICARTT, ASPEN netCDF of either container.

Written from the description of the formats and not from the product's code. `read` answers a list of soundings; an
empty list says that the file holds none and that no product may come of it. Rows stand in the order of the source.
"""

import calendar
import dataclasses
import pathlib
import re

import h5py
import netCDF4
import numpy as np

MISSING = -998.995  # no column but time reaches below it: -999 in every spelling, -9999 and its ICARTT relations
DATA = ("pres", "tdry", "dp", "rh", "u_wind", "v_wind", "w_wind", "wspd", "wdir", "dz", "mr", "vt", "theta", "theta_e",
        "theta_v", "gph", "gpsalt", "lat", "lon")


@dataclasses.dataclass
class Sounding:
    """One sonde: rows of the sonde alone, NaN where the source has no value."""

    form: str
    sonde: str
    # Launch in seconds since 1970, the best first; the others are what a source also says, with a name for each.
    launches: list[tuple[str, float]]
    time: np.ndarray
    columns: dict[str, np.ndarray]
    reference: dict[str, float] = dataclasses.field(default_factory=dict)
    inexact: set[str] = dataclasses.field(default_factory=set)  # columns whose units had to be converted
    malformed: int = 0


def read(path, keep_short=False):
    """The soundings of a file, with the whole cells of rows too short for their columns where `keep_short`."""
    content = pathlib.Path(path).read_bytes()
    if content[:8] == b"\x89HDF\r\n\x1a\n" or content[:3] == b"CDF":
        found = [read_netcdf(path, content[:3] == b"CDF")]
    else:
        text = content.decode("latin-1")
        lines = [line.rstrip(" \t\r\0\x1a") for line in re.split(r"\r*\n|\r", text)]
        if re.search(r"^AVAPS-[TD]\d", text, re.M):
            found = [read_d_file(lines, keep_short)]
        elif re.match(r"\s*\d+\s*,\s*1001\s*$", lines[0]):
            found = [read_icartt(lines)]
        else:
            starts = [number for number, line in enumerate(lines) if re.match(r"\s*Data Type", line, re.I)]
            ends = starts[1:] + [len(lines)]
            found = [read_columns(lines[start:end], keep_short) for start, end in zip(starts, ends)]
    return [sounding for sounding in found if sounding and np.isfinite(sounding.time).any()]


def number(cell):
    try:
        return float(cell)
    except ValueError:
        return np.nan


def moment(year, month, day, hour=0, minute=0, second=0.0):
    """Seconds since 1970."""
    return calendar.timegm((int(year), int(month), int(day), int(hour), int(minute), 0)) + float(second)


def blank(values, *sentinels):
    """Values with NaN for what is missing."""
    values = np.array(values, "f8")
    with np.errstate(invalid="ignore"):
        values[(values <= MISSING) | (np.abs(values) > 1e30) | np.isin(values, sentinels)] = np.nan
    return values


# EOL and ESC text -------------------------------------------------------------------------------------------------

EOL = {"press": "pres", "temp": "tdry", "dewpt": "dp", "rh": "rh", "uwind": "u_wind", "vwind": "v_wind",
       "wspd": "wspd", "dir": "wdir", "dz": "dz", "geopoalt": "gph", "lon": "lon", "lat": "lat", "gpsalt": "gpsalt",
       "gpsa": "gpsalt", "wwind": "w_wind"}
ESC = {"press": "pres", "temp": "tdry", "dewpt": "dp", "rh": "rh", "ucmp": "u_wind", "vcmp": "v_wind", "spd": "wspd",
       "dir": "wdir", "wcmp": "dz", "lon": "lon", "lat": "lat", "alt": "gph"}
ESC_SENTINELS = {"time": 9999, "pres": 9999, "u_wind": 9999, "v_wind": 9999, "lon": 9999, "gph": 99999}


def labels(lines):
    """Header lines by their label: the text before the first colon behind a closing parenthesis, in lower case."""
    found = {}
    for line in lines:
        match = re.match(r"\s*([^:(]*(?:\([^)]*\))?[^:]*):(.*)", line)
        if match:
            found.setdefault(match[1].strip().lower(), match[2].strip())
    return found


def column_names(line, dashes):
    """Names over a rule of dashes, by count, or by place where a name holds a blank."""
    line = re.sub(r"--\s*UTC\s*--", lambda match: "hh mm ss".center(len(match[0])), line)
    if len(line.split()) == len(dashes):
        return [name.lower() for name in line.split()]
    names = [""] * len(dashes)
    middles = np.array([(dash.start() + dash.end()) / 2 for dash in dashes])
    for word in re.finditer(r"\S+", line):
        place = int(np.argmin(np.abs(middles - (word.start() + word.end()) / 2)))
        names[place] = f"{names[place]} {word[0].lower()}".strip()
    names[1:4] = ["hh", "mm", "ss"]
    return names


def cells(line, names):
    """Cells of a row, parted also where a minus sign took the blank before it, or two decimals end a number."""
    found = line.split()
    if len(found) < len(names):
        found = re.sub(r"(?<=\d)-", " -", line).split()
    if len(found) < len(names):
        decimals = {"hh": 0, "mm": 0, "lon": 6, "lat": 6}
        forms = [rf"(-?\d+\.\d{{{decimals[name]}}})" if decimals.get(name) else r"(\d{1,2})" if name in decimals
                 else r"(-?\d+\.\d\d)" for name in names]
        match = re.fullmatch(r"\s*" + r"\s*".join(forms), line)
        found = list(match.groups()) if match else found
    return found


def read_columns(lines, keep_short):
    """One EOL or ESC sounding."""
    rule = next((place for place, line in enumerate(lines) if place > 1 and re.match(r"\s*-{6,}[ -]*$", line)), None)
    header = labels(lines[:rule])
    is_esc = any(label.startswith("utc release time") for label in header)
    launch_text = next((text for label, text in header.items()
                        if label.startswith("utc release time" if is_esc else "utc launch time")), "")
    launch = re.match(r"(\d{4})\W+(\d+)\W+(\d+)\W+(\d+):(\d+):([\d.]+)", launch_text)
    if rule is None or not launch:
        return None
    launch = moment(*launch.groups())
    names = column_names(lines[rule - 2], list(re.finditer(r"-+", lines[rule])))
    rows, malformed = [], 0
    last = len(lines) - 1  # the last line is empty where the file ends its last row
    for place, line in enumerate(lines[rule + 1:], rule + 1):
        if not line.strip():
            continue
        row = cells(line, names)
        cut = place == last and not re.search(r"\.\d" if is_esc else r"\.\d\d", row[-1])
        if len(row) != len(names) or cut:
            malformed += 1
            if not keep_short or len(row) > len(names):
                continue
            row = (row[:-1] if cut else row) + ["nan"] * len(names)
        rows.append([number(cell) for cell in row[:len(names)]])
    table = dict(zip(names, np.array(rows, "f8").reshape(-1, len(names)).T))
    time = table["time"]
    time = np.where(time == (9999 if is_esc else -999), np.nan, time)
    sentinels = lambda name: (ESC_SENTINELS.get(name, 999),) if is_esc else ()
    columns = {target: blank(table[name], *sentinels(target))
               for name, target in (ESC if is_esc else EOL).items() if name in table}
    aircraft = np.zeros(len(time), bool) if is_esc else time == -1
    reference = {name: values[aircraft][0] for name, values in columns.items()} if aircraft.any() else {}
    if "gph" in reference:
        reference["alt"] = reference.pop("gph")
    sonde = next((text for label, text in header.items() if label.startswith("sonde id") or "serial number" in label), "")
    return Sounding("esc" if is_esc else "eol", sonde.split("/")[0].strip(),
                    [("header", launch)] if is_esc else eol_launches(launch, table, time, aircraft),
                    time[~aircraft], {name: values[~aircraft] for name, values in columns.items()}, reference,
                    malformed=malformed)


def eol_launches(launch, table, time, aircraft):
    """The launch of the header, with the fraction of a second that the UTC columns at time 0 betray."""
    usable = np.flatnonzero(np.isfinite(time) & ~aircraft)
    if not usable.size or not {"hh", "mm", "ss"} <= set(table):
        return [("header", launch)]
    row = usable[np.argmin(np.abs(time[usable]))]
    clock = table["hh"][row] * 3600 + table["mm"][row] * 60 + table["ss"][row]
    apart = (clock - time[row] - launch % 86400 + 43200) % 86400 - 43200
    apart = round(apart, 2)
    if not 0 < abs(apart) < 1:
        return [("header", launch)]
    if time[row] != 0:
        return [("header", launch), ("UTC columns of the first row", launch + apart)]
    return [("UTC columns", launch + apart)] + ([("header", launch)] if apart < 0 else [])


# AVAPS D-files ----------------------------------------------------------------------------------------------------

D_COLUMNS = {"pres": (5, 9999), "tdry": (6, 99), "rh": (7, 999), "wdir": (8, 999), "wspd": (9, 999), "dz": (10, 99),
             "lon": (11, 999), "lat": (12, 99), "gph": (13, 99999), "gpsalt": (19, 99999)}
D_PLACES = [(0, 9), (10, 13), (14, 23), (24, 30), (31, 40), (41, 48), (49, 55), (56, 62), (63, 69), (70, 76), (77, 83),
            (84, 95), (96, 106), (107, 115), (116, 119), (120, 126), (127, 133), (134, 137), (138, 143), (144, 152)]


def d_moment(date, time):
    """Hundredths of a second since 1970 of `yymmdd hhmmss.ss`, None where it is none."""
    match = re.fullmatch(r"(\d\d)(\d\d)(\d\d) (\d\d)(\d\d)(\d\d)\.(\d\d)", f"{date} {time}")
    if not match or not (1 <= int(match[2]) <= 12 and 1 <= int(match[3]) <= 31):
        return None
    return int(moment(2000 + int(match[1]), *match.groups()[1:6])) * 100 + int(match[7])


def read_d_file(lines, keep_short):
    """The rows of the sonde alone: flag letter S. Before format 1.6 there was no GPS altitude, the last of 20 fields."""
    widths = {len(line.split()) for line in lines if re.match(r"AVAPS-D\d+ [SA]", line)}
    width = 20 if 20 in widths else 19
    sonde, launch, said, aircraft, rows, malformed = "", None, None, None, [], 0
    for line in lines:
        words = line.split()
        if len(words) < 2 or not words[0].startswith("AVAPS-"):
            continue
        if words[1] == "LAU" and len(words) >= 5:
            sonde = words[2]
            launch = launch or d_moment(words[3], words[4])
        elif match := re.match(r"AVAPS-T\d+ COM Launch Time.*?:\s+(\d{4})[-/](\d+)[-/](\d+),\s*(\d+):(\d+):([\d.]+)", line):
            said = moment(*match.groups())
        elif words[0].startswith("AVAPS-D") and words[1][:1] in ("S", "A"):
            malformed += len(words) != width
            if len(words) != 20 and keep_short and len(line) >= 143:
                words = [line[start:end].strip() or "nan" for start, end in D_PLACES]
            elif len(words) == width == 19:
                words.append("nan")
            if len(words) != 20:
                continue
            if words[1].startswith("A"):
                aircraft = aircraft or words
            else:
                rows.append(words)
    if not rows:
        return None
    stamps = [d_moment(words[3], words[4]) for words in rows]
    known = [stamp for stamp in stamps if stamp is not None]
    launches = [("LAU", launch / 100)] if launch else []
    if not launches and said is not None:
        launches.append(("COM Launch Time", said))
    if not launch and known:
        launches.append(("first row", min(known) / 100))
    if not launches:
        return None
    zero = round(launches[0][1] * 100)
    time = np.array([np.nan if stamp is None else (stamp - zero) / 100 for stamp in stamps])
    time = np.where(time < -43200, time + 86400, time)
    take = lambda words, name: blank([number(words[D_COLUMNS[name][0]])], D_COLUMNS[name][1])[0]
    columns = {name: blank([number(words[place]) for words in rows], sentinel)
               for name, (place, sentinel) in D_COLUMNS.items()}
    # 1 where the frame that carries the value is absent or failed its checksum.
    columns["_ptu"] = np.array([float(words[1][1:2] == "1") for words in rows])
    columns["_gps"] = np.array([float(words[1][2:3] == "1") for words in rows])
    reference = {name: take(aircraft, name) for name in D_COLUMNS} if aircraft else {}
    if reference:
        reference["alt"] = reference.pop("gph")
    return Sounding("d-file", sonde or rows[0][2], launches, time, columns, reference, malformed=malformed)


# ICARTT -----------------------------------------------------------------------------------------------------------

ICARTT = {"pressure": "pres", "temperature": "tdry", "rh": "rh", "speed": "wspd", "direction": "wdir",
          "latitude": "lat", "longitude": "lon", "altitude": "gph", "gps altitude": "gpsalt", "dewpoint": "dp",
          "uwnd": "u_wind", "vwnd": "v_wind", "ascent": "w_wind"}


def read_icartt(lines):
    """FFI 1001, as the dropsonde team writes it."""
    header = int(lines[0].split(",")[0])
    parts = lambda place: [number(part) for part in lines[place].split(",")]
    scales, sentinels = [1.0] + parts(10), [np.nan] + parts(11)
    names = [name.strip().lower() for name in lines[header - 1].split(",")]
    rows, malformed = [], 0
    for line in lines[header:]:
        row = [number(part) for part in line.split(",")]
        if len(row) == len(names):
            rows.append(row)
        else:
            malformed += bool(line.strip())
    if not rows:
        return None
    table = np.array(rows, "f8").T
    columns = {}
    for place, name in enumerate(names):
        if name in ICARTT:
            columns[ICARTT[name]] = blank(table[place], sentinels[place]) * scales[place]
    clock = table[names.index("time_start")]
    time = blank(table[names.index("timeflstart")])
    comments = labels(lines[12:header])
    midnight = moment(*[part for part in lines[6].split(",")[:3]])
    both = np.flatnonzero(np.isfinite(time) & (clock > MISSING))
    counted = round(midnight + clock[both[0]] - time[both[0]], 2) if both.size else None
    said = re.match(r"(\d{4})-(\d+)-(\d+)\s+(\d+):(\d+):([\d.]+)", comments.get("launch time", ""))
    launches = [("Launch Time", moment(*said.groups()))] if said else []
    if counted is not None and (not launches or 0 < abs(counted - launches[0][1]) < 1):
        launches.insert(0, ("Time_Start - TimeFLStart", counted))
    sonde = comments.get("sonde serial number", "")
    return Sounding("icartt", sonde, launches, time, columns, malformed=malformed) if launches else None


# ASPEN netCDF -----------------------------------------------------------------------------------------------------

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
    """An attribute as text, number or array; nothing for a null dataspace."""
    if isinstance(value, h5py.Empty):
        return ""
    if isinstance(value, np.ndarray) and value.size == 1:
        value = value.ravel()[0]
    return value.decode("latin-1") if isinstance(value, bytes) else value


def datasets(path, is_classic):
    """Variables as name -> (values, attributes), and the global attributes."""
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


def physical(values, attributes):
    """Values as float64, NaN where missing, with scale and offset where a variable has them."""
    declared = [attributes[key] for key in ("_FillValue", "missing_value") if isinstance(attributes.get(key), np.number)]
    found = blank(values, *declared)
    if "scale_factor" in attributes or "add_offset" in attributes:
        found = found * float(attributes.get("scale_factor", 1)) + float(attributes.get("add_offset", 0))
    return found


def converted(name, values, units):
    """Values in the product's units, and whether that needed arithmetic."""
    largest = np.nanmax(values) if np.isfinite(values).any() else 0
    if name == "pres" and (units == "Pa" or not units and largest > 2000):
        return values / 100, True
    if name in ("tdry", "dp") and (units in ("K", "kelvin") or not units and largest > 150):
        return values - 273.15, True
    if name == "rh" and (units == "1" or not units and largest <= 1.5):
        return values * 100, True
    if name == "mr" and units in ("kg/kg", "kg kg-1", "1"):
        return values * 1000, True
    return values, False


def epoch(units):
    match = re.match(r"seconds since (\d{4})-(\d+)-(\d+)[T ]+(\d+):(\d+):([\d.]+)", str(units))
    return moment(*match.groups()) if match else None


def read_netcdf(path, is_classic):
    variables, attributes = datasets(path, is_classic)
    name = next((name for name in ("time", "time_offset") if name in variables),
                next((name for name, (values, kept) in variables.items()
                      if kept.get("standard_name") == "time" and np.ndim(values) == 1), None))
    if name is None or np.ndim(variables[name][0]) != 1:
        return None
    values, kept = variables[name]
    zero = epoch(kept.get("units"))
    if zero is None:
        return None
    time = blank(values, *[kept[key] for key in ("_FillValue", "missing_value") if isinstance(kept.get(key), np.number)])
    launch = zero
    if "launch_time" in variables and (start := epoch(variables["launch_time"][1].get("units"))) is not None:
        launch = start + float(variables["launch_time"][0].ravel()[0])
    elif zero == 0 and np.isfinite(time).any():
        launch = float(np.nanmin(time))
    time = time + (zero - launch) if zero != launch else time
    columns, inexact = {}, set()
    for by_name in (True, False):
        for key, (values, kept) in variables.items():
            if np.shape(values) != time.shape or values.dtype.kind not in "fiu" or re.match("reference_|surface_", key):
                continue
            standard = STANDARD_NAMES.get(kept.get("standard_name"))
            target = standard if by_name else BY_ALIAS.get(key.lower())
            if target and target not in columns and not (not by_name and standard):
                columns[target], was_converted = converted(target, physical(values, kept), str(kept.get("units", "")))
                inexact |= {target} if was_converted else set()
    reference = {key.removeprefix("reference_"): float(physical(values.ravel()[:1], kept)[0])
                 for key, (values, kept) in variables.items()
                 if key.startswith("reference_") and key != "reference_time" and values.size == 1}
    sonde = next((str(value) for key, value in attributes.items() if key.lower() in ("sondeid", "sonde_id", "sonde_serial_id")), "")
    return Sounding("netcdf", sonde.strip(), [("time units", launch)], time, columns, reference, inexact)
