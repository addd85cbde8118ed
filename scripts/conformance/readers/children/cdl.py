"""Digests of the output of ncdump: types, shapes, dimensions, every attribute, and the values of small variables."""

import re

import numpy

import canonical

TYPES = {"byte": "i1", "char": "S1", "short": "i2", "int": "i4", "float": "f4", "double": "f8", "ubyte": "u1",
         "ushort": "u2", "uint": "u4", "int64": "i8", "uint64": "u8", "string": "O"}
# The suffix of an attribute's number determines its type. Without a suffix it is an int, or a double if it is written
# like one.
SUFFIXES = (("ULL", "u8"), ("LL", "i8"), ("US", "u2"), ("UB", "u1"), ("U", "u4"), ("s", "i2"), ("b", "i1"))
# ncdump prints _ for a value that was never written: _FillValue, or else these defaults of netcdf.h.
FILLS = {"i1": -127, "S1": b"\0", "i2": -32767, "i4": -2147483647, "f4": 9.9692099683868690e+36, "f8": 9.9692099683868690e+36,
         "u1": 255, "u2": 65535, "u4": 4294967295, "i8": -9223372036854775806, "u8": 18446744073709551614}
TOKEN = re.compile(r'\s+|//[^\n]*|("(?:[^"\\]|\\.)*"|[{}();,=:]|(?:\\.|[^\s"{}();,=:\\])+)', re.DOTALL)
ESCAPE = re.compile(r"\\([0-7]{3}|x[0-9A-Fa-f]{2}|.)", re.DOTALL)
LETTERS = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v"}


def unescaped(text):
    """Resolves backslash escapes."""
    def one(match):
        code = match.group(1)
        if len(code) == 3:
            return chr(int(code[1:], 16) if code[0] == "x" else int(code, 8))
        return LETTERS.get(code, code)
    return ESCAPE.sub(one, text)


class Parser:
    """Parses the tokens of CDL. Text is bytes decoded as Latin-1, because ncdump prints bytes unchanged."""

    def __init__(self, text):
        self.tokens = [match.group(1) for match in TOKEN.finditer(text) if match.group(1)]
        self.place = 0

    def peek(self):
        return self.tokens[self.place]

    def take(self):
        self.place += 1
        return self.tokens[self.place - 1]

    def take_until(self, end):
        """Takes the tokens up to and including `end`; returns those before it, without commas."""
        stop = self.tokens.index(end, self.place)
        taken, self.place = [token for token in self.tokens[self.place:stop] if token != ","], stop + 1
        return taken

    def name(self):
        return unescaped(self.take()).encode("latin-1").decode()

    def section(self, word):
        """True if this section starts here; its header is skipped."""
        if self.tokens[self.place:self.place + 2] != [word, ":"]:
            return False
        self.place += 2
        return True

    def ends(self):
        return self.peek() == "}" or self.tokens[self.place + 1] == ":" and self.peek() in ("data", "variables", "group")

    def dimensions(self):
        """Reads lengths by name."""
        found = {}
        while self.section("dimensions") or (found and not self.ends()):
            name = self.name()
            found[name] = int(self.take_until(";")[1])
        return found

    def header(self):
        """Reads declarations of variables, (type, dimensions) by name, and all attributes by name of the variable, ""
        for global."""
        declared, attributes = {}, {"": {}}
        self.section("variables")
        while self.peek() != "}" and not self.section("data"):
            string = self.peek() == "string" and self.tokens[self.place + 1] == ":" or \
                self.peek() == "string" and self.tokens[self.place + 2] == ":"
            if string:
                self.take()
            if self.peek() == ":" or self.tokens[self.place + 1] == ":":
                owner = "" if self.peek() == ":" else self.name()
                self.take()
                name = self.name()
                self.take()
                attributes[owner][name] = attribute(self.take_until(";"))
            else:
                kind, name = TYPES[self.take()], self.name()
                words = [word for word in self.take_until(";") if word not in "()"]
                declared[name] = kind, [unescaped(word).encode("latin-1").decode() for word in words]
                attributes[name] = {}
        return declared, attributes

    def data(self):
        """Reads the tokens of the printed values, by name."""
        found = {}
        while self.peek() != "}":
            name = self.name()
            self.take()
            found[name] = self.take_until(";")
        return found


def attribute(words):
    """The canonical attribute of printed values; an attribute without values is printed as "" for any type."""
    if words == ['""']:
        return ["empty", ""]
    if words[0].startswith('"'):
        texts = [unescaped(word[1:-1]).encode("latin-1") for word in words]
        return ["text", canonical.plain(texts[0])] if len(texts) == 1 else ["texts", [canonical.plain(text) for text in texts]]
    kind = number_type(words[0])
    return canonical.attribute(numpy.array([number(word, kind) for word in words], kind))


def number_type(word):
    if word.rstrip("f") in ("NaN", "Infinity", "-Infinity") or word.endswith("f"):
        return "f4" if word.endswith("f") else "f8"
    for suffix, kind in SUFFIXES:
        if word.endswith(suffix):
            return kind
    return "f8" if re.search(r"[.eE]", word) else "i4"


def number(word, kind):
    if kind in ("f4", "f8"):
        return numpy.dtype(kind).type(word.rstrip("f") if not word.endswith("inf") else word)
    return int(re.match(r"-?\d+", word).group())


def values(words, kind, shape, attributes):
    """The array of a variable from its printed values."""
    if kind == "S1":
        return characters([unescaped(word[1:-1]).encode("latin-1") for word in words], shape)
    if kind == "O":
        return numpy.array([unescaped(word[1:-1]).encode("latin-1").decode() for word in words], object).reshape(shape)
    fill = FILLS[kind]
    if "_FillValue" in attributes:
        fill = numpy.frombuffer(bytes.fromhex(attributes["_FillValue"][1]), "<" + kind)[0]
    return numpy.array([fill if word == "_" else number(word, kind) for word in words], kind).reshape(shape)


def characters(texts, shape):
    """Printed rows as characters. ncdump omits the NULs at the end of a row, and splits a row after a newline."""
    width, rows = (shape[-1] if shape else 1), []
    for text in texts:
        if rows and rows[-1].endswith(b"\n") and len(rows[-1]) + len(text) <= width:
            rows[-1] += text
        else:
            rows.append(text)
    data = b"".join(row.ljust(width, b"\0") for row in rows)
    return numpy.frombuffer(data, "S1").reshape(shape)


def digest(printed):
    """The digest of printed CDL; variables without printed values have no values in it."""
    parser = Parser(printed.decode("latin-1"))
    parser.take_until("{")
    lengths = parser.dimensions()
    declared, attributes = parser.header()
    printed_values = parser.data()
    found = {"/": canonical.group({name: attributes[""][name] for name in canonical.shown(attributes[""])}, lengths)}
    for name, (kind, dimensions) in declared.items():
        shape = tuple(lengths[dimension] for dimension in dimensions)
        if name in printed_values:
            array = values(printed_values[name], kind, shape, attributes[name])
            found[name] = canonical.variable(array, attributes[name], dimensions)
        else:
            found[name] = {"type": canonical.type_name(kind), "shape": list(shape), "sha256": None, "size": 0,
                           "attributes": attributes[name], "dimensions": dimensions}
    return found
