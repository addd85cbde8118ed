# shellcheck shell=bash
# A Slurm cluster on this machine: one controller and three nodes, each with a slurmd of its own on the loopback
# address. It needs no systemd, no cgroups and no accounting database, and runs as the user who calls it.

nodes=(n1 n2 n3)

# slurm.conf. The nodes state more cores and memory than the machine may have (config_overrides): what is tried is the
# scheduling, not the speed. A lost node is declared down after SlurmdTimeout, and its tasks wait for cred_expire.
write_slurm_conf() {
    local folder=$1 user ports
    user=$(id -un)
    read -r -a ports <<< "$(free_ports 4)"
    cat <<EOF
ClusterName=scale
SlurmctldHost=$(hostname -s)(127.0.0.1)
SlurmctldPort=${ports[3]}
AuthType=auth/munge
AuthInfo=socket=$folder/munge.socket,cred_expire=5
SlurmUser=$user
SlurmdUser=$user
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool/%n
SlurmctldPidFile=$folder/run/slurmctld.pid
SlurmdPidFile=$folder/run/slurmd-%n.pid
SlurmctldLogFile=$folder/log/slurmctld.log
SlurmdLogFile=$folder/log/slurmd-%n.log
SlurmctldDebug=info
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=1,batch_sched_delay=0,bf_interval=1
SlurmdParameters=config_overrides
JobRequeue=1
ReturnToService=2
SlurmdTimeout=10
SlurmctldTimeout=10
MessageTimeout=5
KillWait=2
InactiveLimit=0
EOF
    local place node
    for place in "${!nodes[@]}"; do
        node="NodeName=${nodes[place]} NodeHostname=$(hostname -s) NodeAddr=127.0.0.1 Port=${ports[place]}"
        echo "$node CPUs=2 RealMemory=16000"
    done
    echo "PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP"
}

start_cluster() {
    local folder=$SCALE_WORK/slurm node
    mkdir -p "$folder"/{state,run,log} "$folder/spool"/{n1,n2,n3}
    # A key and a socket of our own leave a munge service of the machine alone. --force, because others cannot read
    # the folder of the socket.
    (umask 077 && head --bytes 1024 /dev/urandom > "$folder/munge.key")
    munged --foreground --force --socket "$folder/munge.socket" --key-file "$folder/munge.key" \
        --pid-file "$folder/run/munged.pid" --log-file "$folder/log/munged.log" --seed-file "$folder/munge.seed" \
        > "$folder/log/munged-start.log" 2>&1 &
    wait_for 30 "munge" munge --socket "$folder/munge.socket" --no-input
    write_slurm_conf "$folder" > "$folder/slurm.conf"
    export SLURM_CONF=$folder/slurm.conf
    slurmctld -D > "$folder/log/slurmctld-start.log" 2>&1 &
    # SCALE_NODE marks the processes of a node, by which they are found when it is killed.
    for node in "${nodes[@]}"; do
        SCALE_NODE=$node slurmd -D -N "$node" > "$folder/log/slurmd-$node-start.log" 2>&1 &
    done
    # bash would tell that they are killed at the end.
    disown -a
    wait_for 90 "three idle nodes" all_idle
    ok "slurm" "$(slurmctld -V): three nodes are idle"
}

all_idle() {
    [ "$(sinfo --noheader --Node --format '%N %T' | grep --count ' idle$')" -eq 3 ]
}

# The part `slurm`.
try_slurm() {
    make_granules 120 "$SCALE_WORK/granules"
    start_cluster
    run_part campaign.py "$SCALE_WORK/granules" "$SCALE_OUTPUT" "${SCALE_JOB:-deploy/slurm/convert.sbatch}"
}
