# Those to whom the show delivers: receivers with their endpoints, and ports for others. To be sourced behind show.sh.
# shellcheck shell=sh

# random_word: letters and digits that nobody can guess.
random_word() {
    head -c 32 /dev/urandom | base64 | tr -d '+/='
}

# receiver_start NAME ARGUMENT...: it binds a free port, and says which in NAME.out.
receiver_start() {
    name=$1
    shift
    : >"$scratch/$name.out"
    "$build/tests/receiver/receiver" "$@" >>"$scratch/$name.out" 2>&1 &
    running="$running $!"
}

# receiver_address NAME: waits until it has said.
receiver_address() {
    for _ in $(seq 200); do
        grep -q '^listening' "$scratch/$1.out" && break
        sleep 0.02
    done
    sed -n 's/^listening //p' "$scratch/$1.out" | grep . || die "no receiver: $(cat "$scratch/$1.out")"
}

# http_get ADDRESS PATH: what is answered, its headers too.
http_get() {
    # shellcheck disable=SC2016 # for bash, which can speak TCP
    timeout 10 bash -c 'exec 3<>"/dev/tcp/${1%:*}/${1##*:}" &&
        printf "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n" "$2" "$1" >&3 && cat <&3' bash "$@"
}

# ports_free N: sets ports to so many free ones: receivers ask the kernel for them.
ports_free() {
    ports=
    probes=
    for n in $(seq "$1"); do
        receiver_start "port$n"
        probes="$probes $!"
    done
    for n in $(seq "$1"); do
        address=$(receiver_address "port$n") || exit
        ports="$ports ${address##*:}"
    done
    # shellcheck disable=SC2086 # one word a process
    show_stop $probes
}

# port_wait PORT PID: until somebody listens there, as long as that process lives.
port_wait() {
    for _ in $(seq 200); do
        kill -0 "$2" 2>/dev/null || return
        # shellcheck disable=SC2016 # for bash
        bash -c ': <"/dev/tcp/127.0.0.1/$1"' bash "$1" 2>/dev/null && return
        sleep 0.05
    done
    return 1
}

# Payroll refuses one request in a hundred: those events come again, and their people's later ones behind them.
receivers_start() {
    for name in payroll archive; do
        printf 'whsec_%s\n' "$(head -c 32 /dev/urandom | base64)" >"$scratch/$name.secret"
    done
    receiver_start payroll --secret "$scratch/payroll.secret" --set "fail=1"
    receiver_start archive --secret "$scratch/archive.secret"
    payroll=$(receiver_address payroll)
    archive=$(receiver_address archive)
}

endpoints_configure() {
    cat <<END_OF_FILE
endpoint "payroll" {
    adapter       = "standard-webhooks"
    url           = "http://$payroll/hooks"
    secret_file   = "$scratch/payroll.secret"
    events        = { "benefit.*" }
    retry         = { "1s", "1s", "2s", "5s" }
    allow_private = true
}
endpoint "archive" {
    adapter       = "cloudevents"
    mode          = "batch"
    url           = "http://$archive/hooks"
    secret_file   = "$scratch/archive.secret"
    from          = 1
    allow_private = true
}
END_OF_FILE
}

# A year in a minute: what a number gets in twelve months it gets in one day.
sms_configure() {
    cat <<END_OF_FILE
sms_daily_cap = 1000
endpoint "sms" {
    adapter       = "kannel"
    url           = "http://127.0.0.1:$sms_port/cgi-bin/sendsms"
    username      = "lifecertd"
    secret_file   = "$scratch/kannel.secret"
    signature     = "定海区社保"
    sender        = "10086"
    units         = { "$sms_unit" }
    quiet_hours   = "none"
    receipt_url   = "http://$address"
    receipt_secret_file = "$scratch/receipts.secret"
    allow_private = true
}
END_OF_FILE
}
