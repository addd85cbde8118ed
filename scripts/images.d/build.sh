# shellcheck shell=bash
# Builds the two base images, then an image for each collection.

collections() {
    scripts/collections names
}

# Prints the folder of the samples of collection $1.
samples_of() {
    scripts/collections samples "$1"
}

# Runs docker build for tag $1, with the builder that the client has.
image_build() {
    local tag=$1 options=(--network "${BUILD_NETWORK:-default}") builder=()
    shift
    if docker buildx version >/dev/null 2>&1; then
        builder=(buildx)
        options+=(--progress plain)
        # Attestations, stored with the image: its sources and how it was built.
        if [ "${ATTEST:-}" = yes ] && engine_attests; then
            options+=(--provenance mode=max)
            # If this script started the engine, nothing can be pulled.
            if [ "${BUILD_NETWORK:-}" != host ] && docker pull --quiet docker/buildkit-syft-scanner:stable-1 >/dev/null 2>&1; then
                options+=(--sbom true)
            else
                say "the SBOM generator cannot be pulled: the crates are listed inside the program alone"
            fi
        fi
    fi
    # Compressing gigabytes takes a minute, which is only useful for images that are published.
    if [[ $tag == @(rust:*|cumulus-base-build:*) ]] && [ "${BUILD_NETWORK:-}" = host ] && [ ${#builder[@]} -gt 0 ]; then
        options+=(--output "type=image,name=$tag,compression=uncompressed,unpack=true")
    fi
    # The build arguments state source and revision; git information is disabled, because the address of a clone may
    # be a local path or contain a password.
    BUILDX_GIT_INFO=false docker "${builder[@]}" build --tag "$tag" "${options[@]}" "$@" \
        || { say "building $tag failed"; return 1; }
}

build_base() {
    bases_ensure
    local target
    for target in cumulus-base-build cumulus-base; do
        say "building $target"
        ATTEST=yes quiet image_build "$target:latest" --file docker/base/Dockerfile --target "$target" .
    done
}

build_collections() {
    local collection all=()
    [ $# -gt 0 ] || mapfile -t all < <(collections)
    for collection in "${@:-${all[@]}}"; do
        say "building $collection"
        ATTEST=yes quiet image_build "$collection:latest" --file "docker/$collection/Dockerfile" \
            --build-arg "SOURCE=$(source_address)" --build-arg "REVISION=$(git rev-parse HEAD)" \
            --build-arg "VERSION=$(version)" .
    done
}

version() {
    sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"/\1/p' Cargo.toml
}

# Prints the public address of the sources; never a path of this machine, never with credentials.
source_address() {
    local address=${CIRCLE_REPOSITORY_URL:-$(git config --get remote.origin.url || true)}
    case $address in
        https://*) echo "https://${address#https://}" | sed 's|//[^/@]*@|//|; s|\.git$||' ;;
        git@*:*) echo "$address" | sed 's|^git@\([^:]*\):|https://\1/|; s|\.git$||' ;;
        *) echo unknown ;;
    esac
}
