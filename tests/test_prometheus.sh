#!/bin/sh
# What etc/ has for Prometheus and Grafana: the alerts fire where they should and not just below, each says what to do,
# and neither they nor the dashboard select by what there is not. That the daemon tells all of it, e2e/test_metrics sees.
# shellcheck disable=SC2016 # the backquotes are Markdown's
set -euf

top=${top_srcdir:-$(dirname "$0")/..}
bin=${top_builddir:-.}
rules=$top/etc/prometheus/lifecertd.rules.yml
tests=$top/etc/prometheus/lifecertd.rules.test.yml
LC_ALL=C
export LC_ALL
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

n=0 bad=0
# check NAME COMMAND...: passes when the command prints nothing.
check() {
    n=$((n + 1))
    name=$1
    shift
    "$@" >"$tmp/faults" 2>&1 || echo "exit code $?" >>"$tmp/faults"
    if [ ! -s "$tmp/faults" ]; then
        echo "ok $n - $name"
    else
        bad=$((bad + 1))
        echo "not ok $n - $name"
        sed 's/^/# /' "$tmp/faults"
    fi
}

# promtool: what it says only when something is wrong.
promtool_says() {
    promtool "$@" >"$tmp/said" 2>&1 || cat "$tmp/said"
}

alerts() {
    sed -n 's/^ *- alert: //p' "$rules"
}

# part ALERT: its lines.
part() {
    awk -v want="$1" '/^ *- alert: /{ inside = $3 == want } inside' "$rules"
}

# That it fires, and that at another time it does not.
untested_alerts() {
    alerts | while read -r alert; do
        grep -A 3 "alertname=\"$alert\"" "$tests" >"$tmp/part" || echo "$alert is not tested"
        grep -q 'exp_samples:$' "$tmp/part" || echo "$alert: nothing says that it fires"
        grep -q 'exp_samples: \[\]' "$tmp/part" || echo "$alert: nothing says that it does not fire"
    done
}

silent_alerts() {
    alerts | while read -r alert; do
        part "$alert" >"$tmp/part"
        for key in 'severity: \(critical\|warning\|info\)$' 'summary: .' 'description: .'; do
            grep -q "^ *$key" "$tmp/part" || echo "$alert has no $key"
        done
        grep -q '`lifecertctl ' "$tmp/part" || echo "$alert names no command to begin with"
    done
}

# The commands that descriptions name, by their words up to the first option, argument or label.
unknown_commands() {
    tr '\n' ' ' <"$rules" | sed 's/  */ /g' | grep -o '`lifecertctl [a-z][a-z ]*' | sed 's/^`lifecertctl //; s/ *$//' |
        sort -u | while read -r command; do
        sed -n 's/^command //p' "$tmp/words" | grep -qxF "$command" || echo "there is no command $command"
    done
}

echo 1..7
"$bin/tests/words" >"$tmp/words"
check 'the alerts are well formed' promtool_says check rules "$rules"
check 'they fire where they should, and not just below' promtool_says test rules "$tests"
check 'each alert is tested in both ways' untested_alerts
check 'each says what it means, and where to begin' silent_alerts
check 'with commands that there are' unknown_commands
check 'the example of a configuration is one' promtool_says check config --syntax-only "$top/etc/prometheus/scrape.yml"
# shellcheck disable=SC2317 # called by name
dashboard() {
    node "$top/tests/monitoring.mjs" "$tmp/words" "$top/etc/grafana/lifecertd.json" "$rules" "$tmp/dashboard.yml"
    promtool_says check rules "$tmp/dashboard.yml"
}
check 'the dashboard shows what there is, and its expressions can be read' dashboard
[ "$bad" -eq 0 ]
