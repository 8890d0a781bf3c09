/* The Lua scripts of the system shard (lua/). */
#ifndef SHARDS_SCRIPT_H
#define SHARDS_SCRIPT_H

#include "redis/script.h"

/* In the order of the build's list: by name. */
enum office_script {
    OFFICE_CAPS,
    OFFICE_COUNTS,
    OFFICE_HEARD,
    OFFICE_LEAVE,
    OFFICE_ORDERS,
    OFFICE_REPORTS,
    OFFICE_SET_MADE,
    OFFICE_SET_MAKE,
    OFFICE_TOTALS,
    OFFICE_WORD,
    OFFICE_N
};

/* Their texts, made from lua/ by the build. */
extern const struct str office_lua[OFFICE_N];

#endif
