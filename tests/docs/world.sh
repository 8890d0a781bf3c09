# The machine that docs/handbook.md speaks of, in a folder: its paths, its programs from the build, a service manager that
# only starts and stops the daemon, a clock that can be set, and a payroll system. To be sourced; the caller has set $bin,
# the build folder, and $top, the sources'. Nothing is left behind when world_end has run.
# shellcheck shell=sh disable=SC2154 # $bin and $top are the caller's

world_library() {
    find /usr/lib -path '*/faketime/libfaketimeMT.so.1' 2>/dev/null | head -n 1
}

# world_path: what the handbook says on stdin, with this machine's paths.
world_path() {
    sed -e "s#/\(etc/lifecertd\|var/lib/lifecertd\|run/lifecertd\|backup\|archive\)#$world/\1#g" \
        -e "s#https://payroll.example#http://$payroll#g"
}

# world_said: the reverse, of what programs print.
world_said() {
    sed -e "s#$world/#/#g" -e "s#http://${payroll:-none}#https://payroll.example#g" -e "s#${payroll:-none}#payroll.example:443#g"
}

# shim NAME: a program of that name, from stdin.
shim() {
    { echo '#!/bin/sh' && cat; } >"$world/bin/$1"
    chmod +x "$world/bin/$1"
}

world_begin() {
    world=$(mktemp -d "${TMPDIR:-/tmp}/handbook.XXXXXX")
    receiver='' payroll=''
    mkdir -p "$world/bin" "$world/home" "$world/etc/lifecertd/secrets" "$world/var/lib" "$world/run/lifecertd" \
        "$world/backup" "$world/credentials"
    cp "$top/etc/policies.conf" "$world/etc/lifecertd/"
    echo +0 >"$world/offset"
    : >"$world/journal"
    : >"$world/pids"
    PATH=$world/bin:$PATH
    preload=$(world_library)
    export PATH bin world preload
    # Whoever asks for a command of the daemon's gets it with this configuration, and under the clock that is set.
    shim faked <<'END'
export LD_PRELOAD="$preload" FAKETIME_TIMESTAMP_FILE="$world/offset" FAKETIME_NO_CACHE=1 FAKETIME_DONT_FAKE_MONOTONIC=1
export CREDENTIALS_DIRECTORY="$world/credentials" TZ=Asia/Shanghai LC_ALL=C.UTF-8
exec "$@"
END
    for program in lifecertctl lifecertd; do
        shim $program <<END
case " \$* " in *' -c '*) ;; *) set -- -c "$world/etc/lifecertd/lifecertd.conf" "\$@" ;; esac
exec faked "$bin/$program" "\$@"
END
    done
    shim date <<'END'
exec faked /bin/date "$@"
END
    shim runuser <<'END'
shift 3 # -u lifecertd --
exec "$@"
END
    shim chown <<'END'
exit 0
END
    shim journalctl <<'END'
# -u lifecertd -o cat -g PATTERN -n NUMBER
while getopts u:o:g:n: o; do
    case $o in
    g) pattern=$OPTARG ;;
    n) lines=$OPTARG ;;
    *) ;;
    esac
done
grep -E -e "${pattern:-.}" "$world/journal" | tail -n "${lines:-1000}"
END
    shim systemctl <<'END'
# VERB lifecertd...
pid=$(cat "$world/pid" 2>/dev/null)
gone() { while kill -0 "$pid" 2>/dev/null; do sleep 0.02; done; }
case $1 in
stop) [ -z "$pid" ] || { kill "$pid" && gone && : >"$world/pid"; } ;;
reload) kill -HUP "$pid" && sleep 0.3 ;;
restart) "$0" stop lifecertd && exec "$0" start lifecertd ;;
start | enable)
    rm -f "$world/credentials/"*
    for secret in "$world/etc/lifecertd/secrets/"*; do
        [ ! -e "$secret" ] || cp "$secret" "$world/credentials/secret_${secret##*/}"
    done
    chmod -R go= "$world/credentials"
    seen=$(grep -c '^event=ready' "$world/journal")
    WATCHDOG_USEC=6000000 lifecertd 2>>"$world/journal" </dev/null >/dev/null &
    pid=$!
    echo $pid | tee -a "$world/pids" >"$world/pid"
    until [ "$(grep -c '^event=ready' "$world/journal")" -gt "$seen" ]; do
        kill -0 $pid 2>/dev/null || { : >"$world/pid"; exit 1; }
        sleep 0.02
    done
    ;;
esac
END
}

# world_clock TIME: it is that time from here on; the daemon is started again when it runs.
world_clock() {
    offset=$(($(TZ=Asia/Shanghai /bin/date -d "$1" +%s) - $(/bin/date +%s)))
    [ "$offset" -lt 0 ] || offset=+$offset
    echo "$offset" >"$world/offset"
}

world_secret=whsec_aGFuZGJvb2stc2VjcmV0LWhhbmRib29rLXNlY3JldCE= # what the handbook puts into the payroll's secret file

# world_payroll WORD...: tells the receiver how to behave; starts it first.
world_payroll() {
    if [ -z "$receiver" ]; then
        : >"$world/receiver"
        (umask 077 && echo "$world_secret" >"$world/receiver.secret")
        "$bin/tests/receiver/receiver" --set tolerance=0 --secret "$world/receiver.secret" >"$world/receiver" 2>&1 &
        receiver=$!
        until payroll=$(sed -n 's/^listening //p' "$world/receiver" | grep .); do
            kill -0 "$receiver" 2>/dev/null || { cat "$world/receiver" && return 1; }
            sleep 0.02
        done
    fi
    # shellcheck disable=SC2016 # for bash, which can speak TCP
    bash -c 'exec 3<>"/dev/tcp/${1%:*}/${1##*:}" && printf "POST /control HTTP/1.1\r\nHost: %s\r\n" "$1" >&3 &&
        printf "Connection: close\r\nContent-Length: %s\r\n\r\n%s" "${#2}" "$2" >&3 && grep -q " 200 " <&3' \
        bash "$payroll" "$*"
}

world_end() {
    pid=$(cat "$world/pid" 2>/dev/null || true)
    [ -z "$pid" ] || kill -9 "$pid" 2>/dev/null || true
    # libfaketime's shared memory outlives a process that is killed, or ends itself.
    while read -r pid; do
        rm -f "/dev/shm/faketime_shm_$pid" "/dev/shm/sem.faketime_sem_$pid"
    done <"$world/pids"
    [ -z "$receiver" ] || kill -9 "$receiver" 2>/dev/null || true
    ! mountpoint -q "$world/var/lib" || umount -l "$world/var/lib"
    rm -rf "$world"
}

# --- the town's story ---

# Where the package has store and socket by itself, and the store that its installation makes.
world_configured() {
    printf 'store = "dir:%s"\nlisten = "unix:%s"\n' "$world/var/lib/lifecertd" "$world/run/lifecertd/api.sock" \
        >>"$world/etc/lifecertd/lifecertd.conf"
    printf '%s\n' "$world_secret" >"$world/home/payroll.secret"
    mkdir -p "$world/etc/lifecertd/secrets"
    printf '%s\n' "$world_secret" >"$world/credentials/secret_payroll"
    chmod 600 "$world/credentials/secret_payroll"
    lifecertctl init >/dev/null 2>&1
    rm "$world/credentials/secret_payroll"
}

# world_later TIME...: the daemon is started again at each, a week apart at most.
world_later() {
    for time in "$@"; do
        systemctl stop lifecertd
        world_clock "$time"
        systemctl start lifecertd
    done
}

# 2,000 people, of whom the first 120 had to certify by the end of May.
world_people() {
    awk 'BEGIN {
        print "id,policy,approved_on,last_certified_on,name,phone,unit,amount"
        for (i = 1; i <= 2000; i++)
            printf "330902-%07d,zhoushan,2019-03-11,2025-%02d-12,王%d,139%08d,U330902-%03d,%d\n",
                i, i <= 120 ? 5 : 7 + i % 6, i, i, i % 20 + 1, 180000 + i
    }'
}

# world_certifications CHANNEL DATE FROM TO: of the people from the one number to the other.
world_certifications() {
    awk -v channel="$1" -v date="$2" -v from="$3" -v to="$4" 'BEGIN {
        print "op,id,channel,certified_on,ref"
        for (i = from; i <= to; i++)
            printf "certify,330902-%07d,%s,%s,%s-%s-%d\n", i, channel, date, channel, substr(date, 6, 2), i
    }'
}

# world_certify CHANNEL DATE FROM TO
world_certify() {
    world_certifications "$@" >"$world/some.csv"
    lifecertctl import "$world/some.csv" >/dev/null 2>&1
}

# All room on the store's disk is taken.
world_fill() {
    dd if=/dev/zero of="$world/var/lib/filler" bs=4k >/dev/null 2>&1 || true
}

# A bad disk: somewhere in the log other bytes come back.
world_damage() {
    systemctl stop lifecertd
    find "$world/var/lib/lifecertd/log" -name '*.ndjson' | while read -r segment; do
        printf 'x' | dd of="$segment" bs=1 seek=3000 conv=notrunc 2>/dev/null
    done
    find "$world/var/lib/lifecertd/checkpoint" -type f -delete
}
