#!/bin/sh
# Daemons over shards in Redis: durable inputs a second, beside what the same masters do with the same writes by bare
# pipelined scripts (bench/cluster_limit), in turn, in the same run; single inputs; what a way through another daemon
# costs; with --memory what people take in Redis and in the daemons, and how long a take-over lasts.
#
#   bench/cluster.sh [--sizes "1 2 3"] [--masters N] [--daemons N] [--replicas 0|1] [--shards N] [--people N]
#                    [--rounds N] [--memory]
#
# --sizes: so many masters, and as many daemons; --masters and --daemons: one size, not as many of both.
set -eu
bin=${top_builddir:-$(dirname "$0")/..}
sizes='1 2 3' masters= daemons= replicas=0 shards=6 people=100000 rounds=3 memory=
while [ $# -gt 0 ]; do
    case $1 in
        --sizes) sizes=$2; shift ;;
        --masters) masters=$2; shift ;;
        --daemons) daemons=$2; shift ;;
        --replicas) replicas=$2; shift ;;
        --shards) shards=$2; shift ;;
        --people) people=$2; shift ;;
        --rounds) rounds=$2; shift ;;
        --memory) memory=1 ;;
        *) echo "cluster.sh: what is $1?" >&2; exit 2 ;;
    esac
    shift
done
folder=$(mktemp -d /tmp/lifecertd-bench-XXXXXX)
started=
stop_all() {
    for p in $started; do kill -KILL "$p" 2>/dev/null || true; done
    for p in $started; do wait "$p" 2>/dev/null || true; done
    started=
}
trap 'stop_all; rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
for tool in redis-server redis-cli wrk curl; do
    command -v "$tool" >/dev/null || { echo "cluster.sh: $tool is missing" >&2; exit 1; }
done

"$bin/lifecertctl" token new --name bench --role read --role 'intake:*' --json >"$folder/token.json" 2>/dev/null
member() {
    sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" "$folder/token.json"
}
token=$(member token) sha256=$(member sha256)
"$bin/bench/inputs" enrol "$people" >"$folder/enrol.ndjson"

now() {
    date +%s.%N
}

# per COUNT BEGIN END: so many a second.
per() {
    awk -v n="$1" -v a="$2" -v b="$3" 'BEGIN { printf "%.0f\n", n / (b - a) }'
}

median() {
    sort -n | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}

# --- Redis ---

ask() {
    port=$1
    shift
    redis-cli -p "$port" "$@"
}

# server: one more, on a port that is free: in $port. No file is written anew meanwhile: it would fall to one of those who
# are compared.
next_port=$((20000 + $$ % 9000))
server() {
    while :; do
        next_port=$((next_port + 1))
        port=$next_port
        mkdir -p "$folder/redis/$port"
        redis-server --port "$port" --bind 127.0.0.1 --cluster-enabled yes --cluster-node-timeout 5000 --save '' \
            --appendonly yes --appendfsync always --auto-aof-rewrite-percentage 0 --dir "$folder/redis/$port" >"$folder/redis/$port.log" 2>&1 &
        pid=$!
        while kill -0 "$pid" 2>/dev/null; do
            if [ "$(ask "$port" PING 2>/dev/null)" = PONG ]; then
                started="$started $pid" servers="$servers $pid"
                return
            fi
            sleep 0.02
        done
    done
}

tag() {
    echo "{bench/$1}"
}

# cluster MASTERS: the slots are parted so that each master has as many shards as the others.
cluster() {
    ports= servers= ours=
    for i in $(seq "$1"); do
        server
        ports="$ports $port"
    done
    first=${ports# }
    first=${first%% *}
    for k in $(seq 0 $((shards - 1))); do
        echo "$(ask "$first" CLUSTER KEYSLOT "$(tag "$k")") $k"
    done | sort -n >"$folder/slots"
    awk -v ports="$ports" -v n="$1" -v shards="$shards" '
        { slot[NR] = $1; shard[NR] = $2 }
        END {
            split(ports, port, " ")
            from = 0
            for (m = 1; m <= n; m++) {
                last = int(shards * m / n)
                to = m == n ? 16383 : slot[last]
                print port[m], from, to
                for (i = int(shards * (m - 1) / n) + 1; i <= last; i++) print port[m] "/bench/" shard[i] > places
                from = to + 1
            }
        }' places="$folder/places" "$folder/slots" >"$folder/ranges"
    while read -r port from to; do
        ask "$port" CLUSTER ADDSLOTSRANGE "$from" "$to" >/dev/null
        ask "$port" CLUSTER MEET 127.0.0.1 "$first" >/dev/null
    done <"$folder/ranges"
    for port in $ports; do
        await_cluster "$port" "cluster_state:ok"
        await_cluster "$port" "cluster_known_nodes:$1"
    done
    [ "$replicas" = 0 ] || add_replicas "$1"
}

await_cluster() {
    until ask "$1" CLUSTER INFO | tr -d '\r' | grep -qx "$2"; do sleep 0.05; done
}

add_replicas() {
    for master in $ports; do
        server
        ask "$port" CLUSTER MEET 127.0.0.1 "$first" >/dev/null
        id=$(ask "$master" CLUSTER MYID)
        until ask "$port" CLUSTER REPLICATE "$id" 2>/dev/null | grep -q OK; do sleep 0.05; done
        until ask "$master" INFO replication | grep -q 'state=online'; do sleep 0.05; done
    done
    for port in $ports; do
        await_cluster "$port" "cluster_known_nodes:$((2 * $1))"
    done
}

# state FIELD: the sum over the shards.
state() {
    while IFS=/ read -r port prefix; do
        ask "$port" HGET "{$prefix}:state" "$1"
    done <"$folder/places" | awk '{ n += $1 } END { printf "%.0f\n", n }'
}

used_memory() {
    for port in $ports; do
        ask "$port" INFO memory
    done | tr -d '\r' | awk -F: '$1 == "used_memory" { n += $2 } END { printf "%.0f\n", n }'
}

# --- daemons ---

configure() {
    mkdir -p "$folder/$1" "$folder/archive"
    cat >"$folder/$1/lifecertd.conf" <<END
store  = "redis-cluster://127.0.0.1:$first/bench"
name = "$1"
replicas = $replicas
${memory:+archive = "$folder/archive"}
listen = { "unix:$folder/$1/api.sock", "127.0.0.1:0" }
max_lines = 10000000
channel "face" {}
policy "national" {}
token "bench" { sha256 = "$sha256" roles = { "read", "intake:*" } }
END
}

status() {
    curl -sS --unix-socket "$folder/$1/api.sock" http://localhost/v1/status 2>/dev/null
}

start_daemon() {
    configure "d$1"
    "$bin/lifecertd" -c "$folder/d$1/lifecertd.conf" 2>>"$folder/d$1/log" &
    eval "pid_$1=\$!"
    started="$started $!" ours="$ours $!"
}

# All shards have owners, and each of so many daemons is known to the others.
await_daemons() {
    for i in $(seq "$1"); do
        until status "d$i" | grep -q '"unowned":\[\]' &&
            [ "$(status "d$i" | grep -o '"shards":\[[0-9]' | wc -l)" -ge "$(($1 < shards ? $1 : shards))" ]; do
            sleep 0.05
        done
    done
}

address() {
    sed -n 's/^.*event=listening address=\(127\.0\.0\.1:[0-9]*\).*/\1/p' "$folder/d$1/log" | head -n 1
}

# owned I: the shards of the i-th daemon, with commas between, as it sees them.
owned() {
    status "d$1" | sed -n "s/.*{\"name\":\"d$1\"[^}]*\"shards\":\[\([0-9,]*\)\].*/\1/p"
}

# post I FILE: one body, through the i-th daemon.
post() {
    curl -sS --unix-socket "$folder/d$1/api.sock" -o "$2.results" -H 'Content-Type: application/x-ndjson' \
        -T "$2" -X POST http://localhost/v1/inputs
}

# share FILE N: in N parts, FILE.1 and so on.
share() {
    awk -v f="$1" -v n="$2" '{ print > (f "." (NR % n + 1)) }' "$1"
}

# post_all FILE: its parts, each through a daemon of its own, at the same time. Inputs a second.
post_all() {
    lines=$(wc -l <"$1")
    posts=
    begin=$(now)
    for i in $(seq "$n_daemons"); do
        post "$i" "$1.$i" &
        posts="$posts $!"
    done
    for p in $posts; do wait "$p"; done
    per "$lines" "$begin" "$(now)"
    cat "$1".[0-9]*.results >"$folder/results"
    if grep -v '"result":"applied"' "$folder/results" | grep -q '"result"'; then
        echo 'cluster.sh: inputs were not applied:' >&2
        grep -v '"result":"applied"' "$folder/results" | head -n 3 >&2
        exit 1
    fi
}

# cpu PROCESS...: what they have used, in seconds.
cpu() {
    for p in "$@"; do cat "/proc/$p/stat"; done | awk -v hz="$(getconf CLK_TCK)" '{ n += $14 + $15 } END { print n / hz }'
}

# --- what is measured ---

# micro SECONDS SECONDS: between them, in microseconds an input.
micro() {
    awk -v a="$1" -v b="$2" -v n="$people" 'BEGIN { printf "%.2f\n", (b - a) * 1e6 / n }'
}

# round DAY: certifications, then the same by bare scripts. A row of the table goes into $folder/rounds.
round() {
    "$bin/bench/inputs" certify "$people" "$1" >"$folder/certify.ndjson"
    share "$folder/certify.ndjson" "$n_daemons"
    commits=$(state commit) events=$(state last) bytes=$(state bytes)
    redis_cpu=$(cpu $servers) our_cpu=$(cpu $ours)
    rate=$(post_all "$folder/certify.ndjson")
    our_cpu=$(micro "$our_cpu" "$(cpu $ours)") between=$(cpu $servers)
    redis_cpu=$(micro "$redis_cpu" "$between")
    commits=$(($(state commit) - commits)) events=$(($(state last) - events)) bytes=$(($(state bytes) - bytes))
    each=$((people / commits)) line=$((bytes / events))
    share=$(awk -v d="$n_daemons" 'BEGIN { print (d - 1) / d }')
    limit=$("$bin/bench/cluster_limit" "$people" "$((each ? each : 1))" "$line" "$share" "$replicas" $(cat "$folder/places"))
    limit_cpu=$(micro "$between" "$(cpu $servers)")
    echo "$rate $limit $each $line $our_cpu $redis_cpu $limit_cpu" >>"$folder/rounds"
}

# load WHAT I SCRIPT: wrk with 64 connections to the i-th daemon.
load() {
    wrk -t1 -c64 -d4 --latency -s "$3" "http://$(address "$2")/" >"$folder/wrk"
    awk -v what="$1" '
        /Non-2xx/ { bad = $NF }
        $1 == "50%" { p50 = $2 }
        $1 == "99%" { p99 = $2 }
        /^Requests\/sec/ { rate = $2 }
        END { printf "  %-52s %8.0f/s   p50 %s, p99 %s", what, rate, p50, p99
              if (bad) printf "  (%d not 2xx)", bad
              print "" }' "$folder/wrk"
}

# certify_script FILE SHARDS: single certifications of people of these shards.
certify_script() {
    "$bin/bench/sharded" "$shards" "$2" <"$folder/enrol.ndjson" | sed -n 's/.*"id":"\([^"]*\)".*/\1/p' >"$folder/ids"
    cat >"$1" <<END
local ids = {}
for line in io.lines('$folder/ids') do ids[#ids + 1] = line end
math.randomseed(os.time())
local headers = { Authorization = 'Bearer $token', ['Content-Type'] = 'application/json' }
local k, run = 0, math.random(1, 1000000000)
request = function() k = k + 1
    return wrk.format('POST', '/v1/inputs', headers, '{"op":"certify","id":"' .. ids[math.random(#ids)] ..
        '","channel":"face","certified_on":"$(date -u -d '1 day ago' +%Y-%m-%d)","ref":"' .. run .. '-' .. k .. '"}') end
END
}

# bodies WHAT I FILE
bodies() {
    begin=$(now)
    post "$2" "$3"
    printf '  %-52s %8.0f/s\n' "$1" "$(per "$(wc -l <"$3")" "$begin" "$(now)")"
}

singles() {
    all=$(seq -s , 0 $((shards - 1)))
    certify_script "$folder/all.lua" "$all"
    load 'single inputs, 64 connections to one daemon' 1 "$folder/all.lua"
    [ "$n_daemons" -gt 1 ] || return 0
    mine=$(owned 1)
    certify_script "$folder/mine.lua" "$mine"
    load '  of people in its own shards' 1 "$folder/mine.lua"
    load '  of people in its shards, through another daemon' 2 "$folder/mine.lua"
    for day in 21 22; do
        "$bin/bench/inputs" certify "$people" "$day" | "$bin/bench/sharded" "$shards" "$mine" >"$folder/mine.$day"
    done
    bodies 'one body of them, to their owner' 1 "$folder/mine.21"
    bodies 'one body of them, through another daemon' 2 "$folder/mine.22"
}

resident() {
    for i in $(seq "$n_daemons"); do
        eval "cat /proc/\$pid_$i/status"
    done | awk '/^VmRSS:/ { n += $2 * 1024 } END { printf "%.0f\n", n }'
}

# column N: the rounds' median.
column() {
    awk -v n="$1" '{ print $n }' "$folder/rounds" | median
}

# --- memory, and changes of hands ---

# keys NAME: what the shards' keys of that name take, in bytes.
keys() {
    while IFS=/ read -r port prefix; do
        ask "$port" MEMORY USAGE "{$prefix}:$1" SAMPLES 0
    done <"$folder/places" | awk '{ n += $1 } END { printf "%.0f\n", n }'
}

bytes() {
    awk -v what="$1" -v bytes="$2" -v n="$people" 'BEGIN {
        printf "  %-60s %8.1f bytes a person, %.1f MB\n", what, bytes / n, bytes / 1e6 }'
}

await_moved() {
    before=-1
    while [ "$before" != "$(keys log)" ]; do
        before=$(keys log)
        sleep 3
    done
}

# taken_over WHAT SIGNAL: the first shard's owner gets it; until another daemon has the shard and answers for it.
taken_over() {
    from=1 to=2
    owned 1 | grep -Eq '(^|,)0(,|$)' || from=2 to=1
    eval "pid=\$pid_$from"
    begin=$(now)
    kill "-$2" "$pid"
    until owned "$to" | grep -Eq '(^|,)0(,|$)' && look_up "$to"; do sleep 0.01; done
    awk -v what="$1" -v a="$begin" -v b="$(now)" 'BEGIN { printf "  %-60s %8.2f s\n", what, b - a }'
    wait "$pid" 2>/dev/null || true
    start_daemon "$from"
    until status "d$from" | grep -q '"unowned":\[\]'; do sleep 0.05; done
    sleep 3
}

look_up() {
    curl -sS --unix-socket "$folder/d$1/api.sock" -o /dev/null -w '%{http_code}' \
        "http://localhost/v1/beneficiaries/$(head -n 1 "$folder/enrol.ndjson" | sed 's/.*"id":"\([^"]*\)".*/\1/')" |
        grep -q 200
}

take_stock() {
    echo "$1 masters of Redis, $n_daemons daemons, $people people enrolled, with names and telephones"
    bytes 'Redis, as it is after that (used_memory)' "$(($(used_memory) - empty))"
    await_moved
    bytes 'Redis, closed segments of the log moved to the archive' "$(($(used_memory) - empty))"
    bytes '  of this contacts' "$(keys contacts)"
    bytes '  the segments that are still written, 8 MiB a shard at most' "$(keys log)"
    bytes 'the daemons together, beside what they have without anybody' "$(($(resident) - idle))"
    printf '  %-60s %8.1f MB\n' 'each daemon without anybody' "$(awk -v n="$idle" -v d="$n_daemons" 'BEGIN { print n / d / 1e6 }')"
    [ "$n_daemons" -gt 1 ] || return 0
    taken_over 'a shard taken over from a daemon that was killed, no checkpoint' KILL
    taken_over 'a shard handed over on SIGTERM' TERM
    taken_over 'a shard taken over from a daemon that was killed, checkpoint' KILL
    bytes 'a checkpoint in Redis (the newest two are kept)' "$(keys checkpoint)"
}

# size MASTERS DAEMONS
size() {
    n_daemons=$2
    rm -rf "$folder/archive"
    cluster "$1"
    configure d1
    "$bin/lifecertctl" -c "$folder/d1/lifecertd.conf" init --shards "$shards" >/dev/null 2>&1
    empty=$(used_memory)
    for i in $(seq "$n_daemons"); do start_daemon "$i"; done
    await_daemons "$n_daemons"
    idle=$(resident)
    share "$folder/enrol.ndjson" "$n_daemons"
    enrolled=$(post_all "$folder/enrol.ndjson")
    if [ -n "$memory" ]; then
        take_stock "$1"
    else
        : >"$folder/rounds"
        for day in $(seq "$rounds" -1 1); do round "$day"; done
        printf '%d master%s, %d daemon%s%s: ' "$1" "$([ "$1" = 1 ] || echo s)" "$2" "$([ "$2" = 1 ] || echo s)" \
            "$([ "$replicas" = 0 ] || echo ', WAIT 1')"
        printf '%s inputs/s, limit %s, ratio %s (%s); enrolments %s/s; inputs a commit %s, %s bytes a line\n' \
            "$(column 1)" "$(column 2)" \
            "$(awk '{ printf "%.2f\n", $1 / $2 }' "$folder/rounds" | median)" \
            "$(awk '{ printf "%s%.2f", (NR > 1 ? " " : ""), $1 / $2 }' "$folder/rounds")" "$enrolled" \
            "$(column 3)" "$(column 4)"
        printf '  processor, an input: daemons %s us, Redis %s us; Redis with the bare scripts %s us\n' \
            "$(column 5)" "$(column 6)" "$(column 7)"
        singles
    fi
    stop_all
    rm -rf "$folder/redis" "$folder"/d[0-9]*
}

echo "$people people, $shards shards, appendfsync always; masters, daemons and clients share $(nproc) processors"
if [ -n "$masters$daemons" ]; then
    size "${masters:-1}" "${daemons:-1}"
else
    for n in $sizes; do size "$n" "$n"; done
fi
