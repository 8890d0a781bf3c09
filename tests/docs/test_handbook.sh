#!/bin/sh
# docs/handbook.md is true: its commands are run against a real daemon, one after the other, on a machine as it describes
# (world.sh), and must print what stands there. With HANDBOOK_PRINT=1 the test prints what they do print.
# shellcheck disable=SC2034,SC2154 # world.sh uses $bin, and sets $world
set -euf

top=$(cd "${top_srcdir:-$(dirname "$0")/../..}" && pwd)
bin=$(cd "${top_builddir:-.}" && pwd)
here=$top/tests/docs
# A disk of its own that can fill up needs a file system of its own.
if [ -z "${HANDBOOK_MOUNTS-}" ]; then
    HANDBOOK_MOUNTS=no
    if unshare -rm sh -c 'mount -t tmpfs none /mnt' 2>/dev/null; then
        HANDBOOK_MOUNTS=yes exec unshare -rm sh "$0" "$@"
    fi
fi
# shellcheck source=tests/docs/world.sh
. "$here/world.sh"

if [ -z "$(world_library)" ]; then
    echo '1..0 # SKIP libfaketime is not installed (package faketime)'
    exit 0
fi
world_begin
trap world_end EXIT
trap "exit 1" HUP INT TERM
[ "$HANDBOOK_MOUNTS" = no ] || mount -t tmpfs -o size=48m none "$world/var/lib"

awk -v mode=steps -f "$here/console.awk" "$top/docs/handbook.md" >"$world/steps"

n=0 bad=0 title='' faults='' commands=0 pending='' skip=''

# section TITLE: ends the one before.
section() {
    finish
    if [ "$commands" -gt 0 ]; then
        n=$((n + 1))
        if [ -n "$skip" ]; then
            echo "ok $n - $title # SKIP $skip"
        elif [ -z "$faults" ]; then
            echo "ok $n - $title: its $commands commands print what it says"
        else
            bad=$((bad + 1))
            echo "not ok $n - $title"
            printf '%s' "$faults" | sed 's/^/# /'
        fi
    fi
    title=$1 faults='' commands=0 skip=''
}

# What the pending command prints, as the handbook would have it.
run() {
    [ -z "${HANDBOOK_PRINT-}" ] || sleep 1.6 # whatever is to come has come, a look of the daemon's pulse included
    (cd "$world/home" && set +f && eval "$(printf '%s\n' "$pending" | world_path)") 2>&1 </dev/null | world_said >"$world/printed"
    [ -z "${HANDBOOK_PRINT-}" ] || { printf '# %s\n' "$pending" && cat "$world/printed"; } >&2
}

fault() {
    awk -v mode=compare -v expected="$world/expected" -f "$here/console.awk" "$world/printed"
}

# Runs the pending command. What only asks may be asked again: what it asks for takes a moment.
finish() {
    [ -n "$pending" ] || return 0
    if [ -z "$skip" ]; then
        tries=0
        run
        while [ -n "$(fault)" ] && [ $tries -lt 100 ] && [ -z "${HANDBOOK_PRINT-}" ]; do
            case $pending in
            'lifecertctl status'* | 'lifecertctl holds'* | 'lifecertctl endpoints'* | 'lifecertctl deliveries'* | journalctl*) ;;
            *) break ;;
            esac
            tries=$((tries + 1))
            sleep 0.1
            run
        done
        said=$(fault)
        [ -z "$said" ] || faults="$faults# $pending
$said
"
    fi
    commands=$((commands + 1))
    pending=''
}

# needs_disk: the rest of this section is left out where there is none that can fill up.
needs_disk() {
    [ "$HANDBOOK_MOUNTS" = yes ] || skip='no file system can be mounted here'
}

echo "1..$(awk -F '\t' '$1 == "H" { c = 0 } $1 == "C" && !c { c = 1; n++ } END { print n }' "$world/steps")"
tab=$(printf '\t')
while IFS= read -r step <&3; do
    rest=${step#*"$tab"}
    case $step in
    H*) section "$rest" ;;
    T*) finish && { [ -n "$skip" ] || eval "$rest" || { echo "Bail out! $rest" && exit 1; }; } ;;
    W*) finish && file=$(printf '%s\n' "$rest" | world_path) && : >"$file" ;;
    L*) printf '%s\n' "$rest" | world_path >>"$file" ;;
    C*) finish && pending=$rest && : >"$world/expected" ;;
    E*) printf '%s\n' "$rest" >>"$world/expected" ;;
    esac
done 3<"$world/steps"
section ''
[ "$bad" -eq 0 ]
