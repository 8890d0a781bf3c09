#!/bin/sh
# Writes Lua scripts as C: HEADER ARRAY PREFIX FILE.... ARRAY, which HEADER declares, has a text for each file, in the
# place that an enumerator names: PREFIX and the file's name in capitals; PREFIX_N is behind the last.
set -eu

header=$1 array=$2 prefix=$3
shift 3
echo '/* Made by embed_lua.sh. */'
echo "#include \"$header\""
echo "const struct str $array[${prefix}_N] = {"
for file; do
    name=$(basename "$file" .lua | tr '[:lower:]' '[:upper:]')
    echo "    [${prefix}_$name] = STR_LIT("
    sed 's/\\/\\\\/g; s/"/\\"/g; s/^/        "/; s/$/\\n"/' "$file"
    echo '        ),'
done
echo '};'
