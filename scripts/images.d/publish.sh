# shellcheck shell=bash
# Publishes images. The tag rule is that of the 2016 repositories; the registry comes from the environment:
#   REGISTRY            where images go, such as 123456789012.dkr.ecr.us-east-1.amazonaws.com or registry.example/team
#   REGISTRY_USER, REGISTRY_PASSWORD   for any registry except Amazon's, whose password comes from `aws`
#   REGISTRY_KIND       ecr or other; determined by the name of the registry if not set
# An image of several architectures is sent in parts, each from its own machine, which `manifest` joins.

# Prints the tags for the current checkout: branch develop -> develop, master or main -> latest, git tag vX.Y.Z ->
# vX.Y.Z, else none. A build of a git tag has no branch.
publish_tags() {
    local branch=${CIRCLE_BRANCH-$(git symbolic-ref --quiet --short HEAD || true)} tag=${CIRCLE_TAG-}
    if [[ $tag =~ ^v(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)$ ]]; then
        if [ "$tag" != "v$(version)" ]; then
            say "git tag $tag is not the version of Cargo.toml, $(version)"
            return 1
        fi
        echo "$tag"
    elif [ -z "$tag" ]; then
        case $branch in
            develop) echo develop ;;
            master | main) echo latest ;;
        esac
    fi
}

publish_registry() {
    [ -n "${REGISTRY:-}" ] || { say "REGISTRY is not set: it names where images go"; return 1; }
    echo "${REGISTRY%/}"
}

publish_login() {
    local registry host kind region
    registry=$(publish_registry)
    host=${registry%%/*}
    kind=${REGISTRY_KIND:-other}
    [[ $host != *.dkr.ecr.*.amazonaws.com ]] || kind=ecr
    # The password is passed between programs by a pipe, not in arguments, environment or log.
    if [ "$kind" = ecr ]; then
        region=${AWS_REGION:-$(cut -d. -f4 <<< "$host")}
        aws ecr get-login-password --region "$region" | docker login --username AWS --password-stdin "$host"
    else
        : "${REGISTRY_USER:?is not set}" "${REGISTRY_PASSWORD:?is not set}"
        docker login --username "$REGISTRY_USER" --password-stdin "$host" <<< "$REGISTRY_PASSWORD"
    fi
}

# Pushes image $1 under every tag of the rule, if there is one. With --part, the architecture of this machine is
# appended to the tag.
publish_push() {
    local part='' image registry tag target tags
    if [ "$1" = --part ]; then
        part=-$(docker version --format '{{.Server.Arch}}')
        shift
    fi
    image=$1
    tags=$(publish_tags)
    [ -n "$tags" ] || { say "this branch publishes nothing"; return 0; }
    registry=$(publish_registry)
    publish_allowed "$image" "$registry"
    for tag in $tags; do
        target=$registry/$image:$tag$part
        docker tag "$image:latest" "$target"
        docker push --quiet "$target"
    done
}

# Logs in and pushes, if the rule gives a tag.
publish() {
    local tags
    tags=$(publish_tags)
    [ -n "$tags" ] || { say "this branch publishes nothing"; return 0; }
    publish_login
    publish_push "$@"
}

# An image based on stand-ins has the certificates of this machine, so it must not leave it.
publish_allowed() {
    local stand_in
    stand_in=$(docker image inspect --format "{{index .Config.Labels \"$stand_in_label\"}}" "$1:latest")
    case $stand_in:$2 in
        :* | *:127.0.0.1:*) ;;
        *) say "$1 is built on a stand-in for a public image and is not published to $2"; return 1 ;;
    esac
}

# Joins the parts for the architectures under the public tag, including attestations.
publish_manifest() {
    local image=$1 registry tag architecture parts tags
    tags=$(publish_tags)
    [ -n "$tags" ] || { say "this branch publishes nothing"; return 0; }
    registry=$(publish_registry)
    for tag in $tags; do
        parts=()
        for architecture in ${ARCHITECTURES:-amd64 arm64}; do
            parts+=("$registry/$image:$tag-$architecture")
        done
        docker buildx imagetools create --tag "$registry/$image:$tag" "${parts[@]}"
    done
}
