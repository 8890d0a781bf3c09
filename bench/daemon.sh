#!/bin/sh
# The whole of it, as users have it: lifecertctl import into the daemon over its socket, durable; the daemon's resident
# memory with an enrolment and three certifications each; starting again from a checkpoint and from the log alone.
#
#   bench/daemon.sh [PEOPLE [FOLDER]]     PEOPLE defaults to 1000000
set -eu
bin=${top_builddir:-$(dirname "$0")/..}
people=${1:-1000000}
folder=${2:-$(mktemp -d /tmp/lifecertd-bench-XXXXXX)}
daemon=
trap '[ -z "$daemon" ] || kill "$daemon" 2>/dev/null; rm -rf "$folder/store" "$folder"/*.ndjson "$folder/lifecertd.conf" "$folder/api.sock"; rmdir "$folder" 2>/dev/null || true' EXIT
trap 'exit 130' INT TERM

cat >"$folder/lifecertd.conf" <<END
store  = "dir:$folder/store"
listen = { "unix:$folder/api.sock" }
channel "face" {}
policy "national" {}
END

ctl() {
    "$bin/lifecertctl" -c "$folder/lifecertd.conf" "$@"
}

# now: seconds with nanoseconds.
now() {
    date +%s.%N
}

# row WHAT NUMBER UNIT [GOAL]
row() {
    awk -v what="$1" -v n="$2" -v unit="$3" -v goal="${4:-0}" 'BEGIN {
        printf "%-46s %12.0f %s", what, n, unit
        if (goal) printf "  %5.2f x the goal of %d", n / goal, goal
        printf "\n" }'
}

# start WHAT: until it answers.
start() {
    begin=$(now)
    "$bin/lifecertd" -c "$folder/lifecertd.conf" 2>>"$folder/daemon.log" &
    daemon=$!
    until ctl status >/dev/null 2>&1; do
        kill -0 "$daemon" || { cat "$folder/daemon.log" >&2; exit 1; }
        sleep 0.02
    done
    row "$1" "$(awk -v a="$begin" -v b="$(now)" 'BEGIN { print (b - a) * 1000 }')" ms
}

resident() {
    awk -v n="$people" '/^VmRSS:/ { print $2 * 1024 / n }' "/proc/$daemon/status"
}

# import FILE WHAT GOAL
import() {
    begin=$(now)
    ctl import "$folder/$1.ndjson" 2>"$folder/import.log" || { cat "$folder/import.log" >&2; exit 1; }
    row "$2" "$(awk -v n="$people" -v a="$begin" -v b="$(now)" 'BEGIN { print n / (b - a) }')" /s "$3"
    rm "$folder/$1.ndjson"
}

"$bin/bench/inputs" enrol "$people" >"$folder/enrol.ndjson"
ctl init >/dev/null
start "first start"
row "people" "$people" ""
import enrol "import: enrolments with contacts" 200000
for days in 300 200 100; do
    "$bin/bench/inputs" certify "$people" "$days" >"$folder/certify.ndjson"
    import certify "import: certifications in random order" 300000
done
row "resident memory, a beneficiary" "$(resident)" bytes
"$bin/bench/single" "$folder/api.sock" "$folder" "$people" 50
kill "$daemon" && wait "$daemon"
start "start from a checkpoint"
row "resident memory after it, a beneficiary" "$(resident)" bytes
kill -9 "$daemon"
wait "$daemon" 2>/dev/null || true
rm -rf "$folder"/store/checkpoint/*
start "start from the log alone, after SIGKILL"
row "events a second of it" "$(ctl --json status | sed 's/.*"position":\([0-9]*\).*/\1/' | awk -v a="$begin" -v b="$(now)" '{ print $1 / (b - a) }')" /s
kill "$daemon" && wait "$daemon"
daemon=
rm -f "$folder/daemon.log" "$folder/import.log"
