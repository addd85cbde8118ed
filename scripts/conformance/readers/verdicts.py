"""One row of the matrix for each reader: what it read, how much of that was compared, and the verdict."""

import collections
import dataclasses
import os
import pathlib
import time

import installing
import judging
import roster
import running


@dataclasses.dataclass
class Row:
    """A verdict. `passed` is None if skipped; `details` are the differences that are errors, `excused` counts the
    others."""

    name: str
    version: str = ""
    agreed: int = 0
    files: int = 0
    values: int = 0
    attributes: int = 0
    verdict: str = ""
    passed: bool | None = None
    seconds: float = 0
    differing: int = 0
    unavailable: str = ""
    details: list[str] = dataclasses.field(default_factory=list)
    excused: dict[str, int] = dataclasses.field(default_factory=dict)

    def known(self):
        """The known faults of the reader that were found."""
        return "".join(f"; known: {name} ({count})" for name, count in self.excused.items())


class Unreadable(Exception):
    """A file that the reference cannot read."""


def may_skip(form):
    """True if a reader that cannot be installed is not an error: in the long form, unless everything is required."""
    return form == "long" and not os.environ.get("CUMULUS_REQUIRE_ALL")


def reference(cache, files):
    """Digests of files by the reference reader."""
    answers = running.read(roster.REFERENCE(cache), files)
    for file, reason in answers.failures.items():
        raise Unreadable(f"{file}: the reference says: {reason}")
    return answers.digests


def judge(reader, cache, files, references, may_skip):
    """The row of a reader, whose digests of the files are compared with their references."""
    row = Row(reader.name, files=len(files))
    try:
        child = reader.start(cache)
    except installing.Unavailable as reason:
        row.verdict, row.passed = f"skipped: {reason}", None if may_skip else False
        return row
    started = time.monotonic()
    answers = running.read(child, files)
    row.seconds, row.version = round(time.monotonic() - started, 1), answers.version
    for file in map(str, files):
        hold(row, reader, file, references[file], answers)
    conclude(row, reader, answers.failures)
    return row


def hold(row, reader, file, expected, answers, prefix=""):
    """Compares a reader's result on a file with the expected one, and adds that to a row."""
    name = f"{prefix}{pathlib.Path(file).name}"
    if file in answers.failures:
        row.details.append(f"{name}: {answers.failures[file]}")
        return
    comparison = judging.compare(expected, answers.digests[file])
    row.values, row.attributes = row.values + comparison.values, row.attributes + comparison.attributes
    wrong = [difference for difference in comparison.differences if not excuse(reader, expected, difference, row.excused)]
    row.details += [f"{name}: {difference}" for difference in wrong]
    row.differing, row.agreed = row.differing + bool(wrong), row.agreed + (not wrong)


def excuse(reader, reference_digest, difference, excused):
    """True if a known fault of the reader explains a difference, which is then counted."""
    for fault in reader.faults:
        if fault.explains(difference, reference_digest):
            excused[fault.name] = excused.get(fault.name, 0) + 1
            return True
    return False


def conclude(row, reader, failures):
    """Sets the verdict in words, and whether it is the expected one."""
    if failures:
        endings = collections.Counter(ending.split(":")[0] for ending in failures.values())
        row.verdict = ", ".join(f"{ending} ({count})" if count < row.files else ending for ending, count in endings.items())
    if row.differing:
        row.verdict = f"{row.verdict}, differs".lstrip(", ")
    if not row.verdict:
        row.verdict = ("agrees" if row.values else "compared nothing") + row.known()
    row.passed = row.agreed == row.files and row.values > 0
    if reader.refuses:
        row.passed = row.agreed < row.files
        row.verdict += f"; known: {reader.refuses}" if row.passed else ", although it is known to refuse"
