"""Damages copies of the files in deploy/, and looks whether check_deploy.py notices each damage by the right check."""

import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
DEPLOY = HERE.parents[1] / "deploy"

EXIT = '{"onReason": "a", "action": "EXIT"},'

# Part, words of the check that has to fail, file, text, and what replaces it everywhere.
DAMAGES = [
    ("slurm", "options", "slurm/convert.sbatch", "#SBATCH --requeue", "#SBATCH --no-requeue"),
    ("slurm", "options", "slurm/convert.sbatch", "B:TERM@120", "TERM@120"),
    ("slurm", "options", "slurm/convert.sbatch", "#SBATCH --open-mode", "true\n#SBATCH --open-mode"),
    ("slurm", "gets manifest", "slurm/convert.sbatch", '--jobs "$SLURM_CPUS_PER_TASK"', "--jobs 1"),
    ("slurm", "gets manifest", "slurm/convert.sbatch", "trap 'rm -rf \"$scratch\"' EXIT", ""),
    ("slurm", "75 requeues", "slurm/convert.sbatch", '[ "$code" -eq 75 ]', '[ "$code" -eq 76 ]'),
    ("slurm", "75 requeues", "slurm/convert.sbatch", 'requeue "$task"', 'requeue "$SLURM_JOB_ID"'),
    ("slurm", "are not requeued", "slurm/convert.sbatch", '[ "$code" -eq 75 ] || exit "$code"', '[ "$code" -ne 0 ] || exit 0'),
    ("slurm", "bounded", "slurm/convert.sbatch", "    exit 1\n", "    exit 75\n"),
    ("slurm", "bounded", "slurm/convert.sbatch", "-ge", "-gt"),
    ("slurm", "bounded", "slurm/convert.sbatch", " JobState=RUNNING ", "JobId"),
    ("slurm", "SIGTERM", "slurm/convert.sbatch", "trap forward TERM", ""),
    ("slurm", "SIGTERM", "slurm/convert.sbatch", "    { sleep 90", "    : # { sleep 90"),
    ("slurm", "SIGTERM", "slurm/convert.sbatch", '--scratch "$scratch" &', '--scratch "$scratch" & wait'),
    ("slurm", "SIGTERM", "slurm/convert.sbatch", "    forwarded=yes\n", ""),
    ("aws-batch", "is an input", "aws-batch/job-definition.json", '"attempts": 5', '"attempts": 11'),
    ("aws-batch", "is an input", "aws-batch/job-definition.json", '"jobRoleArn"', '"jobRole"'),
    ("aws-batch", "is an input", "aws-batch/job-definition.json", '"type": "VCPU"', '"type": "CPU"'),
    ("aws-batch", "is an input", "aws-batch/job-definition.json", '"RETRY"', '"AGAIN"'),
    ("aws-batch", "is an input", "aws-batch/job-definition.json", '"value": "4"', '"value": 4'),
    ("aws-batch", "is an input", "aws-batch/job-definition.json", '"Host EC2*"', '"*Host EC2*"'),
    ("aws-batch", "is an input", "aws-batch/job-definition.json", '"evaluateOnExit": [', '"evaluateOnExit": [' + EXIT * 2),
    ("aws-batch", "lost host retry", "aws-batch/job-definition.json", '"75"', '"76"'),
    ("aws-batch", "lost host retry", "aws-batch/job-definition.json", '"onExitCode": "75"', '"onExitCode": "*"'),
    ("aws-batch", "lost host retry", "aws-batch/job-definition.json", '"onReason": "*"', '"onExitCode": "1"'),
    ("aws-batch", "lost host retry", "aws-batch/job-definition.json", "Host EC2*", "Host EC3*"),
    ("aws-batch", "fit together", "aws-batch/job-definition.json", '"--jobs", "4"', '"--jobs", "8"'),
    ("aws-batch", "fit together", "aws-batch/job-definition.json", '"9216"', '"8192"'),
    ("aws-batch", "fit together", "aws-batch/job-definition.json", "Ref::manifest", "Ref::list"),
    ("aws-batch", "fit together", "aws-batch/job-definition.json", '"/tmp", "readOnly"', '"/scratch", "readOnly"'),
    ("aws-batch", "one array job", "aws-batch/submit", "arrayProperties", "arrayProperty"),
    ("aws-batch", "one array job", "aws-batch/submit", '"$count" -eq 1', '"$count" -eq 0'),
    ("aws-batch", "one array job", "aws-batch/submit", "${text//\\\"/\\\\\\\"}", "$text"),
    ("aws-batch", "job per shard", "aws-batch/submit", "10#", ""),
    ("aws-batch", "job per shard", "aws-batch/submit", "--unique ", ""),
    ("aws-batch", "job per shard", "aws-batch/submit", "CUMULUS_SHARD_COUNT", "CUMULUS_SHARDS"),
    ("aws-batch", "refuses", "aws-batch/submit", "-le 10000", "-le 20000"),
    ("aws-batch", "refuses", "aws-batch/submit", "grep --quiet REPLACE-ME", "grep --quiet REPLACE-YOU"),
    ("aws-batch", "refuses", "aws-batch/submit", '-lt "$count"', '-le "$count"'),
    ("aws-batch", "runs what", "aws-batch/submit", 'registered=$(batch "${register[@]}")', 'batch "${register[@]}"; registered=convert'),
    ("kubernetes", "fits the schemas", "kubernetes/job.yaml", "backoffLimitPerIndex", "backOffLimitPerIndex"),
    ("kubernetes", "fits the schemas", "kubernetes/job.yaml", 'value: "100"', "value: 100"),
    ("kubernetes", "fits the schemas", "kubernetes/job.yaml", "[2, 65, 66, 70, 73]", "[65, 2, 66, 70, 73]"),
    ("kubernetes", "fits the schemas", "kubernetes/job.yaml", "containerName: convert", "containerName: main"),
    ("kubernetes", "fits the schemas", "kubernetes/job.yaml", "maxFailedIndexes: 50", "maxFailedIndexes: 500"),
    ("kubernetes", "fits the schemas", "kubernetes/job.yaml", "restartPolicy: Never", "restartPolicy: OnFailure"),
    ("kubernetes", "75 and 137 retry", "kubernetes/job.yaml", "70, 73]", "70, 73, 75]"),
    ("kubernetes", "75 and 137 retry", "kubernetes/job.yaml", "[2, 65, ", "[2, "),
    ("kubernetes", "75 and 137 retry", "kubernetes/job.yaml", "operator: In", "operator: NotIn"),
    ("kubernetes", "75 and 137 retry", "kubernetes/job.yaml", "action: Ignore", "action: FailIndex"),
    ("kubernetes", "fit together", "kubernetes/job.yaml", "completions: 100", "completions: 200"),
    ("kubernetes", "fit together", "kubernetes/job.yaml", "readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false"),
    ("kubernetes", "fit together", "kubernetes/job.yaml", "serviceAccountName: convert", "serviceAccountName: default"),
    ("kubernetes", "fit together", "kubernetes/job.yaml", "mountPath: /scratch", "mountPath: /tmp"),
    ("kubernetes", "fit together", "kubernetes/job.yaml", '"18432"', '"20480"'),
    ("kubernetes", "repair", "kubernetes/job.yaml", "name: convert-run", "name: convert-walk"),
    ("kubernetes", "repair", "README.md", "maxFailedIndexes", "maxFailedIndices"),
    ("shell", "bash -n", "slurm/convert.sbatch", "done\n", "\n"),
    ("shell", "shellcheck", "aws-batch/submit", '"${shards[@]}"', "${shards[@]}"),
]


def main():
    missed = 0
    for part, words, name, text, damage in DAMAGES:
        with tempfile.TemporaryDirectory() as folder:
            copy = pathlib.Path(folder) / "deploy"
            shutil.copytree(DEPLOY, copy)
            before = (copy / name).read_text()
            (copy / name).write_text(before.replace(text, damage))
            run = [sys.executable, HERE / "check_deploy.py", copy, part]
            result = subprocess.run(run, capture_output=True, text=True)
        failed = [line for line in result.stdout.splitlines() if line.startswith("FAIL") and words in line]
        noticed = text in before and result.returncode == 1 and failed
        missed += not noticed
        print(f"{'ok  ' if noticed else 'FAIL'} {name}: {text!r} -> {damage!r}", flush=True)
    sys.exit(f"{missed} damages are not noticed" if missed else 0)


if __name__ == "__main__":
    main()
