"""Digests of the output of programs in other languages, in tab-separated lines:

    VERSION text
    D name length                                        a dimension
    V name type shape dimensions stored place            a variable; its values are in the file `place`, of type `stored`
    T name shape dimensions text...                      a variable of characters, a text for each row
    A owner name text|number|empty|TYPE hexadecimal      an attribute; the owner "/" is the file

Shape and dimensions are comma-separated lists; values are little-endian, with the last dimension fastest.
"""

import numpy

import canonical
import cdl

# R's names of types, including one that is misspelt in ncdf4.
TYPES = {"byte": "i1", "short": "i2", "int": "i4", "float": "f4", "double": "f8", "unsigned byte": "u1", "unsigned short": "u2",
         "unsigned int": "u4", "8 byte int": "i8", "unsigned 8 byte int": "u8", "unsinged 8 byte int": "u8",
         "char": "S1"}


def listed(word):
    return word.split(",") if word else []


def attribute(form, digits):
    data = bytes.fromhex(digits)
    return ["text", canonical.plain(data)] if form == "text" else [form, digits]


def digest(printed):
    """The digest of a dump, and its version."""
    version, dimensions, attributes, found = "", {}, {"/": {}}, {}
    for line in printed.decode("utf-8").splitlines():
        tag, *words = line.rstrip("\t ").split("\t")
        if tag == "VERSION":
            version = words[0]
        elif tag == "D":
            dimensions[words[0]] = int(words[1])
        elif tag == "V":
            name, kind, shape, names, stored, place = words
            kind = TYPES.get(kind, kind)
            raw = numpy.fromfile(place, stored)
            values = raw.astype(kind).reshape([int(length) for length in listed(shape)])
            found[name] = canonical.variable(values, attributes.setdefault(name, {}), listed(names))
            if kind in ("i8", "u8") and stored == "f8" and numpy.any(numpy.abs(raw) > 2 ** 53):
                found[name]["sha256"] = "lost"
        elif tag == "T":
            name, shape, names, *texts = words
            values = cdl.characters([bytes.fromhex(text) for text in texts], [int(length) for length in listed(shape)])
            shape = [int(length) for length in listed(shape)]
            found[name] = canonical.variable(values.reshape(shape), attributes.setdefault(name, {}), listed(names))
        elif tag == "A":
            owner, name, form, *digits = words
            if name not in canonical.HIDDEN:
                attributes.setdefault(owner, {})[name] = attribute(form, "".join(digits))
    found["/"] = canonical.group(attributes["/"], dimensions)
    return found, version
