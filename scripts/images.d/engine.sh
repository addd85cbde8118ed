# shellcheck shell=bash
# The container engine: a running one or, on Debian 12 as root, a private one with its own data, which does not change
# bridges, packet filters and forwarding of the machine.

engine_folder=$state/engine

engine_runs() {
    docker version >/dev/null 2>&1
}

# Downloads client plugins and engine of Debian 13, which work with the libraries of Debian 12: buildx, Compose v2,
# and an image store that keeps provenance. They are unpacked here; the package sources of the system are not changed.
engine_fetch() {
    local suite=$engine_folder/suite options
    [ -e "$suite/done" ] && return
    rm -rf "$suite"
    mkdir -p "$suite"/{sources,lists/partial,cache/archives/partial}
    sed 's/bookworm/trixie/g' /etc/apt/sources.list.d/debian.sources > "$suite/sources/debian.sources"
    options=(-o "Dir::State=$suite" -o "Dir::State::Lists=$suite/lists" -o "Dir::Cache=$suite/cache"
        -o Dir::Etc::SourceList=/dev/null -o "Dir::Etc::SourceParts=$suite/sources"
        -o Dir::State::status=/dev/null -o APT::Sandbox::User=root)
    apt-get "${options[@]}" update --quiet --quiet
    (cd "$suite" && apt-get "${options[@]}" download --quiet --quiet docker.io docker-buildx docker-compose)
    for package in "$suite"/*.deb; do dpkg-deb --extract "$package" "$suite/root"; done
    rm -rf "$suite"/{lists,cache} "$suite"/*.deb
    touch "$suite/done"
}

engine_start() {
    # Use the engine that an earlier call started.
    [ ! -S "$engine_folder/docker.sock" ] || engine_select
    if engine_runs; then return; fi
    unset DOCKER_HOST DOCKER_CONFIG
    [ "$(id -u)" -eq 0 ] && grep --quiet bookworm /etc/os-release \
        || { say "no container engine answers; start Docker and try again"; return 1; }
    say "no container engine answers: starting one in $engine_folder"
    install_packages docker.io containerd runc iptables debootstrap docker-registry || return 1
    engine_fetch || return 1
    local root=$engine_folder/suite/root turn
    mkdir -p "$engine_folder/client/cli-plugins"
    cp "$root"/usr/libexec/docker/cli-plugins/docker-* "$engine_folder/client/cli-plugins/"
    echo '{"features": {"containerd-snapshotter": true}}' > "$engine_folder/daemon.json"
    engine_select
    PATH=$root/usr/sbin:$PATH setsid "$root/usr/sbin/dockerd" --config-file "$engine_folder/daemon.json" \
        --data-root "$engine_folder/data" --exec-root "$engine_folder/exec" --pidfile "$engine_folder/docker.pid" \
        --host "$DOCKER_HOST" --bridge=none --iptables=false --ip6tables=false --ip-forward=false --ip-masq=false \
        > "$engine_folder/log" 2>&1 < /dev/null &
    for ((turn = 0; turn < 120; turn++)); do
        if engine_runs; then return; fi
        sleep 0.5
    done
    tail -n 20 "$engine_folder/log" >&2
    engine_stop
    say "the container engine does not start"
    return 1
}

# Makes all following commands use our engine.
engine_select() {
    export DOCKER_HOST=unix://$engine_folder/docker.sock DOCKER_CONFIG=$engine_folder/client
    # Our engine has no bridge, so builds use the network of the host.
    export BUILD_NETWORK=host
}

# Stops our engine, if it runs; with --purge its data are deleted too. Other engines are not affected.
engine_stop() {
    local pid turn
    if [ -e "$engine_folder/docker.pid" ]; then
        pid=$(cat "$engine_folder/docker.pid")
        kill "$pid" 2>/dev/null || true
        for ((turn = 0; turn < 60; turn++)); do
            kill -0 "$pid" 2>/dev/null || break
            sleep 0.5
        done
    fi
    rm -f "$engine_folder/docker.pid" "$engine_folder/docker.sock"
    if [ "${1:-}" = --purge ]; then
        rm -rf "$engine_folder"
    fi
}

# Configures the engine of a machine with systemd to store attestations with images, as newer engines do by default.
engine_store() {
    if engine_attests; then return; fi
    local configuration=/etc/docker/daemon.json
    sudo mkdir -p /etc/docker
    python3 - "$configuration" <<'END' | sudo tee "$configuration.new" >/dev/null
import json, pathlib, sys
file = pathlib.Path(sys.argv[1])
settings = json.loads(file.read_text() or "{}") if file.exists() else {}
settings.setdefault("features", {})["containerd-snapshotter"] = True
print(json.dumps(settings, indent=2))
END
    sudo mv "$configuration.new" "$configuration"
    sudo systemctl restart docker
    engine_attests || { say "the engine does not keep attestations"; return 1; }
}

# Succeeds if the engine's image store keeps provenance and SBOM with an image.
engine_attests() {
    docker info --format '{{.DriverStatus}}' 2>/dev/null | grep --quiet io.containerd.snapshotter && docker buildx version >/dev/null 2>&1
}
