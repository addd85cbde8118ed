# shellcheck shell=bash
# Functions that every step uses: messages, system packages, tools.

say() {
    echo "images: $*" >&2
}

# Runs a command and prints its output only if it fails.
quiet() {
    local log status=0
    log=$(mktemp "$state/log.XXXXXX")
    # In a subprocess, because `set -e` is ignored in conditions.
    (set -e; "$@") > "$log" 2>&1 < /dev/null &
    wait $! || status=$?
    [ "$status" -eq 0 ] || tail -n 60 "$log" >&2
    rm -f "$log"
    return "$status"
}

# Succeeds if a check that is impossible on this machine may be skipped; $1 is the reason. With CUMULUS_REQUIRE_ALL,
# as in CI, it fails.
may_skip() {
    if [ -n "${CUMULUS_REQUIRE_ALL:-}" ]; then
        echo "CUMULUS_REQUIRE_ALL is set, but $1"
        return 1
    fi
    echo "skipped: $1"
}

# Installs Debian packages that are missing.
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
