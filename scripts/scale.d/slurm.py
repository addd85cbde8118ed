"""Slurm as an operator uses it: sbatch, squeue, scontrol and the controller's log."""

import re
import subprocess
from pathlib import Path

from program import WORK, environment

LOGS = WORK / "logs"


def command(*arguments: object, **variables: object) -> str:
    done = subprocess.run(
        [*map(str, arguments)], env=environment(**variables), capture_output=True, text=True, timeout=60, cwd=WORK
    )
    if done.returncode != 0:
        raise SystemExit(f"FAIL  slurm: {arguments[0]} ended with {done.returncode}: {done.stderr}")
    return done.stdout


def submit(name: str, array: str, job: Path, manifest: Path, **variables: object) -> str:
    """Submits an array and returns its job number. A task is one core, so that two run on a node at once."""
    LOGS.mkdir(exist_ok=True)
    # What a killed task leaves in its scratch folder is removed with everything else.
    scratch = WORK / "scratch"
    scratch.mkdir(exist_ok=True)
    options = ["--parsable", f"--array={array}", "--cpus-per-task=1", f"--output={LOGS}/{name}-%a.log"]
    return command("sbatch", *options, job.resolve(), manifest, TMPDIR=scratch, **variables).strip()


def running(job: str) -> dict[int, str]:
    """Nodes of the tasks that run, by their number."""
    shown = command("squeue", "--noheader", "--array", f"--jobs={job}", "--states=RUNNING", "--format=%K %N")
    return {int(number): node for number, node in (line.split() for line in shown.splitlines())}


def is_over(job: str) -> bool:
    """Whether no task is pending, running or ending; of an array that never ran squeue would say the same."""
    return not command("squeue", "--noheader", f"--jobs={job}")


def tasks(job: str) -> dict[int, dict[str, str]]:
    """What Slurm remembers of the tasks of an array that is over, by their number."""
    found = {}
    for line in command("scontrol", "--oneliner", "show", "job", job).splitlines():
        fields = dict(re.findall(r"(\S+?)=(\S*)", line))
        found[int(fields["ArrayTaskId"])] = fields
    return found


def state_of(node: str) -> str:
    return command("sinfo", "--noheader", f"--nodes={node}", "--format=%T").strip()


def log_of(name: str, task: int) -> str:
    path = LOGS / f"{name}-{task}.log"
    return path.read_text(errors="replace") if path.exists() else ""


def excerpt(node: str, job: str, tasks: list[int]) -> list[str]:
    """Lines of the controller's log about a node that was lost and the tasks it had, without their date."""
    lines = (WORK / "slurm/log/slurmctld.log").read_text().splitlines()
    names = "|".join(rf"{job}_{task}\b" for task in tasks)
    telling = re.compile(rf"Nodes? {node}\b|JobId=({names})|setting DOWN")
    return [line.partition("T")[2].replace("]", " ", 1) for line in lines if telling.search(line)]
