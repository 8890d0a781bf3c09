#include "net/redis_url.h"

#include <string.h>

#include "net/redis.h"

#define SCHEME "redis://"
#define FORM "redis://[USER@]HOST:PORT[/DB]"
#define DB_MAX 999999

static enum err wrong(struct errmsg *msg, const char *what)
{
    return err_set(msg, ERR_INVALID, "expected " FORM ": %s", what);
}

enum err redis_url_parse(const char *url, struct redis_target *out, struct errmsg *msg)
{
    struct redis_target t = {.db = 0};
    struct str rest = str_of(url), before = STR_NONE;
    size_t n = strlen(SCHEME);
    if (strncmp(url, "rediss://", n + 1) == 0)
        return wrong(msg, "TLS is not spoken; put a tunnel in between");
    if (strncmp(url, SCHEME, n) != 0)
        return wrong(msg, "the scheme is another one");
    rest = (struct str){rest.p + n, rest.n - n};
    const char *fault = redis_user_read(&rest, t.user);
    if (!fault && redis_cut(&rest, '/', &before)) {
        if (rest.n && !redis_number_read(rest, DB_MAX, &t.db))
            fault = "the database is no number";
        rest = before;
    }
    if (!fault)
        fault = redis_host_read(rest, &t.host);
    if (fault)
        return wrong(msg, fault);
    *out = t;
    return ERR_OK;
}

enum err redis_url_check(const char *url, struct errmsg *msg)
{
    struct redis_target t;
    return redis_url_parse(url, &t, msg);
}
