"""Checks the files in deploy/ without a scheduler.

usage: check_deploy.py [FOLDER [PART...]]

Prints a line per check. The exit code is 1 if one fails. What a scheduler would run or answer (the program, scontrol,
aws, kubectl) is imitated by programs in front of PATH, which write down how they were called.
"""

import os
import pathlib
import subprocess
import sys
import traceback

import slurm  # registers its checks, as the next two do
import aws_batch
import kubernetes
from checks import check, checks

SCRIPTS = ["slurm/convert.sbatch", "aws-batch/submit"]


@check("shell", "bash -n")
def bash_syntax(deploy):
    for name in SCRIPTS:
        yield from subprocess.run(["bash", "-n", deploy / name], capture_output=True, text=True).stderr.splitlines()


@check("shell", "shellcheck")
def shellcheck(deploy):
    scripts = [deploy / name for name in SCRIPTS] + ["scripts/check-deploy"]
    yield from subprocess.run(["shellcheck", "--format=gcc", *scripts], capture_output=True, text=True).stdout.splitlines()


@check("shell", "submit is executable")
def executable(deploy):
    if not os.access(deploy / "aws-batch/submit", os.X_OK):
        yield "it is not"


def main():
    deploy = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "deploy").resolve()
    parts = sys.argv[2:] or list(dict.fromkeys(part for part, _, _ in checks))
    failed = 0
    for part, title, function in checks:
        if part not in parts:
            continue
        try:
            problems = list(function(deploy))
        except Exception:  # a file that is not as expected
            problems = [traceback.format_exc(limit=-1)]
        failed += bool(problems)
        print(f"{'FAIL' if problems else 'ok  '} {part}: {title}", flush=True)
        for problem in problems:
            print("     " + problem.strip().replace("\n", "\n     "))
    sys.exit(f"{failed} checks failed" if failed else 0)


if __name__ == "__main__":
    main()
