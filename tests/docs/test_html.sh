#!/bin/sh
# The manual and the guides as HTML: every link leads somewhere, every page can be found, and is well made; and the
# relative links of all Markdown files, as whoever reads the sources follows them.
set -euf

top=$(cd "${top_srcdir:-$(dirname "$0")/../..}" && pwd)
html=${top_builddir:-.}/docs/html
LC_ALL=C
export LC_ALL
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

n=0 bad=0
# check NAME COMMAND...: passes when the command prints nothing.
check() {
    n=$((n + 1))
    name=$1
    shift
    "$@" >"$tmp/faults" 2>&1 || echo "exit code $?" >>"$tmp/faults"
    if [ ! -s "$tmp/faults" ]; then
        echo "ok $n - $name"
    else
        bad=$((bad + 1))
        echo "not ok $n - $name"
        sed 's/^/# /' "$tmp/faults"
    fi
}

# The Markdown files of the tree, other than what was installed or built in it.
sources() {
    (cd "$top" && find . \( -name node_modules -o -name npm -o -name build -o -name .git -o -path ./debian/lifecertd \
        -o -name 'lifecertd-[0-9]*' \) -prune -o -name '*.md' -print | sed 's|^\./||' | sort)
}

pages() {
    find "$html" -name '*.html' | sort
}

# Those that become pages: the top's, the guides, the manual.
page_sources() {
    sources | grep -x '[^/]*\.md\|docs/[^/]*\.md\|docs/man/[^/]*\.md'
}

missing_pages() {
    page_sources | while read -r source; do
        page=${source##*/}
        [ -s "$html/${page%.md}.html" ] || echo "$source has no page"
    done
}

# "PAGE TARGET" for each href and src of a page; "PAGE ID" for each id.
links() {
    pages | while read -r page; do
        grep -o '\(href\|src\)="[^"]*"' "$page" | sed -e 's/^[a-z]*="//' -e 's/"$//' -e "s|^|${page##*/} |"
    done
}

ids() {
    pages | while read -r page; do
        grep -o ' id="[^"]*"' "$page" | sed -e 's/^ id="//' -e 's/"$//' -e "s|^|${page##*/} |"
    done
}

dead_links() {
    grep -v ' [a-z]*:' "$tmp/links" | sort -u | while read -r page target; do
        file=${target%%#*}
        [ -n "$file" ] || file=$page
        [ -e "$html/$file" ] || echo "$page: there is no $target"
        case $target in
        *'#'*) grep -qxF "$file ${target#*#}" "$tmp/ids" || echo "$page: nothing is called $target" ;;
        esac
    done
}

# Starting at the index, by links alone.
lost_pages() {
    echo index.html >"$tmp/found"
    while :; do
        # shellcheck disable=SC2094 # it is read by both, and written by neither
        while read -r page; do
            sed -n "s/^$page \([^#:]*\.html\)\(#.*\)\{0,1\}$/\1/p" "$tmp/links"
        done <"$tmp/found" | sort -u - "$tmp/found" >"$tmp/further"
        ! cmp -s "$tmp/found" "$tmp/further" || break
        mv "$tmp/further" "$tmp/found"
    done
    pages | sed 's|.*/||' | sort | comm -23 - "$tmp/found"
}

# Every element that is opened is closed, in its order.
unbalanced() {
    pages | while read -r page; do
        awk -v page="${page##*/}" '
            function fault(text) { print page ":" NR ": " text; exit bad = 1 }
            {
                rest = $0
                while (match(rest, /<[^>]*>/)) {
                    tag = substr(rest, RSTART + 1, RLENGTH - 2)
                    rest = substr(rest, RSTART + RLENGTH)
                    name = tag
                    sub(/[ \/].*/, "", name)
                    if (tag ~ /^\//) {
                        if (stack[depth--] != substr(tag, 2))
                            fault("<" tag "> where <" stack[depth + 1] "> is open")
                    } else if (tag !~ /^!|\/$/ && name !~ /^(meta|link|img|br|hr)$/) {
                        stack[++depth] = name
                    }
                }
            }
            END { if (!bad && depth) print page ": <" stack[depth] "> is not closed" }' "$page"
    done
}

untitled() {
    pages | while read -r page; do
        grep -q '<title>[^<][^<]*lifecertd</title>\|<title>lifecertd</title>' "$page" || echo "${page##*/} has no title"
        [ "$(grep -c '<h1' "$page")" -eq 1 ] || echo "${page##*/} has not one <h1>"
    done
}

without_alternative() {
    pages | while read -r page; do
        grep -o '<img [^>]*>' "$page" | grep -v 'alt="[^"]' | sed "s|^|${page##*/}: |" || true
    done
}

# What a Markdown file links to stands where it says, beside it in the tree.
dead_source_links() {
    sources | while read -r source; do
        awk '/^(~~~|```)/{ inside = !inside; next } !inside && !/^    /' "$top/$source" | grep -o '](\([^)]*\))' |
            sed -e 's/^](//' -e 's/)$//' -e 's/#.*//' -e 's/ .*//' | grep -v '^[a-z]*:\|^$' | while read -r target; do
            [ -e "$top/$(dirname "$source")/$target" ] || echo "$source: there is no $target"
        done || true
    done
}

echo 1..9
links >"$tmp/links"
ids >"$tmp/ids"
check 'every guide and every page of the manual has its page' missing_pages
check 'every link of a page leads to a file and a heading that are there' dead_links
check 'every page can be reached from the index' lost_pages
check 'no heading of a page is called like another' uniq -d "$tmp/ids"
check 'every element of a page is closed, in its order' unbalanced
check 'every page has a title and one heading above all' untitled
check 'every picture is told in words' without_alternative
check 'every relative link of a Markdown file leads to a file' dead_source_links
check 'there are pages, with links and headings' test "$(wc -l <"$tmp/links")" -gt 500 -a "$(wc -l <"$tmp/ids")" -gt 200
[ "$bad" -eq 0 ]
