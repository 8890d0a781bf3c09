#!/bin/sh
# Dependencies point one way: reads the #include lines of src/ and fails on one that points back, or on a library's
# header outside the folders that may use it. What is in no row is not allowed.
set -euf

src=${top_srcdir:-$(dirname "$0")/..}/src
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# FOLDER: the folders whose headers it may include besides its own.
cat >"$tmp/folders" <<'END'
base:
core: base
codec: base core
redis: base
roster: base core
store: base core codec redis
config: base core redis store
engine: base core codec roster store config
adapter: base core codec config
message: base core codec config adapter
deliver: base core codec store engine config adapter message
shards: base core codec redis store config engine deliver
net: base adapter redis
http: base core codec store config engine deliver shards adapter net
daemon: base core codec roster store config engine deliver shards adapter message net http
ctl: base core codec roster store config engine deliver shards adapter net
END

# HEADER (a shell pattern): the folders that may include it.
cat >"$tmp/libraries" <<'END'
sqlite3.h: store
zstd.h: store
roaring/*: roster
xxhash.h: roster deliver
yajl/*: codec adapter ctl
microhttpd.h: http
event2/*: net http daemon
confuse.h: config
curl/*: net ctl
hiredis/*: net redis store shards
gnutls/*: http
openssl/*: redis store adapter deliver shards http ctl
csv.h: ctl
systemd/*: daemon
dlfcn.h: base
execinfo.h: base
link.h: base
END

# The C library and the kernel, for every folder but core, which gets no clock and no I/O.
pure='assert.h ctype.h errno.h inttypes.h limits.h stdalign.h stdarg.h stdbool.h stddef.h stdint.h stdio.h stdlib.h
    string.h strings.h'
system='dirent.h endian.h fcntl.h fnmatch.h ftw.h getopt.h glob.h grp.h libgen.h locale.h math.h netdb.h poll.h
    pthread.h pwd.h regex.h sched.h semaphore.h signal.h stdatomic.h stdnoreturn.h sysexits.h syslog.h termios.h
    threads.h time.h uchar.h unistd.h wchar.h wctype.h *mmintrin.h x86intrin.h arpa/* linux/* net/* netinet/* sys/*'

# matches WORD PATTERN...
matches() {
    word=$1
    shift
    for pattern in "$@"; do
        # shellcheck disable=SC2254 # a pattern is what it is
        case $word in
        $pattern) return 0 ;;
        esac
    done
    return 1
}

# row FILE KEY: the rest of the row that a key has, by exact name.
row() {
    sed -n "s/^$2: *//p" "$1"
}

# own_allowed FOLDER HEADER: may it include "HEADER"?
own_allowed() {
    # shellcheck disable=SC2046 # one word a folder
    [ "${2%%/*}" = "$1" ] || matches "${2%%/*}" $(row "$tmp/folders" "$1")
}

# library_allowed FOLDER HEADER: may it include <HEADER>?
library_allowed() {
    # shellcheck disable=SC2086 # one word a pattern
    if matches "$2" $pure || { [ "$1" != core ] && matches "$2" $system; }; then
        return 0
    fi
    while IFS=': ' read -r pattern folders; do
        # shellcheck disable=SC2086 # one word a folder
        if matches "$2" "$pattern" && matches "$1" $folders; then
            return 0
        fi
    done <"$tmp/libraries"
    return 1
}

# includes FILE: one line an #include, "LINE KIND HEADER", KIND being own or library.
includes() {
    sed -n -e 's/^ *# *include *"\([^"]*\)".*/own \1/;t found' -e 's/^ *# *include *<\([^>]*\)>.*/library \1/;t found' \
        -e b -e ': found' -e '=;p' "$1" | paste -d ' ' - -
}

# faults FOLDER-PATH: a line for each include that is not allowed.
faults() {
    folder=${1##*/}
    find "$1" -name '*.[ch]' | LC_ALL=C sort | while read -r file; do
        includes "$file" | while read -r line kind header; do
            "${kind}_allowed" "$folder" "$header" || echo "$file:$line: $header"
        done
    done
}

# A folder that breaks every kind of rule, to see that the test sees.
mkdir "$tmp/core"
printf '#include "store/store.h"\n#include <sqlite3.h>\n#  include <time.h>\n#include "decide.h"\n#include <string.h>\n' \
    >"$tmp/core/wrong.c"

n=0 bad=0
# check NAME FAULTS: passes when there are none.
check() {
    n=$((n + 1))
    if [ -z "$2" ]; then
        echo "ok $n - $1"
    else
        bad=$((bad + 1))
        echo "not ok $n - $1"
        echo "$2" | sed 's/^/# not allowed here: /'
    fi
}

folders=$(find "$src" -mindepth 1 -maxdepth 1 -type d | LC_ALL=C sort)
echo "1..$(($(echo "$folders" | wc -l) + 1))"
seen=$(faults "$tmp/core" | wc -l)
check "a planted file's four wrong includes are seen" "$([ "$seen" -eq 4 ] || echo "seen: $seen")"
for folder in $folders; do
    check "src/${folder##*/} includes only what it may use" "$(faults "$folder")"
done
[ "$bad" -eq 0 ]
