#!/bin/sh
# The units as systemd reads them: every line is understood, and little is left to whoever breaks in.
set -eu

top_srcdir=$(cd "${top_srcdir:-$(dirname "$0")/../..}" && pwd)
top_builddir=$(cd "${top_builddir:-.}" && pwd)
. "$top_srcdir/tests/packaging/tap.sh"

EXPOSURE_MAX=1.2

command -v systemd-analyze >/dev/null || skip_all 'there is no systemd-analyze here'
tmp=$(mktemp -d)
trap 'rm -rf "$tmp" "$said"' EXIT

# The units as they are installed, but for the program, which is not where it will be.
unit=$tmp/lifecertd.service
make -s -C "$top_builddir" systemd/lifecertd.service >"$tmp/made" 2>&1
cp "$top_srcdir/systemd/lifecertd.socket" "$tmp"
sed "s|^\(Exec[A-Za-z]*=\)[^ ]*/lifecertd |\1$top_builddir/lifecertd |" "$top_builddir/systemd/lifecertd.service" >"$unit"

tunnel=$tmp/lifecertd-redis-tunnel@.service
make -s -C "$top_builddir" systemd/lifecertd-redis-tunnel@.service >>"$tmp/made" 2>&1
sed 's|^ExecStart=[^ ]*|ExecStart=/bin/true|' "$top_builddir/systemd/lifecertd-redis-tunnel@.service" >"$tunnel"

verified() {
    silent systemd-analyze verify --man=no "$1" "$tmp/lifecertd.socket"
}

# Exposure is given in tenths.
exposed_little() {
    systemd-analyze security --offline=true --threshold="$(echo "$EXPOSURE_MAX" | tr -d .)" "$1"
}

# That the checks can fail.
mkdir "$tmp/bad"
sed 's/^RestartSec=/RestartSecs=/' "$unit" >"$tmp/bad/lifecertd.service"
grep -v '^CapabilityBoundingSet=' "$unit" >"$tmp/bad/exposed.service"

check 'systemd understands every line of the units' verified "$unit"
check "and of the tunnel's" verified "$tunnel"
check 'one that it does not would be seen' not verified "$tmp/bad/lifecertd.service"
check "the service's exposure is at most $EXPOSURE_MAX" exposed_little "$unit"
check "the tunnel's as well" exposed_little "$tunnel"
check 'one with privileges would be above it' not exposed_little "$tmp/bad/exposed.service"
# shellcheck disable=SC2016 # systemd's own
check 'it starts, reloads, and is watched as it should be' has "$unit" '^Type=notify$' \
    '^ExecReload=/bin/kill -HUP \$MAINPID$' '^WatchdogSec=' '^Restart=on-failure$' '^StartLimitBurst=' \
    '^StateDirectory=lifecertd$' '^RuntimeDirectory=lifecertd$' '^LoadCredential='
check "the tunnel's runs what the example configures, before the daemon" \
    has "$top_builddir/systemd/lifecertd-redis-tunnel@.service" '^ExecStart=/usr/bin/stunnel4 /.*/redis-tunnel/%i.conf$' \
    '^Before=lifecertd.service$' '^DynamicUser=yes$' '^Restart=always$'
check "its socket is the configuration's" has "$top_srcdir/etc/lifecertd.conf" \
    "unix:$(sed -n 's/^ListenStream=//p' "$tmp/lifecertd.socket")\""
tap_end
