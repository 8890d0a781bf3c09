#!/bin/sh
# lifecertd beside what one would use instead, on this machine, in one run: the same job for each (bench/compare/job.h),
# durable in all, and the answers held against each other. See docs/compare.md.
set -eu
cd "$(dirname "$0")/../.."
# shellcheck source=scripts/lib.sh
. scripts/lib.sh
# shellcheck source=bench/compare/contestants.sh
. bench/compare/contestants.sh

usage() {
    cat <<END
usage: bench/compare/run.sh [--people N] [--only NAME,NAME...] [--without NAME,NAME...] [--limit SECONDS]
                            [--folder FOLDER] [--docs] [--help]

Installs what it needs (packages.txt, kind compare; npm packages below build/), builds, and runs, one after the other:
    $contestants

    --people N         how many are enrolled: 100000, or up to 10000000
    --only NAMES       these contestants only; lifecertd is always there
    --without NAMES    without these
    --limit SECONDS    how long one phase of one contestant may take: 900; what takes longer is told as not done
    --folder FOLDER    where they store: a new folder below \${TMPDIR:-/tmp}; it is removed
    --docs             writes docs/compare.svg, and the figures into docs/compare.md

The table goes to stdout, progress to stderr, all figures to build/compare/results.json. Exits with 1 when an answer is
wrong.
END
}

people=100000 limit=900 parent=${TMPDIR:-/tmp} docs='' only='' without=''
while [ $# -gt 0 ]; do
    case $1 in
    --people) people=$2; shift ;;
    --only) only=$2; shift ;;
    --without) without=$2; shift ;;
    --limit) limit=$2; shift ;;
    --folder) parent=$2; shift ;;
    --docs) docs=yes ;;
    --help) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
    esac
    shift
done
case $people in '' | *[!0-9]*) die '--people wants a number' ;; esac
if [ "$people" -lt 100 ] || [ "$people" -gt 10000000 ]; then
    die '--people: 100 to 10000000'
fi

say() {
    echo "$*" >&2
}

# now: seconds with nanoseconds.
now() {
    date +%s.%N
}

# --- what it needs ---

packages_install build compare >&2
bin=${top_builddir:-}
if [ -z "$bin" ]; then
    bin=build/compare
    tree_prepare >&2
    quietly compare.log tree_build "$bin"
fi
bin=$(cd "$bin" && pwd)
quietly compare-clients.log make -s -C "$bin" -j "$jobs" bench/compare/postgres

# npm_install: the job queues, once for each lockfile; scripts stand beside them, where node looks for packages.
npm_install() {
    npm=$bin/npm-compare
    mkdir -p "$npm"
    if ! cmp -s bench/compare/package-lock.json "$npm/package-lock.json" || [ ! -e "$npm/installed" ]; then
        rm -rf "$npm/node_modules" "$npm/installed"
        cp bench/compare/package.json bench/compare/package-lock.json bench/compare/.npmrc "$npm/"
        (cd "$npm" && npm ci --cache "$npm/cache" --fetch-retries=1) >"$npm/log" 2>&1 || {
            tail -n 20 "$npm/log" >&2
            die 'npm ci failed'
        }
        touch "$npm/installed"
    fi
    cp bench/compare/*.mjs "$npm/"
}
npm_install

# --- processes ---

server='' worker='' watchdog='' scratch=$(mktemp -d "$parent/lifecertd-compare-XXXXXX")
chmod 711 "$scratch"
results=$scratch/results

# family PID: it and all below it.
family() {
    echo "$1"
    for child in $(cat "/proc/$1/task/$1/children" 2>/dev/null || true); do
        family "$child"
    done
}

# end_server SIGNAL: and wait.
end_server() {
    [ -n "$server" ] || return 0
    if [ "$1" = KILL ]; then
        # shellcheck disable=SC2046 # one word a process
        kill -KILL $(family "$server") 2>/dev/null || true
    else
        kill -"$1" "$server" 2>/dev/null || true
    fi
    wait "$server" 2>/dev/null || true
    server=
}

# end_all: whatever is running, and what it left.
end_all() {
    for process in $worker $watchdog; do
        # shellcheck disable=SC2046 # one word a process
        kill $(family "$process") 2>/dev/null || true
    done
    end_server KILL
    rm -rf "$scratch"
}
trap end_all EXIT
trap 'exit 130' INT TERM HUP

# rollup FIELDS: their sum over all processes of the server, shared pages counted once, in bytes.
rollup() {
    for process in $(family "$server"); do
        cat "/proc/$process/smaps_rollup" 2>/dev/null || true
    done | awk -v fields="^($1):$" '$1 ~ fields { kb += $2 } END { printf "%.0f\n", kb * 1024 }'
}

# memory: what the server holds of it.
memory() {
    if command -v "$(function_of memory)" >/dev/null; then
        call memory
    else
        rollup Pss
    fi
}

disk() {
    du -s --block-size=1 "$folder/data" | awk '{ print $1 }'
}

# disk_at_rest: once it has not changed for two seconds; some rewrite and compress in the background.
disk_at_rest() {
    before=-1 same=0 looks=0
    while [ "$same" -lt 4 ] && [ "$looks" -lt 120 ]; do
        size=$(disk) looks=$((looks + 1))
        if [ "$size" = "$before" ]; then same=$((same + 1)); else same=0; fi
        before=$size
        sleep 0.5
    done
    echo "$size"
}

# --- the job ---

inputs() {
    "$bin/bench/compare/inputs" "$1" "$people"
}

# note KIND NAME VALUE, of the contestant at work.
note() {
    printf '%s\t%s\t%s\t%s\n' "$name" "$1" "$2" "$3" >>"$results"
}

# each BYTES-BEFORE BYTES-AFTER: a person's share
each() {
    awk -v a="$1" -v b="$2" -v n="$people" 'BEGIN { printf "%.6g", (b - a) / n }'
}

function_of() {
    echo "${name}_$1" | tr - _
}

# call WHAT ARGUMENT...: the contestant's function; nothing when it has none.
call() {
    function=$(function_of "$1")
    shift
    if command -v "$function" >/dev/null; then
        "$function" "$@"
    fi
}

# phase PHASE: false when it failed, or took too long. It runs in a child, so that it can be ended.
phase() {
    say "  $1"
    call phase "$1" >"$folder/out" 2>"$folder/err" &
    worker=$!
    # shellcheck disable=SC2046 # one word a process
    (sleep "$limit" && : >"$folder/late" && kill $(family "$worker")) 2>/dev/null &
    watchdog=$!
    code=0
    wait "$worker" || code=$?
    # shellcheck disable=SC2046 # one word a process
    kill $(family "$watchdog") 2>/dev/null || true
    wait "$watchdog" 2>/dev/null || true
    worker='' watchdog=''
    if [ -e "$folder/late" ]; then
        say "  $name: not done in $limit s"
        note failed "$1" "not done in $limit s"
        return 1
    fi
    if [ "$code" -ne 0 ]; then
        sed "s/^/  $name: /" "$folder/err" | tail -n 5 >&2
        note failed "$1" "failed: $(tail -n 1 "$folder/err")"
        return 1
    fi
    sed -n "s/^\(row\|answer\)	/$name	&/p" "$folder/out" >>"$results"
}

wait_until_it_answers() {
    tries=0
    until call answers; do
        kill -0 "$server" 2>/dev/null || { tail -n 5 "$folder/log" >&2; die "$name did not start"; }
        tries=$((tries + 1))
        [ "$tries" -lt 6000 ] || die "$name does not answer"
        sleep 0.02
    done
}

# recover PROGRAM PHASE: killed, started, and asked by the client until it answers as before, which says when that was.
recover() {
    say '  recovery'
    end_server KILL
    call before_restart
    begin=$(now)
    call start
    timeout "$limit" "$bin/bench/compare/$1" "$2" "$folder" "$people" >"$folder/out" 2>"$folder/err" &
    worker=$!
    while kill -0 "$worker" 2>/dev/null && kill -0 "$server" 2>/dev/null; do
        sleep 0.1
    done
    if kill -0 "$server" 2>/dev/null && wait "$worker"; then
        note row recovery "$(awk -v a="$begin" '$1 == "answered" { printf "%.6g", ($2 - a) * 1000 }' "$folder/out")"
    else
        kill "$worker" 2>/dev/null || true
        tail -n 3 "$folder/log" "$folder/err" >&2
        note failed recovery "no right answer"
    fi
    worker=
}

# The client that asks after a recovery, and how.
recovery_of() {
    case $name in
    lifecertd) recover lifecertd await ;;
    postgresql) COMPARE_SESSION=bench/compare/postgres_session.sql recover postgres await ;;
    graphile-worker) COMPARE_SESSION=bench/compare/graphile_session.sql recover postgres await ;;
    redis) recover redis await ;;
    bullmq) recover redis bullmq-await ;;
    beanstalkd) recover beanstalkd await ;;
    esac
}

all_phases() {
    for p in enrol certify-batched certify-single due-before sweep due-after; do
        phase "$p" || return 1
    done
}

# contest NAME
contest() {
    name=$1 folder=$scratch/$1
    say "$name"
    mkdir "$folder"
    call prepare
    call start
    wait_until_it_answers
    call schema
    empty_memory=$(memory) empty_disk=$(disk)
    if all_phases; then
        note row memory "$(each "$empty_memory" "$(memory)")"
        note row disk "$(each "$empty_disk" "$(disk_at_rest)")"
        recovery_of
    fi
    note settings settings "$(call settings | tr -s ' \n' ' ')"
    end_server KILL
    rm -rf "$folder"
}

# wanted NAME
wanted() {
    case ,$without, in *,"$1",*) return 1 ;; esac
    case ,${only:-$1},lifecertd, in *,"$1",*) return 0 ;; esac
    return 1
}

name=right
inputs answers | sed "s/^/right	/" >>"$results"
events=$(sed -n 's/^right	answer	swept	//p' "$results")
note machine cores "$(nproc)"
note machine memory "$(awk '/^MemTotal:/ { printf "%.0f GiB", $2 / 1048576 }' /proc/meminfo)"
note machine disk "$(df --output=source,fstype "$scratch" | awk 'NR == 2 { print $1, $2 }')"
note machine date "$(date +%Y-%m-%d)"
note machine people "$people"
for contestant in $contestants; do
    if wanted "$contestant"; then
        contest "$contestant"
    fi
done
cp "$results" "$bin/results.tsv"
node bench/compare/report.mjs "$bin/results.tsv" "$bin/results.json" ${docs:+docs}
