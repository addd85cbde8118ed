# shellcheck shell=bash
# Tests for machines on which no engine can start: buildah builds the same Dockerfiles without a daemon, and the
# programs run in their root file systems. Features of an engine (compose, signals, capabilities, publishing) cannot
# be tested this way; they are reported as skipped, or fail if everything is required.

buildah_run() {
    buildah --storage-driver "${BUILDAH_DRIVER:-overlay}" --root "$state/daemonless/storage" --runroot "$state/daemonless/run" "$@"
}

# Creates the stand-in like docker import: a root file system, a command, a label.
daemonless_debian() {
    bases_debian_folder "$state/debian"
    local container
    container=$(buildah_run from scratch)
    buildah_run add --quiet "$container" "$state/debian" /
    buildah_run config --cmd bash --label "$stand_in_label=debian" "$container"
    buildah_run commit --quiet --rm "$container" docker.io/library/debian:bookworm-slim
    rm -rf "$state/debian" "$state/debian.log"
}

daemonless_build() { # tag, options and context
    local tag=$1
    shift
    buildah_run bud --isolation chroot --network host --layers --format docker --tag "$tag" "$@"
}

daemonless_bases() {
    local image
    for image in debian:bookworm-slim "$rust_image"; do
        if buildah_run inspect --type image "$image" >/dev/null 2>&1; then continue; fi
        if buildah_run pull --quiet "docker.io/library/$image" >/dev/null 2>&1; then continue; fi
        say "$image cannot be pulled: making a stand-in"
        case $image in
            debian:*) quiet daemonless_debian ;;
            rust:*)
                bases_rust_folder "$state/rust"
                quiet daemonless_build "docker.io/library/$image" "$state/rust"
                rm -rf "$state/rust"
                ;;
        esac
    done
}

test_daemonless() {
    local collection target
    say "building without an engine, by buildah"
    unset DOCKER_CONFIG DOCKER_HOST
    install_packages buildah debootstrap
    timed daemonless_bases
    for target in cumulus-base-build cumulus-base; do
        timed quiet daemonless_build "$target:latest" --file docker/base/Dockerfile --target "$target" .
    done
    for collection in "$@"; do
        timed quiet daemonless_build "$collection:latest" --file "docker/$collection/Dockerfile" \
            --build-arg "SOURCE=$(source_address)" --build-arg "REVISION=$(git rev-parse HEAD)" \
            --build-arg "VERSION=$(version)" .
        mkdir "$scratch/$collection"
        expect "$collection: its settings" daemonless_settings
        expect "$collection: converts its samples to what is expected" daemonless_run
        expect "$collection: nothing mounted is 66" daemonless_unmounted
    done
    buildah_run images
    buildah_run rm --all >/dev/null
    [ "${CI:-}" != true ] || rm -rf "$state/daemonless"
    expect "compose, signals, hardening and publishing, which need an engine, may be left out here" \
        may_skip "no engine can be started, so that they cannot be tried"
}

daemonless_settings() {
    buildah_run inspect --type image --format '{{.OCIv1.Config.Entrypoint}} {{.OCIv1.Config.Cmd}} {{.OCIv1.Config.WorkingDir}} {{.OCIv1.Config.User}}' "$collection" \
        | grep --line-regexp --fixed-strings "[$collection] [input output] /work 1000:1000"
}

daemonless_run() {
    local container sample products=$scratch/$collection/products
    sample=$(samples_of "$collection")
    install --directory --owner 12345 --group 23456 "$products"
    container=$(buildah_run from --pull-never "$collection")
    buildah_run run --isolation chroot --user 12345:23456 --volume "$PWD/$sample/input:/work/input:ro" --volume "$products:/work/output" \
        "$container" -- "$collection" input output
    buildah_run run --isolation chroot --volume "$products:/work/output:ro" --volume "$PWD/$sample/output:/work/expected:ro" \
        "$container" -- "$collection" verify output expected
    buildah_run rm "$container"
    [ "$(find "$products" -printf '%U:%G\n' | sort --unique)" = 12345:23456 ]
}

daemonless_unmounted() {
    local container
    container=$(buildah_run from --pull-never "$collection")
    code_of buildah_run run --isolation chroot "$container" -- "$collection" input output
    buildah_run rm "$container"
    [ "$last_code" -eq 66 ]
}
