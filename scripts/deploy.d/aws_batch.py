"""Judges what deploy/aws-batch registers and submits, by the service model of AWS Batch in botocore."""

import json
import os
import pathlib
import re
import shlex
import subprocess
import tempfile

import botocore.session
import botocore.validate

from checks import AWS, NO_RETRY, PROCESS_MEMORY, RETRY, Bench, check


def batch_problems(operation, given):
    """What the service model of AWS Batch has against the input of an operation, and what the model leaves out."""
    shape = botocore.session.get_session().get_service_model("batch").operation_model(operation).input_shape
    report = botocore.validate.ParamValidator().validate(given, shape)
    if report.has_errors():
        yield report.generate_report()
        return
    yield from enum_problems(given, shape, operation)
    name = given.get("jobName", given.get("jobDefinitionName"))
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}", name):
        yield f"{name!r} is no name"
    if "arrayProperties" in given and not 2 <= given["arrayProperties"].get("size", 0) <= 10000:
        yield f"an array has 2 to 10000 jobs: {given['arrayProperties']}"
    retry = given.get("retryStrategy", {})
    if not 1 <= retry.get("attempts", 1) <= 10:
        yield f"attempts are 1 to 10: {retry['attempts']}"
    rules = retry.get("evaluateOnExit", [])
    if len(rules) > 5:
        yield f"evaluateOnExit has 5 rules at most: {len(rules)}"
    if rules and "attempts" not in retry:
        yield "evaluateOnExit needs attempts"
    for rule in rules:
        patterns = {key: value for key, value in rule.items() if key != "action"}
        if not patterns:
            yield f"{rule} has no condition"
        for key, value in patterns.items():
            letters = r"\d" if key == "onExitCode" else r"[\w.:\s]"
            if not re.fullmatch(rf"{letters}{{0,511}}\*?", value) or not value:
                yield f"{key} is no pattern: {value!r}"
    if given.get("timeout", {}).get("attemptDurationSeconds", 60) < 60:
        yield "a timeout has 60 seconds at least"


def enum_problems(value, shape, path):
    """ParamValidator does not look at enumerations. Batch accepts actions in upper and lower case."""
    if shape.type_name == "structure":
        for key, member in value.items():
            yield from enum_problems(member, shape.members[key], f"{path}.{key}")
    elif shape.type_name == "list":
        for member in value:
            yield from enum_problems(member, shape.member, path)
    elif getattr(shape, "enum", None):
        word = value.upper() if shape.name == "RetryAction" else value
        if word not in shape.enum:
            yield f"{path} is one of {shape.enum}, not {value!r}"


def definition_of(deploy):
    return json.loads((deploy / "aws-batch/job-definition.json").read_text())


def submit(deploy, *arguments, environment=None):
    script = deploy / "aws-batch/submit"
    return subprocess.run([script, *arguments], capture_output=True, text=True, env=environment or os.environ, timeout=60)


def commands(text):
    """Operation and input of each printed call of the AWS CLI."""
    for line in text.splitlines():
        words = shlex.split(line)
        yield words[:3], words[words.index("--cli-input-json") + 1]


def submitted(deploy, *arguments):
    """Inputs of SubmitJob that `submit --dry-run` prints; every problem is an error here."""
    result = submit(deploy, "--dry-run", *arguments)
    if result.returncode:
        raise AssertionError(f"exit code {result.returncode}: {result.stderr}")
    (register, address), *jobs = commands(result.stdout)
    given = pathlib.Path(address.removeprefix("file://"))
    if register[2] != "register-job-definition" or given.resolve() != (deploy / "aws-batch/job-definition.json").resolve():
        raise AssertionError(f"registers {address}")
    inputs = []
    for words, text in jobs:
        inputs.append(json.loads(text))
        problems = list(batch_problems("SubmitJob", inputs[-1]))
        if words != ["aws", "batch", "submit-job"] or problems:
            raise AssertionError(f"{words}: {problems}")
    return inputs


def edited(deploy, folder):
    """A job definition without placeholders."""
    path = folder / "edited.json"
    path.write_text((deploy / "aws-batch/job-definition.json").read_text().replace("REPLACE-ME", "mine"))
    return str(path)


def environment_of(job):
    return {entry["name"]: entry["value"] for entry in job.get("containerOverrides", {}).get("environment", [])}


@check("aws-batch", "job-definition.json is an input of RegisterJobDefinition")
def batch_definition(deploy):
    yield from batch_problems("RegisterJobDefinition", definition_of(deploy))


@check("aws-batch", f"{RETRY} and a lost host retry; {', '.join(map(str, NO_RETRY))}, 137 and what has no code do not")
def batch_retries(deploy):
    retry = definition_of(deploy)["retryStrategy"]

    def action(**attempt):
        """The first rule that matches decides; without one, Batch retries (API reference, RetryStrategy)."""
        for rule in retry["evaluateOnExit"]:
            patterns = {key: value for key, value in rule.items() if key != "action"}
            if all(
                attempt.get(key, "").startswith(value[:-1]) if value.endswith("*") else attempt.get(key, "") == value
                for key, value in patterns.items()
            ):
                return rule["action"].upper()
        return "RETRY"

    ended = "Essential container in task exited"
    if retry["attempts"] < 2:
        yield "one attempt only"
    for wanted, attempt in [
        ("RETRY", {"onExitCode": str(RETRY), "onStatusReason": ended}),
        ("RETRY", {"onStatusReason": "Host EC2 (instance i-0123456789abcdef0) terminated."}),
        ("EXIT", {"onStatusReason": "Task failed to start", "onReason": "CannotPullContainerError: not found"}),
        *(("EXIT", {"onExitCode": str(code), "onStatusReason": ended}) for code in [*NO_RETRY, 137]),
    ]:
        if action(**attempt) != wanted:
            yield f"{attempt}: {action(**attempt)}"


@check("aws-batch", "command, processors, memory and scratch of job-definition.json fit together")
def batch_container(deploy):
    definition = definition_of(deploy)
    container = definition["containerProperties"]
    command = container["command"]
    options = dict(zip(command[1::2], command[2::2]))
    resources = {entry["type"]: float(entry["value"]) for entry in container["resourceRequirements"]}
    if command[0] != "run" or set(options) != {"--manifest", "--jobs", "--scratch", "--scratch-limit"}:
        yield f"command {command}"
    if float(options["--jobs"]) != resources["VCPU"]:
        yield f"--jobs {options['--jobs']} on {resources['VCPU']} processors"
    if resources["MEMORY"] <= resources["VCPU"] * PROCESS_MEMORY:
        yield "less memory than the processes may take"
    volumes = {entry["name"] for entry in container["volumes"]}
    scratch = [entry for entry in container["mountPoints"] if entry["containerPath"] == options["--scratch"]]
    if not scratch or scratch[0]["readOnly"] or scratch[0]["sourceVolume"] not in volumes:
        yield f"{options['--scratch']} is no volume that can be written"
    if container.get("user", "0").startswith("0") or not container.get("readonlyRootFilesystem"):
        yield "the container is root, or may write its image"
    if "fargate" in str(definition["platformCapabilities"]).lower():
        yield "volumes on the host and the status 'Host EC2' are for EC2"
    log = container["logConfiguration"]
    region = next(entry["value"] for entry in container["environment"] if entry["name"] == "AWS_REGION")
    if log["logDriver"] != "awslogs" or log["options"]["awslogs-region"] != region:
        yield f"logs go to {log}"
    parameters = {word.removeprefix("Ref::") for word in command if word.startswith("Ref::")}
    for arguments in [("s3://b/m", "5"), ("--repair", "2", "s3://b/m", "5")]:
        for job in submitted(deploy, *arguments):
            if parameters - set(job["parameters"]) - set(definition.get("parameters", {})):
                yield f"{parameters} are needed, {job['parameters']} are given"


@check("aws-batch", "submit makes one array job of 2 to 10000 shards, and a single job of one")
def batch_array(deploy):
    for count in [2, 1000, 10000]:
        jobs = submitted(deploy, "--queue", "q", "s3://bucket/it's \"a\".ndjson", str(count))
        if [job.get("arrayProperties") for job in jobs] != [{"size": count}] or environment_of(jobs[0]):
            yield f"{count} shards: {jobs}"
        if jobs[0]["parameters"] != {"manifest": "s3://bucket/it's \"a\".ndjson"} or jobs[0]["jobQueue"] != "q":
            yield f"{jobs[0]}"
    jobs = submitted(deploy, "s3://bucket/run.ndjson", "1")
    wanted = {"CUMULUS_SHARD_INDEX": "0", "CUMULUS_SHARD_COUNT": "1"}
    if len(jobs) != 1 or "arrayProperties" in jobs[0] or environment_of(jobs[0]) != wanted:
        yield f"one shard: {jobs}"


@check("aws-batch", "submit --repair makes a job per shard, each once")
def batch_repair(deploy):
    jobs = submitted(deploy, "--repair", "2,5,17-19,5,018", "s3://bucket/run.ndjson", "1000")
    wanted = [{"CUMULUS_SHARD_INDEX": index, "CUMULUS_SHARD_COUNT": "1000"} for index in ["2", "5", "17", "18", "19"]]
    if [environment_of(job) for job in jobs] != wanted or any("arrayProperties" in job for job in jobs):
        yield f"{jobs}"
    if len({job["jobName"] for job in jobs}) != len(jobs):
        yield "names are repeated"


@check("aws-batch", "submit refuses with 2 what cannot be submitted, and calls nothing")
def batch_refusals(deploy):
    manifest = "s3://bucket/run.ndjson"
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(folder, aws=AWS)
        for arguments in [
            [], [manifest], [manifest, "0"], [manifest, "10001"], [manifest, "x"], ["run.ndjson", "5"], ["--what", manifest, "5"],
            ["--repair", "5", manifest, "5"], ["--repair", "3-1", manifest, "5"], ["--repair", "1,", manifest, "5"],
            ["--repair", "1 2", manifest, "5"], ["--repair"], [manifest, "5", "6"],
            # The placeholders are still there.
            ["--definition", str(deploy / "aws-batch/job-definition.json"), manifest, "5"],
        ]:
            given = ["--definition", edited(deploy, bench.folder), *arguments]
            result = submit(deploy, *given, environment=os.environ | bench.environment)
            if result.returncode != 2 or not result.stderr:
                yield f"{arguments}: exit code {result.returncode}"
        if bench.lines():
            yield f"called: {bench.lines()}"


@check("aws-batch", "submit runs what --dry-run prints, with the revision that was registered")
def batch_calls(deploy):
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(folder, aws=AWS)
        arguments = ["--definition", edited(deploy, bench.folder), "--repair", "1,3", "s3://bucket/run.ndjson", "7"]
        printed = [shlex.split(line)[1:] for line in submit(deploy, "--dry-run", *arguments).stdout.splitlines()]
        result = submit(deploy, *arguments, environment=os.environ | bench.environment)
        called = [json.loads(line) for line in bench.lines()]
        if result.returncode or len(called) != 3 or called[0] != printed[0]:
            yield f"exit code {result.returncode}, {called}"
        for one, other in zip(called[1:], printed[1:]):
            job = json.loads(one[-1])
            if job.pop("jobDefinition") != "arn:aws:batch:us-west-2:111122223333:job-definition/convert:7":
                yield "not the revision that was registered"
            dry = json.loads(other[-1])
            if dry.pop("jobDefinition") != definition_of(deploy)["jobDefinitionName"] or (one[:-1], job) != (other[:-1], dry):
                yield f"{one} instead of {other}"
