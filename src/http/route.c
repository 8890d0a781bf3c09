#include "http/route.h"

#include "http/uri.h"

static const char *const method_names[METHOD_N] = {
    [METHOD_GET] = "GET",
    [METHOD_POST] = "POST",
    [METHOD_DELETE] = "DELETE",
};

/* The next segment of a path that stands at its slash; moves behind it. */
static struct str next_segment(struct str *path)
{
    const char *start = path->p + 1, *end = path->p + path->n;
    const char *slash = memchr(start, '/', (size_t)(end - start));
    const char *stop = slash ? slash : end;
    *path = (struct str){stop, (size_t)(end - stop)};
    return (struct str){start, (size_t)(stop - start)};
}

/* Segments captured go to raw[], *n of them; false when the path does not fit. */
static bool fits(const char *pattern, struct str path, struct str raw[CAPTURES_MAX], unsigned *n)
{
    struct str rest = str_of(pattern);
    *n = 0;
    while (rest.n && path.n && path.p[0] == '/') {
        struct str want = next_segment(&rest), have = next_segment(&path);
        if (want.n && want.p[0] == ':') {
            if (!have.n || *n == CAPTURES_MAX)
                return false;
            raw[(*n)++] = have;
        } else if (!str_eq(want, have)) {
            return false;
        }
    }
    return !rest.n && !path.n;
}

static bool method_is(enum http_method m, struct str name)
{
    return str_is(name, method_names[m]) || (m == METHOD_GET && str_is(name, "HEAD"));
}

static bool decode_captures(const struct str raw[], unsigned n, struct route_match *match)
{
    size_t room = 0;
    for (unsigned i = 0; i < n; i++)
        room += raw[i].n;
    buf_room(&match->text, room + 1); /* all at once: the captures point into it */
    for (unsigned i = 0; i < n; i++) {
        const char *start = match->text.p + match->text.n;
        if (!uri_decode(raw[i], &match->text))
            return false;
        match->captures[i] = (struct str){start, (size_t)(match->text.p + match->text.n - start)};
    }
    match->n_captures = n;
    return true;
}

enum route_found route_find(const struct route *routes, size_t n, struct str method, struct str path,
                            struct route_match *match)
{
    enum route_found found = ROUTE_NO_PATH;
    struct str raw[CAPTURES_MAX];
    unsigned n_raw;
    for (size_t i = 0; i < n; i++) {
        if (!fits(routes[i].pattern, path, raw, &n_raw))
            continue;
        found = ROUTE_NO_METHOD;
        if (!method_is(routes[i].method, method))
            continue;
        match->route = &routes[i];
        return decode_captures(raw, n_raw, match) ? ROUTE_FOUND : ROUTE_BAD_PATH;
    }
    return found;
}

void route_match_done(struct route_match *match)
{
    buf_done(&match->text);
    *match = (struct route_match){0};
}

struct buf route_match_keep(struct route_match *match)
{
    struct buf text = match->text;
    match->text = BUF_INIT;
    return text;
}

void route_allow(const struct route *routes, size_t n, struct str path, struct buf *out)
{
    struct str raw[CAPTURES_MAX];
    unsigned n_raw;
    size_t start = out->n;
    for (size_t i = 0; i < n; i++) {
        if (!fits(routes[i].pattern, path, raw, &n_raw))
            continue;
        buf_adds(out, out->n > start ? ", " : "");
        buf_adds(out, routes[i].method == METHOD_GET ? "GET, HEAD" : method_names[routes[i].method]);
    }
}
