"""Reads dropsonde sources: EOL and ESC text, AVAPS D-files, ICARTT, ASPEN netCDF in either container.

Written from the description of the formats and not from the product's code. `read` returns a list of soundings; if it
is empty, the file has none and must not give a product. Rows are in the order of the source.
"""

import pathlib
import re

import numpy as np

from sounding import MISSING, Sounding, blank, moment, number
from sounding_arrays import read_netcdf


def read(path, keep_short=False):
    """Reads the soundings of a file; with `keep_short`, the complete cells of rows with too few cells are kept."""
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


# EOL and ESC text -------------------------------------------------------------------------------------------------

EOL = {"press": "pres", "temp": "tdry", "dewpt": "dp", "rh": "rh", "uwind": "u_wind", "vwind": "v_wind",
       "wspd": "wspd", "dir": "wdir", "dz": "dz", "geopoalt": "gph", "lon": "lon", "lat": "lat", "gpsalt": "gpsalt",
       "gpsa": "gpsalt", "wwind": "w_wind"}
ESC = {"press": "pres", "temp": "tdry", "dewpt": "dp", "rh": "rh", "ucmp": "u_wind", "vcmp": "v_wind", "spd": "wspd",
       "dir": "wdir", "wcmp": "dz", "lon": "lon", "lat": "lat", "alt": "gph"}
ESC_SENTINELS = {"time": 9999, "pres": 9999, "u_wind": 9999, "v_wind": 9999, "lon": 9999, "gph": 99999}
QUALITY = {"qp": "pres", "qt": "tdry", "qrh": "rh", "qh": "rh", "qu": "u_wind", "qv": "v_wind", "quv": "wind", "qdz": "dz"}
CLOCK = ("time", "hh", "mm", "ss")
CLASS = EOL | {"alt": "gph"}
CLASS_SENTINELS = ESC_SENTINELS | {"u_wind": 999, "v_wind": 999, "lon": 999, "dz": 99}


def launch_time(text):
    """Seconds since 1970; two-digit years are from 1969 to 2068, as in POSIX."""
    match = re.match(r"(\d{4}|\d\d)\W+(\d+)\W+(\d+)\W+(\d+):(\d+):([\d.]+)", text)
    if not match:
        return None
    year = int(match[1])
    return moment(year if year > 99 else year + (1900 if year >= 69 else 2000), *match.groups()[1:])


def labels(lines):
    """Header lines by label: the text before the first colon after a closing parenthesis, in lower case."""
    found = {}
    for line in lines:
        match = re.match(r"\s*([^:(]*(?:\([^)]*\))?[^:]*):(.*)", line)
        if match:
            found.setdefault(match[1].strip().lower(), match[2].strip())
    return found


def column_names(line, dashes):
    """Column names above the line of dashes, by count, or by position if a name contains a blank."""
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
    """Splits a row into cells, also where a minus sign replaced the blank before it, or two decimals end a number."""
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
    """Reads one EOL or ESC sounding."""
    rule = next((place for place, line in enumerate(lines) if place > 1 and re.match(r"\s*-{6,}[ -]*$", line)), None)
    header = labels(lines[:rule])
    is_esc = any(re.match("(utc|gmt) release time", label) for label in header)
    launch = next(filter(None, (launch_time(text) for label, text in header.items()
                                if re.match("(utc|gmt) (launch|release) time", label))), None)
    launch = launch or next(filter(None, (launch_time(text) for label, text in header.items()
                                          if re.match("nominal (launch|release) time", label))), None)
    if rule is None or launch is None:
        return None
    # CLASS of 2001 has neither the format line nor the -999 of EOL text.
    is_class = not is_esc and any(label.startswith("launch location") for label in header) and "alt" in column_names(
        lines[rule - 2], list(re.finditer(r"-+", lines[rule])))
    names = column_names(lines[rule - 2], list(re.finditer(r"-+", lines[rule])))
    rows, malformed = [], 0
    last = len(lines) - 1  # the last line is empty if the last row ends with a line end
    for place, line in enumerate(lines[rule + 1:], rule + 1):
        if not line.strip():
            continue
        row = cells(line, names)
        cut = place == last and not re.search(r"\.\d" if is_esc else r"\.\d\d", row[-1])
        known = np.isfinite([number(cell) for cell in row])
        if len(row) == len(names) and known.sum() < len(names) / 2:  # many bad cells invalidate the row
            malformed += 1
            continue
        if len(row) != len(names) or cut:
            malformed += 1
            if not keep_short or len(row) > len(names):
                continue
            row = (row[:-1] if cut else row) + ["nan"] * len(names)
        rows.append([number(cell) for cell in row[:len(names)]])
    table = dict(zip(names, np.array(rows, "f8").reshape(-1, len(names)).T))
    time = table["time"]
    time = np.where(time == (9999 if is_esc else -999), np.nan, time)
    sentinels = lambda name: ((CLASS_SENTINELS if is_class else ESC_SENTINELS).get(name, 999),) if is_esc or is_class else ()
    columns = {target: blank(table[name], *sentinels(target))
               for name, target in (ESC if is_esc else CLASS if is_class else EOL).items() if name in table}
    named = set(names) - set(ESC if is_esc else CLASS if is_class else EOL) - set(QUALITY) - set(CLOCK)
    aircraft = np.zeros(len(time), bool) if is_esc else time == (0 if is_class else -1)
    reference = {name: values[aircraft][0] for name, values in columns.items()} if aircraft.any() else {}
    if "gph" in reference:
        reference["alt"] = reference.pop("gph")
    sonde = next((text for label, text in header.items() if label.startswith("sonde id") or "serial number" in label), "")
    return Sounding("esc" if is_esc else "eol", sonde.split("/")[0].strip(),
                    [("header", launch)] if is_esc else eol_launches(launch, table, time, aircraft),
                    time[~aircraft], {name: values[~aircraft] for name, values in columns.items()}, reference,
                    malformed=malformed,
                    quality={target: table[name][~aircraft] for name, target in QUALITY.items() if name in table},
                    others={name: blank(table[name][~aircraft], *sentinels("")) for name in named if name in table})


def eol_launches(launch, table, time, aircraft):
    """The launch of the header, with the fraction of a second from the UTC columns at time 0."""
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
    """Hundredths of a second since 1970 of `yymmdd hhmmss.ss`; None if it is invalid."""
    match = re.fullmatch(r"(\d\d)(\d\d)(\d\d) (\d\d)(\d\d)(\d\d)\.(\d\d)", f"{date} {time}")
    if not match or not (1 <= int(match[2]) <= 12 and 1 <= int(match[3]) <= 31):
        return None
    return int(moment(2000 + int(match[1]), *match.groups()[1:6])) * 100 + int(match[7])


def read_d_file(lines, keep_short):
    """Reads only the rows of the sonde: flag letter S. Before format 1.6 there was no GPS altitude, the last of 20
    fields."""
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
    # 1 if the frame with the value is absent or failed its checksum.
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
    """Reads FFI 1001 as written by the dropsonde team."""
    header = int(lines[0].split(",")[0])
    parts = lambda place: [number(part) for part in lines[place].split(",")]
    scales, sentinels = [1.0] + parts(10), [np.nan] + parts(11)
    names = [name.strip().lower() for name in lines[header - 1].split(",")]
    rows, malformed = [], 0
    for line in lines[header:]:
        row = [number(part) for part in re.sub(r",\s*$", "", line).split(",")]
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
    # The clock counts from midnight of the first day, and may restart at the next one.
    clock = table[names.index("time_start")]
    clock = np.where(clock > MISSING, clock, np.nan)
    known = np.flatnonzero(np.isfinite(clock))
    fell = np.diff(clock[known], prepend=clock[known[:1]]) < -43200
    clock[known] += 86400 * np.cumsum(fell)
    midnight = moment(*[part for part in lines[6].split(",")[:3]])
    comments = labels(lines[12:header])
    said = re.match(r"(\d{4})-(\d+)-(\d+)\s+(\d+):(\d+):([\d.]+)", comments.get("launch time", ""))
    launches = [("Launch Time", moment(*said.groups()))] if said else []
    sonde = comments.get("sonde serial number", "")
    if "timeflstart" not in names:
        launches = launches or [("first row", midnight + float(clock[known[0]]))] if known.size else launches
        time = np.round(clock + midnight - launches[0][1], 2) if launches else clock
        return Sounding("icartt", sonde, launches, time, columns, malformed=malformed, exact_time=False) if launches else None
    time = blank(table[names.index("timeflstart")])
    both = np.flatnonzero(np.isfinite(time) & np.isfinite(clock))
    counted = round(midnight + clock[both[0]] - time[both[0]], 2) if both.size else None
    if counted is not None and (not launches or 0 < abs(counted - launches[0][1]) < 1):
        launches.insert(0, ("Time_Start - TimeFLStart", counted))
    return Sounding("icartt", sonde, launches, time, columns, malformed=malformed) if launches else None
