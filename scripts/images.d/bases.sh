# shellcheck shell=bash
# Stand-ins for the two public images that all others are based on, for machines that cannot pull: Debian by
# debootstrap, Rust from the toolchain of this machine. They contain the certificates that this machine trusts, so
# they have a label, which every image built on them inherits, and `push` refuses to send such an image to any other
# machine.

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

# Creates a root file system of Debian 12 in $1, with the certificates that this machine trusts.
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

# Writes the Dockerfile of the Rust stand-in and its context to $1.
bases_rust_folder() {
    rm -rf "$1"
    mkdir -p "$1/toolchain"
    # Only what is needed to compile, without documentation and developer tools, which are over half of the bytes.
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
