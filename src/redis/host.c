#include "redis/host.h"

#include <string.h>

bool redis_cut(struct str *rest, char at, struct str *before)
{
    const char *p = rest->n ? memchr(rest->p, at, rest->n) : NULL;
    if (!p)
        return false;
    *before = (struct str){rest->p, (size_t)(p - rest->p)};
    *rest = (struct str){p + 1, rest->n - before->n - 1};
    return true;
}

bool redis_number_read(struct str text, unsigned max, unsigned *out)
{
    unsigned v = 0;
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] < '0' || text.p[i] > '9')
            return false;
        v = v * 10 + (unsigned)(text.p[i] - '0');
        if (v > max)
            return false;
    }
    *out = v;
    return text.n > 0;
}

bool redis_text_copy(struct str text, char *out, size_t size)
{
    if (text.n == 0 || text.n >= size)
        return false;
    memcpy(out, text.p, text.n);
    out[text.n] = '\0';
    return true;
}

static bool is_name(struct str s, bool bracketed)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c <= ' ' || c == 0x7f || strchr("[]@/?#%,", c) || (c == ':' && !bracketed))
            return false;
    }
    return true;
}

const char *redis_host_read(struct str text, struct redis_host *out)
{
    struct redis_host found;
    struct str name = STR_NONE;
    unsigned port;
    bool bracketed = text.n > 0 && text.p[0] == '[';
    if (bracketed)
        text = (struct str){text.p + 1, text.n - 1};
    if (!redis_cut(&text, bracketed ? ']' : ':', &name))
        return "there is no port";
    if (!is_name(name, bracketed) || !redis_text_copy(name, found.name, sizeof found.name))
        return "the host is not one";
    if (bracketed && (text.n == 0 || text.p[0] != ':'))
        return "there is no port";
    if (bracketed)
        text = (struct str){text.p + 1, text.n - 1};
    if (!redis_number_read(text, UINT16_MAX, &port) || port == 0)
        return "the port is no number from 1 to 65535";
    found.port = (uint16_t)port;
    *out = found;
    return NULL;
}

const char *redis_user_read(struct str *rest, char user[REDIS_USER_MAX + 1])
{
    struct str name = STR_NONE;
    *user = '\0';
    if (!redis_cut(rest, '@', &name))
        return NULL;
    if (memchr(name.p, ':', name.n))
        return "a password does not belong here, but in a secret's file";
    return redis_text_copy(name, user, REDIS_USER_MAX + 1) ? NULL
                                                           : "the user's name is empty, or longer than 128 bytes";
}
