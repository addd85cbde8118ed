"""The type that dropsonde sources are read into, and helpers of all its readers."""

import calendar
import dataclasses

import numpy as np

MISSING = -998.995  # no column except time is below it: all spellings of -999, and -9999 and its ICARTT relatives
DATA = ("pres", "tdry", "dp", "rh", "u_wind", "v_wind", "w_wind", "wspd", "wdir", "dz", "mr", "vt", "theta", "theta_e",
        "theta_v", "gph", "gpsalt", "lat", "lon")


@dataclasses.dataclass
class Sounding:
    """One sounding: only rows of the sonde, NaN where the source has no value."""

    form: str
    sonde: str
    # Launch times in seconds since 1970, the most reliable first; the others are also stated in the source, each with
    # a name.
    launches: list[tuple[str, float]]
    time: np.ndarray
    columns: dict[str, np.ndarray]
    reference: dict[str, float] = dataclasses.field(default_factory=dict)
    inexact: set[str] = dataclasses.field(default_factory=set)  # columns whose units were converted
    malformed: int = 0
    others: dict[str, np.ndarray] = dataclasses.field(default_factory=dict)  # unknown single numbers and columns
    exact_time: bool = True
    quality: dict[str, np.ndarray] = dataclasses.field(default_factory=dict)  # quality codes of the source, by column


def number(cell):
    try:
        return float(cell)
    except ValueError:
        return np.nan


def moment(year, month, day, hour=0, minute=0, second=0.0):
    """Seconds since 1970."""
    return calendar.timegm((int(year), int(month), int(day), int(hour), int(minute), 0)) + float(second)


def blank(values, *sentinels):
    """Returns values with NaN for the sentinels."""
    values = np.array(values, "f8")
    with np.errstate(invalid="ignore"):
        values[(values <= MISSING) | (np.abs(values) > 1e30) | np.isin(values, sentinels)] = np.nan
    return values
