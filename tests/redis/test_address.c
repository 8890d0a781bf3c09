/* The URIs of stores in Redis. */
#include "redis/address.h"

#include <stdio.h>

#include "tests/lib/tap.h"

/* An address in one line. */
static const char *parsed(const char *uri)
{
    static char text[1200];
    struct redis_address a;
    struct errmsg msg;
    size_t n = 0;
    if (redis_address_parse(uri, &a, &msg) != ERR_OK) {
        snprintf(text, sizeof text, "%s", msg.text);
        return text;
    }
    n += (size_t)snprintf(text, sizeof text, "%d %s@", (int)a.topology, a.user);
    for (unsigned i = 0; i < a.n_hosts; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "[%s]%u,", a.hosts[i].name, a.hosts[i].port);
    snprintf(text + n, sizeof text - n, " %s %s", a.master, a.prefix);
    return text;
}

static void good(void)
{
    is_str(parsed("redis://127.0.0.1:6379/life"), "0 @[127.0.0.1]6379,  life", "one server");
    is_str(parsed("redis://ops@[::1]:1/a.b-c_D9"), "0 ops@[::1]1,  a.b-c_D9", "a user, and an address of IPv6");
    is_str(parsed("redis-cluster://a:1,b.example:65535,[fe80::1]:3/p"), "2 @[a]1,[b.example]65535,[fe80::1]3,  p",
           "some nodes of a cluster");
    is_str(parsed("redis-sentinel://u@a:1,b:2/mymaster/p"), "1 u@[a]1,[b]2, mymaster p", "sentinels, and their master");
}

static void bad(void)
{
    static const struct {
        const char *uri, *what;
    } cases[] = {
        {"rediss://a:1/p", "expected redis://, redis-sentinel:// or redis-cluster://"},
        {"redis://a:1", "PREFIX is missing"},
        {"redis://a:1/", "PREFIX is not"},
        {"redis://a:1/p/q", "PREFIX is not"},
        {"redis://a:1/{p}", "PREFIX is not"},
        {"redis://a:1/0123456789012345678901234567890123456789012345678901234567890123456789", "PREFIX is not"},
        {"redis://a/p", "there is no port"},
        {"redis://a:0/p", "the port is no number"},
        {"redis://a:65536/p", "the port is no number"},
        {"redis://a:1x/p", "the port is no number"},
        {"redis://:1/p", "the host is not one"},
        {"redis://[::1]1/p", "there is no port"},
        {"redis://a b:1/p", "the host is not one"},
        {"redis://a:1,b:2/p", "there are several hosts"},
        {"redis-cluster://a:1,/p", "there is no port"},
        {"redis-cluster://a:1,a:1,a:1,a:1,a:1,a:1,a:1,a:1,a:1,a:1,a:1,a:1,a:1,a:1,a:1,a:1,a:1/p",
         "there are more than 16 hosts"},
        {"redis-sentinel://a:1/p", "the master's name is missing"},
        {"redis://u:hunter2@a:1/p", "a password does not belong here"},
        {"redis://@a:1/p", "the user's name is empty"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *text = parsed(cases[i].uri);
        if (!ok(strstr(text, cases[i].what) && !strstr(text, "hunter2"), "%s: %s", cases[i].uri, cases[i].what))
            diag("%s", text);
    }
}

int main(void)
{
    plan(0);
    good();
    bad();
    return tap_end();
}
