"""Compares a reader's digest of a file with the reference; children/canonical.py defines digests."""

import dataclasses
import struct

FORMATS = {"i1": "b", "u1": "B", "i2": "h", "u2": "H", "i4": "i", "u4": "I", "i8": "q", "u8": "Q", "f4": "f", "f8": "d"}


@dataclasses.dataclass(frozen=True)
class Difference:
    """One difference from the reference. `part` is an attribute as `:units`, or else `values`, `type`, `shape`, ..."""

    place: str
    part: str
    expected: object
    found: object

    def __str__(self):
        return f"{self.place} {self.part}: {brief(self.found)}, expected {brief(self.expected)}"


@dataclasses.dataclass
class Comparison:
    """What was compared in a file, and the differences."""

    values: int = 0
    attributes: int = 0
    differences: list[Difference] = dataclasses.field(default_factory=list)


def brief(value):
    text = "nothing" if value is None else str(value)
    return text if len(text) <= 100 else f"{text[:60]}... ({len(text)} characters)"


def compare(reference, found):
    """Compares everything in either digest, except what the reader does not show (None)."""
    comparison = Comparison()
    for place in sorted(reference.keys() | found.keys()):
        if place not in found or place not in reference:
            comparison.differences.append(Difference(
                place, "object", "there" if place in reference else None, "there" if place in found else None))
            continue
        expected, answer = reference[place], found[place]
        compare_parts(place, expected, answer, comparison)
        if answer["attributes"] is not None:
            compare_attributes(place, expected["attributes"], answer["attributes"], comparison)
    return comparison


def compare_parts(place, expected, found, comparison):
    """Compares type, shape, dimensions and values of a variable, and dimensions of a group."""
    for part in ("type", "shape", "dimensions", "sha256"):
        one, other = expected.get(part), found.get(part)
        if one is not None and other is not None and not same_part(part, one, other):
            comparison.differences.append(Difference(place, "values" if part == "sha256" else part, one, other))
    if found.get("sha256") is not None:
        comparison.values += expected["size"]


def same_part(part, one, other):
    """True if equal. A dimension name that is None is unknown; its length is compared as part of the shape."""
    if part == "dimensions" and isinstance(one, list):
        return len(one) == len(other) and all(a == b or a is None or b is None for a, b in zip(one, other))
    return one == other


def compare_attributes(place, expected, found, comparison):
    for name in sorted(expected.keys() | found.keys()):
        one, other = expected.get(name), found.get(name)
        comparison.attributes += 1
        if one is None or other is None or not same_attribute(one, other):
            comparison.differences.append(Difference(place, f":{name}", one, other))


def same_attribute(expected, found):
    """True if text, or type and bits, are equal. A reader without types only needs the same numbers as float64."""
    if found[0] == "empty":
        return expected[1] == ""
    if found[0] == "number" and expected[0] in FORMATS:
        return found[1] == as_float64(*expected)
    return expected == found


def as_float64(kind, digits):
    """Converts numbers of a type to float64, both little-endian in hexadecimal."""
    data = bytes.fromhex(digits)
    numbers = struct.unpack(f"<{len(data) // int(kind[1])}{FORMATS[kind]}", data)
    return struct.pack(f"<{len(numbers)}d", *numbers).hex()
