#!/bin/sh
# A release: its archive builds from sources that cannot be written to, installs, and uninstalls without leaving anything;
# and it holds every file of the repository. One quick test runs, so nothing need be fast, and the other tests are not
# even compiled: what they need is a matter of which files are there.
set -eu

top_srcdir=$(cd "${top_srcdir:-$(dirname "$0")/..}" && pwd)
top_builddir=$(cd "${top_builddir:-.}" && pwd)
. "$top_srcdir/tests/packaging/tap.sh"

tmp=$(mktemp -d)
trap 'rm -rf "$tmp" "$said"' EXIT

# What make says to the programs that it runs is not meant for the make in here.
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES DESTDIR

distcheck() {
    XZ_OPT=-0 nice -n 10 make -C "$top_builddir" -j "$(nproc)" distcheck check_PROGRAMS= \
        TESTS=tests/test_includes.sh AM_DISTCHECK_CONFIGURE_FLAGS=CFLAGS=-O0 </dev/null
}

# What serves the repository alone is in no release.
missing_files() {
    tar tf "$top_builddir"/lifecertd-*.tar.xz | sed 's|^[^/]*/||' | LC_ALL=C sort >"$tmp/has"
    LC_ALL=C sort "$tmp/kept" | grep -v '^\.git' | LC_ALL=C comm -23 - "$tmp/has"
}

rm -f "$top_builddir"/lifecertd-*.tar.xz
check 'make distcheck: it builds, installs, uninstalls and cleans up' distcheck
if git -C "$top_srcdir" ls-files >"$tmp/kept" 2>/dev/null && [ -s "$tmp/kept" ]; then
    check 'it holds every file of the repository' silent missing_files
else
    echo "ok 2 # SKIP there is no repository here"
    checks=2
fi
tap_end
