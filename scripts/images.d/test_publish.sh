# shellcheck shell=bash
# Publishes to a registry on loopback that requires a password like real ones, and pulls from it.

registry_pid=

registry_start() {
    install_packages docker-registry openssl
    local folder=$scratch/registry turn
    mkdir -p "$folder"
    port=$(python3 -c 'import socket
with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    print(free.getsockname()[1])')
    password=$(openssl rand -hex 16)
    python3 -W ignore -c 'import crypt, sys
print("AWS:" + crypt.crypt(sys.argv[1], crypt.mksalt(crypt.METHOD_BLOWFISH, rounds=1024)))' "$password" > "$folder/users"
    sed 's/^AWS/robot/' "$folder/users" >> "$folder/users.both"
    cat "$folder/users" >> "$folder/users.both"
    cat > "$folder/configuration.yml" <<END
version: 0.1
log: {level: error}
storage: {filesystem: {rootdirectory: $folder/data}}
http: {addr: "127.0.0.1:$port"}
auth: {htpasswd: {realm: test, path: $folder/users.both}}
END
    docker-registry serve "$folder/configuration.yml" > "$folder/log" 2>&1 < /dev/null &
    registry_pid=$!
    for ((turn = 0; turn < 50; turn++)); do
        if registry_asks _catalog >/dev/null 2>&1; then return; fi
        sleep 0.2
    done
    tail "$folder/log"
    return 1
}

registry_stop() {
    [ -z "$registry_pid" ] || kill "$registry_pid" 2>/dev/null || true
    registry_pid=
}

registry_asks() {
    curl --fail --silent --show-error --user "robot:$password" --header 'Accept: application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.list.v2+json' "http://127.0.0.1:$port/v2/$1"
}

registry_tags() {
    registry_asks "$1/tags/list" | python3 -c 'import json, sys; print(*sorted(json.load(sys.stdin)["tags"]))'
}

test_registry() {
    registry_start
    export REGISTRY=127.0.0.1:$port
    local image
    expect "no password, no login" login_refused
    expect "login with user and password, and as Amazon's registry wants it" login_both
    for image in "$@"; do
        expect "$image: develop, latest and v$(version) are published by the tag rule, a feature branch is not" publish_all
        expect "$image: architectures are joined under one tag" publish_joined
        expect "$image: provenance is published beside it" publish_provenance
        [ "$image" = cumulus-base ] || expect "$image: pulled by its digest, it runs" publish_pulled
        [ "$image" = cumulus-base ] || expect "$image: docker compose push" publish_composed
        echo "-- tags of $image in the registry: $(registry_tags "$image")"
    done
    expect "an image on stand-ins is not sent elsewhere" publish_elsewhere
    docker logout "$REGISTRY" >/dev/null 2>&1 || true
    docker images --format '{{.Repository}}:{{.Tag}}' | { grep "^$REGISTRY/" || true; } | xargs --no-run-if-empty docker image rm >/dev/null
    registry_stop
}

login_refused() {
    ! REGISTRY_USER=robot REGISTRY_PASSWORD=wrong scripts/images login
    ! REGISTRY='' scripts/images login
}

login_both() {
    mkdir -p "$scratch/bin"
    # The expected arguments of `aws`, and its output.
    cat > "$scratch/bin/aws" <<END
#!/bin/sh
[ "\$*" = "ecr get-login-password --region eu-central-1" ] && echo "$password"
END
    chmod +x "$scratch/bin/aws"
    PATH=$scratch/bin:$PATH REGISTRY_KIND=ecr AWS_REGION=eu-central-1 scripts/images login
    docker logout "$REGISTRY"
    REGISTRY_USER=robot REGISTRY_PASSWORD=$password scripts/images login
}

publish_as() { # branch, git tag, verb and its arguments
    CIRCLE_BRANCH=$1 CIRCLE_TAG=$2 REGISTRY_USER=robot REGISTRY_PASSWORD=$password scripts/images "${@:3}"
}

publish_all() {
    publish_as feature/x '' publish "$image"
    publish_as develop '' publish "$image"
    publish_as main '' publish "$image"
    publish_as '' "v$(version)" publish "$image"
    ! publish_as '' v99.0.0 publish "$image"
    [ "$(registry_tags "$image")" = "develop latest v$(version)" ]
}

publish_joined() {
    local part
    part=develop-$(docker version --format '{{.Server.Arch}}')
    publish_as develop '' publish --part "$image"
    ARCHITECTURES=${part#develop-} publish_as develop '' manifest "$image"
    registry_asks "$image/manifests/develop" | tee "$scratch/joined"
    grep --quiet "\"architecture\": *\"${part#develop-}\"" "$scratch/joined"
}

# Attestations are entries in the index of the image.
publish_provenance() {
    if ! engine_attests; then
        may_skip "this engine keeps no attestations"
        return
    fi
    registry_asks "$image/manifests/latest" | tee "$scratch/index"
    grep --quiet attestation-manifest "$scratch/index"
    docker buildx imagetools inspect --format '{{json .Provenance}}' "$REGISTRY/$image:latest" | tee "$scratch/provenance"
    grep --quiet buildType "$scratch/provenance"
    # Provenance must not contain an address or path of the machine that built the image.
    ! grep --fixed-strings -e "$PWD" -e "$(git config --get remote.origin.url || pwd)" "$scratch/provenance"
}

publish_pulled() {
    local digest pulled sample products=$scratch/$image/pulled
    sample=$(samples_of "$image")
    digest=sha256:$(registry_asks "$image/manifests/latest" | sha256sum | cut --delimiter ' ' --fields 1)
    pulled=$REGISTRY/$image@$digest
    docker image rm "$REGISTRY/$image:latest" "$REGISTRY/$image:develop" "$REGISTRY/$image:v$(version)"
    docker pull "$pulled"
    install --directory --owner "${caller%:*}" "$products"
    "${confined[@]}" --user "$caller" --env SOURCE_DATE_EPOCH=1600000000 \
        --volume "$PWD/$sample/input:/work/input:ro" --volume "$products:/work/output" "$pulled"
    diff --recursive --brief "$products" "$scratch/$image/products"
}

publish_composed() {
    COLLECTION=$image REGISTRY=$REGISTRY/ TAG=composed docker compose config --images
    docker tag "$image:latest" "$REGISTRY/$image:composed"
    COLLECTION=$image REGISTRY=$REGISTRY/ TAG=composed docker compose push
    registry_tags "$image" | grep --word-regexp composed
}

publish_elsewhere() {
    # The bases of this machine may or may not be stand-ins; an image with their label must be refused on every
    # machine.
    echo "FROM $image:latest" | image_build on-stand-in:latest --label "$stand_in_label=test" -
    ! CIRCLE_BRANCH=develop CIRCLE_TAG='' REGISTRY=registry.invalid scripts/images push on-stand-in 2> "$scratch/elsewhere"
    docker image rm on-stand-in
    grep "built on a stand-in" "$scratch/elsewhere"
}
