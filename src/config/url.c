#include "config/url.h"

#include <string.h>

#define PORT_MAX 65535

bool url_has_scheme(const char *url, const char *scheme)
{
    size_t n = strlen(scheme);
    return strncmp(url, scheme, n) == 0 && strncmp(url + n, "://", 3) == 0;
}

static const char *find_scheme(const char *url, const char *const *schemes)
{
    for (; *schemes; schemes++)
        if (url_has_scheme(url, *schemes))
            return *schemes;
    return NULL;
}

/* What a URL may be written with; the backslash above all is read differently by different programs. */
static bool bytes_good(const char *url)
{
    for (; *url; url++)
        if (*url <= ' ' || *url > '~' || strchr("\"<>\\^`|", *url))
            return false;
    return true;
}

static bool is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* The length of the host, its brackets included; 0: there is none. */
static size_t host_length(const char *p, const char *end)
{
    const char *from = p;
    if (p < end && *p == '[') {
        for (p++; p < end && (is_alnum(*p) || *p == ':' || *p == '.');)
            p++;
        return p < end && *p == ']' && p > from + 1 ? (size_t)(p + 1 - from) : 0;
    }
    while (p < end && (is_alnum(*p) || strchr(".-_", *p)))
        p++;
    return (size_t)(p - from);
}

static bool port_good(const char *p, const char *end)
{
    long port = 0;
    if (p == end)
        return true; /* none */
    if (*p != ':' || p + 1 == end)
        return false;
    for (p++; p < end; p++) {
        if (*p < '0' || *p > '9' || (port = port * 10 + (*p - '0')) > PORT_MAX)
            return false;
    }
    return port > 0;
}

/* Is there a user before the host that may stand there? *host: behind it. */
static bool user_good(const char *from, const char *end, bool user, const char **host)
{
    const char *at = memchr(from, '@', (size_t)(end - from));
    *host = at ? at + 1 : from;
    return !at || (user && at > from && !memchr(from, ':', (size_t)(at - from)));
}

enum err url_check(const char *url, const char *const *schemes, bool user, struct errmsg *why)
{
    const char *scheme = find_scheme(url, schemes), *host;
    if (!bytes_good(url))
        return err_set(why, ERR_INVALID, "a byte in it must be percent-encoded");
    if (!scheme)
        return err_set(why, ERR_INVALID, "another scheme");
    const char *from = url + strlen(scheme) + 3, *end = from + strcspn(from, "/?#");
    if (!user_good(from, end, user, &host))
        return err_set(why, ERR_INVALID, "a user or a password in it: that is for username and secret_file");
    size_t n = host_length(host, end);
    if (n == 0)
        return err_set(why, ERR_INVALID, "no host in it");
    if (!port_good(host + n, end))
        return err_set(why, ERR_INVALID, "no such host or port");
    if (strchr(end, '#'))
        return err_set(why, ERR_INVALID, "a fragment in it");
    return ERR_OK;
}
