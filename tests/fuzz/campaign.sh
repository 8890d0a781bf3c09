#!/bin/sh
# A longer search, guided by coverage: builds the targets with clang and libFuzzer, out of the way, and lets each run.
#
#   tests/fuzz/campaign.sh [SECONDS [TARGET...]]     60 seconds each, of all of them
#
# What it has learned stays in build/fuzz/corpus/TARGET; a finding in build/fuzz, to be run again with
# tests/fuzz/TARGET FILE in any build.
set -eu
cd "$(dirname "$0")/../.."
seconds=${1:-60}
[ $# -eq 0 ] || shift
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

for target; do
    echo "$target"
    make -s -C "$build" "tests/fuzz/$target" >"$build/make.log"
    mkdir -p "$build/corpus/$target"
    "$build/tests/fuzz/$target" --write "$build/corpus/$target"
    # shellcheck disable=SC2015 # what it says last is its result
    (cd "$build" && "tests/fuzz/$target" --guided -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
        "corpus/$target" 2>&1 && echo "$target: nothing found" || echo "$target: A FINDING") | tail -n 30 | grep -v '^#'
done
