#!/bin/sh
# The Debian packages, built once more, elsewhere and otherwise: the same to the byte.
set -eu

top_srcdir=$(cd "${top_srcdir:-$(dirname "$0")/../..}" && pwd)
top_builddir=$(cd "${top_builddir:-.}" && pwd)
export top_srcdir top_builddir
. "$top_srcdir/tests/packaging/tap.sh"
for tool in dpkg-buildpackage dh; do
    command -v "$tool" >/dev/null || skip_all "there is no $tool here"
done
unshare --uts true 2>/dev/null || skip_all 'no namespaces here to build in otherwise'
. "$top_srcdir/tests/packaging/build.sh"

trap 'rm -rf "$said" "$built/second"' EXIT
first=$built/first

packages || {
    tail -n 30 "$built/build.log" | sed 's/^/# /'
    echo 'Bail out! no packages'
    exit 1
}

# Another place, name of the machine, zone, language, umask, home, and with the package's own tests.
build_again() {
    rm -rf "$built/second"
    # shellcheck disable=SC2016 # for the shell within
    unshare --uts sh -c 'hostname elsewhere && umask 0027 && . "$top_srcdir/tests/packaging/build.sh" &&
        build_from "$built/source" "$built/second/a-longer/way/from-here"' >"$built/again.log" 2>&1 </dev/null
}

same_bytes() {
    for package in "$first"/*.deb; do
        cmp "$package" "$built/second/a-longer/way/from-here/${package##*/}" || return
    done
}

export TZ=Pacific/Chatham LC_ALL=C.UTF-8 HOME=/nonexistent DEB_BUILD_OPTIONS=
if build_again; then
    check 'they are the same to the byte' same_bytes
else
    check 'they are built' tail -n 30 "$built/again.log"
fi
tap_end
