# TAP from a shell script: to be sourced. Each check is a command; what it says is shown when it fails.
# shellcheck shell=sh

checks=0 failures=0 said=$(mktemp)

# check NAME COMMAND...
check() {
    checks=$((checks + 1))
    name=$1
    shift
    if "$@" >"$said" 2>&1; then
        echo "ok $checks - $name"
    else
        failures=$((failures + 1))
        echo "not ok $checks - $name"
        tail -n 25 "$said" | sed 's/^/# /'
    fi
}

# silent COMMAND...: succeeds, and says nothing.
silent() {
    words=$("$@" 2>&1) && [ -z "$words" ] && return
    echo "$words"
    false
}

# not COMMAND...: fails.
not() {
    if "$@"; then
        return 1
    fi
}

# has FILE PATTERN...: every pattern is in it.
has() {
    file=$1
    shift
    for pattern in "$@"; do
        grep -q -- "$pattern" "$file" || {
            echo "not there: $pattern"
            return 1
        }
    done
}

# skip_all REASON...
skip_all() {
    echo "1..0 # SKIP $*"
    exit 0
}

# The plan comes last.
tap_end() {
    rm -f "$said"
    echo "1..$checks"
    [ "$failures" -eq 0 ]
}
