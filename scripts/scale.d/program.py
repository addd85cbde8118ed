"""The program under trial: its commands, the environment it gets, and the lines of its log."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

PROGRAM = os.environ["SCALE_PROGRAM"]
WORK = Path(os.environ["SCALE_WORK"])

# The time stamp of all products. That of a manifest is fixed when it is made, so equal ones give equal bytes.
PRODUCED = "1600000000"


@dataclass
class Ended:
    code: int
    output: str
    log: list[dict]

    def event(self, name: str) -> dict:
        return next((line for line in self.log if line.get("event") == name), {})

    def text(self) -> str:
        """Messages of the log, one a line."""
        return "\n".join(line.get("message", "") for line in self.log)


def environment(**variables: object) -> dict[str, str]:
    """Our environment without what schedulers and users set, and with `variables`."""
    foreign = ("SLURM_", "AWS_BATCH_", "JOB_COMPLETION_", "CUMULUS_", "SPLUNK_", "RUST_LOG")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign) or name == "SLURM_CONF"}
    stated = {name: str(value) for name, value in variables.items()}
    return kept | {"SOURCE_DATE_EPOCH": PRODUCED, "CUMULUS_LOG_FORMAT": "json"} | stated


def log_lines(text: str) -> list[dict]:
    """The JSON lines of a log; a job script may have written others between them."""
    lines = []
    for line in text.splitlines():
        try:
            value = json.loads(line)
        except ValueError:
            continue
        if isinstance(value, dict):
            lines.append(value)
    return lines


def call(*arguments: object, **variables: object) -> Ended:
    done = subprocess.run(
        [PROGRAM, *map(str, arguments)], env=environment(**variables), capture_output=True, text=True, timeout=240
    )
    return Ended(done.returncode, done.stdout, log_lines(done.stderr) or [{"message": done.stderr}])


def synthesize(count: int) -> Path:
    """A folder of small granules, no two of which are equal."""
    folder = WORK / f"granules-{count}"
    if not folder.exists():
        folder.mkdir()
        example = Path(os.environ["PROGRAM_FOLDER"]) / "examples/synthesize-sondes"
        subprocess.run([example, folder, "--batch", str(count), "--seconds", "60"], check=True)
    return folder


def make_manifest(granules: Path | str, output: Path | str, manifest: Path) -> list[dict]:
    """Writes a manifest and returns its granules."""
    made = call("manifest", granules, output)
    if made.code != 0:
        raise SystemExit(f"FAIL  scale: manifest ended with {made.code}: {made.text()}")
    manifest.write_text(made.output)
    return [json.loads(line) for line in made.output.splitlines()[1:]]


def convert_on_one_machine(granules: Path | str, output: Path) -> Path:
    """Converts everything in one process, into a folder, as what shards are compared with."""
    manifest = output.with_suffix(".ndjson")
    make_manifest(granules, output, manifest)
    run = call("run", "--manifest", manifest)
    if run.code != 0:
        raise SystemExit(f"FAIL  scale: the run of one machine ended with {run.code}: {run.text()}")
    return output
