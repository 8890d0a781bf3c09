/* A borrowed run of bytes: pointer and length, no terminator, no ownership. */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct str {
    const char *p; /* NULL: no value (JSON null), not the same as empty */
    size_t n;
};

#define STR_NONE ((struct str){NULL, 0})
#define STR_LIT(s) ((struct str){(s), sizeof(s) - 1})

static inline struct str str_of(const char *cstring)
{
    return (struct str){cstring, cstring ? strlen(cstring) : 0};
}

static inline bool str_eq(struct str a, struct str b)
{
    if ((a.p == NULL) != (b.p == NULL))
        return false;
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool str_is(struct str a, const char *cstring)
{
    return a.p && str_eq(a, str_of(cstring));
}

#endif
