#include "http/server/accept.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

/* What the header comes to for one media type. */
struct regard {
    int exact;   /* 3: by its name; 2: by "text" and a star; 1: by two stars; 0: not at all */
    int quality; /* thousandths */
};

/* To the next of the two separators that is not within a quoted string. */
static const char *part_end(const char *p, char separator)
{
    for (bool quoted = false; *p; p++) {
        if (*p == '"')
            quoted = !quoted;
        else if (quoted && *p == '\\' && p[1])
            p++;
        else if (!quoted && (*p == ',' || *p == separator))
            break;
    }
    return p;
}

static const char *skip_blanks(const char *p)
{
    return p + strspn(p, " \t");
}

/* "0.75" in thousandths; what is none is taken for 0: it was not wanted as it stands. */
static int read_quality(const char *p)
{
    int q = *p == '1' ? 1000 : 0;
    if ((*p != '0' && *p != '1') || p[1] != '.')
        return q;
    p += 2;
    for (int worth = 100; worth && *p >= '0' && *p <= '9'; worth /= 10)
        q += (*p++ - '0') * worth;
    return q < 1000 ? q : 1000;
}

/* The quality that the parameters from p to end give. */
static int quality_of(const char *p, const char *end)
{
    int q = 1000;
    while (p < end) {
        p = skip_blanks(p + 1);
        if ((*p == 'q' || *p == 'Q') && p[1] == '=')
            q = read_quality(p + 2);
        p = part_end(p, ';');
    }
    return q;
}

static int exactness(const char *range, size_t n, const char *type)
{
    size_t main_type = (size_t)(strchr(type, '/') - type) + 1;
    if (n == strlen(type) && strncasecmp(range, type, n) == 0)
        return 3;
    if (n == main_type + 1 && range[n - 1] == '*' && strncasecmp(range, type, main_type) == 0)
        return 2;
    return n == 3 && memcmp(range, "*/*", 3) == 0;
}

static struct regard regard_of(const char *accept, const char *type)
{
    struct regard best = {0, 0};
    for (const char *p = skip_blanks(accept); *p;) {
        const char *end = part_end(p, ','), *name_end = part_end(p, ';');
        size_t n = (size_t)(name_end - p);
        while (n > 0 && (p[n - 1] == ' ' || p[n - 1] == '\t'))
            n--;
        struct regard r = {exactness(p, n, type), quality_of(name_end, end)};
        if (r.exact > best.exact || (r.exact == best.exact && r.exact && r.quality > best.quality))
            best = r;
        p = *end ? skip_blanks(end + 1) : end;
    }
    return best;
}

bool accept_prefers(const char *accept, const char *type, const char *other)
{
    if (!accept)
        return false;
    struct regard a = regard_of(accept, type), b = regard_of(accept, other);
    if (a.quality == 0)
        return false;
    return a.quality > b.quality || (a.quality == b.quality && a.exact > b.exact);
}
