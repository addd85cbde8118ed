# shellcheck shell=bash
# What every step needs: words for the reader, packages of the system, tools of the project.

say() {
    echo "images: $*" >&2
}

# Runs a command whose output matters only when it fails.
quiet() {
    local log status=0
    log=$(mktemp "$state/log.XXXXXX")
    # In a process of its own, so that `set -e` holds in it.
    (set -e; "$@") > "$log" 2>&1 < /dev/null &
    wait $! || status=$?
    [ "$status" -eq 0 ] || tail -n 60 "$log" >&2
    rm -f "$log"
    return "$status"
}

# Whether a check that this machine makes impossible may be left out, which $1 says. Where CUMULUS_REQUIRE_ALL is set, as in
# CI, it may not.
may_skip() {
    if [ -n "${CUMULUS_REQUIRE_ALL:-}" ]; then
        echo "CUMULUS_REQUIRE_ALL is set, but $1"
        return 1
    fi
    echo "skipped: $1"
}

# Installs packages of Debian that are missing.
install_packages() {
    local package missing=()
    for package in "$@"; do
        dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    local as_root=()
    [ "$(id -u)" -eq 0 ] || as_root=(sudo)
    say "installing ${missing[*]}"
    "${as_root[@]}" apt-get update --quiet --quiet
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet --quiet --no-install-recommends "${missing[@]}" >/dev/null
}
