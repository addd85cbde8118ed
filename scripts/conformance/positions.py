"""Determines which positions of a track are valid, written from docs/data-notes.md and not from the product's code."""

import numpy as np

LONGEST_SPIKE = 60.0  # seconds from the valid position before it to the valid one after it


def turned(longitude):
    """Converts longitudes to -180 to 180; values up to 360 on either side are wrapped."""
    with np.errstate(invalid="ignore"):
        around = np.where((longitude > 180) & (longitude <= 360), longitude - 360, longitude)
        return np.where((around < -180) & (around >= -360), around + 360, around)


def distances(latitude, longitude, one, others):
    """Distances in metres from one position to others, by Vincenty's formula on a sphere, which the product does not
    use."""
    a, b = np.radians(latitude[one]), np.radians(latitude[others])
    turn = np.radians(longitude[others] - longitude[one])
    across = np.hypot(np.cos(b) * np.sin(turn), np.cos(a) * np.sin(b) - np.sin(a) * np.cos(b) * np.cos(turn))
    along = np.sin(a) * np.sin(b) + np.cos(a) * np.cos(b) * np.cos(turn)
    return 6371008.8 * np.arctan2(across, along)


def spikes(latitude, longitude, seconds, fastest):
    """True for positions that a track could only have visited faster than `fastest`, in metres per second.

    A spike is one position, or several within a minute: it is entered and left too fast, and the positions around it
    agree with each other. One second is added to every interval of the clock.
    """
    def too_fast(one, others):
        return distances(latitude, longitude, one, others) / (np.abs(seconds[others] - seconds[one]) + 1) > fastest

    count = len(latitude)
    found = np.zeros(count, bool)
    if count < 3:
        return found
    leaps = too_fast(np.arange(count - 1), np.arange(1, count))
    good = 0
    while good < count - 2:
        if leaps[good]:
            reachable = np.flatnonzero(~too_fast(good, np.arange(good + 1, count)))
            after = good + 1 + reachable[0] if reachable.size else None
            if after is not None and leaps[after - 1]:
                if after == good + 2 or abs(seconds[after] - seconds[good]) <= LONGEST_SPIKE:
                    found[good + 1:after] = True
                    good = after
                    continue
        good += 1
    return found
