/* Passes on the inputs of people of some shards.
 *
 *   bench/sharded SHARDS K[,K...]     NDJSON as bench/inputs writes it, from stdin to stdout */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "shards/set.h"

static struct str id_of(const char *line)
{
    static const char member[] = "\"id\":\"";
    const char *id = strstr(line, member), *end = id ? strchr(id + sizeof member - 1, '"') : NULL;
    if (!end)
        return STR_NONE;
    id += sizeof member - 1;
    return (struct str){id, (size_t)(end - id)};
}

int main(int argc, char **argv)
{
    static bool wanted[SHARDS_MAX];
    char line[4096];
    unsigned n = argc == 3 ? (unsigned)strtoul(argv[1], NULL, 10) : 0;
    if (n == 0 || n > SHARDS_MAX) {
        fputs("usage: bench/sharded SHARDS K[,K...]\n", stderr);
        return 2;
    }
    for (char *at = argv[2], *end; *at; at = *end ? end + 1 : end) {
        unsigned long k = strtoul(at, &end, 10);
        if (end == at)
            break;
        wanted[k < n ? k : 0] |= k < n;
    }
    while (fgets(line, sizeof line, stdin)) {
        struct str id = id_of(line);
        if (id.p && wanted[shard_of(id, n)])
            fputs(line, stdout);
    }
    return 0;
}
