#!/bin/sh
# Writes the files that are named as arguments as C: the bytes of each, and the table of http/page/page.h.
set -eu

# tag FILE: what changes when the file does.
tag() {
    sha256sum "$1" | cut -c 1-16
}

echo '/* Made by page/embed.sh. */'
echo '#include "http/page/page.h"'
n=0
for file; do
    echo "static const unsigned char bytes_$n[] = {"
    od -An -v -tx1 "$file" | sed 's/ \([0-9a-f][0-9a-f]\)/0x\1,/g'
    echo '0x00};'
    n=$((n + 1))
done
echo 'const struct page_file page_files[] = {'
n=0
for file; do
    echo "    {\"${file##*/}\", \"\\\"$(tag "$file")\\\"\", bytes_$n, sizeof bytes_$n - 1},"
    n=$((n + 1))
done
echo '};'
echo 'const size_t page_files_n = sizeof page_files / sizeof *page_files;'
