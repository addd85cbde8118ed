# shellcheck shell=bash
# Stand-ins for the two public images everything is built on, for machines that cannot pull: Debian by debootstrap,
# Rust from the toolchain of this machine. They carry the certificates this machine trusts, so a label marks them,
# every image built on them inherits it, and `push` refuses to send such an image anywhere but to this machine.

stand_in_label=cumulus.stand-in
rust_image=$(sed -n 's/^FROM \(rust:[^ ]*\).*/\1/p' docker/base/Dockerfile)

bases_ensure() {
    local image
    for image in debian:bookworm-slim "$rust_image"; do
        if docker image inspect "$image" >/dev/null 2>&1; then continue; fi
        if docker pull --quiet "$image" 2>/dev/null; then continue; fi
        say "$image cannot be pulled: making a stand-in"
        case $image in
            debian:*) bases_debian ;;
            rust:*) bases_rust ;;
        esac
    done
}

# A root file system of Debian 12 with what this machine trusts, in $1.
bases_debian_folder() {
    install_packages debootstrap
    rm -rf "$1"
    debootstrap --variant=minbase bookworm "$1" > "$1.log" || { tail "$1.log" >&2; return 1; }
    chroot "$1" apt-get clean
    rm -rf "$1"/var/lib/apt/lists/*
    mkdir -p "$1/usr/local/share/ca-certificates"
    find /usr/local/share/ca-certificates -name '*.crt' -exec cp {} "$1/usr/local/share/ca-certificates/" \;
}

bases_debian() {
    local folder=$state/debian
    bases_debian_folder "$folder"
    tar --directory "$folder" --create . \
        | docker import --change 'CMD ["bash"]' --change "LABEL $stand_in_label=debian" - debian:bookworm-slim
    rm -rf "$folder" "$folder.log"
}

# What stands in for Rust, as a Dockerfile and its context in $1.
bases_rust_folder() {
    rm -rf "$1"
    mkdir -p "$1/toolchain"
    # What compiles, without documentation and what people use beside it: over half of the bytes.
    tar --create --directory "$(rustc --print sysroot)" --exclude lib/rustlib/src bin/cargo bin/rustc lib libexec \
        | tar --extract --directory "$1/toolchain"
    cat > "$1/Dockerfile" <<END
FROM debian:bookworm-slim
RUN apt-get update \\
 && apt-get install --yes --no-install-recommends ca-certificates gcc libc6-dev make \\
 && rm -rf /var/lib/apt/lists/*
COPY toolchain /usr/local/
ENV CARGO_HOME=/usr/local/cargo PATH=/usr/local/cargo/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
LABEL $stand_in_label=rust
END
}

bases_rust() {
    local folder=$state/rust
    bases_rust_folder "$folder"
    quiet image_build "$rust_image" "$folder"
    rm -rf "$folder"
}
