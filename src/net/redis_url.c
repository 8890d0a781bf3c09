#include "net/redis_url.h"

#include <string.h>

#include "base/str.h"
#include "net/redis.h"

#define SCHEME "redis://"
#define FORM "redis://[USER@]HOST:PORT[/DB]"
#define PORT_MAX 65535
#define DB_MAX 999999

static enum err wrong(struct errmsg *msg, const char *what)
{
    return err_set(msg, ERR_INVALID, "expected " FORM ": %s", what);
}

/* Cuts off what stands before the first such byte; false: there is none. */
static bool cut(struct str *rest, char at, struct str *before)
{
    const char *p = memchr(rest->p, at, rest->n);
    if (!p)
        return false;
    *before = (struct str){rest->p, (size_t)(p - rest->p)};
    *rest = (struct str){p + 1, rest->n - before->n - 1};
    return true;
}

static bool number(struct str s, unsigned max, unsigned *out)
{
    unsigned v = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
        v = v * 10 + (unsigned)(s.p[i] - '0');
        if (v > max)
            return false;
    }
    *out = v;
    return s.n > 0;
}

static bool copy(struct str s, char *out, size_t size)
{
    if (s.n == 0 || s.n >= size)
        return false;
    memcpy(out, s.p, s.n);
    out[s.n] = '\0';
    return true;
}

static bool is_host(struct str s, bool bracketed)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c <= ' ' || c == 0x7f || strchr("[]@/?#%", c) || (c == ':' && !bracketed))
            return false;
    }
    return true;
}

/* "HOST:PORT" or "[ADDRESS]:PORT". */
static enum err parse_place(struct str s, struct redis_target *t, struct errmsg *msg)
{
    struct str host;
    unsigned port;
    bool bracketed = s.n > 0 && s.p[0] == '[';
    if (bracketed)
        s = (struct str){s.p + 1, s.n - 1};
    if (!cut(&s, bracketed ? ']' : ':', &host))
        return wrong(msg, "there is no port");
    if (!is_host(host, bracketed) || !copy(host, t->host, sizeof t->host))
        return wrong(msg, "the host is not one");
    if (bracketed && (s.n == 0 || s.p[0] != ':'))
        return wrong(msg, "there is no port");
    if (bracketed)
        s = (struct str){s.p + 1, s.n - 1};
    if (!number(s, PORT_MAX, &port) || port == 0)
        return wrong(msg, "the port is no number from 1 to 65535");
    t->port = (uint16_t)port;
    return ERR_OK;
}

enum err redis_url_parse(const char *url, struct redis_target *out, struct errmsg *msg)
{
    struct redis_target t = {.db = 0};
    struct str rest = str_of(url), before;
    size_t n = strlen(SCHEME);
    if (strncmp(url, "rediss://", n + 1) == 0)
        return wrong(msg, "TLS is not spoken; put a tunnel in between");
    if (strncmp(url, SCHEME, n) != 0)
        return wrong(msg, "the scheme is another one");
    rest = (struct str){rest.p + n, rest.n - n};
    if (cut(&rest, '@', &before)) {
        if (memchr(before.p, ':', before.n))
            return wrong(msg, "a password does not belong here, but in a secret's file");
        if (!copy(before, t.user, sizeof t.user))
            return wrong(msg, "the user's name is empty, or longer than 128 bytes");
    }
    if (cut(&rest, '/', &before)) {
        if (rest.n && !number(rest, DB_MAX, &t.db))
            return wrong(msg, "the database is no number");
        rest = before;
    }
    enum err e = parse_place(rest, &t, msg);
    if (e == ERR_OK)
        *out = t;
    return e;
}

enum err redis_url_check(const char *url, struct errmsg *msg)
{
    struct redis_target t;
    return redis_url_parse(url, &t, msg);
}
