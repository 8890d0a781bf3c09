#!/bin/sh
# The package on a machine with a real systemd: installed, started, reloaded, killed, hung, upgraded, booted, removed.
# Where no such machine can be had it is skipped.
set -eu

top_srcdir=$(cd "${top_srcdir:-$(dirname "$0")/../..}" && pwd)
top_builddir=$(cd "${top_builddir:-.}" && pwd)
export top_srcdir top_builddir
. "$top_srcdir/tests/packaging/tap.sh"
. "$top_srcdir/tests/packaging/machine.sh"

# The first time as who was called; the second in namespaces, with the folder.
if [ $# -eq 0 ]; then
    fault=$(machine_faults)
    [ -z "$fault" ] || skip_all "$fault"
    for tool in dpkg-buildpackage dh; do
        command -v "$tool" >/dev/null || skip_all "there is no $tool here"
    done
    . "$top_srcdir/tests/packaging/build.sh"
    packages || {
        tail -n 30 "$built/build.log" | sed 's/^/# /'
        echo 'Bail out! no packages'
        exit 1
    }
    make -s -C "$top_builddir" tests/packaging/closed_log tests/packaging/hold_thread tests/packaging/may_schedule \
        >/dev/null
    tmp=$(mktemp -d)
    trap 'rm -rf "$tmp"' EXIT
    (machine_namespaces "$0" "$tmp" "$built/first/lifecertd_${version}_$(dpkg --print-architecture).deb" "$version")
    exit
fi

tmp=$1 deb=$2 version=$3
work=$tmp/machine
mkdir "$work"
config=/etc/lifecertd/lifecertd.conf

# --- what is looked at ---

property() {
    inside systemctl show --property="$1" --value "${2:-lifecertd.service}"
}

# is PROPERTY VALUE [UNIT]
is() {
    got=$(property "$1" "${3:-lifecertd.service}")
    [ "$got" = "$2" ] || {
        echo "$1 of ${3:-lifecertd.service} is \"$got\", expected \"$2\""
        inside systemctl status --no-pager -n 15 lifecertd.service || true
        false
    }
}

active() {
    is ActiveState active
}

listening() {
    is ActiveState active lifecertd.socket
}

# journal PATTERN: the service, or systemd about it, has said so since the mark.
journal() {
    inside journalctl --quiet --no-pager --output=cat --after-cursor="$mark" --unit=lifecertd.service >"$tmp/journal"
    has "$tmp/journal" "$1"
}

set_mark() {
    mark=$(inside journalctl --quiet --lines=1 --output=json | sed -n 's/.*"__CURSOR":"\([^"]*\)".*/\1/p')
}

# state_of ID WORD: lifecertctl shows somebody so.
state_of() {
    inside lifecertctl show "$1" >"$tmp/shown" && has "$tmp/shown" "$2"
}

owner_of() {
    [ "$(inside stat --format='%U:%G %a' "$1")" = "$2" ] || {
        inside stat "$1"
        false
    }
}

gone() {
    [ ! -e "$root$1" ] || {
        echo "$1 is still there"
        false
    }
}

# --- installation ---

install_package() {
    inside dpkg --install "$1"
}

installed_well() {
    active && listening && inside systemctl is-enabled lifecertd.service lifecertd.socket
}

import_people() {
    for id in p-1 p-2 p-3; do
        echo "{\"op\":\"enrol\",\"id\":\"$id\",\"policy\":\"national\",\"approved_on\":\"2020-02-01\"}"
    done >"$root/root/people.ndjson"
    inside lifecertctl import /root/people.ndjson
}

told_status() {
    is StatusText "$1"
}

told_status_like() {
    property StatusText | grep -q "$1"
}

exposed_little() {
    inside systemd-analyze security --threshold=12 lifecertd.service
}

installation() {
    check 'the package is installed' install_package "/root/${deb##*/}"
    check 'service and socket are up, and come up at a boot' installed_well
    check 'the store is the own user'\''s alone' owner_of /var/lib/lifecertd 'lifecertd:lifecertd 700'
    check 'the secrets are root'\''s alone' owner_of /etc/lifecertd/secrets 'root:root 700'
    check 'the socket is for the group' owner_of /run/lifecertd/api.sock 'lifecertd:lifecertd 660'
    check 'the exposure of the running unit is at most 1.2' exposed_little
    check 'people are imported, by the configuration that ships' import_people
    check 'and shown' state_of p-1 'national'
}

# --- reload ---

append() {
    printf '%s\n' "$2" >>"$root$1"
}

settle() {
    poll 15 is ActiveState active
}

reloads() {
    inside systemctl reload lifecertd.service && poll 15 journal 'event=reloaded' && settle
}

refuses() {
    inside systemctl reload lifecertd.service && poll 15 journal 'event=reload-refused' && settle
}

reloading() {
    before=$(property MainPID)
    cp "$root$config" "$tmp/good.conf"
    set_mark
    append "$config" 'channel "post" { }'
    check 'systemctl reload takes up a good configuration' reloads
    cp "$root$config" "$tmp/good.conf"
    set_mark
    append "$config" 'frobnicate = 1'
    check 'a faulty one is refused, and the daemon goes on' refuses
    check 'with the fault in the journal' journal 'lifecertd.conf:.*frobnicate'
    check 'and in the status' told_status 'serving 3 beneficiaries; the last reload was refused'
    cp "$tmp/good.conf" "$root$config"
    set_mark
    check 'a good one takes that back' reloads
    check 'as in the status' told_status 'serving 3 beneficiaries'
    check 'it is still the same process' is MainPID "$before"
}

# --- credentials ---

endpoint() {
    cat <<END
endpoint "$1" {
    adapter       = "standard-webhooks"
    url           = "http://127.0.0.1:9/hooks"
    secret_file   = "$2"
    allow_private = true
}
END
}

write_secrets() {
    secret=whsec_$(head -c 24 /dev/urandom | base64)
    (umask 077 && echo "$secret" >"$root/etc/lifecertd/secrets/payroll" && mkdir -p "$root/srv" &&
        echo "$secret" >"$root/srv/archive")
    mkdir -p "$root/etc/systemd/system/lifecertd.service.d"
    sed 's|^#LoadCredential=.*|LoadCredential=archive.secret:/srv/archive|' \
        "$top_srcdir/systemd/lifecertd.service.d/local.conf" \
        >"$root/etc/systemd/system/lifecertd.service.d/local.conf"
    {
        endpoint payroll secret_payroll
        endpoint archive archive.secret
    } >>"$root$config"
}

has_endpoints() {
    inside lifecertctl endpoints >"$tmp/endpoints" && has "$tmp/endpoints" payroll archive
}

unreadable() {
    not inside setpriv --reuid=lifecertd --regid=lifecertd --clear-groups cat /etc/lifecertd/secrets/payroll
}

credentials() {
    write_secrets
    inside systemctl daemon-reload
    check 'secrets of root reach it as credentials, from the folder and by a drop-in' inside systemctl restart lifecertd.service
    check 'its endpoints are there' has_endpoints
    check 'root can check the configuration with the same secrets' inside \
        env CREDENTIALS_DIRECTORY=/run/credentials/lifecertd.service lifecertd --check
    check 'though its user cannot read them where they lie' unreadable
    set_mark
    check 'a reload finds the credentials too' reloads
    check 'no secret is in the journal' not journal "${secret#whsec_}"
}

# --- faults ---

# restarted COUNT: so many restarts since it was started by hand, and up.
restarted() {
    is NRestarts "$1" && active
}

kill_it() {
    inside systemctl kill --signal=KILL --kill-who=main lifecertd.service
}

# Asked while nobody is there: the socket holds the request.
answered_meanwhile() {
    kill_it && sleep 0.5 && not active && state_of p-2 national
}

drop_in() {
    printf '%s\n' "$@" >"$root/etc/systemd/system/lifecertd.service.d/test.conf"
    inside systemctl daemon-reload
}

hold_engine() {
    cp "$top_builddir/tests/packaging/hold_thread" "$root/usr/local/bin/hold_thread"
    inside /usr/local/bin/hold_thread "$(property MainPID)" engine >"$tmp/held" 2>&1 &
    holder=$!
    poll 10 grep -q held "$tmp/held"
}

gave_up() {
    is ActiveState failed && journal 'Start request repeated too quickly'
}

faults() {
    check 'who asks while it is dead is answered by the next one' answered_meanwhile
    check 'which systemd has started' restarted 1

    drop_in '[Service]' WatchdogSec=6s TimeoutAbortSec=2s
    inside systemctl restart lifecertd.service
    before=$(property MainPID)
    set_mark
    check 'its engine hangs, while its loop goes on' hold_engine
    check 'the status says so' poll 15 told_status_like 'no progress for'
    check 'the watchdog notices' poll 20 journal 'Watchdog timeout'
    check 'and the service is started again' poll 20 restarted 1
    check 'with everybody there' state_of p-3 national
    wait "$holder" || true

    drop_in '[Service]' RestartSec=100ms
    append "$config" 'frobnicate = 1'
    set_mark
    inside systemctl restart lifecertd.service >/dev/null 2>&1 || true
    check 'when it cannot start, systemd gives up in the end' poll 30 gave_up
    cp "$tmp/good.conf" "$root$config"
    inside systemctl reset-failed lifecertd.service lifecertd.socket
    check 'once the fault is mended it is started' inside systemctl start lifecertd.service
    rm "$root/etc/systemd/system/lifecertd.service.d/test.conf"
    inside systemctl daemon-reload
}

# --- the processor's scheduling ---

# other_store: in place of its own one with segments to compress.
other_store() {
    "$top_builddir/tests/packaging/closed_log" "$tmp/closed" && inside systemctl stop lifecertd.service &&
        mv "$root/var/lib/lifecertd" "$root/var/lib/lifecertd.own" && cp -a "$tmp/closed" "$root/var/lib/lifecertd" &&
        inside chown -R lifecertd: /var/lib/lifecertd && inside systemctl start lifecertd.service
}

own_store() {
    inside systemctl stop lifecertd.service && rm -rf "$root/var/lib/lifecertd" &&
        mv "$root/var/lib/lifecertd.own" "$root/var/lib/lifecertd" && inside systemctl start lifecertd.service
}

# How its threads are scheduled, a line each.
scheduling() {
    inside chrt --all-tasks --pid "$(property MainPID)" | sed -n 's/.*scheduling policy: //p' | sort | uniq -c
}

compressor_steps_back() {
    scheduling >"$tmp/scheduling" && [ "$(grep -c SCHED_IDLE "$tmp/scheduling")" -eq 1 ] &&
        [ "$(awk '/SCHED_IDLE/{ print $1 }' "$tmp/scheduling")" -eq 1 ] && grep -q SCHED_OTHER "$tmp/scheduling"
}

# Before the daemon the unit runs a program that says what the unit lets it do.
may_schedule() {
    cp "$top_builddir/tests/packaging/may_schedule" "$root/usr/local/bin/may_schedule"
    drop_in '[Service]' ExecStartPre=/usr/local/bin/may_schedule
    set_mark
    inside systemctl restart lifecertd.service && poll 15 journal "$1"
}

scheduled() {
    check 'over a log with something to compress' other_store
    check 'the one thread that compresses waits for all others' poll 20 compressor_steps_back
    check 'its own store is put back' own_store
    check 'the unit lets it step back, and forbids real time' may_schedule 'idle yes, real time no'
    check 'which nothing else here does' test "$(inside /usr/local/bin/may_schedule)" = 'idle yes, real time yes'
    rm "$root/etc/systemd/system/lifecertd.service.d/test.conf"
    inside systemctl daemon-reload
    inside systemctl restart lifecertd.service
}

# --- socket activation ---

stops() {
    inside systemctl stop lifecertd.service && is ActiveState inactive && is Result success && listening
}

all_stops() {
    inside systemctl stop lifecertd.socket && is ActiveState inactive && gone /run/lifecertd/api.sock
}

activation() {
    set_mark
    check 'it stops as asked, and the socket stays' stops
    check 'having said so' journal 'event=stopped'
    check 'a request on the socket starts it, and is answered' state_of p-1 national
    check 'stopping the socket stops both' all_stops
    check 'nobody is there to answer then' not inside lifecertctl status
    check 'starting the service brings the socket back' inside systemctl start lifecertd.service
    check 'with its file' listening
}

# --- upgrade, boot, removal ---

make_upgrade() {
    dpkg-deb --raw-extract "$deb" "$work/next"
    sed -i "s/^Version: .*/Version: $version+next/" "$work/next/DEBIAN/control"
    dpkg-deb --root-owner-group -Znone --build "$work/next" "$root/root/next.deb"
    rm -rf "$work/next"
}

# Asks without a pause, and counts in vain.
ask_on() {
    : >"$tmp/asked"
    while [ ! -e "$tmp/enough" ]; do
        if inside lifecertctl show p-1 >/dev/null 2>>"$tmp/refused"; then
            echo yes
        else
            echo no
        fi >>"$tmp/asked"
    done
}

upgrade() {
    make_upgrade >/dev/null
    before=$(property MainPID)
    rm -f "$tmp/enough"
    ask_on &
    asker=$!
    poll 10 test -s "$tmp/asked"
    check 'another version is installed over it' install_package /root/next.deb
    check 'its daemon runs' active
    check 'in place of the other one' not is MainPID "$before"
    : >"$tmp/enough"
    wait "$asker"
    check 'nobody who asked meanwhile was turned away' not grep -q no "$tmp/asked"
    check 'the people are there' state_of p-2 national
    check 'and so is what was changed of the configuration' has "$root$config" 'channel "post"'
}

boot_again() {
    machine_halt
    machine_boot "$tmp/boot.log"
    active && listening && state_of p-3 national
}

removed() {
    inside dpkg --remove lifecertd && gone /lib/systemd/system/lifecertd.service && gone /run/lifecertd/api.sock &&
        not inside systemctl is-active lifecertd.service lifecertd.socket
}

installed_again() {
    install_package "/root/${deb##*/}" && active && state_of p-1 national
}

purged() {
    inside dpkg --purge lifecertd && gone /etc/lifecertd && gone /var/log/lifecertd && gone /etc/logrotate.d/lifecertd
}

removal() {
    check 'after a boot it is there, with its data' boot_again
    check 'removed, it is stopped and gone' removed
    check 'store and configuration stay' test -e "$root/var/lib/lifecertd/log" -a -e "$root$config"
    check 'installed again it goes on where it was' installed_again
    check 'purged, its configuration, secrets and logs are gone too' purged
    check 'but never what was decided about people' test -e "$root/var/lib/lifecertd/log"
    rm -rf "$root/etc/systemd/system/lifecertd.service.d"
    check 'a new installation takes that store up' installed_again
    check 'no unit of the machine has failed' silent inside systemctl --failed --no-legend --plain
}

machine_make "$work"
cp "$deb" "$root/root/"
machine_boot "$tmp/boot.log" || {
    tail -n 20 "$tmp/boot.log" | sed 's/^/# /'
    echo 'Bail out! the machine does not boot'
    exit 1
}
installation
reloading
credentials
faults
scheduled
activation
upgrade
removal
machine_halt
tap_end
