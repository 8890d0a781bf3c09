#!/bin/sh
# The manual names all that there is, and nothing that there is not: configuration keys with their defaults, commands and
# options, types of events with their members, ops, reasons, routes with their arguments, members of answers, metrics,
# alerts, log lines. Its examples of events are what `simulate` prints.
# shellcheck disable=SC2016 # the backquotes are Markdown's
set -euf

top=${top_srcdir:-$(dirname "$0")/..}
bin=${top_builddir:-.}
man=$top/docs/man
LC_ALL=C
export LC_ALL
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# words KIND: the rest of the lines of that kind.
words() {
    sed -n "s/^$1 //p" "$tmp/words"
}

# headings LEVEL FILE: the texts of the headings of that level, "#" or "##".
headings() {
    sed -n "s/^$1 //p" "$2"
}

# part FILE HEADING: what stands below a heading, up to the next one of any level.
part() {
    awk -v want="$2" '/^#+ /{ inside = 0; sub(/^#+ /, ""); if ($0 == want) inside = 1; next } inside' "$1"
}

# only FILE1 FILE2: the lines of the first that are not in the second, both of any order.
only() {
    sort -u "$1" >"$tmp/only1"
    sort -u "$2" >"$tmp/only2"
    comm -23 "$tmp/only1" "$tmp/only2"
}

n=0 bad=0
# check NAME COMMAND...: passes when the command prints nothing.
check() {
    n=$((n + 1))
    name=$1
    shift
    "$@" >"$tmp/faults"
    if [ ! -s "$tmp/faults" ]; then
        echo "ok $n - $name"
    else
        bad=$((bad + 1))
        echo "not ok $n - $name"
        sed 's/^/# /' "$tmp/faults"
    fi
}

# --- the configuration ---

# The part of lifecertd.conf(5) that has a section's keys.
conf_part() {
    case $1 in
    root) part "$man/lifecertd.conf.5.md" KEYS ;;
    *) part "$man/lifecertd.conf.5.md" "$1 \"NAME\" { ... }" ;;
    esac
}

# A key's line is `KEY` = `DEFAULT`, or `KEY` (none); the default in quotes, in braces or neither.
undocumented_keys() {
    words key | while read -r section key default; do
        conf_part "$section" >"$tmp/part"
        line=$(grep "^\`$key\` " "$tmp/part" || true)
        case $line in
        '') echo "$section $key is not in lifecertd.conf(5)" ;;
        *"$default"*) ;;
        *) echo "$section $key: the default is $default, not as in: $line" ;;
        esac
    done
}

invented_keys() {
    for section in root policy channel endpoint message token; do
        words key | sed -n "s/^$section \([^ ]*\) .*/\1/p" >"$tmp/real"
        conf_part "$section" | sed -n 's/^`\([a-z_]*\)` \(=\|(none)\).*/\1/p' >"$tmp/told"
        only "$tmp/told" "$tmp/real" | sed "s/^/$section /"
    done
}

# --- events ---

# Code in backquotes on stdin, one a line.
code() {
    grep -o '`[^`]*`' | tr -d '`' || true
}

event_headings() {
    headings '##' "$man/lifecertd-events.7.md" | grep '\.' || true
}

undocumented_members() {
    words member | while read -r type member; do
        part "$man/lifecertd-events.7.md" "$type" | grep '^`' | code >"$tmp/told"
        grep -qxF "$member" "$tmp/told" || echo "$type $member"
    done
}

# The terms below an event's heading.
invented_members() {
    words event | while read -r type; do
        part "$man/lifecertd-events.7.md" "$type" | grep '^`' | code >"$tmp/told"
        words member | sed -n "s/^$type //p" >"$tmp/real"
        only "$tmp/told" "$tmp/real" | sed "s/^/$type /"
    done
}

# Between fences; a line that begins with two blanks goes on where the one before ended.
example_events() {
    awk '/^~~~/{ inside = !inside; next } inside' "$man/lifecertd-events.7.md" |
        sed -e ':next' -e '$!N' -e 's/\n  //' -e 't next' -e 'P' -e 'D' | grep '^{"seq"'
}

simulate() {
    "$bin/lifecertctl" -c "$top/docs/example/year.conf" simulate --until 2028-09-30 "$top/docs/example/year.ndjson" \
        2>"$tmp/said" || [ $? -eq 1 ] # some of its inputs are rejected
}

types_without_example() {
    sed -n 's/.*"type":"\([^"]*\)".*/\1/p' "$tmp/examples" >"$tmp/told"
    words event >"$tmp/real"
    only "$tmp/real" "$tmp/told"
}

# --- inputs ---

undocumented_input_members() {
    words input | grep -v ' \(op\|at\)$' | while read -r op member; do
        row=$(part "$man/lifecertd-rules.7.md" INPUTS | grep "^| \`$op\` |" || true)
        case $row in
        *"\`$member\`"*) ;;
        *) echo "$op $member" ;;
        esac
    done
}

undocumented_words() {
    cat "$man/lifecertd-rules.7.md" "$man/lifecertd-events.7.md" "$man/lifecertd-http.7.md" | code | sort -u >"$tmp/told"
    sed -n 's/^\*\*\([a-z]*\)\*\*$/\1/p' "$man/lifecertd-rules.7.md" >>"$tmp/told" # holds are terms
    words word >"$tmp/real"
    only "$tmp/real" "$tmp/told"
}

told_reasons() {
    part "$man/lifecertd-rules.7.md" REASONS | sed -n 's/^| `\([a-z-]*\)` .*/\1/p'
}

# --- commands and options ---

# The long options that a program's help lists, with those of every command left out of a command's own.
options_of() {
    "$@" --help | grep -o -- '^ *\(-[a-z],\)\{0,1\} *--[a-z-]*' | sed 's/.*--/--/'
}

global_options() {
    options_of "$bin/lifecertctl"
}

# told_options FILE HEADING: the options among the terms below it.
told_options() {
    part "$1" "$2" | grep '^\*\*-' | grep -o -- '\*\*--[a-z-]*' | tr -d '*' || true
}

# The heading of a command is its name with its arguments.
heading_of() {
    headings '##' "$man/lifecertctl.1.md" | grep "^$1\( [A-Z-].*\)\{0,1\}\$" || true
}

command_faults() {
    words command | while read -r command; do
        [ -n "$(heading_of "$command")" ] || echo "$command is not in lifecertctl(1)"
    done
    headings '##' "$man/lifecertctl.1.md" | sed 's/ [A-Z-].*//' >"$tmp/told"
    words command >"$tmp/real"
    only "$tmp/told" "$tmp/real" | sed 's/$/ is no command/'
}

option_faults() {
    global_options >"$tmp/global"
    words command | while read -r command; do
        # shellcheck disable=SC2086 # a command may have two words
        options_of "$bin/lifecertctl" $command | grep -vxFf "$tmp/global" >"$tmp/real" || true
        told_options "$man/lifecertctl.1.md" "$(heading_of "$command")" >"$tmp/told"
        only "$tmp/real" "$tmp/told" | sed "s/^/$command: not told of: /"
        only "$tmp/told" "$tmp/real" | sed "s/^/$command: there is no /"
    done
}

program_faults() {
    for page in lifecertctl.1 lifecertd.8; do
        program=${page%.*}
        options_of "$bin/$program" >"$tmp/real"
        told_options "$man/$page.md" OPTIONS >"$tmp/told"
        only "$tmp/real" "$tmp/told" | sed "s/^/$program: not told of: /"
        only "$tmp/told" "$tmp/real" | sed "s/^/$program: there is no /"
    done
}

# --- routes ---

told_routes() {
    headings '##' "$man/lifecertd-http.7.md" | grep '^[A-Z]* /'
}

route_faults() {
    only "$tmp/routes" "$tmp/told_routes" | sed 's/^/not told of: /'
    only "$tmp/told_routes" "$tmp/routes" | sed 's/^/there is no /'
}

# route_part FILE HEADING: all that stands below a route, until the next route or part of the page.
route_part() {
    awk -v want="## $2" '/^##? /{ inside = $0 == want } inside' "$1"
}

# Arguments of the query are terms below their route, headers are named anywhere on the page.
undocumented_parameters() {
    words parameter | while read -r method path argument; do
        case $argument in
        *[A-Z]*) cat "$man/lifecertd-http.7.md" ;;
        *) route_part "$man/lifecertd-http.7.md" "$method $path" ;;
        esac >"$tmp/part"
        grep -q "\`${argument}[\`:]" "$tmp/part" || echo "$method $path: $argument"
    done
}

# The terms below a route of GET, as far as they come before what is said of its answer.
invented_parameters() {
    told_routes | grep '^GET' | while read -r method path; do
        words parameter | sed -n "s|^$method $path ||p" >"$tmp/real"
        [ -s "$tmp/real" ] || continue
        route_part "$man/lifecertd-http.7.md" "$method $path" |
            awk '/[Tt]he answer/{ exit } /^`[a-z_`, -]*$/' | code >"$tmp/told"
        only "$tmp/told" "$tmp/real" | sed "s|^|$method $path: there is no |"
    done
}

# Every member that /openapi.json knows of, but those of events, which are held against their own page above.
undocumented_answers() {
    awk '/^    "schemas": /{ on = 1 }
        !on { next }
        /^      "/{ split($0, t, "\""); name = t[2] }
        /^        "properties": /{ inside = 1; next }
        /^        [}\]]/{ inside = 0 }
        inside && /^          "/{ split($0, t, "\""); print name, t[2] }' "$top/docs/openapi.json" >"$tmp/properties"
    [ "$(wc -l <"$tmp/properties")" -gt 100 ] || echo 'the members in openapi.json are not found'
    cat "$man/lifecertd-http.7.md" "$man/lifecertd-rules.7.md" "$man/lifecertd-events.7.md" |
        tr -d '{}' | grep -o '["`][a-z_][a-z_]*["`]' | tr -d '"`' | sort -u >"$tmp/said_words"
    while read -r schema member; do
        grep -qxF "$member" "$tmp/said_words" || echo "$schema: $member"
    done <"$tmp/properties"
}

# --- log lines ---

# log_line(LEVEL, "EVENT", also where the event stands in the next line or is handed on to log_line().
logged_events() {
    find "$top/src/daemon" "$top/src/http" "$top/src/net" "$top/src/base" -name '*.c' -exec cat {} + |
        sed -e ':next' -e '/\(log_line([^"]*\|say(\|failed(.*arg,\)$/{' -e 'N' -e 's/\n */ /' -e 'b next' -e '}' |
        sed -n -e '/LOG_LEVEL_DEBUG, "/d' -e 's/.*held ? "\([a-z-]*\)" : "\([a-z-]*\)".*/\1\n\2/p' -e 's/.*log_line([^"]*"\([a-z-]\{1,\}\)".*/\1/p' -e 's/.*say("\([a-z-]*\)", .*/\1/p' \
            -e 's/.*failed([^"]*arg, "\([a-z-]*\)".*/\1/p' -e 's/.*begin_line(&l, "\([a-z-]*\)").*/\1/p'
    # Of the words for deliveries those that delivery_log.c raises above debugging.
    sed -n '/^static int level_of/,/^}/s/.*case SAID_\([A-Z]*\):.*/delivery-\1/p' "$top/src/daemon/delivery_log.c" |
        tr '[:upper:]' '[:lower:]'
}

# told_lines HEADING: the names in the first column of its table.
told_lines() {
    part "$man/lifecertd.8.md" "$1" | sed -n 's/^| \(`[^|]*\)|.*/\1/p' | code
}

# --- metrics ---

# The terms of lifecertd-metrics(7), "`NAME`, TYPE by `LABEL`, `LABEL`", as "NAME TYPE LABEL LABEL".
told_metrics() {
    sed -n 's/^`\([a-z_]*\)`, \(counter\|gauge\|histogram\)/\1 \2/p' "$man/lifecertd-metrics.7.md" |
        sed -e 's/ by / /' -e 's/[`,]//g'
}

metric_faults() {
    words metric >"$tmp/metrics"
    told_metrics >"$tmp/told_metrics"
    only "$tmp/metrics" "$tmp/told_metrics" | sed 's/^/not told of, or not so: /'
    only "$tmp/told_metrics" "$tmp/metrics" | sed 's/^/there is no /'
}

# The alerts of etc/prometheus as "NAME SEVERITY", and the rows of the manual's table.
alerts() {
    sed -n -e 's/^ *- alert: //p' -e 's/^ *severity: //p' "$top/etc/prometheus/lifecertd.rules.yml" | paste -d ' ' - -
}

told_alerts() {
    part "$man/lifecertd-metrics.7.md" ALERTS | sed -n 's/^| `\([A-Za-z]*\)` | \([a-z]*\) |.*/\1 \2/p'
}

# --- pages ---

# Every page that a page refers to, as **name**(N), is there, when its name is one of ours.
dead_references() {
    find "$man" -name '*.md' -exec cat {} + | grep -o '\*\*lifecert[a-z.-]*\*\*([0-9])' |
        sed 's/\*\*\(.*\)\*\*(\([0-9]\))/\1.\2.md/' | sort -u |
        while read -r page; do
            [ -e "$man/$page" ] || echo "$page"
        done
}

echo 1..27
"$bin/tests/words" >"$tmp/words"
words event >"$tmp/types"
event_headings >"$tmp/told_types"
words reason >"$tmp/reasons"
told_reasons >"$tmp/told_reasons"
words route >"$tmp/routes"
told_routes >"$tmp/told_routes"
logged_events >"$tmp/logged"
told_lines 'LOG LINES' >"$tmp/told_logged"
words outcome >"$tmp/outcomes"
told_lines 'DELIVERY LOG' >"$tmp/told_outcomes"
alerts >"$tmp/alerts"
told_alerts >"$tmp/told_alerts"
simulate >"$tmp/simulated" || cat "$tmp/said"
example_events >"$tmp/examples"

check 'every configuration key is documented with its default' undocumented_keys
check 'no configuration key is documented that there is not' invented_keys
check 'every type of event is documented' only "$tmp/types" "$tmp/told_types"
check 'no type of event is documented that there is not' only "$tmp/told_types" "$tmp/types"
check 'every member of an event is documented' undocumented_members
check 'no member of an event is documented that there is not' invented_members
check 'every type of event that is made has an example' types_without_example
check 'every example is an event that simulate prints' only "$tmp/examples" "$tmp/simulated"
check 'every op is documented with all its members' undocumented_input_members
check 'every status, deadline, result, effect and hold is named' undocumented_words
check 'every reason for a rejection is documented' only "$tmp/reasons" "$tmp/told_reasons"
check 'no reason is documented that there is not' only "$tmp/told_reasons" "$tmp/reasons"
check 'the commands are those that are documented' command_faults
check "the commands' options are those that are documented" option_faults
check "the programs' options are those that are documented" program_faults
check 'the routes are those that are documented' route_faults
check "every route's arguments and headers are documented" undocumented_parameters
check 'no argument of a route is documented that there is not' invented_parameters
check 'every member of an answer or an order is documented' undocumented_answers
check 'every line of the log is documented' only "$tmp/logged" "$tmp/told_logged"
check 'no line of the log is documented that there is not' only "$tmp/told_logged" "$tmp/logged"
check 'every line of the delivery log is documented' only "$tmp/outcomes" "$tmp/told_outcomes"
check 'no line of the delivery log is documented that there is not' only "$tmp/told_outcomes" "$tmp/outcomes"
check 'every alert is documented with its severity' only "$tmp/alerts" "$tmp/told_alerts"
check 'no alert is documented that there is not' only "$tmp/told_alerts" "$tmp/alerts"
check 'the metrics are those that are documented, with their types and labels' metric_faults
check 'every page that a page refers to is there' dead_references
[ "$bad" -eq 0 ]
