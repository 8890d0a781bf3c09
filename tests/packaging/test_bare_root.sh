#!/bin/sh
# The package on a Debian that has nothing but what the package asks for: a bare root, the same machine and the same test
# (test_systemd.sh) over it. It is fetched from where this machine has its packages from; without that it is skipped.
set -eu

top_srcdir=$(cd "${top_srcdir:-$(dirname "$0")/../..}" && pwd)
top_builddir=$(cd "${top_builddir:-.}" && pwd)
export top_srcdir top_builddir
. "$top_srcdir/tests/packaging/tap.sh"
. "$top_srcdir/tests/packaging/machine.sh"

for tool in apt-get debootstrap dpkg-buildpackage dh; do
    command -v "$tool" >/dev/null || skip_all "there is no $tool here"
done
fault=$(machine_faults)
[ -z "$fault" ] || skip_all "$fault"
. "$top_srcdir/tests/packaging/build.sh"

suite=bookworm
# shellcheck disable=SC2016 # apt's own
site=$(apt-get indextargets --format '$(SITE) $(RELEASE)' 'Created-By: Packages' | sed -n "s/ $suite\$//p" | head -n 1)
[ -n "$site" ] || skip_all "this machine has no packages of $suite to make a root from"
packages || {
    tail -n 30 "$built/build.log" | sed 's/^/# /'
    echo 'Bail out! no packages'
    exit 1
}
deb=$built/first/lifecertd_${version}_$(dpkg --print-architecture).deb
bare=$built/bare

# With what the package asks for, and not the package. Where from, only apt's configuration says, so that is lent to it.
make_root() {
    debootstrap --variant=minbase --include=systemd-sysv,dbus "$suite" "$bare" "$site" &&
        mkdir -p "$bare/etc/apt/apt.conf.d" && cp -a /etc/apt/apt.conf.d/. "$bare/etc/apt/apt.conf.d/" &&
        chroot "$bare" apt-get -q update &&
        DEBIAN_FRONTEND=noninteractive chroot "$bare" apt-get -q -y --no-install-recommends satisfy \
            "$(dpkg-deb --field "$deb" Depends)"
}

rm -rf "$bare"
trap 'rm -rf "$bare" "$said"' EXIT
if ! make_root >"$built/bare.log" 2>&1 </dev/null; then
    sed 's/^/# /' "$built/bare.log" | tail -n 15
    skip_all 'no bare root could be fetched'
fi
status=0
MACHINE_BASE=$bare sh "$top_srcdir/tests/packaging/test_systemd.sh" || status=$?
exit "$status"
