#!/bin/sh
# Writes the scripts that are named as arguments, in the order of enum redis_script, as C.
set -eu

echo '/* Made by lua/embed.sh. */'
echo '#include "store/redis/lua.h"'
echo 'const struct str redis_lua[SCRIPT_N] = {'
for file; do
    name=$(basename "$file" .lua | tr '[:lower:]' '[:upper:]')
    echo "    [SCRIPT_$name] = STR_LIT("
    sed 's/\\/\\\\/g; s/"/\\"/g; s/^/        "/; s/$/\\n"/' "$file"
    echo '        ),'
done
echo '};'
