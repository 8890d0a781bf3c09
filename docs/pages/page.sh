#!/bin/sh
# Renders one Markdown file as a page of the manual's HTML:
#     page.sh SOURCE.md PAGES >PAGE.html
# PAGES are the names of all pages, without the ending. A link to another Markdown file becomes one to its page, and a
# name with its section, as in lifecertd(8), a link to that manual page. LOWDOWN, SYSCONFDIR and VERSION are taken from
# the environment.
set -eu

source=$1 pages=$2
here=$(dirname "$0")
name=${source##*/}
name=${name%.md}

# A manual page is called by name and section, and its own headings stand below that.
case $name in
*.[1-8]) title="${name%.*}(${name##*.})" shift=1 ;;
*) title='' shift=0 ;;
esac

sed "s|/etc/lifecertd|${SYSCONFDIR:-/etc}/lifecertd|g" "$source" |
    ${LOWDOWN:-lowdown} -thtml --parse-no-metadata --out-no-smarty -M "shiftheadinglevelby=$shift" |
    awk -v name="$name" -v title="$title" -v pages="$pages" -v version="${VERSION:-}" -f "$here/page.awk"
