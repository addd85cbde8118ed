"""Lets other programs change copies of products, and checks the copies with three readers: h5py, netCDF4, and libhdf5
with assertions. Exactly the requested changes must be found."""

import concurrent.futures
import copy
import dataclasses
import pathlib
import re
import shutil
import subprocess
import tempfile

import changes
import installing
import running
import roster
import verdicts

JUDGES = [reader for reader in roster.QUICK if reader.name in ("h5py", "netCDF4", "libhdf5 with assertions")]
LARGEST_FILE = 50_000_000
CHANGES_AT_ONCE = 2
SECONDS_A_CALL = 120


@dataclasses.dataclass
class Attempt:
    """A change of a copy: the expected digest, or, as text, the reason why it could not be made."""

    change: changes.Change
    path: pathlib.Path
    expected: dict = dataclasses.field(default_factory=dict)
    version: str = ""
    failure: str = ""
    unavailable: str = ""


def changes_of(form, cache, files, digests):
    """A row for each change, unless no file is suitable. The quick form takes two files, which are as different as
    possible."""
    files = [file for file in map(str, files) if suits(file, digests[file])]
    if form == "quick":
        files = sorted({files[0], files[-1]}) if files else []
    wanted = [change for change in changes.CHANGES if change.quick or form == "long"] if files else []
    rows = {change.name: verdicts.Row(change.name, files=len(files) * len(JUDGES)) for change in wanted}
    for file in files:
        with tempfile.TemporaryDirectory() as folder:
            attempts = attempts_at(wanted, cache, file, digests[file], pathlib.Path(folder))
            judge_attempts(attempts, cache, rows)
    for row in rows.values():
        conclude(row, verdicts.may_skip(form))
    return list(rows.values())


def suits(file, digest):
    """True if a file has everything that is changed (a file of text only, for example, has no numbers) and is small,
    because many copies of it are made."""
    try:
        changes.Subject.of(digest)
    except StopIteration:
        return False
    return pathlib.Path(file).stat().st_size <= LARGEST_FILE


def attempts_at(wanted, cache, file, digest, folder):
    """Makes every change, each to its own copy."""
    def attempt(number, change):
        made = Attempt(change, folder / f"{number}-{pathlib.Path(file).name}")
        shutil.copy(file, made.path)
        subject = changes.Subject.of(digest)
        try:
            made.version = make(change.words(cache, made.path, subject), change.version)
        except installing.Unavailable as reason:
            made.unavailable = str(reason)
        except (OSError, subprocess.SubprocessError) as error:
            made.failure = str(error)
        made.expected = copy.deepcopy(digest)
        change.expect(made.expected, subject)
        return made
    with concurrent.futures.ThreadPoolExecutor(CHANGES_AT_ONCE) as pool:
        return list(pool.map(attempt, range(len(wanted)), wanted))


def make(calls, version):
    """Runs the commands of a change; returns the version of the program."""
    for words in calls:
        done = subprocess.run([str(word) for word in words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=SECONDS_A_CALL, env=running.environment())
        if done.returncode:
            complaint = done.stderr.decode("utf-8", "replace")[-300:]
            raise OSError(f"{pathlib.Path(words[0]).name} {running.ended(done.returncode)}: {complaint}")
    if version:
        done = subprocess.run(version, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=SECONDS_A_CALL)
    found = re.search(rb"\d+\.\d[\w.+-]*", done.stdout)
    return found.group().decode() if found else ""


def judge_attempts(attempts, cache, rows):
    """Lets every judge read all copies in one run, and adds the results to the rows of the changes."""
    made = [attempt for attempt in attempts if not attempt.failure and not attempt.unavailable]
    for attempt in attempts:
        row = rows[attempt.change.name]
        row.version = row.version or attempt.version
        row.unavailable = row.unavailable or attempt.unavailable
        if attempt.failure:
            row.details.append(f"{attempt.path.name}: {attempt.failure}")
    for judge in JUDGES:
        answers = running.read(judge.start(cache), [attempt.path for attempt in made])
        for attempt in made:
            faults = dataclasses.replace(judge, faults=attempt.change.faults)
            verdicts.hold(rows[attempt.change.name], faults, str(attempt.path), attempt.expected, answers, f"{judge.name}: ")


def conclude(row, may_skip):
    """The verdict on a change, after all copies have been checked."""
    if row.unavailable:
        row.verdict, row.passed = f"skipped: {row.unavailable}", None if may_skip else False
        return
    row.passed = row.agreed == row.files and not row.details
    row.verdict = ("as asked" if row.passed else "not as asked") + row.known()
