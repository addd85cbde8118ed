"""Compares the conversion of units with UDUNITS.

    check_units.py PROGRAM

PROGRAM is the example `unit_values`. Every spelling below is converted to every other one, by the program and by
UDUNITS-2 (through cf-units). Conversions must agree to 13 digits, and both must reject the same pairs, except for the
documented differences: steradians and degrees are separate units for the program, and it accepts some spellings that
UDUNITS does not.
"""

import ast
import itertools
import math
import subprocess
import sys

import cf_units

TAKEN_BY_BOTH = (
    "m", "km", "cm", "mm", "um", "nm", "meter", "metres", "ft", "feet", "inch", "mile", "nautical_mile",
    "s", "sec", "seconds", "min", "minute", "h", "hours", "d", "day", "ms", "us", "ns", "millisecond",
    "Pa", "hPa", "kPa", "mbar", "millibar", "bar", "pascal", "hectopascal", "atm", "N m-2",
    "K", "kelvin", "degC", "degree_Celsius", "Celsius", "degF", "degree_Fahrenheit",
    "m s-1", "m/s", "km/h", "knot", "knots", "cm s-1", "ft/min",
    "degree", "degrees", "degrees_north", "degrees_east", "rad", "radian", "arcminute",
    "1", "%", "percent", "1e-3", "g kg-1", "kg kg-1", "g/kg", "g m-3", "kg m-3",
    "m-1", "km-1", "m^-1", "1/km", "sr", "km-1 sr-1", "m-1 sr-1", "Mm-1 sr-1", "m^-1 sr^-1",
    "kg", "g", "mg", "W m-2", "J kg-1", "m2 s-2", "V", "mV", "Hz", "kHz", "MHz", "GHz", "m3", "litre",
)
# Spellings in sources, and the UDUNITS spelling of the same unit.
SPELLINGS = {
    "degrees C": "degC", "deg C": "degC", "degrees_C": "degC", "kt": "knot", "kts": "knot", "Pascal": "Pa", "ms-1": "m s-1",
    "degrees N": "degrees_north", "deg_N": "degrees_north", "degrees E": "degrees_east", "km^{-1}": "km-1", "mb": "mbar",
    "meters": "m", "Deg": "degree", "unitless": "1", "km-1*sr-1": "km-1 sr-1",
}


def answers(program, pairs):
    lines = "".join(f"{one}\t{two}\n" for one, two in pairs)
    output = subprocess.run([program], input=lines, capture_output=True, text=True, check=True).stdout
    return [line.split("\t") for line in output.splitlines()]


def has_angle(unit):
    """True for units in which UDUNITS treats an angle as a plain number."""
    return any(word in unit for word in ("sr", "rad", "degree", "arc")) and not unit.startswith(("degree_C", "degree_F"))


def is_same(ours, theirs):
    """True if equal to 13 digits, or to 1e-11 if an offset cancels digits."""
    tolerance = 1e-11 if theirs[0] else 0
    return all(math.isclose(one, two, rel_tol=1e-13, abs_tol=tolerance) for one, two in zip(ours, theirs))


def main():
    program = sys.argv[1]
    bad = 0
    pairs = list(itertools.product(TAKEN_BY_BOTH, repeat=2)) + [(one, two) for one, two in SPELLINGS.items()]
    for (one, two), (found, spelled) in zip(pairs, answers(program, pairs), strict=True):
        meant = SPELLINGS.get(one, one)
        ours = None if found == "none" else ast.literal_eval(found)
        from_unit, to_unit = cf_units.Unit(meant), cf_units.Unit(two)
        theirs = None
        if from_unit.is_convertible(to_unit):
            theirs = [from_unit.convert(value, to_unit) for value in (0.0, 1.0, 250.0)]
            # UDUNITS also converts a unit to its reciprocal, such as a period to a frequency.
            theirs = None if math.isinf(theirs[0]) else theirs
        if ours is None and theirs is not None and (has_angle(meant) or has_angle(two)):
            continue
        agree = (ours is None) == (theirs is None) and (ours is None or is_same(ours, theirs))
        try:
            is_spelled = not spelled or cf_units.Unit(spelled) == from_unit
        except ValueError:
            is_spelled = False
        if not agree or not is_spelled:
            bad += 1
            print(f"bad  {one!r} to {two!r}: {ours}, UDUNITS {theirs}; spelled {spelled!r}")
    print(f"{len(pairs)} conversions compared with UDUNITS, {bad} bad")
    sys.exit(bad > 0)


main()
