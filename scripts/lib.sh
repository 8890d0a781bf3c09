# Shared by ./check and ./run: the packages and the build. To be sourced from the repository's root by a script that
# has `set -eu`.
# shellcheck shell=sh

jobs=$(nproc)

# die WORD...: ends the script with a message.
die() {
    echo "${0##*/}: $*" >&2
    exit 1
}

# quietly LOG COMMAND...: its output goes to build/LOG, and is shown when it fails, which ends the script.
quietly() {
    log=build/$1
    shift
    mkdir -p build
    "$@" >"$log" 2>&1 </dev/null || {
        tail -n 40 "$log" >&2
        die "$1 failed; all that it said is in $log"
    }
}

# packages_of KIND...: the packages that packages.txt lists for these kinds.
packages_of() {
    for kind in "$@"; do
        sed -n "s/^$kind  *\([^ #]*\).*/\1/p" packages.txt
    done
}

# packages_missing KIND...: those of them that are not installed, by the local database; a command of the package's name
# that came in another way (npm with a newer nodejs) will do.
packages_missing() {
    for package in $(packages_of "$@"); do
        case $(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null || true) in
        installed*) ;; # once for each architecture
        *) command -v "$package" >/dev/null || echo "$package" ;;
        esac
    done
}

# as_root COMMAND...
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        die "not root and no sudo; as root, run: apt-get install $missing"
    fi
}

# packages_install KIND...: installs what is missing; silent, and without the network, when nothing is.
packages_install() {
    missing=$(packages_missing "$@" | tr '\n' ' ')
    [ -n "$missing" ] || return 0
    echo "installing: $missing"
    # shellcheck disable=SC2086 # one word a package
    quietly packages.log as_root sh scripts/install_packages.sh $missing
    missing=$(packages_missing "$@" | tr '\n' ' ')
    [ -z "$missing" ] || die "could not install: $missing"
}

# tree_prepare: makes ./configure, again when what it is made from is newer. A build beside a tree that is configured in
# place would pick up the objects that lie there, so those go.
tree_prepare() {
    if [ ! -x configure ] || [ -n "$(find configure.ac m4 -newer configure)" ]; then
        quietly bootstrap.log ./bootstrap
    fi
    if [ -e config.status ]; then
        echo 'the tree is configured in place: make distclean'
        quietly distclean.log make distclean
    fi
}

# tree_configure FOLDER CONFIGURE-ARGUMENT...: configures in FOLDER, once.
tree_configure() {
    folder=$1
    shift
    mkdir -p "$folder" || return
    [ -e "$folder/config.status" ] || (cd "$folder" && "$OLDPWD/configure" --quiet "$@")
}

# tree_build FOLDER CONFIGURE-ARGUMENT...: configures in FOLDER, once, and makes the programs.
tree_build() {
    tree_configure "$@" && make -s -C "$1" -j "$jobs" all
}
