"""Runs readers, each in its own process: a crash is its verdict on the file that it was reading and does not end the
run."""

import dataclasses
import json
import os
import signal
import subprocess
import tempfile

SECONDS_TO_START = 120
SECONDS_A_FILE = 300


@dataclasses.dataclass
class Child:
    """How to start a reader: command words before the file names, and additions to the environment."""

    words: list
    environment: dict = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class Answers:
    """Results of a reader: its version, and for each file a digest or, as text, the reason why there is none."""

    version: str = ""
    digests: dict = dataclasses.field(default_factory=dict)
    failures: dict = dataclasses.field(default_factory=dict)


def read(child, files):
    """Reads all files. After a crash, a new process reads the remaining files."""
    answers, left = Answers(), [str(file) for file in files]
    while left:
        ending = one_process(child, left, answers)
        left = [file for file in left if file not in answers.digests and file not in answers.failures]
        if left:
            answers.failures[left.pop(0)] = ending
    return answers


def one_process(child, files, answers):
    """Adds the results of one process, and returns how it ended."""
    with tempfile.TemporaryFile() as printed, tempfile.TemporaryFile() as complaints:
        process = subprocess.Popen([*map(str, child.words), *files], stdin=subprocess.DEVNULL, stdout=printed,
                                   stderr=complaints, env=environment(child.environment), start_new_session=True)
        seconds = SECONDS_TO_START + SECONDS_A_FILE * len(files)
        try:
            code = process.wait(seconds)
            ending = ended(code)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            ending = f"timed out after {seconds} s"
        printed.seek(0)
        for line in printed:
            take(line, answers)
        complaints.seek(0)
        said = complaints.read().decode("utf-8", "replace").strip().splitlines()
    return f"{ending}: {said[-1]}" if said else ending


def environment(more=()):
    """The environment of other programs. Files on some file systems cannot be locked, and locks are not needed."""
    return {**os.environ, "HDF5_USE_FILE_LOCKING": "FALSE", "PYTHONDONTWRITEBYTECODE": "1", **dict(more)}


def ended(code):
    """Describes an exit code."""
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"ends with {code}"


def take(line, answers):
    """Parses one line of a reader. Truncated lines, and lines that its library printed, are ignored."""
    try:
        answer = json.loads(line)
        if "version" in answer:
            answers.version = answer["version"]
        elif "digest" in answer:
            answers.digests[answer["file"]] = answer["digest"]
        else:
            answers.failures[answer["file"]] = f"refused: {answer['error']}"
    except (ValueError, KeyError, TypeError):
        return
