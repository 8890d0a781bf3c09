#!/bin/sh
# Puts the faults of mutants.txt into the core, one at a time, and requires that the worked examples or the model of
# the rules notice each. Builds everything apart from the tree's own build, whose flags are none of its business.
set -u
LC_ALL=C
export LC_ALL

here=$(cd "$(dirname "$0")" && pwd)
root=${top_srcdir:-$here/../..}
src=${LIFECERTD_MUTANTS_SRC:-$root/src}
list=${LIFECERTD_MUTANTS:-$here/mutants.txt}
histories=${LIFECERTD_MUTANT_HISTORIES:-1500}
cc=${CC:-cc}

compile() # FILE OBJECT
{
    $cc -std=gnu11 -D_GNU_SOURCE= -O1 -w -I"$src" -I"$root" -c "$1" -o "$2"
}

# The n-th mutant as FILE, WHAT, OLD, NEW, a line each.
mutant()
{
    awk -v n="$1" '
        /^@ / { i++; if (i == n) { split(substr($0, 3), w, ": "); print w[1]; print substr($0, length(w[1]) + 5) } }
        /^- / && i == n { print substr($0, 3) }
        /^\+ / && i == n { print substr($0, 3) }' "$list"
}

# Replaces OLD, which must stand in the file exactly once, by NEW.
replace() # FILE < "OLD\nNEW"
{
    awk '
        NR == FNR { if (NR == 1) old = $0; else new = $0; next }
        {
            at = index($0, old)
            if (at) {
                found++
                $0 = substr($0, 1, at - 1) new substr($0, at + length(old))
                if (index(substr($0, at + length(new)), old)) found++
            }
            print
        }
        END { exit found == 1 ? 0 : 1 }' - "$1"
}

notice() # DIRECTORY: who notices what was built there
{
    seen=
    timeout 60 "$1/test_examples" >"$1/examples" 2>&1 || seen="the examples"
    timeout 60 "$1/test_model" --terse --histories "$histories" --from 1 >"$1/model" 2>&1 ||
        seen="${seen:+$seen and }the model"
    echo "${seen:-nobody}"
}

build() # DIRECTORY [OBJECT]: the two programs, with this object before the library's
{
    for program in test_examples test_model; do
        $cc "$work/$program.o" ${2:+"$2"} "$work/lib.a" -o "$1/$program" || return 1
    done
}

# In a process of its own: leaves "ok" or "not ok" and why in $work/N.
one() # N
{
    dir=$work/mutant.$1
    mkdir "$dir"
    mutant "$1" >"$dir/spec"
    file=$(sed -n 1p "$dir/spec")
    what=$(sed -n '1,2p' "$dir/spec" | tr '\n' ' ' | sed 's/ $//; s/ /: /')
    if [ "$(wc -l <"$dir/spec")" -ne 4 ] || [ ! -f "$src/core/$file" ]; then
        echo "not ok - $what (malformed, or no such file)"
    elif ! sed -n '3,4p' "$dir/spec" | replace "$src/core/$file" >"$dir/$file"; then
        echo "not ok - $what (its text does not stand there exactly once)"
    elif ! compile "$dir/$file" "$dir/mutant.o" 2>"$dir/errors" || ! build "$dir" "$dir/mutant.o" 2>>"$dir/errors"; then
        echo "not ok - $what (does not build)"
        sed 's/^/# /' "$dir/errors"
    else
        who=$(notice "$dir")
        [ "$who" = nobody ] && printf 'not '
        echo "ok - $what (noticed by $who)"
    fi >"$work/$1.result"
    rm -rf "$dir"
}

build_all()
{
    for file in "$src"/base/*.c "$src"/core/*.c "$root"/tests/lib/tap.c "$root"/tests/model/*.c \
        "$root"/tests/core/life.c "$root"/tests/core/test_examples.c "$root"/tests/core/test_model.c; do
        name=$(basename "$file" .c)
        case $file in
        "$src"/*) name=$(basename "$(dirname "$file")")_$name ;;
        esac
        echo "$file $work/$name.o"
    done >"$work/files"
    xargs -P 2 -n 2 sh "$0" --compile <"$work/files" || return 1
    programs="$work/test_examples.o $work/test_model.o"
    for object in "$work"/*.o; do
        case " $programs " in
        *" $object "*) ;;
        *) echo "$object" ;;
        esac
    done | xargs ar rcs "$work/lib.a" && mkdir "$work/whole" && build "$work/whole"
}

case ${1:-} in
--compile)
    compile "$2" "$3"
    exit
    ;;
--one)
    one "$2"
    exit
    ;;
esac

work=$(mktemp -d "${TMPDIR:-/tmp}/lifecertd-mutants-XXXXXX") || exit 99
trap 'rm -rf "$work"' EXIT
trap 'exit 99' HUP INT TERM
export work CC

n=$(grep -c '^@ ' "$list")
echo "1..$((n + 2))"
if [ "$n" -ge 30 ]; then echo "ok 1 - $n mutants, at least 30"; else echo "not ok 1 - $n mutants, at least 30"; fi
if ! build_all; then
    echo "Bail out! the core does not build"
    exit 99
fi
who=$(notice "$work/whole")
if [ "$who" != nobody ]; then
    echo "not ok 2 - the core without a fault passes (noticed by $who)"
    sed 's/^/# /' "$work/whole/model"
    exit 1
fi
echo "ok 2 - the core without a fault passes"

seq 1 "$n" | xargs -P 2 -n 1 sh "$0" --one
status=0
for i in $(seq 1 "$n"); do
    sed "s/^\(not \)\{0,1\}ok - /\1ok $((i + 2)) - /" "$work/$i.result" ||
        echo "not ok $((i + 2)) - mutant $i left no result"
    grep -q '^ok' "$work/$i.result" || status=1
done
exit $status
