"""Tries an S3 server, and with --campaign the program on it: two shards of twelve granules.

    servers.py NAME [--creates-atomically] [--checks-signatures] [--campaign]
"""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import boto3
from botocore.exceptions import ClientError

from checks import check, ok
from products import check_products_briefly
from program import WORK, call, convert_on_one_machine, make_manifest, synthesize
from store import Bucket, open_store


def outcome(call, *arguments, **named) -> str:
    """The error code of a request, or `done`."""
    try:
        call(*arguments, **named)
    except ClientError as error:
        return error.response["Error"]["Code"]
    return "done"


def try_objects(name: str, store: Bucket) -> None:
    content = bytes(range(256)) * 100
    store.write("a/object", content)
    check(name, "an object is listed and read as it was written",
          store.names() == {"a/object"} and store.read("a/object") == content, store.names())
    store.delete(["a/object"])
    check(name, "an object that was deleted is gone", not store.names(), store.names())


def try_creation(name: str, store: Bucket) -> None:
    """Clients at once create the same object, on the condition that there is none."""
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: outcome(store.write, "once", b"x", IfNoneMatch="*"), range(8)))
    check(name, "of 8 clients that create an object at once, one succeeds", answers.count("done") == 1, answers)
    store.delete(["once"])


def try_signature(name: str, bucket: str) -> None:
    stranger = boto3.client("s3", aws_access_key_id="AK", aws_secret_access_key="wrong")
    answer = outcome(stranger.list_objects_v2, Bucket=bucket)
    check(name, f"a wrong secret is refused: {answer}", answer != "done", answer)


def try_contract(name: str, bucket: str) -> None:
    """The contract suite of our own client: listings, tags, facts, parts."""
    program = Path(os.environ["PROGRAM_FOLDER"]) / "examples/check_store"
    run = subprocess.run([program, f"s3://{bucket}/contract-{name}"], capture_output=True, text=True)
    check(name, "our client keeps the contract of stores on it", run.returncode == 0, run.stdout + run.stderr)


def try_absent_bucket(name: str) -> None:
    run = call(synthesize(1), "s3://absent-bucket/products")
    told = "absent-bucket" in run.text() and run.code in (0, 73)
    if run.code == 0:
        ok(name, "it takes objects of buckets that it does not have")
    else:
        check(name, "a bucket that is not there is refused by name, exit code 73", told, run.text())


def try_campaign(name: str, bucket: str) -> None:
    granules = synthesize(12)
    address = f"s3://{bucket}/campaign-{name}"
    manifest = WORK / f"{name}.ndjson"
    entries = make_manifest(granules, address, manifest)
    for shard in range(2):
        run = call("run", "--manifest", manifest, "--shard", f"{shard}/2")
        check(name, f"shard {shard}/2 is converted, exit code 0", run.code == 0, run.text())
    reference = convert_on_one_machine(granules, WORK / f"{name}-reference")
    check_products_briefly(name, "campaign", open_store(address), entries, reference)
    status = call("status", "--manifest", manifest)
    check(name, "status: 12 of 12 complete, exit code 0", status.code == 0 and "12 of 12" in status.output, status)


def main() -> None:
    name, *options = sys.argv[1:]
    store = open_store("s3://trial/objects")
    try_objects(name, store)
    if "--creates-atomically" in options:
        try_creation(name, store)
    if "--checks-signatures" in options:
        try_signature(name, "trial")
    if "--campaign" in options:
        try_contract(name, "trial")
        try_absent_bucket(name)
        try_campaign(name, "trial")


if __name__ == "__main__":
    main()
