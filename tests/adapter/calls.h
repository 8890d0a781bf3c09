/* Looking into a call that an adapter has written. */
#ifndef TESTS_ADAPTER_CALLS_H
#define TESTS_ADAPTER_CALLS_H

#include <strings.h>

#include "adapter/call.h"

/* The value of the one header of that name; NULL when there is none, or several. */
static inline const char *header_of(const struct call *c, const char *name)
{
    const char *found = NULL, *end = c->headers.p + c->headers.n;
    size_t n = strlen(name);
    for (const char *line = c->headers.p; c->headers.n && line < end; line += strlen(line) + 1) {
        if (strncasecmp(line, name, n) != 0 || strncmp(line + n, ": ", 2) != 0)
            continue;
        if (found)
            return NULL;
        found = line + n + 2;
    }
    return found;
}

/* Are there as many headers as it says, each "Name: value" and terminated, without CR and LF? */
static inline bool headers_well_formed(const struct call *c)
{
    unsigned lines = 0;
    for (size_t at = 0; at < c->headers.n; lines++) {
        const char *line = c->headers.p + at;
        size_t n = strnlen(line, c->headers.n - at);
        if (at + n == c->headers.n || strcspn(line, "\r\n") != n || !strstr(line, ": ") || line[0] == ':')
            return false;
        at += n + 1;
    }
    return lines == c->n_headers;
}

#endif
