# shellcheck shell=bash
# Tests the image of one collection as an operator would use it.

# Runs a container with all restrictions of a hardened host.
confined=(docker run --rm --network none --read-only --cap-drop ALL --security-opt no-new-privileges)
# A user that exists neither in the image nor on this machine.
caller=12345:23456

test_collection() {
    local collection=$1 sample work=$scratch/$1
    sample=$(samples_of "$1")
    mkdir "$work"
    expect "$collection: the original's entry point, arguments and folder; labels; not root" image_settings
    expect "$collection: at most 40 MB over debian:bookworm-slim" image_size
    expect "$collection: adds its program and licences, nothing else; no secret, no certificate" image_contents
    expect "$collection: says which crates it is made of" image_crates
    expect "$collection: converts with nothing but its two folders, for its caller; logs are JSON" run_confined
    expect "$collection: the same bytes as its program gives outside" run_outside
    expect "$collection: the same products as the dynamic build" run_dynamic
    expect "$collection: options alone leave the default folders as they are" run_options
    expect "$collection: nothing mounted is 66 and says what to mount" run_unmounted
    expect "$collection: a bad granule is 65, and the others are converted" run_bad_granule
    if compgen -G "$sample/input/*.hdf5" >/dev/null; then
        expect "$collection: szip is refused by its name" run_szip
    fi
    expect "$collection: products that cannot be written are 73, wrong usage 2, help 0" run_other_codes
    expect "$collection: has object stores, and says by name which one does not answer" run_store
    expect "$collection: SIGTERM ends it within 10 s and leaves nothing half done" run_stopped
    expect "$collection: reaches its first granule within 50 ms" run_quickly
    echo "-- docker run $collection on its samples:"
    cat "$work/run.log"
    cat "$work/figures"
}

settings_of() {
    docker image inspect --format "$2" "$1"
}

image_settings() {
    [ "$(settings_of "$collection" '{{json .Config.Entrypoint}} {{json .Config.Cmd}} {{.Config.WorkingDir}}')" \
        = "[\"$collection\"] [\"input\",\"output\"] /work" ]
    [ "$(settings_of "$collection" '{{.Config.User}}')" = 1000:1000 ]
    [ "$("${confined[@]}" --entrypoint id "$collection" -u)" = 1000 ]
    local label
    for label in "source=$(source_address)" "revision=$(git rev-parse HEAD)" "version=$(version)" \
        "licenses=Apache-2.0 AND BSD-3-Clause AND Zlib" "title=$collection"; do
        [ "$(settings_of "$collection" "{{index .Config.Labels \"org.opencontainers.image.${label%%=*}\"}}")" = "${label#*=}" ]
    done
    [ "$("${confined[@]}" "$collection" --version)" = "$collection $(version)" ]
}

# Prints the size of an image's files, as one archive.
size_of() {
    local container
    container=$(docker create --network none "$1" true)
    docker export "$container" | wc --bytes
    docker rm "$container" >/dev/null
}

image_size() {
    local base image
    base=$(size_of debian:bookworm-slim)
    image=$(size_of "$collection")
    echo "-- $collection: $(((image - base) / 1000)) kB over debian:bookworm-slim ($((base / 1000)) kB)" >> "$work/figures"
    [ $((image - base)) -le 40000000 ]
}

files_of() { # image, output folder
    local container
    mkdir -p "$2"
    container=$(docker create --network none "$1" true)
    docker export "$container" | tar --extract --directory "$2" --exclude 'dev/*'
    docker rm "$container" >/dev/null
}

image_contents() {
    files_of cumulus-base "$work/base"
    files_of "$collection" "$work/image"
    (cd "$work/image" && find . -type f | sort) > "$work/image.files"
    (cd "$work/base" && find . -type f | sort) > "$work/base.files"
    comm -13 "$work/base.files" "$work/image.files" | tee "$work/added"
    diff "$work/added" - <<END
./usr/local/bin/$collection
./usr/local/share/doc/$collection/LICENSE
./usr/local/share/doc/$collection/LICENSE.hdf5
./usr/local/share/doc/$collection/LICENSE.netcdf
./usr/local/share/doc/$collection/LICENSE.zlib
END
    local word
    {
        printf '%s\n' 'BEGIN CERTIFICATE' 'PRIVATE KEY-----' AWS_SECRET
        hostname --fqdn | grep --fixed-strings . || true
        pwd
    } > "$work/words"
    # Certificates that this machine trusts in addition to the public ones are searched by name.
    find /usr/local/share/ca-certificates -name '*.crt' -exec openssl x509 -noout -subject -nameopt multiline -in {} \; \
        | sed -n 's/.*commonName *= //p' >> "$work/words"
    docker history --no-trunc --format '{{.CreatedBy}}' "$collection" > "$work/history"
    while read -r word; do
        if (cd "$work/image" && xargs grep --fixed-strings --files-with-matches -e "$word" "$work/history") < "$work/added"; then
            echo "the image holds '$word'"
            return 1
        fi
    done < "$work/words"
    rm -rf "$work/base" "$work/image"
}

image_crates() {
    local container
    container=$(docker create --network none "$collection")
    docker cp "$container:/usr/local/bin/$collection" "$work/$collection"
    docker rm "$container"
    objcopy --dump-section .dep-v0="$work/crates" "$work/$collection" "$work/ignored"
    python3 -c 'import json, sys, zlib
crates = {crate["name"] for crate in json.loads(zlib.decompress(open(sys.argv[1], "rb").read()))["packages"]}
assert {"cumulus-core", "hdf5-metno-src", "netcdf-src", "libz-sys"} <= crates, crates' "$work/crates"
    # The program may only depend on the C library.
    ! ldd "$work/$collection" | grep --extended-regexp 'hdf5|netcdf|libz|not found'
}

run_confined() {
    install --directory --owner "${caller%:*}" --group "${caller#*:}" "$work/products"
    "${confined[@]}" --user "$caller" --env SOURCE_DATE_EPOCH=1600000000 --volume "$PWD/$sample/input:/work/input:ro" \
        --volume "$work/products:/work/output" "$collection" 2> "$work/run.log"
    python3 -c 'import json, sys
for line in open(sys.argv[1]): json.loads(line)' "$work/run.log"
    [ "$(find "$work/products" -printf '%U:%G\n' | sort --unique)" = "$caller" ]
    "${confined[@]}" --user "$caller" --volume "$PWD/$sample/output:/work/expected:ro" \
        --volume "$work/products:/work/output:ro" "$collection" verify output expected
}

run_outside() {
    SOURCE_DATE_EPOCH=1600000000 "$work/$collection" "$sample/input" "$work/outside"
    diff --recursive --brief "$work/outside" "$work/products"
}

# The expected results of the samples come from a dynamic build, which is compared here. If it was built on this
# machine, it is run as well.
run_dynamic() {
    "$work/$collection" verify "$work/products" "$sample/output"
    if [ -x "target/release/$collection" ]; then
        ldd "target/release/$collection" | grep libhdf5
        "target/release/$collection" "$sample/input" "$work/dynamic"
        "target/release/$collection" verify "$work/products" "$work/dynamic"
    fi
}

run_options() {
    install --directory --owner "${caller%:*}" "$work/options"
    "${confined[@]}" --user "$caller" --volume "$PWD/$sample/input:/work/input:ro" --volume "$work/options:/work/output" \
        "$collection" --force --level 1 --log-format human
    "$work/$collection" verify "$work/options" "$sample/output"
}

run_unmounted() {
    code_of "${confined[@]}" "$collection" 2> "$work/unmounted.log"
    cat "$work/unmounted.log"
    [ "$last_code" -eq 66 ]
    # The log is JSON, in which quotes are escaped.
    python3 -c 'import json, sys
lines = [json.loads(line)["message"] for line in open(sys.argv[1]) if line.startswith("{")]
wanted = "-v \"$PWD/granules:/work/input:ro\" -v \"$PWD/products:/work/output\" " + sys.argv[2]
assert any(wanted in line for line in lines), lines' "$work/unmounted.log" "$collection"
}

run_bad_granule() {
    local granule
    mkdir "$work/mixed"
    cp "$sample"/input/* "$work/mixed"
    # Part of a granule, under another name.
    granule=$(find "$sample/input" -type f | sort | head -n 1)
    head --bytes 600 "$granule" > "$work/mixed/half-$(basename "$granule")"
    install --directory --owner "${caller%:*}" "$work/some"
    code_of "${confined[@]}" --user "$caller" --volume "$work/mixed:/work/input:ro" --volume "$work/some:/work/output" "$collection"
    [ "$last_code" -eq 65 ]
    "$work/$collection" verify "$work/some" "$sample/output"
}

# szip is the only feature of the dynamic build that this one lacks.
run_szip() {
    install_packages hdf5-tools
    local granule
    mkdir "$work/szip"
    for granule in "$sample"/input/*.hdf5; do
        h5repack -f SZIP=8,NN -l CHUNK=10x90 "$granule" "$work/szip/$(basename "$granule")"
        break
    done
    install --directory --owner "${caller%:*}" "$work/refused"
    code_of "${confined[@]}" --user "$caller" --volume "$work/szip:/work/input:ro" --volume "$work/refused:/work/output" \
        "$collection" 2> "$work/szip.log"
    cat "$work/szip.log"
    [ "$last_code" -eq 65 ]
    grep --quiet "szip, which the HDF5 in this program lacks" "$work/szip.log"
}

run_other_codes() {
    code_of "${confined[@]}" --volume "$PWD/$sample/input:/work/input:ro" "$collection"
    [ "$last_code" -eq 73 ]
    code_of "${confined[@]}" "$collection" --no-such-option
    [ "$last_code" -eq 2 ]
    code_of "${confined[@]}" "$collection" --help
    [ "$last_code" -eq 0 ]
}

run_store() {
    # Nothing listens at this endpoint: that it is asked at all proves that the program has stores.
    code_of "${confined[@]}" --env AWS_ENDPOINT_URL=http://127.0.0.1:9 --env AWS_ACCESS_KEY_ID=key --env AWS_SECRET_ACCESS_KEY=secret \
        --volume "$PWD/$sample/input:/work/input:ro" "$collection" input s3://bucket/products 2> "$work/store.log"
    cat "$work/store.log"
    [ "$last_code" -eq 75 ]
    grep --quiet 's3://bucket/products: cannot be written; found Connection refused' "$work/store.log"
}

run_stopped() {
    local granule container number started code
    granule=$(find "$sample/input" -type f | sort | head -n 1)
    # Each has a folder of its own and keeps its name, which may state what the product needs.
    for number in $(seq 100 999); do
        install -D --mode 644 "$granule" "$work/many/$number/$(basename "$granule")"
    done
    install --directory --owner "${caller%:*}" "$work/stopped"
    container=$(docker run --detach --network none --read-only --cap-drop ALL --user "$caller" \
        --volume "$work/many:/work/input:ro" --volume "$work/stopped:/work/output" "$collection" --recursive --jobs 1 input output)
    for ((turn = 0; turn < 100; turn++)); do
        [ -z "$(find "$work/stopped" -name '*.xml' -print -quit)" ] || break
        sleep 0.1
    done
    started=$SECONDS
    docker stop --time 60 "$container"
    [ $((SECONDS - started)) -le 10 ]
    code=$(docker inspect --format '{{.State.ExitCode}}' "$container")
    docker logs --tail 3 "$container"
    docker rm "$container"
    echo "exit code $code after $((SECONDS - started)) s, $(find "$work/stopped" -name '*.nc' | wc -l) of $(find "$work/many" -type f | wc -l) converted"
    [ "$code" -eq 75 ]
    # Data and metadata of the same granules, and no hidden files.
    diff <(cd "$work/stopped" && find . -type f | sed 's/\.meta\.xml$//' | sort | uniq --count | awk '{print $1}' | sort --unique) <(echo 2)
    [ -z "$(find "$work/stopped" -mindepth 1 -name '.*' -print -quit)" ]
    # Every product is complete: another run over them converts none of them again.
    find "$work/stopped" -name '*.nc' -printf '%P %T@\n' | sort > "$work/before"
    mkdir "$work/first"
    while read -r name _; do cp --recursive "$work/many/$(dirname "$name")" "$work/first"; done < "$work/before"
    "${confined[@]}" --user "$caller" --volume "$work/first:/work/input:ro" --volume "$work/stopped:/work/output" "$collection" --recursive
    find "$work/stopped" -name '*.nc' -printf '%P %T@\n' | sort | diff "$work/before" -
    rm -rf "$work/many" "$work/first" "$work/stopped"
}

# The best of a few runs, because other builds may run at the same time.
run_quickly() {
    # shellcheck disable=SC2016
    local script='for turn in 1 2 3 4 5 6 7 8; do
        begun=${EPOCHREALTIME/./}
        while read -r line; do
            case $line in *"Processing started for"*) echo $((${EPOCHREALTIME/./} - begun)); break;; esac
        done < <("$0" --force input output 2>&1)
        wait
    done'
    install --directory --owner "${caller%:*}" "$work/starting"
    "${confined[@]}" --user "$caller" --volume "$PWD/$sample/input:/work/input:ro" --volume "$work/starting:/work/output" \
        --entrypoint bash "$collection" -c "$script" "$collection" | sort --numeric-sort > "$work/starts"
    cat "$work/starts"
    echo "-- $collection: $(head -n 1 "$work/starts") microseconds from its start to its first granule, the best of $(wc -l < "$work/starts")" >> "$work/figures"
    [ "$(head -n 1 "$work/starts")" -le 50000 ]
}
