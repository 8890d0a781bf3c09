# The show of ./run: a generated city's year, day by day, through the real daemon. To be sourced behind lib.sh.
# shellcheck shell=sh

# show_usage
show_usage() {
    cat <<'END'
usage: ./run [--people N] [--seed S] [--stay]

Installs what the build needs, builds, and shows a year of a generated city: a daemon on a store in a scratch folder,
with an accelerated clock; everyone enrolled from a file; reminders, certifications, grace periods, suspensions,
resumptions with back pay. Events go to two receivers as signed webhooks; messages to the people of one unit go through
Kannel, an SMS gateway, to its fake operator. It ends by itself, with a summary of the year and of what arrived.

  --people N  how many people (default 309800, the size of Zhoushan)
  --seed S    another city for another number (default 1)
  --stay      leave the daemon up at the end, and say how to talk to it
END
}

people=309800
seed=1
stay=no
sms_unit=U330902-001 # whose people get messages: a gateway on this machine would be too slow for a whole city

show_options() {
    while [ $# -gt 0 ]; do
        case $1 in
        --people) people=${2:?--people wants a number} && shift ;;
        --seed) seed=${2:?--seed wants a number} && shift ;;
        --stay) stay=yes ;;
        -h | --help) show_usage && exit 0 ;;
        *) show_usage >&2 && exit 2 ;;
        esac
        shift
    done
}

# show_stop PID...: ends these processes of ours, and waits until they have. What they keep is thrown away, so that they
# need not finish anything.
show_stop() {
    for pid in "$@"; do
        kill -KILL "$pid" 2>/dev/null || true
    done
    for pid in "$@"; do
        wait "$pid" 2>/dev/null || true
    done
    left=
    for pid in $running; do
        case " $* " in
        *" $pid "*) ;;
        *) left="$left $pid" ;;
        esac
    done
    running=$left
}

show_end() {
    trap '' HUP INT TERM
    # shellcheck disable=SC2086 # one word a process
    show_stop $running
    rm -rf "$scratch"
}

# A day passes in a tenth of a second, and the year in forty; for few people five times as fast.
show_speed() {
    speed=864000
    day="a tenth of a second"
    [ "$people" -gt 20000 ] && return
    speed=4320000
    day="a fiftieth of a second"
}

# Whoever has it may do everything, from any browser on this machine.
show_token() {
    made=$("$build/lifecertctl" --json token new --name operator --role operate --role 'intake:*' 2>/dev/null)
    token=$(printf '%s' "$made" | member token)
}

show_configure() {
    cat >"$scratch/lifecertd.conf" <<END
timezone    = "Asia/Shanghai"
store       = "dir:$scratch/store"
listen      = { "unix:$scratch/api.sock", "$address" }
token "operator" { sha256 = "$(printf '%s' "$made" | member sha256)" roles = { "operate", "intake:*" } }
clock       = "2026-01-01T00:00:00+08:00 x$speed"
brake_limit = "1%"
include("$PWD/etc/policies.conf")
END
    {
        sed -n '/^channel /p' etc/lifecertd.conf
        endpoints_configure
        [ -z "$sms_port" ] || sms_configure
    } >>"$scratch/lifecertd.conf"
}

# Not for the background: the shell would stand between, and be ended in its place.
ctl() {
    "$build/lifecertctl" -c "$scratch/lifecertd.conf" "$@"
}

# member NAME: the first number or text of that name in the JSON on stdin.
member() {
    awk -v name="\"$1\":" 'i = index($0, name) {
        value = substr($0, i + length(name))
        sub(/^"/, "", value)
        sub(/[,"}].*/, "", value)
        print value
        exit
    }'
}

# show_die WORD...: with what the daemon had to say.
show_die() {
    cat "$scratch/daemon.log" >&2
    die "$*"
}

# The page and the gateway's receipts share a port, which somebody may take between the choice and its use.
show_daemon() {
    show_token
    for _ in 1 2 3; do
        ports_free 1
        address=127.0.0.1:${ports# }
        show_configure
        [ -e "$scratch/store" ] || ctl init >/dev/null
        "$build/lifecertd" -c "$scratch/lifecertd.conf" 2>"$scratch/daemon.log" &
        daemon=$!
        running="$running $daemon"
        show_wait_ready && return
        show_stop "$daemon"
        grep -q 'another process listens there' "$scratch/daemon.log" || break
    done
    show_die "the daemon does not come up"
}

show_wait_ready() {
    for _ in $(seq 200); do
        ctl --json status >/dev/null 2>&1 && return
        kill -0 "$daemon" 2>/dev/null || return
        sleep 0.05
    done
    return 1
}

# A line for every month that begins, and the operator who looks into the brake when it engages.
show_watch() {
    shown=
    show_hold_clock
    while status=$(ctl --json status 2>/dev/null); do
        now=$(printf '%s' "$status" | member now)
        month=${now%-??T*}
        if [ "$month" != "$shown" ]; then
            printf '  %s  active %6s   grace %6s   suspended %5s   terminated %5s\n' "${now%T*}" \
                "$(printf '%s' "$status" | member active)" "$(printf '%s' "$status" | member grace)" \
                "$(printf '%s' "$status" | member suspended)" "$(printf '%s' "$status" | member terminated)"
            shown=$month
        fi
        case $status in
        *'"hold":"brake"'*) show_brake "$status" "$now" ;;
        *'"now":"2026-12-31'*) show_hold_clock ;;
        esac
        sleep 0.1
    done
}

show_brake() {
    if [ -z "${braked:-}" ]; then
        braked=$2
        printf '  %s  THE BRAKE: %s suspensions due, limit %s. Nobody is suspended until somebody has looked.\n' \
            "${2%T*}" "$(printf '%s' "$1" | member due)" "$(printf '%s' "$1" | member limit)"
        printf '              (June'\''s data-matching job has not run: the operator has it run again)\n'
    fi
    # It runs in the night to the 18th.
    case $2 in
    2026-07-1[67]* | 2026-07-18T0[0-3]*) return ;;
    esac
    ctl hold lift brake --by "duty officer" --why "data matching has caught up" >/dev/null
    printf '  %s  the matches are in; the brake is lifted, and the rest goes through\n' "${2%T*}"
    braked=
}

# The input that makes the unit known.
show_unit() {
    grep -m 1 "\"unit\":\"$sms_unit\"" "$scratch/city.ndjson"
}

# --- the year's end ---

# The clock passes no input that is still to come: one on the year's last second stops it there, as long as its stream
# is open. It says again what is known of a unit, so that nothing follows from it. Whoever watches says it, on
# descriptor 9.
show_last_second() {
    last=$(show_unit | sed 's/"at":"[^"]*"/"at":"2026-12-31T23:59:59+08:00"/')
    mkfifo "$scratch/last_second"
    "$build/lifecertctl" -c "$scratch/lifecertd.conf" import --lines 1 "$scratch/last_second" \
        >"$scratch/last_second.log" 2>&1 &
    running="$running $!"
}

# To be said again every few seconds: a stream that brings nothing ends.
show_hold_clock() {
    printf '%s\n' "$last" >&9
}

# How much is still on its way; of messages also the receipts.
show_on_its_way() {
    ctl --json endpoints | awk '
        function number(name) { return match($0, "\"" name "\":") ? substr($0, RSTART + RLENGTH) + 0 : 0 }
        { n += number("lag") + number("in_flight") + number("retrying") + number("waiting") + number("unknown") }
        /"receipts_delivered"/ { n += number("delivered") - number("receipts_delivered") - number("receipts_failed") }
        END { print n + 0 }'
}

show_wait_arrived() {
    for _ in $(seq 300); do
        kill -0 "$daemon" 2>/dev/null || show_die "the daemon ended"
        coming=$(show_on_its_way)
        [ "$coming" -gt 0 ] || return 0
        sleep 0.2
    done
    echo "  $coming are still on their way after a minute; going on"
}

show_page() {
    echo "The operators' page: http://$address/"
    echo "  with the token $token"
}

show_stay() {
    cat <<END

The daemon stays up, and its clock runs on.
$(show_page)
Try, in another terminal:
  $build/lifecertctl -c $scratch/lifecertd.conf status
  $build/lifecertctl -c $scratch/lifecertd.conf show 330902-0000352
  $build/lifecertctl -c $scratch/lifecertd.conf endpoints
  $build/lifecertctl -c $scratch/lifecertd.conf deliveries sms --state sent,skipped
Ctrl-C ends it and removes $scratch.
END
    wait "$daemon"
}

show() {
    build=$PWD/$1
    PATH=$PATH:/usr/sbin
    running=
    sms_port=
    umask 077
    scratch=
    trap show_end EXIT
    trap 'exit 130' HUP INT TERM
    scratch=$(mktemp -d /tmp/lifecertd-run-XXXXXX)
    echo "A city of $people people (seed $seed)"
    "$build/lifecertctl" demo-city --people "$people" --seed "$seed" --until 2026-12-31 >"$scratch/city.ndjson"
    show_speed
    sms_people=$(grep -c "\"op\":\"enrol\".*\"unit\":\"$sms_unit\"" "$scratch/city.ndjson" || true)
    receivers_start
    kannel_start
    random_word >"$scratch/receipts.secret"
    show_daemon
    show_last_second
    show_page
    echo "The year 2026, a day in $day:"
    show_watch 9>"$scratch/last_second" &
    watcher=$!
    running="$running $watcher"
    # In the background, so that a signal need not wait for its end.
    "$build/lifecertctl" -c "$scratch/lifecertd.conf" import "$scratch/city.ndjson" 2>"$scratch/import.log" &
    running="$running $!"
    # Some inputs are meant to be refused: exit 1 says so, and is no failure of the show.
    wait $! || [ $? -eq 1 ] || { cat "$scratch/import.log" >&2 && show_die "the import failed"; }
    show_wait_arrived
    echo "Inputs:"
    sed 's/^/  /' "$scratch/import.log"
    summary_year
    summary_arrivals
    show_stop "$watcher"
    [ "$stay" = no ] || show_stay
}
