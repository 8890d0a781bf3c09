# An SMS gateway for the show: Kannel with its fake operator, everything on loopback. To be sourced behind
# show_receivers.sh.
# shellcheck shell=sh

operator=/usr/lib/kannel/test/fakesmsc
kannel_tries=3

kannel_missing() {
    for program in bearerbox smsbox "$operator"; do
        command -v "$program" >/dev/null || echo "$program"
    done
}

# Its fake operator's port is the one that cannot be bound to loopback alone: it lets nobody in from elsewhere.
kannel_configure() {
    cat >"$scratch/kannel.conf" <<END_OF_FILE
group = core
admin-port = $1
admin-interface = 127.0.0.1
admin-password = $(random_word)
smsbox-port = $2
smsbox-interface = 127.0.0.1
box-allow-ip = 127.0.0.1
dlr-storage = internal
store-type = file
store-location = $scratch/kannel.store

group = smsc
smsc = fake
smsc-id = fake
host = 127.0.0.1
port = $3
connect-allow-ip = 127.0.0.1

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = $4
sendsms-interface = 127.0.0.1
http-request-retry = 3
http-queue-delay = 1

group = sendsms-user
username = lifecertd
password = $(cat "$scratch/kannel.secret")
concatenation = true
max-messages = 5

group = sms-service
keyword = default
max-messages = 0
omit-empty = true
text = ""
END_OF_FILE
}

# kannel_run PROGRAM ARGUMENT...: and what it says goes to PROGRAM.log.
kannel_run() {
    "$@" >"$scratch/${1##*/}.log" 2>&1 &
    running="$running $!"
    kannel="$kannel $!"
}

# kannel_ready PORT: asks it whether its SMS box, which listens by then, and the operator are there.
kannel_ready() {
    for _ in $(seq 100); do
        status=$(http_get "127.0.0.1:$1" /status.txt 2>/dev/null) || true
        case $status in
        *smsbox:*"(online"*) return 0 ;;
        esac
        sleep 0.05
    done
    return 1
}

# One after another: whoever connects finds a port to connect to.
kannel_try() {
    kannel=
    ports_free 4
    # shellcheck disable=SC2086 # one word a port
    set -- $ports
    kannel_configure "$@"
    kannel_run bearerbox -v 4 "$scratch/kannel.conf"
    port_wait "$2" "$!" && port_wait "$3" "$!" || return
    kannel_run smsbox -v 4 "$scratch/kannel.conf"
    # It sends nothing itself (-m 0), and tells of every message that it gets (-v 0).
    kannel_run "$operator" -H 127.0.0.1 -r "$3" -m 0 -v 0 "10086 10086 text none"
    kannel_ready "$1" || return
    sms_port=$4
}

# Sets sms_port when all is up. A port may be taken between the choice and its use: then all begins anew.
kannel_start() {
    missing=$(kannel_missing)
    if [ -n "$missing" ]; then
        echo "Without SMS; missing: $(echo "$missing" | tr '\n' ' ')"
        return
    fi
    random_word >"$scratch/kannel.secret"
    for _ in $(seq "$kannel_tries"); do
        kannel_try && return
        # shellcheck disable=SC2086 # one word a process
        show_stop $kannel
    done
    echo "Without SMS: Kannel does not come up. $(grep -h -m 1 -e ERROR -e PANIC "$scratch"/*box.log | head -n 1)"
}

# --- what the operator got ---

# A line a message or part of one: "NUMBER whole TEXT" or "NUMBER 01 TEXT", the text as Kannel writes it.
operator_parts() {
    sed -n -e 's/.*Got message [0-9]*: <[^ ]* \([^ ]*\) ucs-2 \(.*\)>$/\1 whole \2/p' \
        -e 's/.*Got message [0-9]*: <[^ ]* \([^ ]*\) udh [^ ]*%\(..\) data \(.*\)>$/\1 \2 \3/p' "$scratch/fakesmsc.log"
}

# ucs2_text TEXT: percent-encoded UTF-16 as it reads.
ucs2_text() {
    printf '%b' "$(printf '%s\n' "$1" | awk '
        function digit(c) { return index("0123456789ABCDEF", c) - 1 }
        { for (i = 1; i <= length($0); i++) {
            c = substr($0, i, 1)
            if (c == "%") {
              printf "\\0%03o", 16 * digit(substr($0, i + 1, 1)) + digit(substr($0, i + 2, 1))
              i += 2
            } else
              printf "%s", c == "+" ? " " : c } }')" | iconv -f UTF-16BE -t UTF-8
}
