"""`status` of a manifest of a million granules: its time and memory, and that its numbers are right.

All but a few of the metadata files are there. Reports of REPORTS of the 1000 shards are there, with entries as a real
run writes them; those of all shards would take gigabytes. In a release build the limits must be kept; of other builds
the figures are only printed.
"""

import hashlib
import json
import os
import shutil
import subprocess
import time
from pathlib import Path

from checks import check, ok
from program import PROGRAM, WORK, call, environment, make_manifest, synthesize

PART = "status"
GRANULES = 1_000_000
SHARDS = 1000
REPORTS = int(os.environ.get("SCALE_REPORTS", "50"))
# Shards of which nothing is there, and one whose granules are all invalid, by its report.
MISSING, INVALID = (7, 19), 42
LIMIT_S, LIMIT_MB = 2.0, 200.0


class Template:
    """What a real run of two granules leaves, of which one was damaged after the manifest was made: the first line of
    the manifest, and a report with the form of its entries."""

    def __init__(self):
        granules, output = WORK / "granules-template", WORK / "products-template"
        granules.mkdir()
        for granule in sorted(synthesize(12).iterdir())[:2]:
            shutil.copy(granule, granules)
        self.manifest = WORK / "template.ndjson"
        make_manifest(granules, output, self.manifest)
        (granules / granule.name).write_bytes(b"no granule")
        call("run", "--manifest", self.manifest)
        (report,) = (output / "_reports").iterdir()
        self.report = json.loads(report.read_text())
        by_status = {entry["status"]: entry for entry in self.report.pop("granules")}
        self.converted, self.failed = by_status["converted"], by_status["failed"]


def stem(line: int) -> str:
    return f"{line // 1000:04}/D{line:07}_PQC"


def source(line: int) -> str:
    return f"/archive/{stem(line)}.eol"


def write_manifest(path: Path, output: Path, template: Template) -> str:
    header = json.loads(template.manifest.read_text().splitlines()[0]) | {"output": str(output)}
    checksum = hashlib.sha256()
    with path.open("wb") as file:

        def write(text: str) -> None:
            file.write(text.encode())
            checksum.update(text.encode())

        write(json.dumps(header, separators=(",", ":")) + "\n")
        for line in range(GRANULES):
            sha256 = hashlib.sha256(b"%d" % line).hexdigest()
            places = f'"input":"{source(line)}","folder":"{line // 1000:04}","output":"{stem(line)}"'
            write(f'{{{places},"size":81854,"sha256":"{sha256}"}}\n')
    return checksum.hexdigest()


def write_products(output: Path) -> None:
    """Makes the names of metadata files: links to one file in each folder, because a million files take minutes on a
    busy disk, and `status` looks at names only."""
    for number in range(GRANULES // 1000):
        folder = output / f"{number:04}"
        folder.mkdir(parents=True)
        first = folder / "first"
        first.touch()
        for line in range(number * 1000, (number + 1) * 1000):
            if line % SHARDS not in (*MISSING, INVALID):
                os.link(first, output / f"{stem(line)}.nc.meta.xml")
        first.unlink()


def write_reports(output: Path, checksum: str, template: Template) -> int:
    """Writes the reports and returns their size in bytes."""
    folder = output / "_reports"
    folder.mkdir()
    others = [shard for shard in range(SHARDS) if shard not in (*MISSING, INVALID)]
    for shard in [INVALID, *others[: REPORTS - 1]]:
        entry = template.failed if shard == INVALID else template.converted
        lines = range(shard, GRANULES, SHARDS)
        # The path and the name stand in the text, so that a thousand entries are made by replacing them.
        form = json.dumps(entry | {"granule": "@NAME@", "path": "@PATH@"}, separators=(",", ":"))
        entries = ",\n".join(
            form.replace("@NAME@", Path(stem(line)).name).replace("@PATH@", source(line)) for line in lines
        )
        of_manifest = template.report["manifest"] | {"sha256": checksum, "shard": {"index": shard, "count": SHARDS}}
        report = template.report | {"inputs": [source(line) for line in lines], "manifest": of_manifest, "granules": []}
        text = json.dumps(report).replace('"granules": []', f'"granules": [\n{entries}]')
        (folder / f"{checksum[:12]}-{shard}-of-{SHARDS}.json").write_text(text)
    return sum(path.stat().st_size for path in folder.iterdir())


def measure(manifest: Path) -> tuple[int, str, float, float]:
    """Exit code, output, seconds and MB of a call of `status`, as the kernel accounts for the process."""
    begin = time.monotonic()
    command = [PROGRAM, "status", "--manifest", manifest, "--shards", str(SHARDS)]
    process = subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, text=True)
    output = process.stdout.read()
    _, state, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(state)
    return process.returncode, output, time.monotonic() - begin, usage.ru_maxrss / 1024


def main() -> None:
    template = Template()
    manifest, output = WORK / "million.ndjson", WORK / "million"
    checksum = write_manifest(manifest, output, template)
    write_products(output)
    *_, plain_seconds, plain_mb = min((measure(manifest) for _ in range(3)), key=lambda measured: measured[2])
    size = write_reports(output, checksum, template)
    code, text, seconds, mb = min((measure(manifest) for _ in range(3)), key=lambda measured: measured[2])
    expected = [
        f"{GRANULES - 3 * SHARDS} of {GRANULES} complete, {SHARDS} failed, {2 * SHARDS} missing",
        f"shards to run again, of {SHARDS}: 7,19",
        f"shards with invalid granules, of {SHARDS}: 42",
    ]
    is_told = all(line in text.splitlines() for line in expected)
    check(PART, f"{expected[0]}, exit code 75", code == 75 and is_told, (code, text))
    ok(PART, f"without reports {plain_seconds:.2f} s and {plain_mb:.0f} MB (best of 3, names cached)")
    figures = f"with reports of {REPORTS} of {SHARDS} shards ({size / 1e6:.0f} MB) {seconds:.2f} s and {mb:.0f} MB"
    per_report = (seconds - plain_seconds) / REPORTS
    ok(PART, f"{figures}; a report costs {per_report * 1000:.0f} ms, those of all shards {per_report * SHARDS:.0f} s")
    if Path(os.environ["PROGRAM_FOLDER"]).name == "release":
        check(PART, f"less than {LIMIT_S} s and {LIMIT_MB:.0f} MB", seconds < LIMIT_S and mb < LIMIT_MB, figures)
    else:
        ok(PART, f"the limits of {LIMIT_S} s and {LIMIT_MB:.0f} MB are those of a release build; this is another")


if __name__ == "__main__":
    main()
