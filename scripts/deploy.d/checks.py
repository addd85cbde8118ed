"""The list of checks, and programs that imitate those of a scheduler."""

import os
import pathlib
import sys

RETRY = 75
# Exit codes after which another run cannot help (docs/exit-codes.md).
NO_RETRY = [2, 65, 66, 70, 73]
# MiB that one process of the program may take: the default of --memory-limit.
PROCESS_MEMORY = 2048

checks = []


def check(part, title):
    """Registers a function that yields what is wrong in the folder deploy/."""
    return lambda function: checks.append((part, title, function)) or function


# Writes its arguments and each SIGTERM to $LOG, and ends as $FAKE states: with that code at once, or, after SIGTERM,
# when its granule is finished, or only after a second SIGTERM.
PROGRAM = f"""#!{sys.executable}
import os, signal, sys, time
terms = []
def write(*words):
    with open(os.environ["LOG"], "a") as log:
        print(*words, file=log)
def term(*_):
    terms.append(1)
    write("term")
signal.signal(signal.SIGTERM, term)
arguments = sys.argv[1:]
write("program", *arguments)
write("scratch", os.path.isdir(arguments[-1]), arguments[-1])
fake = os.environ["FAKE"]
if fake.isdigit():
    sys.exit(int(fake))
deadline = time.monotonic() + 20
while len(terms) < (2 if fake == "slow" else 1) and time.monotonic() < deadline:
    time.sleep(0.02)
if fake == "granule":
    until = time.monotonic() + 0.4
    while time.monotonic() < until:
        time.sleep(0.02)
    write("finished")
sys.exit(75)
"""

SCONTROL = """#!/usr/bin/env bash
echo "scontrol $*" >> "$LOG"
[ "$1" != show ] || echo "JobId=40 ArrayJobId=42 JobState=$STATE Reason=None"
"""

AWS = f"""#!{sys.executable}
import json, os, sys
with open(os.environ["LOG"], "a") as log:
    print(json.dumps(sys.argv[1:]), file=log)
print("arn:aws:batch:us-west-2:111122223333:job-definition/convert:7" if "register-job-definition" in sys.argv else "id name")
"""

KUBECTL = """#!/usr/bin/env bash
cat >> "$LOG"
echo --- >> "$LOG"
"""


class Bench:
    """A folder with imitated programs, and the environment in which they are found first."""

    def __init__(self, folder, **programs):
        self.folder = pathlib.Path(folder)
        self.log = self.folder / "log"
        self.log.touch()
        (self.folder / "bin").mkdir()
        for name, text in programs.items():
            path = self.folder / "bin" / name
            path.write_text(text)
            path.chmod(0o755)
        self.environment = {"PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}", "LOG": str(self.log)}

    def lines(self):
        return self.log.read_text().splitlines()
