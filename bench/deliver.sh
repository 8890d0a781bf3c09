#!/bin/sh
# Delivery beside what libcurl and wrk do alone with the same bytes and the same receiver, in one run.
#
#   bench/deliver.sh [EVENTS]     EVENTS defaults to 1000000
set -eu
bin=${top_builddir:-$(dirname "$0")/..}
events=${1:-1000000}
folder=$(mktemp -d /tmp/lifecertd-bench-XXXXXX)
receiver=
trap '[ -z "$receiver" ] || kill "$receiver" 2>/dev/null; rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM

"$bin/tests/receiver/receiver" --listen 127.0.0.1:0 --set mode=fast >"$folder/receiver" &
receiver=$!
until grep -q listening "$folder/receiver"; do
    kill -0 "$receiver" # else there is no build here
    sleep 0.05
done
url=http://$(sed -n 's/^listening //p' "$folder/receiver")/hooks

# rate: the number before "a second" or behind "best".
rate() {
    sed -n 's/.*: \([0-9]*\) a second.*/\1/p; s/^best *\([0-9]*\) .*/\1/p'
}

echo "64 connections, 500 bytes, one receiver; three rounds"
for round in 1 2 3; do
    bare=$("$bin/bench/bare_curl" "$url" 6s 64 500 | rate)
    "$bin/bench/deliver" "$url" --events 600000 --dir "$folder" >"$folder/out"
    rm -rf "$folder/store"
    ours=$(rate <"$folder/out")
    awk -v r="$round" -v o="$ours" -v b="$bare" \
        'BEGIN { printf "round %d: libcurl alone %d/s, delivery %d/s, %.2f of it\n", r, b, o, o / b }'
done
if command -v wrk >/dev/null; then
    printf 'wrk.method = "POST"\nwrk.body = string.rep("x", 500)\n' >"$folder/post.lua"
    wrk -t1 -c64 -d3 -s "$folder/post.lua" "$url" | sed -n 's/^Requests/wrk: requests/p'
fi
echo "a backlog of $events events:"
"$bin/bench/deliver" "$url" --events "$events" --dir "$folder"
rm -rf "$folder/store"
"$bin/bench/deliver" "$url" --rate $((ours / 10)) --seconds 10 --dir "$folder"
