"""Judges deploy/kubernetes/job.yaml by the schemas of Kubernetes."""

import os
import re
import subprocess
import tempfile

import kubernetes_validate
import yaml

from checks import KUBECTL, NO_RETRY, PROCESS_MEMORY, RETRY, Bench, check

# The oldest version with backoffLimitPerIndex for everyone, and the newest one known.
VERSIONS = ["1.33", kubernetes_validate.latest_version().rpartition(".")[0]]


def documents_of(text):
    return [document for document in yaml.safe_load_all(text) if document]


def job_of(deploy):
    return next(one for one in documents_of((deploy / "kubernetes/job.yaml").read_text()) if one["kind"] == "Job")


def kubernetes_problems(documents):
    for version in VERSIONS:
        for document in documents:
            try:
                kubernetes_validate.validate(document, version, strict=True)
            except kubernetes_validate.ValidationError as error:
                yield f"{version}, {document['kind']}: {'.'.join(map(str, error.path))}: {error.message}"
    # What the API server demands beyond the schema (kubernetes/pkg/apis/batch/validation).
    for job in documents:
        if job["kind"] != "Job":
            continue
        spec, pod = job["spec"], job["spec"]["template"]["spec"]
        if not re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,51}[a-z0-9])?", job["metadata"]["name"]):
            yield f"{job['metadata']['name']} is no name of an Indexed Job"
        if spec["completionMode"] != "Indexed" or pod["restartPolicy"] != "Never":
            yield "not Indexed, or pods restart"
        if "backoffLimitPerIndex" not in spec:
            yield "FailIndex needs backoffLimitPerIndex"
        if spec.get("maxFailedIndexes", 0) > spec["completions"]:
            yield "more maxFailedIndexes than completions"
        for rule in spec["podFailurePolicy"]["rules"]:
            codes = rule.get("onExitCodes", {"values": [1]})
            if codes["values"] != sorted(set(codes["values"])) or 0 in codes["values"]:
                yield f"values are not in order, or have 0: {codes['values']}"
            if "onExitCodes" in rule and codes.get("containerName") not in [one["name"] for one in pod["containers"]]:
                yield f"there is no container {codes.get('containerName')}"


@check("kubernetes", f"job.yaml fits the schemas of {' and '.join(VERSIONS)}, without unknown fields")
def kubernetes_schema(deploy):
    yield from kubernetes_problems(documents_of((deploy / "kubernetes/job.yaml").read_text()))


@check("kubernetes", f"{RETRY} and 137 retry; {', '.join(map(str, NO_RETRY))} fail their shard; disruptions do not count")
def kubernetes_retries(deploy):
    spec = job_of(deploy)["spec"]

    def action(code, conditions=()):
        for rule in spec["podFailurePolicy"]["rules"]:
            codes = rule.get("onExitCodes")
            if codes and (code in codes["values"]) == (codes["operator"] == "In"):
                return rule["action"]
            if any(one["type"] in conditions and one["status"] == "True" for one in rule.get("onPodConditions", [])):
                return rule["action"]
        return "Count"

    cases = [("Count", RETRY, []), ("Count", 137, []), ("Ignore", 137, ["DisruptionTarget"]), ("Ignore", RETRY, ["DisruptionTarget"])]
    for wanted, code, conditions in cases + [("FailIndex", code, []) for code in NO_RETRY]:
        if action(code, conditions) != wanted:
            yield f"{code} {conditions}: {action(code, conditions)}"
    if spec["backoffLimitPerIndex"] < 1:
        yield "no retry"


def quantity(text):
    units = {"": 1, "m": 1e-3, "Mi": 2**20, "Gi": 2**30}
    number, unit = re.fullmatch(r"([\d.]+)([A-Za-z]*)", str(text)).groups()
    return float(number) * units[unit]


@check("kubernetes", "shards, arguments, resources, scratch, rights and confinement of job.yaml fit together")
def kubernetes_pod(deploy):
    job = job_of(deploy)
    pod = job["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    arguments, requests = container["args"], container["resources"]["requests"]
    options = dict(zip(arguments[1::2], arguments[2::2]))
    variables = {one["name"]: one.get("value") for one in container["env"]}
    if variables.get("CUMULUS_SHARD_COUNT") != str(job["spec"]["completions"]):
        yield f"CUMULUS_SHARD_COUNT is not completions, {job['spec']['completions']}"
    if arguments[0] != "run" or set(options) != {"--manifest", "--jobs", "--scratch", "--scratch-limit"} or "command" in container:
        yield f"arguments {arguments}"
    jobs = float(options["--jobs"])
    if jobs != quantity(requests["cpu"]):
        yield f"--jobs {options['--jobs']} on {requests['cpu']} processors"
    if quantity(container["resources"]["limits"]["memory"]) <= jobs * PROCESS_MEMORY * 2**20:
        yield "less memory than the processes may take"
    mounts = {one["mountPath"]: one["name"] for one in container["volumeMounts"]}
    volumes = {one["name"]: one for one in pod["volumes"]}
    scratch = volumes[mounts[options["--scratch"]]]["emptyDir"]["sizeLimit"]
    if quantity(scratch) > quantity(requests["ephemeral-storage"]):
        yield f"{scratch} of scratch, {requests['ephemeral-storage']} requested"
    if float(options["--scratch-limit"]) * 2**20 > 0.9 * quantity(scratch):
        yield f"--scratch-limit is {options['--scratch-limit']} MiB of {scratch}"
    secure = container["securityContext"]
    if not secure["readOnlyRootFilesystem"] or secure["allowPrivilegeEscalation"] or secure["capabilities"] != {"drop": ["ALL"]}:
        yield f"not confined: {secure}"
    if not pod["securityContext"]["runAsNonRoot"] or pod["securityContext"]["runAsUser"] == 0:
        yield "root"
    if pod["terminationGracePeriodSeconds"] < 120:
        yield "less than two minutes to finish"
    accounts = documents_of((deploy / "kubernetes/job.yaml").read_text())
    account = next(one for one in accounts if one["kind"] == "ServiceAccount")
    if pod["serviceAccountName"] != account["metadata"]["name"]:
        yield f"there is no service account {pod['serviceAccountName']}"
    if "eks.amazonaws.com/role-arn" not in account["metadata"]["annotations"]:
        yield "the service account has no role"


@check("kubernetes", "the repair in README.md makes a valid Job per shard")
def kubernetes_repair(deploy):
    (block,) = re.findall(r"^```sh\n(.*?)^```", (deploy / "README.md").read_text(), re.M | re.S)
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(folder, kubectl=KUBECTL)
        subprocess.run(["bash", "-euo", "pipefail", "-c", block], cwd=deploy, env=os.environ | bench.environment, check=True)
        documents = documents_of(bench.log.read_text())
    yield from kubernetes_problems(documents)
    jobs = [one for one in documents if one["kind"] == "Job"]
    seen = []
    for job in jobs:
        variables = {one["name"]: one["value"] for one in job["spec"]["template"]["spec"]["containers"][0]["env"]}
        seen.append((variables.get("CUMULUS_SHARD_INDEX"), variables["CUMULUS_SHARD_COUNT"], job["spec"]["completions"]))
    count = str(job_of(deploy)["spec"]["completions"])
    if seen != [(index, count, 1) for index in re.search(r"for shard in (.*);", block).group(1).split()]:
        yield f"{seen}"
    if len({job["metadata"]["name"] for job in jobs}) != len(jobs):
        yield "names are repeated"
