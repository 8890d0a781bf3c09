# The show of ./run: a generated city's year, day by day, through the real daemon. To be sourced behind lib.sh.
# shellcheck shell=sh

# show_usage
show_usage() {
    cat <<'END'
usage: ./run [--people N] [--seed S] [--stay]

Installs what the build needs, builds, and shows a year of a generated city: a daemon on a store in a scratch folder, with
an accelerated clock; everyone enrolled from a file; reminders, certifications, grace periods, suspensions, resumptions with
back pay. It ends by itself with a summary.

  --people N  how many people (default 309800, the size of Zhoushan)
  --seed S    another city for another number (default 1)
  --stay      leave the daemon up at the end, and say how to talk to it
END
}

people=309800
seed=1
stay=no

show_options() {
    while [ $# -gt 0 ]; do
        case $1 in
        --people) people=${2:?--people wants a number} && shift ;;
        --seed) seed=${2:?--seed wants a number} && shift ;;
        --stay) stay=yes ;;
        -h | --help) show_usage && exit 0 ;;
        *) show_usage >&2 && exit 2 ;;
        esac
        shift
    done
}

show_end() {
    [ -z "${watcher:-}" ] || kill "$watcher" 2>/dev/null || true
    [ -z "${daemon:-}" ] || { kill "$daemon" 2>/dev/null && wait "$daemon" 2>/dev/null; } || true
    rm -rf "$scratch"
}

# A day passes in 0.1 seconds: the year in forty.
show_configure() {
    cat >"$scratch/lifecertd.conf" <<END
timezone    = "Asia/Shanghai"
store       = "dir:$scratch/store"
listen      = { "unix:$scratch/api.sock" }
clock       = "2026-01-01T00:00:00+08:00 x864000"
brake_limit = "1%"
include("$PWD/etc/policies.conf")
END
    sed -n '/^channel /p' etc/lifecertd.conf >>"$scratch/lifecertd.conf"
}

ctl() {
    "$build/lifecertctl" -c "$scratch/lifecertd.conf" "$@"
}

# member NAME: that number or text of a flat JSON object on stdin.
member() {
    sed -n "s/.*\"$1\":\"\{0,1\}\([^,\"}]*\).*/\1/p" | head -n 1
}

show_wait_ready() {
    tries=0
    until ctl --json status >/dev/null 2>&1; do
        kill -0 "$daemon" 2>/dev/null || { cat "$scratch/daemon.log" >&2 && die "the daemon ended"; }
        tries=$((tries + 1))
        [ "$tries" -lt 200 ] || die "the daemon does not answer"
        sleep 0.05
    done
}

# A line for every month that begins, and the operator who looks into the brake when it engages.
show_watch() {
    shown=
    while status=$(ctl --json status 2>/dev/null); do
        now=$(printf '%s' "$status" | member now)
        month=${now%-??T*}
        if [ "$month" != "$shown" ]; then
            printf '  %s  active %6s   grace %6s   suspended %5s   terminated %5s\n' "${now%T*}" \
                "$(printf '%s' "$status" | member active)" "$(printf '%s' "$status" | member grace)" \
                "$(printf '%s' "$status" | member suspended)" "$(printf '%s' "$status" | member terminated)"
            shown=$month
        fi
        case $status in
        *'"hold":"brake"'*) show_brake "$status" "$now" ;;
        esac
        sleep 0.1
    done
}

show_brake() {
    if [ -z "${braked:-}" ]; then
        braked=$2
        printf '  %s  THE BRAKE: %s suspensions due, limit %s. Nobody is suspended until somebody has looked.\n' "${2%T*}" \
            "$(printf '%s' "$1" | member due)" "$(printf '%s' "$1" | member limit)"
        printf '              (June'\''s data-matching job has not run: the operator has it run again)\n'
    fi
    # It runs in the night to the 18th.
    case $2 in
    2026-07-1[67]* | 2026-07-18T0[0-3]*) return ;;
    esac
    ctl hold lift brake --by "duty officer" --why "data matching has caught up" >/dev/null
    printf '  %s  the matches are in; the brake is lifted, and the rest goes through\n' "${2%T*}"
    braked=
}

# What the log says of the year: counts by month, and the money.
show_summary() {
    ctl events | awk '
        # The clock runs on while this is read.
        { month = substr($0, index($0, "\"time\":\"") + 8, 7)
          if (month > "2026-12") next
          type = substr($0, index($0, "\"type\":\"") + 8); type = substr(type, 1, index(type, "\"") - 1)
          count[month, type]++; total[type]++; months[month] = 1; lines++ }
        type == "certification.accepted" {
          c = substr($0, index($0, "\"channel\":\"") + 11); c = substr(c, 1, index(c, "\"") - 1); channel[c]++ }
        type == "benefit.resumed" {
          t = substr($0, index($0, "\"total\":") + 8); paid += t + 0 }
        END {
          printf "\n  %-8s %10s %10s %8s %10s %8s %6s\n", "month", "reminders", "certified", "grace", "suspended", "resumed", "deaths"
          n = 0; for (m in months) order[++n] = m
          for (i = 1; i <= n; i++) for (k = i + 1; k <= n; k++) if (order[k] < order[i]) { x = order[i]; order[i] = order[k]; order[k] = x }
          for (i = 1; i <= n; i++) { m = order[i]
            printf "  %-8s %10d %10d %8d %10d %8d %6d\n", m, count[m, "reminder.due"], count[m, "certification.accepted"],
              count[m, "grace.started"], count[m, "benefit.suspended"], count[m, "benefit.resumed"], count[m, "benefit.terminated"] }
          printf "\n  certified by channel:"
          for (c in channel) printf " %s %d", c, channel[c]
          printf "\n  resumed with back pay: %d people, %.2f million yuan\n", total["benefit.resumed"], paid / 100 / 1000000
          printf "  %d events in all\n", lines }'
}

show() {
    build=$PWD/$1
    scratch=$(mktemp -d /tmp/lifecertd-run-XXXXXX)
    trap show_end EXIT
    trap 'exit 130' INT TERM
    show_configure
    echo "A city of $people people (seed $seed)"
    "$build/lifecertctl" demo-city --people "$people" --seed "$seed" --until 2026-12-31 >"$scratch/city.ndjson"
    ctl init >/dev/null
    "$build/lifecertd" -c "$scratch/lifecertd.conf" 2>"$scratch/daemon.log" &
    daemon=$!
    show_wait_ready
    echo "The year 2026, a day in a tenth of a second:"
    show_watch &
    watcher=$!
    # Some inputs are meant to be refused: exit 1 says so, and is no failure of the show.
    ctl import "$scratch/city.ndjson" 2>"$scratch/import.log" || [ $? -eq 1 ] || { cat "$scratch/import.log" >&2 && exit 1; }
    kill "$watcher" 2>/dev/null || true
    wait "$watcher" 2>/dev/null || true
    watcher=
    echo "Inputs:"
    sed 's/^/  /' "$scratch/import.log"
    show_summary
    if [ "$stay" = yes ]; then
        echo
        echo "The daemon stays up, and its clock runs on. Try, in another terminal:"
        echo "  $build/lifecertctl -c $scratch/lifecertd.conf status"
        echo "  $build/lifecertctl -c $scratch/lifecertd.conf show 330902-0000352"
        echo "Ctrl-C ends it and removes $scratch."
        wait "$daemon"
    fi
}
