"""Runs deploy/slurm/convert.sbatch with an imitated program and an imitated scontrol."""

import re
import signal
import subprocess
import tempfile
import time

from checks import NO_RETRY, PROCESS_MEMORY, PROGRAM, RETRY, SCONTROL, Bench, check


# The 90 seconds before a second SIGTERM, shortened.
SLEEP = """#!/bin/sh
exec /bin/sleep "$PAUSE"
"""


def run_task(deploy, fake, restarts=None, state="RUNNING", array=True, named=True, counted=True, stop=False, pause=0.3):
    """Runs convert.sbatch as Slurm would run task 7 of array 42. Returns its exit code and the log."""
    with tempfile.TemporaryDirectory() as folder:
        name = "program" if named else "hs3-cpl"
        bench = Bench(folder, **{name: PROGRAM}, scontrol=SCONTROL, sleep=SLEEP)
        scratch = bench.folder / "scratch"
        scratch.mkdir()
        environment = bench.environment | {
            "FAKE": str(fake),
            "STATE": state,
            "PAUSE": str(pause),
            "TMPDIR": str(scratch),
            "SLURM_CPUS_PER_TASK": "3",
            "SLURM_JOB_ID": "42",
        }
        if named:
            environment["CUMULUS_PROGRAM"] = str(bench.folder / "bin/program")
        if array:
            environment |= {"SLURM_ARRAY_JOB_ID": "42", "SLURM_ARRAY_TASK_ID": "7"}
            if counted:
                environment["CUMULUS_SHARD_COUNT"] = "12"
        if restarts is not None:
            environment["SLURM_RESTART_COUNT"] = str(restarts)
        script = deploy / "slurm/convert.sbatch"
        task = subprocess.Popen(
            ["bash", script, "s3://bucket/run.ndjson"],
            env=environment, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        try:
            if stop:
                until = time.monotonic() + 10
                while len(bench.lines()) < 2 and time.monotonic() < until:
                    time.sleep(0.02)
                task.send_signal(signal.SIGTERM)
            code = task.wait(30)
        finally:
            task.kill()
        log = bench.lines()
        log += [f"left {path.name}" for path in scratch.iterdir()]
        return code, log


def requeued(log):
    return [line.removeprefix("scontrol requeue ") for line in log if line.startswith("scontrol requeue")]


@check("slurm", "options: requeue, log per task, SIGTERM before the time limit, limits")
def slurm_options(deploy):
    options = {}
    for line in (deploy / "slurm/convert.sbatch").read_text().splitlines():
        if line and not line.startswith("#"):
            break  # sbatch reads no option after the first command
        if line.startswith("#SBATCH "):
            key, _, value = line.removeprefix("#SBATCH --").partition("=")
            options[key] = value
    wanted = {
        "requeue": "", "open-mode": "append", "signal": r"B:TERM@120", "output": r"\S*%A\S*%a\S*", "time": r"\d+:\d\d:\d\d",
        "cpus-per-task": r"[1-9]\d*", "mem-per-cpu": r"\d+M",
    }
    for key, pattern in wanted.items():
        if not re.fullmatch(pattern, options.get(key, "absent")):
            yield f"--{key} is {options.get(key, 'absent')}"
    if int(options["mem-per-cpu"][:-1]) <= PROCESS_MEMORY:
        yield "less memory than the processes may take"


@check("slurm", "a task of an array without CUMULUS_SHARD_COUNT does not start the program")
def check_count(deploy):
    code, log = run_task(deploy, 0, counted=False)
    if code == 0 or log:
        yield f"exit code {code}: {log}"


@check("slurm", "the program gets manifest, jobs and scratch; scratch is removed")
def slurm_arguments(deploy):
    for named in [True, False]:
        code, log = run_task(deploy, 0, named=named)
        program, scratch = log[0], log[1].split()
        if not program.startswith("program run --manifest s3://bucket/run.ndjson --jobs 3 --scratch /"):
            yield f"called as {program!r}"
        if scratch[1] != "True" or "/scratch/" not in scratch[2]:
            yield f"scratch is {scratch[2]}, there: {scratch[1]}"
        if any(line.startswith("left") for line in log):
            yield "scratch is left behind"
        if code != 0 or requeued(log):
            yield f"after 0: {code}, {requeued(log)}"


@check("slurm", f"{RETRY} requeues its own task, once, and not the whole array")
def slurm_retry(deploy):
    for restarts in [None, 1, 4]:
        code, log = run_task(deploy, RETRY, restarts)
        if code != RETRY or requeued(log) != ["42_7"]:
            yield f"after {restarts} restarts: exit code {code}, requeued {requeued(log)}"
    code, log = run_task(deploy, RETRY, array=False)
    if code != RETRY or requeued(log) != ["42"]:
        yield f"without an array: exit code {code}, requeued {requeued(log)}"


@check("slurm", f"{', '.join(map(str, NO_RETRY))} are not requeued")
def slurm_no_retry(deploy):
    for wanted in NO_RETRY:
        code, log = run_task(deploy, wanted)
        if code != wanted or requeued(log):
            yield f"after {wanted}: exit code {code}, requeued {requeued(log)}"


@check("slurm", f"restarts are bounded, also where RequeueExit={RETRY}; a cancelled task stays cancelled")
def slurm_bounds(deploy):
    code, log = run_task(deploy, RETRY, 5)
    if code in [0, RETRY] or requeued(log):
        yield f"after 5 restarts: exit code {code}, requeued {requeued(log)}"
    code, log = run_task(deploy, RETRY, state="CANCELLED")
    if code != RETRY or requeued(log):
        yield f"cancelled: exit code {code}, requeued {requeued(log)}"


@check("slurm", "SIGTERM lets a granule finish; a second one comes if it takes too long; both requeue")
def slurm_sigterm(deploy):
    for fake, pause, wanted in [("granule", 3, ["term", "finished"]), ("slow", 0.3, ["term", "term"])]:
        code, log = run_task(deploy, fake, stop=True, pause=pause)
        seen = [line for line in log if line in ["term", "finished"]]
        if seen != wanted:
            yield f"{fake}: {seen}"
        if code != RETRY or requeued(log) != ["42_7"]:
            yield f"{fake}: exit code {code}, requeued {requeued(log)}"
