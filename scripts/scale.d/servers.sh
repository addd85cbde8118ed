# shellcheck shell=bash
# S3 servers on the loopback address, and the choice of the one that products go to.

# Points the program and boto3 to a server. The names are those that both read.
point_to() {
    export AWS_ENDPOINT_URL=$1 AWS_ACCESS_KEY_ID=AK AWS_SECRET_ACCESS_KEY=SK AWS_REGION=us-east-1
    export AWS_DEFAULT_REGION=us-east-1 AWS_ALLOW_HTTP=true
    # No credentials or settings of the user's may be used by mistake.
    export AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null AWS_EC2_METADATA_DISABLED=true
}

is_open() {
    python3 -c 'import socket, sys; socket.create_connection(("127.0.0.1", int(sys.argv[1])))' "$1"
}

# moto creates objects atomically, but does not look at signatures and checksums.
start_moto() {
    local port
    port=$(free_ports 1)
    "$moto_server" -H 127.0.0.1 -p "$port" > "$SCALE_WORK/moto.log" 2>&1 &
    moto_pid=$!
    disown
    point_to "http://127.0.0.1:$port"
    wait_for 60 "moto" is_open "$port"
}

# The program of S3_SERVER keeps its buckets as folders.
start_s3_server() {
    local port
    port=$(free_ports 1)
    mkdir -p "$SCALE_WORK/buckets"
    "$S3_SERVER" "$SCALE_WORK/buckets" "$port" > "$SCALE_WORK/s3_server.log" 2>&1 &
    s3_server_pid=$!
    disown
    wait_for 30 "$S3_SERVER" grep --quiet "listening on 127.0.0.1:$port" "$SCALE_WORK/s3_server.log"
    point_to "http://127.0.0.1:$port"
}

stop_server() {
    kill "$1" 2>/dev/null || true
    wait_for 20 "the end of a server" is_gone "$1"
}

is_gone() { ! kill -0 "$1"; }

# Fails if there is no S3 server to try; sets S3_SERVER.
find_s3_server() {
    S3_SERVER=${S3_SERVER:-$PROGRAM_FOLDER/examples/s3_server}
    [ -x "$S3_SERVER" ]
}

# Fails if the program refuses s3:// as wrong usage. Whatever else is wrong with it shows when it is used.
knows_s3() {
    local folder code=0
    folder=$(mktemp --directory --tmpdir="$SCALE_WORK")
    make_granules 1 "$folder"
    (
        point_to http://127.0.0.1:9
        timeout 20 "$SCALE_PROGRAM" manifest "$folder" s3://campaigns/probe >/dev/null 2>&1
    ) || code=$?
    [ "$code" -ne 2 ]
}

# The part `servers`.
try_servers() {
    local campaign=()
    if knows_s3; then
        campaign=(--campaign)
    else
        skip "servers" "the program does not write to s3://; only the servers are tried"
    fi
    start_moto
    run_part servers.py moto --creates-atomically "${campaign[@]}"
    stop_server "$moto_pid"
    if find_s3_server; then
        start_s3_server
        run_part servers.py s3_server --checks-signatures "${campaign[@]}"
        stop_server "$s3_server_pid"
    else
        skip "servers" "there is no $S3_SERVER"
    fi
}

# Decides where products of the other parts go, exports it as SCALE_OUTPUT, and starts the server.
open_store() {
    SCALE_OUTPUT=${SCALE_OUTPUT:-s3://campaigns/hs3}
    if [ "$SCALE_OUTPUT" != folder ] && ! knows_s3; then
        skip "store" "the program does not write to s3://; products go to a folder"
        SCALE_OUTPUT=folder
    fi
    case "$SCALE_OUTPUT" in
        folder) SCALE_OUTPUT=$SCALE_WORK/products ;;
        s3://*/*)
            if find_s3_server; then
                start_s3_server
            else
                skip "store" "there is no $S3_SERVER; products go to moto"
                start_moto
            fi
            ;;
        *) fail "store" "SCALE_OUTPUT is $SCALE_OUTPUT, and not s3://BUCKET/PREFIX or folder" ;;
    esac
    export SCALE_OUTPUT
    ok "store" "products go to $SCALE_OUTPUT"
}
