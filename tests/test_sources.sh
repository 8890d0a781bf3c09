#!/bin/sh
# Every file of a folder is listed in Makefile.am or in a folder's Makefile.inc: what is not listed is neither built, nor
# run, nor in a release.
set -eu

cd "${top_srcdir:-$(dirname "$0")/..}"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# All words of all makefiles, with the folder's name for %D%.
for fragment in Makefile.am $(find . -path ./build -prune -o -name Makefile.inc -print); do
    folder=${fragment%/*}
    sed "s,%D%,${folder#./},g" "$fragment"
done | tr -s '[:blank:]' '\n' | LC_ALL=C sort -u >"$tmp/listed"

# files FOLDER: what is in it, other than what a build in place leaves there. A test program stands in its list without
# the ending.
files() {
    find "$1" -type f ! -name Makefile.inc ! -name '*.[oa]' ! -name '*.log' ! -name '*.trs' ! -name '*.Po' \
        ! -name '*.gc??' ! -name .dirstamp | LC_ALL=C sort
}

n=0 bad=0
# check FOLDER
check() {
    n=$((n + 1))
    files "$1" >"$tmp/files"
    sed 's/\(\/\(test\|fuzz\)_.*\)\.c$/\1/' "$tmp/files" | LC_ALL=C sort -u | LC_ALL=C comm -23 - "$tmp/listed" >"$tmp/unlisted"
    if [ ! -s "$tmp/unlisted" ]; then
        echo "ok $n - every file of $1 is listed"
    else
        bad=$((bad + 1))
        echo "not ok $n - every file of $1 is listed"
        sed 's/^/# not listed: /' "$tmp/unlisted"
    fi
}

set --
for folder in .ci bench docs etc scripts src systemd tests; do
    [ ! -d "$folder" ] || set -- "$@" "$folder"
done
echo "1..$#"
for folder in "$@"; do
    check "$folder"
done
[ "$bad" -eq 0 ]
