# shellcheck shell=bash
# What all parts of scripts/scale share: the folder for temporary files, the lines that tell what was proved, and the
# end of everything that was started.

ok() { printf 'ok    %s: %s\n' "$1" "$2"; }

fail() {
    printf 'FAIL  %s: %s\n' "$1" "$2" >&2
    exit 1
}

# Tells that something cannot be tried here, which is a failure where everything must be tried.
skip() {
    [ -z "${CUMULUS_REQUIRE_ALL:-}" ] || fail "$1" "$2"
    printf 'skip  %s: %s\n' "$1" "$2"
}

# Makes the folder for temporary files, and has it and all processes removed at the end, whatever the end is.
begin_work() {
    local folder=${PROGRAM_FOLDER:-target/debug} needed
    for needed in hs3-avaps examples/synthesize-sondes; do
        [ -x "$folder/$needed" ] || fail "scale" "no $folder/$needed: cargo build --workspace --bins --examples"
    done
    PROGRAM_FOLDER=$(realpath "$folder")
    SCALE_WORK=$(mktemp --directory "${TMPDIR:-/tmp}/scale.XXXXXX")
    # SCALE_WORK in its environment marks every process that is started from here.
    export PROGRAM_FOLDER SCALE_WORK PYTHONDONTWRITEBYTECODE=1
    trap end_work EXIT
    trap 'fail "scale" "ended by a signal after $SECONDS s, or out of time"' INT TERM
    # A copy, because a build may replace the program in the meantime.
    mkdir "$SCALE_WORK/bin"
    cp "$PROGRAM_FOLDER/hs3-avaps" "$SCALE_WORK/bin/"
    export SCALE_PROGRAM=$SCALE_WORK/bin/hs3-avaps
    "$SCALE_PROGRAM" --version >/dev/null
}

end_work() {
    local code=$?
    trap '' INT TERM
    python3 scripts/scale.d/processes.py "$SCALE_WORK" || true
    if [ "$code" -ne 0 ]; then
        local kept=$PWD/.cache/scale/failed
        rm -rf "$kept"
        mkdir -p "$kept"
        (cd "$SCALE_WORK" && find . -name '*.log' -exec cp --parents --target-directory "$kept" {} +) || true
    fi
    rm -rf "$SCALE_WORK"
}

# wait_for SECONDS WHAT COMMAND...: repeats COMMAND until it succeeds.
wait_for() {
    local end=$((SECONDS + $1)) what=$2
    shift 2
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$end" ] || fail "scale" "in vain waited for $what"
        sleep 0.2
    done
}

# free_ports COUNT: prints ports of the loopback address that nothing uses.
free_ports() {
    python3 -c '
import socket, sys
held = [socket.create_server(("127.0.0.1", 0)) for _ in range(int(sys.argv[1]))]
print(*(one.getsockname()[1] for one in held))' "$1"
}

# make_granules COUNT FOLDER: writes full falls of dropsondes (0.6 MB each), no two of which are equal.
make_granules() {
    mkdir -p "$2"
    "$PROGRAM_FOLDER/examples/synthesize-sondes" "$2" --batch "$1"
}

# run_part FILE [ARGUMENT...]: a part that is written in Python. It runs in the background, because bash acts on a
# signal only when the command in the foreground has ended.
run_part() {
    local file=$1
    shift
    "$scale_python" "scripts/scale.d/$file" "$@" &
    wait "$!"
}
