"""Variables of schedulers that are not run here, set by hand around the program: those of AWS Batch, of Kubernetes and
of Slurm. Each campaign of three shards must be complete, and what does not tell the shard must be refused."""

import os

from checks import check
from products import check_products_briefly
from program import WORK, call, convert_on_one_machine, make_manifest, synthesize
from store import open_store

PART = "schedulers"
SHARDS = 3

# Name, the rule that the log names, and the variables of a shard.
COMPLETE = [
    (
        "AWS Batch",
        "the variables of AWS Batch",
        lambda shard: {"AWS_BATCH_JOB_ARRAY_INDEX": shard, "AWS_BATCH_JOB_ARRAY_SIZE": SHARDS},
    ),
    (
        "Kubernetes",
        "the variables of Kubernetes",
        lambda shard: {"JOB_COMPLETION_INDEX": shard, "CUMULUS_SHARD_COUNT": SHARDS},
    ),
    (
        "Slurm, --array=1-3",
        "the variables of Slurm",
        lambda shard: slurm(task=shard + 1, count=SHARDS, least=1, most=3),
    ),
    (
        "CUMULUS_SHARD_INDEX within AWS Batch",
        "CUMULUS_SHARD_INDEX and CUMULUS_SHARD_COUNT",
        lambda shard: {
            "CUMULUS_SHARD_INDEX": shard,
            "CUMULUS_SHARD_COUNT": SHARDS,
            "AWS_BATCH_JOB_ARRAY_INDEX": 7,
            "AWS_BATCH_JOB_ARRAY_SIZE": 9,
        },
    ),
]


def slurm(task: int, count: int, least: int, most: int) -> dict[str, int]:
    names = {"ID": task, "COUNT": count, "MIN": least, "MAX": most, "STEP": 1}
    return {f"SLURM_ARRAY_TASK_{name}": value for name, value in names.items()}


# Name, variables, and what the message must say.
REFUSED = [
    ("AWS Batch without a size", {"AWS_BATCH_JOB_ARRAY_INDEX": 1}, "AWS_BATCH_JOB_ARRAY_SIZE"),
    (
        "AWS Batch with an index beyond its size",
        {"AWS_BATCH_JOB_ARRAY_INDEX": 3, "AWS_BATCH_JOB_ARRAY_SIZE": 3},
        "a number below 3",
    ),
    ("Kubernetes without CUMULUS_SHARD_COUNT", {"JOB_COMPLETION_INDEX": 0}, "CUMULUS_SHARD_COUNT"),
    (
        "Slurm, --array=2,5 without CUMULUS_SHARD_COUNT",
        slurm(5, 2, 2, 5),
        "an array of 2 tasks from 2 to 5 in steps of 1",
    ),
    ("CUMULUS_SHARD_COUNT alone", {"CUMULUS_SHARD_COUNT": 3}, "CUMULUS_SHARD_INDEX"),
]


def try_complete(output: str, granules, reference) -> None:
    for number, (name, rule, variables) in enumerate(COMPLETE):
        address = f"{output}-schedulers-{number}"
        manifest = WORK / f"schedulers-{number}.ndjson"
        entries = make_manifest(granules, address, manifest)
        store = open_store(address)
        wrong = []
        for shard in range(SHARDS):
            run = call("run", "--manifest", manifest, **variables(shard))
            told = run.event("run_shard")
            is_right = (told.get("index"), told.get("count"), told.get("granules")) == (shard, SHARDS, 4)
            if run.code != 0 or not is_right or f"by {rule}:" not in told.get("message", ""):
                wrong.append((run.code, run.text()))
        check(PART, f"{name}: shards 0-{SHARDS - 1} of {SHARDS} by {rule}, exit code 0", not wrong, wrong)
        status = call("status", "--manifest", manifest)
        check(PART, f"{name}: status 12 of 12, exit code 0", status.code == 0 and "12 of 12" in status.output, status)
        check_products_briefly(PART, name, store, entries, reference)


def try_refused(output: str, granules) -> None:
    address = f"{output}-schedulers-refused"
    manifest = WORK / "schedulers-refused.ndjson"
    make_manifest(granules, address, manifest)
    store = open_store(address)
    for name, variables, told in REFUSED:
        run = call("run", "--manifest", manifest, **variables)
        check(PART, f"{name} is refused with exit code 2, and the message names {told}",
              run.code == 2 and told in run.text(), (run.code, run.text()))
    check(PART, "a refused run leaves nothing in OUTPUT", not store.names(), store.names())


def main() -> None:
    output = os.environ["SCALE_OUTPUT"]
    granules = synthesize(12)
    reference = convert_on_one_machine(granules, WORK / "schedulers-reference")
    try_complete(output, granules, reference)
    try_refused(output, granules)


if __name__ == "__main__":
    main()
