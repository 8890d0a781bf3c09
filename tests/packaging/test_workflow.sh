#!/bin/sh
# The workflow for GitHub's machines, as far as it can be told here: it can be read, may do no more than it must, has no
# secrets, ends, and runs what there is.
set -eu

top_srcdir=$(cd "${top_srcdir:-$(dirname "$0")/../..}" && pwd)
. "$top_srcdir/tests/packaging/tap.sh"
python3 -c 'import yaml' 2>/dev/null || skip_all 'there is no python3 with yaml here'

workflow=$top_srcdir/.github/workflows/ci.yml
tmp=$(mktemp -d)
trap 'rm -rf "$tmp" "$said"' EXIT

# faults FILE: what is wrong with it, a line each; its scripts, one after the other, go to $tmp/scripts.
faults() {
    python3 - "$1" "$tmp/scripts" <<'END'
import re, sys, yaml

text = open(sys.argv[1], encoding="utf-8").read()
workflow = yaml.safe_load(text)
scripts = open(sys.argv[2], "w", encoding="utf-8")

if workflow.get("permissions") != {"contents": "read"}:
    print("it may do more than read the sources")
if "secrets" in text or "pull_request_target" in text:
    print("it gets at secrets")
for name, job in workflow["jobs"].items():
    if job["container"]["image"] != "debian:12":
        print(f"{name}: not on Debian 12")
    if not 0 < job.get("timeout-minutes", 0) <= 180:
        print(f"{name}: has no end")
    if "permissions" in job or "privileged" in job["container"].get("options", ""):
        print(f"{name}: has privileges")
    if "upload-artifact" not in str(job["steps"]):
        print(f"{name}: keeps nothing when it fails")
    for step in job["steps"]:
        if "uses" in step and not re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40}", step["uses"]):
            print(f"{name}: {step['uses']} may become something else")
        if "upload-artifact" in step.get("uses", "") and step.get("if") != "failure()":
            print(f"{name}: keeps logs that nobody needs")
        scripts.write(step.get("run", ":") + "\n")
END
}

# What the scripts run: the first word of each line.
commands() {
    sed 's/ .*//' "$tmp/scripts" | sort -u
}

missing_commands() {
    for command in $(commands); do
        case $command in
        ./*) [ -x "$top_srcdir/$command" ] || echo "$command is not in the tree" ;;
        lifecert*) [ -d "$top_srcdir/src" ] || echo "$command is not ours" ;; # installed by the line before
        *) command -v "$command" >/dev/null || echo "there is no $command" ;;
        esac
    done
}

# Every option of ./check that it gives is one.
unknown_options() {
    sed -n 's|^\./check ||p' "$tmp/scripts" | tr ' ' '\n' | while read -r option; do
        "$top_srcdir/check" --help | grep -q -e "^ *$option " || echo "./check has no option $option"
    done
}

checks_all() {
    for line in ./check './check --quick' 'dpkg-buildpackage --build=binary --no-sign'; do
        grep -qxF "$line" "$tmp/scripts" || return
    done
}

# That the check can fail.
sed -e 's/^  contents: read/  contents: write/' -e 's/@[0-9a-f]\{40\}/@main/' -e '/timeout-minutes/d' "$workflow" \
    >"$tmp/bad.yml"

check 'one that may write, changes by itself and never ends would be seen' \
    test "$(faults "$tmp/bad.yml" | sed 's/.*: //' | sort -u | wc -l)" -ge 4
check 'it has one right, no secrets, fixed actions, an end, and keeps logs when it fails' silent faults "$workflow"
check 'its scripts are ones' sh -n "$tmp/scripts"
check 'all that they run is there' silent missing_commands
check 'the options of ./check are known' silent unknown_options
check 'they run all of ./check, the quick one, and build the packages' checks_all
tap_end
