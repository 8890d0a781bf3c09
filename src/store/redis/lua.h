/* The scripts' texts, made from lua/ by the build. */
#ifndef STORE_REDIS_LUA_H
#define STORE_REDIS_LUA_H

#include "store/redis/script.h"

extern const struct str redis_lua[SCRIPT_N];

#endif
