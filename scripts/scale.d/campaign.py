"""A campaign on Slurm: 120 granules in 12 shards. A node is killed while it converts, a shard runs twice at once, and
products that were deleted are repaired with the array that `status` prints.

    campaign.py GRANULES OUTPUT JOB
"""

import subprocess
import sys
import time
from pathlib import Path

import processes
import slurm
from checks import check, ok, wait_until
from products import DATA, METADATA, check_products, published
from program import PROGRAM, WORK, Ended, call, convert_on_one_machine, environment, log_lines, make_manifest
from store import open_store

PART = "slurm"
SHARDS = 12
DOUBLED = 0
REPAIRED = [4, 9]
PACED = Path(__file__).with_name("paced.py").resolve()


class Campaign:
    def __init__(self, granules: Path, output: str, job: Path):
        self.job = job
        self.store = open_store(output)
        self.manifest = WORK / "run.ndjson"
        self.granules = make_manifest(granules, output, self.manifest)
        distinct = {granule["sha256"] for granule in self.granules}
        check(PART, "a manifest of 120 granules, no two of which are equal", len(distinct) == 120, len(distinct))
        self.reference = convert_on_one_machine(granules, WORK / "reference")

    def of_shard(self, shard: int) -> list[dict]:
        return self.granules[shard::SHARDS]

    def progress(self, shards: list[int]) -> dict[int, int]:
        """Number of granules that are published, by shard."""
        names = self.store.names()
        return {shard: len(published(names, self.of_shard(shard))) for shard in shards}

    def submit(self, name: str, array: str, **variables: object) -> str:
        return slurm.submit(name, array, self.job, self.manifest, **variables)

    def status(self) -> Ended:
        return call("status", "--manifest", self.manifest)

    def check_complete(self, what: str) -> None:
        status = self.status()
        is_complete = status.code == 0 and "120 of 120 complete" in status.output
        check(PART, f"status: {what}, exit code 0", is_complete, status)


def start_second_copy(campaign: Campaign, job: str) -> subprocess.Popen:
    """Starts the doubled shard once more by hand, as soon as its task on Slurm has begun it."""
    wait_until(
        60,
        "the first task to begin its shard",
        lambda: DOUBLED in slurm.running(job) and '"run_shard"' in slurm.log_of("first", DOUBLED),
        0.05,
    )
    with (slurm.LOGS / "copy.log").open("w") as log:
        return subprocess.Popen(
            [PACED, "run", "--manifest", campaign.manifest, "--shard", f"{DOUBLED}/{SHARDS}", "--jobs", "1"],
            env=environment(),
            stderr=log,
        )


def kill_node(campaign: Campaign, job: str) -> tuple[str, dict[int, int]]:
    """Kills a node that has published some granules of a shard and not all, and returns it with its shards and how
    many granules of each were published."""

    def candidate():
        nodes = slurm.running(job)
        progress = campaign.progress(list(nodes))
        for shard, node in nodes.items():
            # Not so late that the shard might end before its node.
            if 0 < progress[shard] <= 6 and node != nodes.get(DOUBLED):
                return node
        return None

    node = wait_until(60, "a node in the middle of a shard", candidate, 0.05)
    killed = processes.of_node(str(WORK), node)
    names = sorted(processes.name_of(pid) for pid in killed)
    processes.end(killed)
    time.sleep(0.2)
    # What was being started at that moment.
    late = processes.of_node(str(WORK), node)
    processes.end(late)
    lost = campaign.progress([shard for shard, place in slurm.running(job).items() if place == node])
    told = ", ".join(
        f"shard {shard} with {count} of {len(campaign.of_shard(shard))}" for shard, count in lost.items()
    )
    is_midway = any(0 < count < len(campaign.of_shard(shard)) for shard, count in lost.items())
    check(
        PART,
        f"node {node} was killed in the middle of {told} granules, with {len(killed)} processes: {' '.join(names)}",
        is_midway and {"slurmd", "slurmstepd", "hs3-avaps"} <= set(names),
        names,
    )
    return node, lost


def check_lost(node: str, lost: dict[int, int], job: str) -> None:
    tasks = slurm.tasks(job)
    for shard, count in lost.items():
        task = tasks[shard]
        log = log_lines(slurm.log_of("first", shard))
        begun = sum(line.get("event") == "run_shard" for line in log)
        end = [line for line in log if line.get("event") == "run_end"]
        check(
            PART,
            f"shard {shard} was requeued and ended on {task['NodeList']}: {begun} attempts, the last found "
            f"{end[-1]['up_to_date'] if end else '?'} granules up to date",
            task["JobState"] == "COMPLETED"
            and task["NodeList"] != node
            and int(task["Restarts"]) >= 1
            and begun >= (2 if count > 0 else 1)
            and len(end) == 1
            and end[0]["up_to_date"] >= count,
            task,
        )
    codes = {shard: (task["JobState"], task["ExitCode"]) for shard, task in tasks.items()}
    check(
        PART,
        f"all {SHARDS} tasks are COMPLETED with exit code 0",
        len(codes) == SHARDS and set(codes.values()) == {("COMPLETED", "0:0")},
        codes,
    )


def check_second_copy(campaign: Campaign, copy: subprocess.Popen) -> None:
    code = copy.wait(120)
    spans, converted = [], []
    for text in ((slurm.LOGS / "copy.log").read_text(), slurm.log_of("first", DOUBLED)):
        log = log_lines(text)
        spans.append((log[0]["timestamp"], log[-1]["timestamp"]))
        converted.append(sum(line["converted"] for line in log if line.get("event") == "run_end"))
    (copy_begin, copy_end), (task_begin, task_end) = spans
    # In a folder one of both may find granules that the other is converting, which is for a scheduler to repeat.
    check(
        PART,
        f"shard {DOUBLED} ran twice at the same time: the copy converted {converted[0]} granules and ended with exit "
        f"code {code}, the task converted {converted[1]}",
        code in (0, 75) and copy_begin < task_end and task_begin < copy_end,
        (code, spans),
    )
    if code == 75:
        again = call("run", "--manifest", campaign.manifest, "--shard", f"{DOUBLED}/{SHARDS}")
        check(PART, f"the copy of shard {DOUBLED} succeeds when it is repeated", again.code == 0, again.text())


def first_run(campaign: Campaign) -> None:
    job = campaign.submit("first", f"0-{SHARDS - 1}", CUMULUS_SHARD_COUNT=SHARDS, CUMULUS_PROGRAM=PACED)
    copy = start_second_copy(campaign, job)
    node, lost = kill_node(campaign, job)
    begin = time.monotonic()
    wait_until(90, f"{node} to be declared down", lambda: slurm.state_of(node).startswith("down"))
    ok(PART, f"{node} was declared down after {time.monotonic() - begin:.0f} s")
    wait_until(150, "the end of all shards", lambda: slurm.is_over(job))
    ok(PART, f"all shards ended {time.monotonic() - begin:.0f} s after the loss of {node}")
    check_lost(node, lost, job)
    check_second_copy(campaign, copy)
    check_products(PART, campaign.store, campaign.granules, campaign.reference)
    campaign.check_complete("120 of 120 complete")
    print("\n".join(f"      {line}" for line in slurm.excerpt(node, job, list(lost))[:24]), flush=True)


def repair(campaign: Campaign) -> None:
    """Deletes the products of two shards and converts them with the array that `status` prints."""
    deleted = [granule for shard in REPAIRED for granule in campaign.of_shard(shard)]
    campaign.store.delete([granule["output"] + ending for granule in deleted for ending in (METADATA, DATA)])
    status = campaign.status()
    array = status.output.partition(f"shards to run again, of {SHARDS}: ")[2].strip()
    check(
        PART,
        f"{len(deleted)} products were deleted: status names shards {array}, exit code 75",
        status.code == 75 and array == ",".join(map(str, REPAIRED)),
        status,
    )
    refuse(campaign, array)
    job = campaign.submit("repair", array, CUMULUS_SHARD_COUNT=SHARDS, CUMULUS_PROGRAM=PROGRAM)
    wait_until(90, "the end of the repair", lambda: slurm.is_over(job))
    logs = [log_lines(slurm.log_of("repair", shard)) for shard in REPAIRED]
    converted = sum(line["converted"] for log in logs for line in log if line.get("event") == "run_end")
    codes = {task["ExitCode"] for task in slurm.tasks(job).values()}
    check(
        PART,
        f"--array={array} converted exactly the {converted} granules whose products were deleted",
        codes == {"0:0"} and converted == len(deleted),
        (codes, logs),
    )
    campaign.check_complete("complete again after the repair")
    check_products(PART, campaign.store, campaign.granules, campaign.reference)


def refuse(campaign: Campaign, array: str) -> None:
    """Forgets the number of shards, which an array that repeats some does not tell; the job script asks for it."""
    job = campaign.submit("refused", array, CUMULUS_PROGRAM=PROGRAM)
    wait_until(60, "the end of the refused array", lambda: slurm.is_over(job))
    codes = {task["ExitCode"] for task in slurm.tasks(job).values()}
    log = slurm.log_of("refused", REPAIRED[0])
    check(
        PART,
        f"--array={array} without CUMULUS_SHARD_COUNT is refused",
        codes == {"1:0"} and "CUMULUS_SHARD_COUNT: set it to the number of all shards" in log,
        (codes, log),
    )


def main() -> None:
    granules, output, job = sys.argv[1:]
    campaign = Campaign(Path(granules), output, Path(job))
    first_run(campaign)
    repair(campaign)


if __name__ == "__main__":
    main()
