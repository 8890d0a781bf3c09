#!/bin/sh
# Says how much of src the tests run, from a build that counts; see --help. Prints TAP.
set -eu

lines_min=90 branches_min=80

usage() {
    cat <<END
usage: tests/coverage.sh [--all] [--keep] [--missing PATH]... [--help]

Builds in coverage/ of the build folder (\$top_builddir, else build/), runs tests and counts. Without --all these are
the unit tests of the core, of the log and of signing, every branch of which must be taken but those that
tests/coverage.except gives a reason for.

    --all           the whole plain suite, which takes long: $lines_min % of the lines of src and $branches_min % of its
                    branches must be run, too
    --keep          runs nothing, and counts what was run in that build
    --missing PATH  says which lines and branches of a folder or file, such as src/ctl, were not run

What a process has run that is killed is not counted.
END
}

# Of these every branch: "NAME=PATH,PATH;...".
groups="\
the core=src/core;\
the log=src/store/log;\
signing=src/adapter/sign.c,src/adapter/cloud_sign.c,src/adapter/webhook.c,src/adapter/standard_webhooks.c,\
src/adapter/aliyun_sms.c,src/adapter/tencent_sms.c,src/adapter/receipts.c,src/adapter/handshake.c,\
src/deliver/receipt_reader.c"

# The tests of those, with what makes them short.
unit_tests() {
    cat <<END
core/test_deciding
core/test_examples
core/test_history
core/test_hold
core/test_model --histories 500 --from 1
core/test_policy
core/test_text
store/test_archive
store/test_log_ahead
store/test_log_calls
store/test_log_index
store/test_log_read
store/test_log_recover
store/test_logline
store/test_recover
adapter/test_aliyun_sms
adapter/test_cloud_sign
adapter/test_handshake
adapter/test_sign
adapter/test_standard_webhooks
adapter/test_tencent_sms
adapter/test_webhook
deliver/test_receipt_reader
END
}

cd "${top_srcdir:-$(dirname "$0")/..}"
all=0 run=true missing=
while [ $# -gt 0 ]; do
    case $1 in
    --all) all=1 ;;
    --keep) run=false ;;
    --missing)
        [ $# -gt 1 ] || { usage >&2; exit 2; }
        missing="$missing ${2%/}"
        shift
        ;;
    --help)
        usage
        exit 0
        ;;
    *)
        usage >&2
        exit 2
        ;;
    esac
    shift
done

top_srcdir=$PWD
top_builddir=${top_builddir:-$top_srcdir/build}/coverage
export top_srcdir top_builddir
log=$top_builddir/coverage.log

# With -O0 a branch of the machine's is one of the source's.
configure() {
    [ -e "$top_builddir/config.status" ] ||
        (cd "$top_builddir" && "$top_srcdir/configure" --quiet --enable-coverage CFLAGS=-O0)
}

build() {
    if [ "$all" = 1 ]; then
        make -s -C "$top_builddir" -j "$(nproc)" all check TESTS=
    else
        # shellcheck disable=SC2046 # one word a test
        make -s -C "$top_builddir" $(unit_tests | sed 's,^\([^ ]*\).*,tests/\1,')
    fi
}

run_unit_tests() {
    unit_tests | while read -r test options; do
        echo "$test $options"
        # shellcheck disable=SC2086 # one word an option
        (cd "$top_builddir" && "tests/$test" $options </dev/null) || return
    done
}

# A test that fails here is told of; it counts all the same.
run_all() {
    make -s --no-print-directory -C "$top_builddir" print-tests | sed -n '/\.sh$/d; s/^plain //p' |
        xargs -n 1 -P "$(($(nproc) + 2))" tests/run_tap plain "$top_builddir" || true
}

run() {
    find "$top_builddir" -name '*.gcda' -delete
    if [ "$all" = 1 ]; then
        run_all
    else
        run_unit_tests
    fi
}

# failed_to WHAT: ends it.
failed_to() {
    echo '1..1'
    echo "not ok 1 - to $1"
    tail -n 20 "$log" | sed 's/^/# /'
    exit 1
}

command -v gcov >/dev/null || { echo '1..0 # SKIP there is no gcov'; exit 0; }
if $run; then
    [ ! -e config.status ] || { echo '1..0 # SKIP the tree is configured in place'; exit 0; }
    mkdir -p "$top_builddir"
    { configure && build; } >"$log" 2>&1 || failed_to 'build the tests with counters'
    run >>"$log" 2>&1 || failed_to 'run them'
fi
cd "$top_builddir"

# gcov's text of all that was built.
counts() {
    find src tests -name '*.gcno' | LC_ALL=C sort |
        xargs gcov --branch-probabilities --branch-counts --stdout --source-prefix "$top_srcdir" 2>>"$log"
}

counts | LC_ALL=C awk -v groups="$groups" -v all="$all" -v lines_min="$lines_min" -v branches_min="$branches_min" \
    -v missing="$missing" -f "$top_srcdir/tests/coverage.awk" "$top_srcdir/tests/coverage.except" -
