#include "http/events/event_filter.h"

#include <fnmatch.h>

#include "core/text.h"

#define GLOB_MAX 127

static uint64_t types_of(struct str glob)
{
    char pattern[GLOB_MAX + 1];
    uint64_t types = 0;
    if (glob.n > GLOB_MAX || memchr(glob.p, '\0', glob.n))
        return 0;
    memcpy(pattern, glob.p, glob.n);
    pattern[glob.n] = '\0';
    for (int t = 0; t < EV_N; t++)
        if (fnmatch(pattern, event_type_text((enum event_type)t), 0) == 0)
            types |= UINT64_C(1) << t;
    return types;
}

uint64_t event_types_matching(struct str globs, struct str *bad)
{
    uint64_t types = 0;
    for (size_t from = 0; from <= globs.n;) {
        const char *comma = globs.n ? memchr(globs.p + from, ',', globs.n - from) : NULL;
        size_t to = comma ? (size_t)(comma - globs.p) : globs.n;
        struct str glob = {globs.n ? globs.p + from : "", to - from};
        uint64_t matched = types_of(glob);
        if (!matched) {
            *bad = glob;
            return 0;
        }
        types |= matched;
        from = to + 1;
    }
    return types;
}
