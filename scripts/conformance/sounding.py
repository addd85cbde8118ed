"""What a dropsonde source is read into, and what all its readers need."""

import calendar
import dataclasses

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
    others: dict[str, np.ndarray] = dataclasses.field(default_factory=dict)  # single numbers and columns that no table knows
    exact_time: bool = True
    quality: dict[str, np.ndarray] = dataclasses.field(default_factory=dict)  # codes that the source has, by column


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
