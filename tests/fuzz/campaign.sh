#!/bin/sh
# A longer search, guided by coverage; see --help.
set -eu

usage() {
    cat <<END
usage: tests/fuzz/campaign.sh [--minutes N | --seconds N] [--keep] [--help] [TARGET...]

Builds the targets with clang and libFuzzer in build/fuzz, with AddressSanitizer and UBSan, and lets each search on from
its seeds, its corpus and what earlier campaigns have learned, a minute long unless told otherwise. For each it says how
many inputs it ran, how many branches and features they reached, and whether anything was found.

    --minutes N, --seconds N   for each target
    --keep                     writes what is worth keeping, the smallest inputs first, into tests/fuzz/corpus/TARGET
    TARGET                     such as fuzz_wire; all of them unless some are named

What was learned stays in build/fuzz/corpus/TARGET. A finding is left in build/fuzz, to be run again with
tests/fuzz/TARGET FILE in any build; it becomes a seed when it is mended. The exit status is 1 when there is one.
END
}

cd "$(dirname "$0")/../.."
seconds=60 keep=false
while [ $# -gt 0 ]; do
    case $1 in
    --minutes | --seconds)
        case ${2:-} in
        '' | *[!0-9]*)
            usage >&2
            exit 2
            ;;
        esac
        seconds=$2
        [ "$1" = --seconds ] || seconds=$((60 * $2))
        shift
        ;;
    --keep) keep=true ;;
    --help)
        usage
        exit 0
        ;;
    -*)
        usage >&2
        exit 2
        ;;
    *) break ;;
    esac
    shift
done
# shellcheck disable=SC2046 # one word a target
[ $# -gt 0 ] || set -- $(ls tests/fuzz/seeds)
command -v clang >/dev/null || { echo 'campaign.sh: clang is missing: apt-get install clang' >&2; exit 1; }

build=build/fuzz
if [ ! -e "$build/config.status" ]; then
    [ -x configure ] || ./bootstrap
    mkdir -p "$build"
    # An empty table is NULL + 0, which the next C allows.
    flags='-O1 -g -fsanitize=address,undefined,fuzzer-no-link -fno-sanitize=pointer-overflow -fno-sanitize-recover=all'
    library=$(clang -print-resource-dir)/lib/linux/libclang_rt.fuzzer_no_main-$(uname -m).a
    (cd "$build" && ../../configure --quiet CC=clang CFLAGS="$flags" \
        LIBS="-Wl,-u,LLVMFuzzerRunDriver $library -lstdc++ -lm")
fi
top_srcdir=$PWD
export top_srcdir

# search TARGET: false when it found something.
search() {
    mkdir -p "$build/corpus/$1"
    "$build/tests/fuzz/$1" --write "$build/corpus/$1"
    (cd "$build" && "tests/fuzz/$1" --guided -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
        -print_final_stats=1 "corpus/$1" >"$1.log" 2>&1)
}

# figures TARGET: of its last search.
figures() {
    awk '/ cov: / { cov = $4; features = $6 } /number_of_executed_units/ { runs = $2 }
        END { printf "%d inputs, %d branches, %d features\n", runs, cov, features }' "$build/$1.log"
}

# keep_corpus TARGET: as few and as small inputs as reach all that was reached.
keep_corpus() {
    least=$build/least/$1
    rm -rf "$least"
    mkdir -p "$least" tests/fuzz/corpus
    (cd "$build" && "tests/fuzz/$1" --guided -merge=1 "least/$1" "corpus/$1" >"$1.merge.log" 2>&1)
    find "$least" -type f -printf '%s %p\n' | sort -n | cut -d ' ' -f 2 |
        xargs "$build/tests/fuzz/$1" --keep "tests/fuzz/corpus/$1"
}

found=0
for target; do
    make -s -C "$build" "tests/fuzz/$target" >"$build/make.log"
    what='nothing found'
    search "$target" || what='A FINDING' found=1
    echo "$target: $(figures "$target"), $what"
    if [ "$what" = 'A FINDING' ]; then
        grep -v '^#' "$build/$target.log" | tail -n 30
    elif $keep; then
        keep_corpus "$target"
    fi
done
exit $found
