/* What a server's errors mean. */
#include "redis/fault.h"

#include <stdio.h>

#include "tests/lib/tap.h"

static const struct {
    const char *text;
    enum redis_fault fault;
    const char *to; /* NULL: nowhere */
} errors[] = {
    {"MOVED 3999 127.0.0.1:6381", REDIS_MOVED, "3999 127.0.0.1 6381"},
    {"MOVED 3999 ::1:6381", REDIS_MOVED, "3999 ::1 6381"},
    {"MOVED 3999 :6381", REDIS_MOVED, "3999  6381"},
    {"ASK 16383 node.example:1", REDIS_ASK, "16383 node.example 1"},
    {"MOVED 3999 127.0.0.1:0", REDIS_REFUSED, NULL},
    {"MOVED", REDIS_REFUSED, NULL},
    {"TRYAGAIN Multiple keys request during rehashing of slot", REDIS_LATER, NULL},
    {"LOADING Redis is loading the dataset in memory", REDIS_LATER, NULL},
    {"CLUSTERDOWN The cluster is down", REDIS_LATER, NULL},
    {"MASTERDOWN Link with MASTER is down", REDIS_LATER, NULL},
    {"BUSY Redis is busy running a script", REDIS_LATER, NULL},
    {"NOREPLICAS Not enough good replicas to write.", REDIS_LATER, NULL},
    {"READONLY You can't write against a read only replica.", REDIS_NO_MASTER, NULL},
    {"NOSCRIPT No matching script.", REDIS_NO_SCRIPT, NULL},
    {"OOM command not allowed when used memory > 'maxmemory'.", REDIS_FULL, NULL},
    {"MISCONF Redis is configured to save RDB snapshots", REDIS_FULL, NULL},
    {"FENCED the shard was taken by another", REDIS_FENCED, NULL},
    {"ERR unknown command", REDIS_REFUSED, NULL},
    {"BUSYGROUP Consumer Group name already exists", REDIS_REFUSED, NULL},
    {"", REDIS_REFUSED, NULL},
};

int main(void)
{
    plan(0);
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        struct redis_redirect to = {.slot = 0};
        char text[300];
        is_int(redis_fault_read(str_of(errors[i].text), &to), errors[i].fault, "\"%s\"", errors[i].text);
        snprintf(text, sizeof text, "%u %s %u", to.slot, to.host.name, to.host.port);
        if (errors[i].to)
            is_str(text, errors[i].to, "and where it leads");
    }
    return tap_end();
}
