"""The rules by which rows of a sounding become a product: order, derived values, filled positions. Reads no files."""

import numpy as np

from positions import spikes, turned

FILL = -999.0
LONG_GAP = 60.0  # seconds between fixes
FASTEST = 200.0  # metres per second over ground
REPORTED, INTERPOLATED, LAUNCH_POSITION, NO_POSITION, INTERPOLATED_LONG_GAP = range(5)


def ordered(sounding):
    """Sorts rows by time and merges equal times; returns time, columns, number of rows without a time, conflicting
    values."""
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
    """Eastward and northward wind, from wind speed and the direction that the wind comes from."""
    return -speed * np.sin(np.radians(direction)), -speed * np.cos(np.radians(direction))


def polar(eastward, northward):
    return np.hypot(eastward, northward), np.degrees(np.arctan2(-eastward, -northward)) % 360


def dew_point(temperature, humidity):
    """Dew point in degrees Celsius by Bolton (1980), equation 10 and its inverse; NaN without humidity."""
    with np.errstate(divide="ignore", invalid="ignore"):
        exponent = 17.67 * temperature / (temperature + 243.5) + np.log(np.where(humidity > 0, humidity, np.nan) / 100)
        return 243.5 * exponent / (17.67 - exponent)


def derivations(columns, count):
    """Quantities that can be derived: name -> values, NaN where they cannot be computed."""
    nothing = np.full(count, np.nan)
    have = lambda name: columns.get(name, nothing)
    eastward, northward = components(have("wspd"), have("wdir"))
    speed, direction = polar(have("u_wind"), have("v_wind"))
    return {"u_wind": eastward, "v_wind": northward, "wspd": speed, "wdir": direction,
            "dp": dew_point(have("tdry"), have("rh"))}


def filled(time, values, known, around=None):
    """Values at all rows, interpolated from those at known rows, and the status of each row.

    Linear in time, and constant before the first and after the last known value; `around` is the period of an angle.
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


def fixes(time, latitude, longitude):
    """Longitudes from -180 to 180, and which positions are valid: both coordinates present, on the globe, not 0 N 0
    E, not a spike."""
    longitude = turned(longitude)
    with np.errstate(invalid="ignore"):
        believed = (np.abs(latitude) <= 90) & (np.abs(longitude) <= 180) & ~((latitude == 0) & (longitude == 0))
    rows = np.flatnonzero(believed)
    believed[rows[spikes(latitude[rows], longitude[rows], time[rows], FASTEST)]] = False
    return longitude, believed
