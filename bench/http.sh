#!/bin/sh
# The HTTP interface under load: look-ups and single durable certifications by wrk over TCP, long bodies, readers of
# events; beside them what evhttp does with a fixed answer and what the disk does, in the same run.
#
#   bench/http.sh [PEOPLE [FOLDER]]     PEOPLE defaults to 100000
set -eu
bin=${top_builddir:-$(dirname "$0")/..}
people=${1:-100000}
folder=${2:-$(mktemp -d /tmp/lifecertd-bench-XXXXXX)}
daemon= fixed=
trap 'for p in $daemon $fixed; do kill "$p" 2>/dev/null || true; done; rm -rf "$folder"/*; rmdir "$folder" 2>/dev/null || true' EXIT
trap 'exit 130' INT TERM
command -v wrk >/dev/null || { echo 'http.sh: wrk is missing: apt-get install wrk' >&2; exit 1; }

"$bin/lifecertctl" token new --name bench --role read --role 'intake:*' --json >"$folder/token.json" 2>/dev/null
member() {
    sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" "$folder/token.json"
}
token=$(member token)
cat >"$folder/lifecertd.conf" <<END
store  = "dir:$folder/store"
listen = { "unix:$folder/api.sock", "127.0.0.1:0" }
max_lines = 10000000
channel "face" {}
policy "national" {}
token "bench" { sha256 = "$(member sha256)" roles = { "read", "intake:*" } }
END

ctl() {
    "$bin/lifecertctl" -c "$folder/lifecertd.conf" "$@"
}

# listening FILE: the TCP address that it says, once it does.
listening() {
    until grep -q '127\.0\.0\.1:' "$1"; do sleep 0.02; done
    sed -n 's/.*\(127\.0\.0\.1:[0-9]*\).*/\1/p' "$1" | head -n 1
}

# cpu: what the daemon's process has used, in seconds.
cpu() {
    awk -v hz="$(getconf CLK_TCK)" '{ print ($14 + $15) / hz }' "/proc/$daemon/stat"
}

# load WHAT SCRIPT URL: wrk at 64 connections; requests a second, p99, and the daemon's own cost.
load() {
    before=$(cpu)
    wrk -t1 -c64 -d5 --latency -s "$2" "$3" >"$folder/wrk"
    awk -v what="$1" -v used="$(awk -v a="$before" -v b="$(cpu)" 'BEGIN { print b - a }')" '
        /Non-2xx/ { bad = $NF }
        $1 == "99%" { p99 = $2 }
        /requests in/ { n = $1 }
        /^Requests\/sec/ { rate = $2 }
        END { printf "%-34s %8.0f/s, p99 %s, %.1f us of the daemon each", what, rate, p99, used / n * 1e6
              if (bad) printf "  (%d of %d not 2xx)", bad, n
              print "" }' "$folder/wrk"
}

"$bin/bench/inputs" enrol "$people" >"$folder/enrol.ndjson"
ctl init >/dev/null
"$bin/lifecertd" -c "$folder/lifecertd.conf" 2>"$folder/daemon.log" &
daemon=$!
at=$(listening "$folder/daemon.log")
until ctl status >/dev/null 2>&1; do sleep 0.02; done
ctl import "$folder/enrol.ndjson" 2>/dev/null >&2

# The ids of bench/people.h.
ids="local n = $people
math.randomseed(os.time())
local headers = { Authorization = 'Bearer $token', ['Content-Type'] = 'application/json' }
local function id() local i = math.random(0, n - 1)
    return string.format('330902%08d%04d', 19300101 + math.floor(i / 10000), i % 10000) end"
day=$(date -u -d '1 day ago' +%Y-%m-%d)
cat >"$folder/show.lua" <<END
$ids
request = function() return wrk.format('GET', '/v1/beneficiaries/' .. id(), headers) end
END
cat >"$folder/certify.lua" <<END
$ids
local k, run = 0, math.random(1, 1000000000)
request = function() k = k + 1
    return wrk.format('POST', '/v1/inputs', headers, '{"op":"certify","id":"' .. id() ..
        '","channel":"face","certified_on":"$day","ref":"' .. run .. '-' .. k .. '"}') end
END
echo 'request = function() return wrk.format("GET", "/") end' >"$folder/fixed.lua"

bytes=$(ctl show "330902193001010000" --json | head -n 1 | wc -c)
"$bin/bench/fixed_http" "$bytes" >"$folder/fixed" &
fixed=$!
listening "$folder/fixed" >/dev/null
wrk -t1 -c64 -d5 --latency -s "$folder/fixed.lua" "http://$(listening "$folder/fixed")/" >"$folder/wrk"
fixed_rate=$(awk '/^Requests\/sec/ { print $2 }' "$folder/wrk")
echo "$people people, 64 connections; wrk shares the machine"
echo "evhttp with a fixed answer of $bytes bytes: $fixed_rate/s"
load 'look-ups' "$folder/show.lua" "http://$at/"
awk -v f="$fixed_rate" '/^Requests\/sec/ { printf "  %.2f of it\n", $2 / f }' "$folder/wrk"
load 'single durable certifications' "$folder/certify.lua" "http://$at/"

"$bin/bench/inputs" certify "$people" 0 >"$folder/certify.ndjson"
curl -sS --unix-socket "$folder/api.sock" -o "$folder/results" -w '%{time_total}\n' -H 'Content-Type: application/x-ndjson' \
    -T "$folder/certify.ndjson" -X POST http://localhost/v1/inputs >"$folder/time"
awk -v n="$people" '{ printf "one body of %d certifications: %.0f inputs/s\n", n, n / $1 }' "$folder/time"

"$bin/bench/sse" "$folder/api.sock" 1000 50 "$people" 0
awk '/^VmRSS:/ { printf "the daemon is resident with %.0f MiB\n", $2 / 1024 }' "/proc/$daemon/status"
