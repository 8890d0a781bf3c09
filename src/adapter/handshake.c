#include "adapter/handshake.h"

#include <strings.h>

static bool is_host_char(char c)
{
    return ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
}

/* What stands between "scheme://" with a user, if there is one, and the path; STR_NONE: there is no authority. */
static struct str authority_of(struct str uri)
{
    const char *p = uri.n ? memmem(uri.p, uri.n, "://", 3) : NULL;
    if (!p || memchr(uri.p, '/', (size_t)(p - uri.p)) || p == uri.p)
        return STR_NONE;
    const char *start = p + 3, *end = start;
    while (end < uri.p + uri.n && *end != '/' && *end != '?' && *end != '#') {
        if (*end++ == '@')
            start = end;
    }
    return (struct str){start, (size_t)(end - start)};
}

struct str handshake_origin(struct str source)
{
    struct str host = authority_of(source);
    size_t n = 0;
    while (n < host.n && is_host_char(host.p[n]))
        n++;
    /* Only a port may follow: an address in brackets is no name. */
    if (n == 0 || (n < host.n && host.p[n] != ':'))
        return STR_LIT("lifecertd");
    return (struct str){host.p, n};
}

/* At least 1; a rate below one a minute cannot be told. */
static uint64_t per_minute(struct rate r)
{
    uint64_t n = (uint64_t)r.n * 60 / (r.seconds ? r.seconds : 1);
    return n ? n : 1;
}

enum err handshake_ask(struct str url, struct str origin, struct rate wanted, struct call *out, struct errmsg *msg)
{
    out->method = "OPTIONS";
    call_url(out, url);
    enum err err = call_header(out, "WebHook-Request-Origin", origin, msg);
    if (err || wanted.n == 0)
        return err;
    struct buf digits = BUF_INIT;
    buf_add_u64(&digits, per_minute(wanted));
    err = call_header(out, "WebHook-Request-Rate", buf_str(&digits), msg);
    buf_done(&digits);
    return err;
}

static struct str trimmed(struct str s)
{
    while (s.n && (s.p[0] == ' ' || s.p[0] == '\t'))
        s = (struct str){s.p + 1, s.n - 1};
    while (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
        s.n--;
    return s;
}

/* Digits, from 1; what is above uint32_t is its largest. */
static bool parse_rate(struct str s, uint32_t *out)
{
    uint64_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
        n = n * 10 + (uint64_t)(s.p[i] - '0');
        if (n > UINT32_MAX)
            n = UINT32_MAX;
    }
    *out = (uint32_t)n;
    return n > 0;
}

enum err handshake_read(const struct answer *a, struct str origin, struct rate *granted, struct errmsg *msg)
{
    if (a->carried != CARRIED)
        return err_set(msg, ERR_INVALID, "no answer to the handshake: %s", a->error);
    if (!a->allowed_origin.p)
        return err_set(msg, ERR_INVALID, "no consent: the answer to OPTIONS (status %d) has no WebHook-Allowed-Origin",
                       a->status);
    struct str allowed = trimmed(a->allowed_origin), rate = trimmed(a->allowed_rate);
    if (!str_is(allowed, "*") && (allowed.n != origin.n || strncasecmp(allowed.p, origin.p, origin.n) != 0))
        return err_set(msg, ERR_INVALID, "no consent: WebHook-Allowed-Origin is neither \"*\" nor \"%.*s\"",
                       (int)origin.n, origin.p);
    uint32_t n = 0;
    if (rate.p && !str_is(rate, "*") && !parse_rate(rate, &n))
        return err_set(msg, ERR_INVALID, "no consent: WebHook-Allowed-Rate is neither \"*\" nor a number from 1");
    *granted = (struct rate){n, 60};
    return ERR_OK;
}
