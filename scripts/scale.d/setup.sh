# shellcheck shell=bash
# Installs what scripts/scale needs, if it is missing.

# Slurm and its authentication, from Debian or Ubuntu. The services of the packages are not used.
install_slurm() {
    # Daemons are in folders that a user's PATH may lack.
    PATH=$PATH:/usr/sbin:/sbin
    if ! command -v slurmctld slurmd sbatch munged >/dev/null; then
        local as_root=()
        [ "$(id -u)" -eq 0 ] || as_root=(sudo)
        "${as_root[@]}" apt-get update --quiet --quiet
        "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet --quiet \
            --no-install-recommends slurm-wlm munge >/dev/null
    fi
    ok "setup" "$(slurmctld -V), $(munged --version | head --lines 1)"
}

install_python() {
    local bin
    bin=$(scripts/python-tools .cache/scale/venv scripts/scale.d/requirements.txt)
    scale_python=$bin/python
    moto_server=$bin/moto_server
    local versions='import boto3, moto; print(f"moto {moto.__version__}, boto3 {boto3.__version__}")'
    ok "setup" "$("$scale_python" -c "$versions")"
}
