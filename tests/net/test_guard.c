/* Which addresses are public: every range of the registries at both its ends and one beyond each. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include "net/guard.h"
#include "tests/lib/tap.h"

/* Whether one address is public. */
static bool is_public(const char *text)
{
    struct sockaddr_in a4 = {.sin_family = AF_INET};
    struct sockaddr_in6 a6 = {.sin6_family = AF_INET6};
    if (inet_pton(AF_INET, text, &a4.sin_addr) == 1)
        return guard_is_public((struct sockaddr *)&a4, sizeof a4);
    if (inet_pton(AF_INET6, text, &a6.sin6_addr) != 1)
        bail_out("%s is not an address", text);
    return guard_is_public((struct sockaddr *)&a6, sizeof a6);
}

/* The first and the last of a range that is not public, and its neighbours; NULL: the neighbour is not public either,
 * or there is none. */
static const struct {
    const char *first, *last, *before, *after;
} ranges[] = {
    {"0.0.0.0", "0.255.255.255", NULL, "1.0.0.0"},
    {"10.0.0.0", "10.255.255.255", "9.255.255.255", "11.0.0.0"},
    {"100.64.0.0", "100.127.255.255", "100.63.255.255", "100.128.0.0"},
    {"127.0.0.0", "127.255.255.255", "126.255.255.255", "128.0.0.0"},
    {"169.254.0.0", "169.254.255.255", "169.253.255.255", "169.255.0.0"},
    {"172.16.0.0", "172.31.255.255", "172.15.255.255", "172.32.0.0"},
    {"192.0.0.0", "192.0.0.255", "191.255.255.255", "192.0.1.0"},
    {"192.0.2.0", "192.0.2.255", "192.0.1.255", "192.0.3.0"},
    {"192.88.99.0", "192.88.99.255", "192.88.98.255", "192.88.100.0"},
    {"192.168.0.0", "192.168.255.255", "192.167.255.255", "192.169.0.0"},
    {"198.18.0.0", "198.19.255.255", "198.17.255.255", "198.20.0.0"},
    {"198.51.100.0", "198.51.100.255", "198.51.99.255", "198.51.101.0"},
    {"203.0.113.0", "203.0.113.255", "203.0.112.255", "203.0.114.0"},
    {"224.0.0.0", "239.255.255.255", "223.255.255.255", NULL},
    {"240.0.0.0", "255.255.255.255", NULL, NULL},
    {"::", "::", NULL, NULL},
    {"64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff", NULL, NULL},
    {"100::", "100::ffff:ffff:ffff:ffff", NULL, NULL},
    {"1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NULL, NULL},
    {"2001:1::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", NULL, "2001:200::"},
    {"2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db9::"},
    {"3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", "3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "3fff:1000::"},
    {"4000::", "fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NULL},
    {"5f00::", "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NULL, NULL},
    {"fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NULL, NULL},
    {"fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NULL, NULL},
    {"fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NULL, NULL},
    {"ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NULL, NULL},
    {"::ffff:0:127.0.0.1", "::ffff:0:8.8.8.8", NULL, NULL},
};

static void range_ends(void)
{
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        ok(!is_public(ranges[i].first), "%s is not public", ranges[i].first);
        ok(!is_public(ranges[i].last), "%s is not public", ranges[i].last);
        if (ranges[i].before)
            ok(is_public(ranges[i].before), "%s is", ranges[i].before);
        if (ranges[i].after)
            ok(is_public(ranges[i].after), "%s is", ranges[i].after);
    }
}

static const char *const ordinary[] = {
    "1.1.1.1", "8.8.8.8", "114.114.114.114", "192.31.196.1", "223.5.5.5", "2000::", "2001:4860:4860::8888",
    "2400:3200::1", "2606:4700:4700::1111", "3ffe::1",
};

static void ordinary_ones(void)
{
    for (size_t i = 0; i < sizeof ordinary / sizeof *ordinary; i++)
        ok(is_public(ordinary[i]), "%s is public", ordinary[i]);
}

/* How an IPv4 address, as two groups of hexadecimal digits, is carried in one of IPv6. */
static const char *const carriers[] = {
    "::%x:%x", "::ffff:%x:%x", "64:ff9b::%x:%x", "2002:%x:%x::1", "2001:0:%x:%x:0:0:f7f7:f7f7",
};

/* Is the address, carried so, judged otherwise than it is alone? Addresses of IPv6 cannot be carried. */
static bool differs(const char *carrier, const char *address)
{
    struct in_addr a;
    char text[64];
    if (!address || inet_pton(AF_INET, address, &a) != 1)
        return false;
    unsigned v = ntohl(a.s_addr);
    snprintf(text, sizeof text, carrier, v >> 16, v & 0xffff);
    return is_public(text) != is_public(address);
}

static void carried(void)
{
    for (size_t c = 0; c < sizeof carriers / sizeof *carriers; c++) {
        unsigned n = 0;
        for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
            n += differs(carriers[c], ranges[i].first) + differs(carriers[c], ranges[i].last) +
                 differs(carriers[c], ranges[i].before) + differs(carriers[c], ranges[i].after);
        is_int(n, 0, "as %s an IPv4 address is as public as it is itself", carriers[c]);
    }
    ok(is_public("2001:0:808:808:0:0:f7f7:f7f7"), "Teredo between two public addresses is public");
    ok(!is_public("2001:0:808:808:0:0:80ff:fffe"), "but not with 127.0.0.1 for its client");
    ok(!is_public("2001:0:808:808:0:0:f5ff:fffe"), "nor with 10.0.0.1");
    ok(!is_public("2001:0:7f00:1:0:0:f7f7:f7f7"), "nor with 127.0.0.1 for its server");
    ok(is_public("2001:0:808:808:0:0:7f00:1"), "a client that reads as 127.0.0.1 is 128.255.255.254, turned over");
}

static void other_families(void)
{
    struct sockaddr_un local = {.sun_family = AF_UNIX};
    struct sockaddr_in short_one = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x08080808)};
    ok(!guard_is_public((struct sockaddr *)&local, sizeof local), "a Unix socket is not public");
    ok(!guard_is_public((struct sockaddr *)&short_one, sizeof short_one - 1), "nor is an address that is cut off");
}

int main(void)
{
    plan(0);
    range_ends();
    ordinary_ones();
    carried();
    other_families();
    return tap_end();
}
