# shellcheck shell=bash
# Builds the images and tests them as users use them: run, composed, published, pulled.

passed=0
failed=0

# Runs a check, of which every command must succeed, and counts the result. It runs in a subprocess, because `set -e`
# is ignored in conditions.
expect() { # description, command
    local what=$1 log=$scratch/check.log status=0
    shift
    (set -e; "$@") > "$log" 2>&1 < /dev/null &
    wait $! || status=$?
    if [ "$status" -eq 0 ]; then
        passed=$((passed + 1))
        echo "ok      $what"
    else
        failed=$((failed + 1))
        echo "FAILED  $what (exit $status)"
        tail -n 25 "$log" | sed 's/^/        /'
    fi
}

# Runs a step and prints how long it took.
timed() {
    local started=$SECONDS
    "$@"
    echo "== $* took $((SECONDS - started)) s"
}

# Stores the exit code of a command without failing.
code_of() {
    local code=0
    "$@" || code=$?
    echo "exit code $code" >&2
    last_code=$code
}

test_images() {
    local started=$SECONDS images=("$@") chosen=() collection
    [ ${#images[@]} -gt 0 ] || mapfile -t images < <(echo cumulus-base; collections)
    for collection in "${images[@]}"; do
        [ "$collection" = cumulus-base ] || chosen+=("$collection")
    done
    scratch=$(mktemp -d "${TMPDIR:-/tmp}/images.XXXXXX")
    chmod 755 "$scratch"
    trap test_clean EXIT
    [ -S "$engine_folder/docker.sock" ] || machine_state > "$scratch/machine"
    if [ "${IMAGES_BUILDER:-}" = buildah ] || ! timed engine_start; then
        test_daemonless "${chosen[@]}"
    else
        timed build_base
        timed expect "a shell, and a user that is not root, in cumulus-base" test_base
        timed expect "a change of sources leaves every compiled dependency where it is" test_dependency_layer
        for collection in "${chosen[@]}"; do
            timed build_collections "$collection"
            timed test_collection "$collection"
        done
        [ ${#chosen[@]} -eq 0 ] || timed test_compose "${chosen[@]}"
        timed test_registry "${images[@]}"
        docker images --filter dangling=false
        if [ -e "$scratch/machine" ] && [ -e "$engine_folder/docker.pid" ]; then
            test_stop_engine
            expect "the engine leaves no process, interface, forwarding, packet filter or mount behind" test_left_behind
        fi
    fi
    echo "== scripts/images test took $((SECONDS - started)) s"
    echo "$passed passed, $failed failed"
    [ "$failed" -eq 0 ]
}

# Prints the state of the machine that an engine could change.
machine_state() {
    ip -brief link | awk '{print $1}'
    cat /proc/sys/net/ipv4/ip_forward
    iptables-save 2>/dev/null | grep --invert-match '^#' | grep DOCKER || true
    grep --count "$engine_folder" /proc/mounts || true
    pgrep --full "$engine_folder" || true
}

test_left_behind() {
    diff "$scratch/machine" <(machine_state)
}

# On a developer's machine, the data of the engine are kept for the next run.
test_stop_engine() {
    if [ "${CI:-}" = true ]; then engine_stop --purge; else engine_stop; fi
}

test_clean() {
    local status=$?
    registry_stop
    test_stop_engine
    rm -rf "$scratch"
    exit "$status"
}

test_base() {
    [ "$(docker run --rm --network none cumulus-base whoami)" = cumulus ]
    [ "$(echo pwd | docker run --rm --interactive --network none cumulus-base)" = /work ]
    docker run --rm --network none cumulus-base test -s /etc/ssl/certs/ca-certificates.crt
    docker run --rm --network none cumulus-base-build bash -c 'git --version && cmake --version && nc-config --version && pkg-config hdf5 --modversion && cargo --version'
}

test_dependency_layer() {
    local tree=$scratch/tree before after
    mkdir "$tree"
    cp --archive Cargo.toml Cargo.lock LICENSE .dockerignore docker crates "$tree"
    echo "// changed" >> "$tree/crates/cumulus-core/src/lib.rs"
    echo "// new" > "$tree/crates/cumulus-core/src/new.rs"
    before=$(docker image inspect --format '{{json .RootFS.Layers}}' cumulus-base-build)
    image_build unchanged:latest --file "$tree/docker/base/Dockerfile" --target cumulus-base-build "$tree"
    after=$(docker image inspect --format '{{json .RootFS.Layers}}' unchanged)
    docker image rm unchanged
    [ "$before" = "$after" ]
}

test_compose() {
    local collection compose
    SOURCE=$(source_address) REVISION=$(git rev-parse HEAD) VERSION=$(version)
    export SOURCE REVISION VERSION
    install_packages docker-compose
    for collection in "$@"; do
        export COLLECTION=$collection
        for compose in "docker compose" /usr/bin/docker-compose; do
            # shellcheck disable=SC2086
            expect "$compose run test converts and verifies the samples of $collection" compose_test $compose
        done
    done
    expect "docker compose build, then run of what it built" compose_build
    expect "docker compose run bash gives a shell" compose_bash
    expect "docker compose run $COLLECTION converts" compose_collection
}

compose_test() {
    local sample output
    sample=$(samples_of "$COLLECTION")
    output=data/test-output/${sample#data/}
    "$@" config --quiet
    rm -rf "$output"
    "$@" run --rm -T test > "$scratch/compose.log" 2>&1 || { cat "$scratch/compose.log"; return 1; }
    cat "$scratch/compose.log"
    grep --quiet --line-regexp --fixed-strings equal <(tr -d '\r' < "$scratch/compose.log")
    [ "$(find "$output" -name '*.nc' | wc -l)" -gt 0 ]
    [ -z "$(find "$output" ! -uid "$(stat --format %u data)" -print -quit)" ]
}

compose_build() {
    TAG=compose docker compose build build
    TAG=compose docker compose run --rm -T build | grep --fixed-strings "$COLLECTION $(version)"
    TAG=compose docker compose run --rm -T test
    docker image rm "$COLLECTION:compose"
}

compose_bash() {
    [ "$(docker compose run --rm -T bash -c 'pwd; id -u' | tr -d '\r' | xargs)" = "/work 1000" ]
}

compose_collection() {
    rm -rf data/test-output
    # As in the README: the container runs as the caller, who owns the output folder.
    docker compose run --rm -T --user "$(id -u):$(id -g)" "$COLLECTION" "$(samples_of "$COLLECTION")/input" data/test-output
    rm -rf data/test-output
}
