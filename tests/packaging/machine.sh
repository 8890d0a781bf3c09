# A machine with a real systemd as its first process: a container over the files in $MACHINE_BASE, or this machine's own,
# of which nothing is changed. To be sourced; whoever does must run in a mount and a process namespace of their own (machine_namespaces),
# so that nothing stays mounted or running, however the test ends.
# shellcheck shell=sh

machine_needs='unshare nsenter systemd-nspawn'

# machine_faults: why there cannot be one here; nothing when there can.
machine_faults() {
    [ "$(id -u)" -eq 0 ] || {
        echo 'not root'
        return
    }
    for tool in $machine_needs; do
        command -v "$tool" >/dev/null || {
            echo "there is no $tool here"
            return
        }
    done
    unshare --mount --pid --fork --mount-proc sh -c 'mount -t tmpfs tmpfs /mnt && mkdir /mnt/u /mnt/w /mnt/m &&
        mount -t overlay overlay -o lowerdir=/,upperdir=/mnt/u,workdir=/mnt/w /mnt/m' 2>/dev/null ||
        echo 'no namespaces, or no overlay of the files here'
}

# machine_namespaces SCRIPT ARGUMENT...: runs it in namespaces, which go with it.
machine_namespaces() {
    exec unshare --mount --propagation private --pid --fork --kill-child=KILL --mount-proc sh "$@"
}

# machine_make FOLDER: its files, below $root. No service of this machine's, but what comes with systemd itself.
machine_make() {
    mount -t tmpfs -o mode=755 tmpfs "$1"
    root=$1/root
    mkdir "$1/upper" "$1/work" "$root"
    mount -t overlay overlay -o "lowerdir=${MACHINE_BASE:-/},upperdir=$1/upper,workdir=$1/work" "$root"
    : >"$root/etc/machine-id"
    rm -rf "$root/usr/sbin/policy-rc.d" "$root"/etc/systemd/system/*.wants "$root"/etc/rc?.d/S*
    rm -rf "$root/var/log/journal"
    rm -f "$root/var/lib/man-db/auto-update" # to look through all pages that this machine has takes seconds each time
}

# poll SECONDS COMMAND...: until it succeeds.
poll() {
    limit=$(($(date +%s) + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$(date +%s)" -lt "$limit" ] || {
            echo "waited in vain for: $*"
            return 1
        }
        sleep 0.1
    done
}

# inside COMMAND...: runs it in the machine.
inside() {
    nsenter --target "$init" --mount --uts --ipc --net --pid --cgroup -- \
        env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 HOME=/root "$@"
}

# By its name: before it, nspawn has other children, which are soon gone.
is_up() {
    init=$(pgrep --parent "$nspawn" --exact 'systemd|init') || return
    case $(inside systemctl is-system-running) in
    running | degraded) ;;
    *) false ;;
    esac
}

# machine_boot LOG
machine_boot() {
    systemd-nspawn --quiet --directory="$root" --boot --register=no --keep-unit --machine=lifecertd --private-network \
        --kill-signal=SIGRTMIN+3 --console=pipe </dev/null >"$1" 2>&1 &
    nspawn=$!
    poll 60 is_up
}

machine_halt() {
    inside systemctl poweroff >/dev/null 2>&1 || true
    wait "$nspawn" || true
}
