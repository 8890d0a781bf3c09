#!/bin/sh
# run_tap judges every other test, so it is held against tests that pass, fail, skip, crash, hang and miscount.
set -eu

top=${top_srcdir:-$(cd "$(dirname "$0")/.." && pwd)}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

n=0 bad=0
# judged NAME "PASSED FAILED SKIPPED" VERDICT: runs the test whose text is on stdin.
judged() {
    n=$((n + 1))
    cat >"$tmp/case$n.sh"
    said=$(TEST_TIMEOUT=1 "$top/tests/run_tap" plain "$tmp" "case$n.sh") && status=0 || status=$?
    counts=$(cat "$tmp/logs/plain/case$n.sh.counts")
    failures=${2#* }
    [ "${failures% *}" = 0 ] && wanted=0 || wanted=1
    if [ "$counts" = "$2" ] && [ "$status" -eq "$wanted" ] && echo "$said" | head -n 1 | grep -q " $3\$"; then
        echo "ok $n - $1"
    else
        bad=$((bad + 1))
        echo "not ok $n - $1"
        echo "# counts $counts, wanted $2; exit status $status"
        echo "$said" | sed 's/^/# /'
    fi
}

echo 1..12
judged 'checks that hold' '2 0 0' ok <<'END'
echo 1..2; echo 'ok 1 - a'; echo 'ok 2 - b'
END
judged 'a plan at the end' '1 0 0' ok <<'END'
echo 'ok 1 - a'; echo 1..1
END
judged 'a check that fails' '1 1 0' FAILED <<'END'
echo 1..2; echo 'ok 1 - a'; echo 'not ok 2 - b'; exit 1
END
judged 'a check that is skipped' '1 0 1' ok <<'END'
echo 1..2; echo 'ok 1 - a'; echo 'ok 2 # SKIP no such thing here'
END
judged 'a program that skips itself' '0 0 1' skipped <<'END'
echo '1..0 # SKIP no such thing here'
END
judged 'a crash after the last check' '1 1 0' FAILED <<'END'
echo 1..1; echo 'ok 1 - a'; kill -SEGV $$
END
judged 'an exit status without a failed check' '1 1 0' FAILED <<'END'
echo 1..1; echo 'ok 1 - a'; exit 3
END
judged 'fewer checks than planned' '1 1 0' FAILED <<'END'
echo 1..2; echo 'ok 1 - a'
END
judged 'no plan and no check' '0 1 0' FAILED <<'END'
:
END
judged 'a test that gives up' '0 2 0' FAILED <<'END'
echo 1..1; echo 'Bail out! no disk'; exit 1
END
judged 'a sanitizer that speaks in a child' '1 1 0' FAILED <<'END'
echo 1..1; echo 'a.c:7:9: runtime error: signed integer overflow' >&2; echo 'ok 1 - a'
END
judged 'a test that does not end' '1 1 0' FAILED <<'END'
echo 1..1; echo 'ok 1 - a'; sleep 60
END
[ "$bad" -eq 0 ]
