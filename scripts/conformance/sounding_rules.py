"""What a product makes of a sounding's rows: their order, derived values, filled positions. No file is read here."""

import numpy as np

FILL = -999.0
LONG_GAP = 60.0  # seconds between fixes
REPORTED, INTERPOLATED, LAUNCH_POSITION, NO_POSITION, INTERPOLATED_LONG_GAP = range(5)


def ordered(sounding):
    """Rows by ascending time, equal times merged: time, columns, rows without a time, conflicting values."""
    order = np.argsort(sounding.time, kind="stable")
    dropped = int(np.isnan(sounding.time).sum())
    order = order[:len(order) - dropped]  # NaN sorts last
    time = sounding.time[order]
    first = np.flatnonzero(np.append(True, time[1:] != time[:-1]))
    ends = np.append(first[1:], len(time))
    columns, conflicts = {}, 0
    for name, values in sounding.columns.items():
        values = values[order]
        merged = values[first]
        for place in np.flatnonzero(ends - first > 1):
            group = values[first[place]:ends[place]]
            known = group[~np.isnan(group)]
            if known.size:
                merged[place] = known[0]
                conflicts += int((known[1:] != known[0]).sum()) * (not name.startswith("_"))
        columns[name] = merged
    return time[first], columns, dropped, conflicts


def components(speed, direction):
    """Eastward and northward wind, from the direction the wind comes from."""
    return -speed * np.sin(np.radians(direction)), -speed * np.cos(np.radians(direction))


def polar(eastward, northward):
    return np.hypot(eastward, northward), np.degrees(np.arctan2(-eastward, -northward)) % 360


def dew_point(temperature, humidity):
    """Bolton (1980), equation 10 and its inverse, in degrees Celsius; nothing without humidity."""
    with np.errstate(divide="ignore", invalid="ignore"):
        exponent = 17.67 * temperature / (temperature + 243.5) + np.log(np.where(humidity > 0, humidity, np.nan) / 100)
        return 243.5 * exponent / (17.67 - exponent)


def derivations(columns, count):
    """What may be computed: name -> values, NaN where they cannot be had."""
    nothing = np.full(count, np.nan)
    have = lambda name: columns.get(name, nothing)
    eastward, northward = components(have("wspd"), have("wdir"))
    speed, direction = polar(have("u_wind"), have("v_wind"))
    return {"u_wind": eastward, "v_wind": northward, "wspd": speed, "wdir": direction,
            "dp": dew_point(have("tdry"), have("rh"))}


def filled(time, values, known, around=None):
    """Values at all rows from those at known ones, and the status of each row.

    Linear in time, the first value before the first, the last held; `around` is the period of an angle.
    """
    rows = np.flatnonzero(known)
    if not rows.size:
        return np.full(len(time), np.nan), np.full(len(time), NO_POSITION)
    line = np.unwrap(values[rows], period=around) if around else values[rows]
    result = np.interp(time, time[rows], line)
    if around:
        result = (result + around / 2) % around - around / 2
    result[rows] = values[rows]
    after = np.searchsorted(rows, np.arange(len(time)))
    before_first, after_last = after == 0, after == len(rows)
    gap = time[rows[np.minimum(after, len(rows) - 1)]] - time[rows[np.maximum(after - 1, 0)]]
    status = np.where(gap > LONG_GAP + 1e-6, INTERPOLATED_LONG_GAP, INTERPOLATED)
    status[after_last] = INTERPOLATED
    status[before_first] = LAUNCH_POSITION
    status[rows] = REPORTED
    return result, status


def position_readings(latitude, longitude):
    """Sound readings of what a fix is: (name, longitude, fixes of latitude, fixes of longitude).

    Longitudes of 180 to 360 count as western ones.
    """
    with np.errstate(invalid="ignore"):
        has_latitude, has_longitude = np.abs(latitude) <= 90, (longitude >= -180) & (longitude <= 360)
        reported, longitude = longitude, np.where(longitude > 180, longitude - 360, longitude)
        both = has_latitude & has_longitude
        readings = [("a fix has both coordinates, within their ranges", longitude, both, both)]
        if not both.any() or (has_latitude != has_longitude).any():
            readings.append(("each coordinate by itself", longitude, has_latitude, has_longitude))
        zero = (latitude == 0) & (longitude == 0)
        if (both & zero).any():
            readings.append(("0 N 0 E is no fix", longitude, both & ~zero, both & ~zero))
        either = both & ((latitude == 0) | (longitude == 0))
        if either.any():
            readings.append(("a coordinate of exactly 0 is no fix", longitude, both & ~either, both & ~either))
        if (reported > 360).any() or (reported < -180).any():
            turned = np.where(has_longitude, longitude, (reported + 180) % 360 - 180)
            finite = has_latitude & np.isfinite(turned)
            readings.append(("longitudes beyond 360 are turned back", turned, finite, finite))
    return readings


def plausible_positions(latitude, longitude):
    """Readings of which positions a bounding box covers: all, without zeros, also without leaps of a degree."""
    known = (latitude > FILL) & (longitude > FILL)
    yield known
    zero = (latitude == 0) | (longitude == 0)
    yield known & ~((latitude == 0) & (longitude == 0))
    yield known & ~zero
    rows = np.flatnonzero(known & ~zero)
    kept, last = [], None
    for row in rows:
        turn = abs((longitude[row] - longitude[last] + 180) % 360 - 180) if last is not None else 0
        if last is None or (abs(latitude[row] - latitude[last]) <= 1 and turn <= 1):
            kept.append(row)
            last = row
    mask = np.zeros(len(latitude), bool)
    mask[kept] = True
    yield mask
