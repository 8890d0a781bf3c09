#!/bin/sh
# The Debian packages: built as a maintainer would, found without fault by lintian, with all that should be in them.
set -eu

top_srcdir=$(cd "${top_srcdir:-$(dirname "$0")/../..}" && pwd)
top_builddir=$(cd "${top_builddir:-.}" && pwd)
. "$top_srcdir/tests/packaging/tap.sh"
for tool in dpkg-buildpackage dh lintian; do
    command -v "$tool" >/dev/null || skip_all "there is no $tool here"
done
. "$top_srcdir/tests/packaging/build.sh"

tmp=$(mktemp -d)
trap 'rm -rf "$tmp" "$said"' EXIT
architecture=$(dpkg --print-architecture)
first=$built/first
deb=$first/lifecertd_${version}_$architecture.deb

packages || {
    tail -n 30 "$built/build.log" | sed 's/^/# /'
    echo 'Bail out! no packages'
    exit 1
}

# An I or P is an opinion.
judged() {
    lintian --tag-display-limit 0 --fail-on error,warning "$first/lifecertd_${version}_$architecture.changes"
}

# wanted_files: what must be in the package, beside others.
wanted_files() {
    cat <<END
/etc/lifecertd/endpoints.conf
/etc/lifecertd/lifecertd.conf
/etc/lifecertd/policies.conf
/etc/logrotate.d/lifecertd
/lib/systemd/system/lifecertd-redis-tunnel@.service
/lib/systemd/system/lifecertd.service
/lib/systemd/system/lifecertd.socket
/usr/bin/lifecertctl
/usr/lib/sysusers.d/lifecertd.conf
/usr/lib/tmpfiles.d/lifecertd.conf
/usr/sbin/lifecertd
/usr/share/bash-completion/completions/lifecertctl
/usr/share/doc/lifecertd/copyright
/usr/share/doc/lifecertd/lifecertd.service.d/local.conf
/usr/share/doc/lifecertd/subscriber/Verify.java
/usr/share/doc/lifecertd/subscriber/verify.c
/usr/share/doc/lifecertd/subscriber/verify.py
END
    find "$top_srcdir/docs" "$top_srcdir/SECURITY.md" -name '*.md' | sed -e 's|.*/||' -e 's|\.md$|.html|' -e 's|^|/usr/share/doc/lifecertd/html/|'
    find "$top_srcdir/docs/man" -name '*.md' | sed -e 's/\.md$//' -e 's|.*/\(.*\)\.\([0-9]\)$|/usr/share/man/man\2/\1.\2.gz|'
}

missing_files() {
    dpkg-deb --fsys-tarfile "$deb" | tar t | sed 's/^\.//' | LC_ALL=C sort >"$tmp/has"
    wanted_files | LC_ALL=C sort | LC_ALL=C comm -23 - "$tmp/has"
}

# Every file below /etc is one that an administrator may change.
forgotten_conffiles() {
    dpkg-deb --ctrl-tarfile "$deb" | tar xO ./conffiles | LC_ALL=C sort >"$tmp/conffiles"
    grep '^/etc/.*[^/]$' "$tmp/has" | LC_ALL=C sort | LC_ALL=C comm -3 - "$tmp/conffiles"
}

# What the build needs is told in two places.
undeclared() {
    sed -n 's/^build  *\(lib[^ #]*-dev\|lowdown\|pkgconf\|tzdata\).*/\1/p' "$top_srcdir/packages.txt" | grep -v '^libc6-dev$' |
        while read -r package; do
            grep -q "^ $package,\{0,1\}\$" "$top_srcdir/debian/control" || echo "$package is not in debian/control"
        done
}

same_version() {
    case $("$top_builddir/lifecertd" --version) in
    "lifecertd $version") ;;
    *) echo "the package is $version, the program $("$top_builddir/lifecertd" --version)" && false ;;
    esac
}

completes() {
    dpkg-deb --fsys-tarfile "$deb" | tar xO ./usr/share/bash-completion/completions/lifecertctl >"$tmp/completion"
    "$top_builddir/lifecertctl" completion bash | diff - "$tmp/completion"
}

# symbols_apart: the debugging symbols are in their own package, under the program's build id.
symbols_apart() {
    dpkg-deb --fsys-tarfile "$deb" | tar xO ./usr/sbin/lifecertd >"$tmp/lifecertd"
    id=$(readelf -n "$tmp/lifecertd" | sed -n 's/.*Build ID: //p')
    dpkg-deb --contents "$first/lifecertd-dbgsym_${version}_$architecture.deb" >"$tmp/symbols"
    has "$tmp/symbols" "/.build-id/$(echo "$id" | sed 's|^..|&/|').debug"
}

check 'lintian finds neither errors nor warnings' judged
check 'it holds the programs, the units, the configuration, the completion and every page of the manual' silent missing_files
check 'what is below /etc is a conffile' silent forgotten_conffiles
check 'the debugging symbols are in a package of their own' symbols_apart
check "the completion is what the program says" completes
check "its version is the program's" same_version
check 'it asks for what packages.txt has for the build' silent undeclared
tap_end
