#include "net/guard.h"

#include <netinet/in.h>
#include <stdint.h>
#include <string.h>

/* An address is a run of bytes, of which the first so many bits are compared. */
struct range {
    uint8_t first[16];
    unsigned bits;
};

/* IANA's special-purpose registry for IPv4, with multicast. Blocks of it that are reachable for everybody but serve
 * the network itself (AS112, AMT) are nobody's webhook receiver and stay public only because they do no harm. */
static const struct range special4[] = {
    {{0}, 8},             /* this host */
    {{10}, 8},            /* private */
    {{100, 64}, 10},      /* shared: carriers' */
    {{127}, 8},           /* loopback */
    {{169, 254}, 16},     /* link-local, and where clouds keep their metadata */
    {{172, 16}, 12},      /* private */
    {{192, 0, 0}, 24},    /* protocol assignments */
    {{192, 0, 2}, 24},    /* documentation */
    {{192, 88, 99}, 24},  /* the former anycast of 6to4 relays */
    {{192, 168}, 16},     /* private */
    {{198, 18}, 15},      /* benchmarking */
    {{198, 51, 100}, 24}, /* documentation */
    {{203, 0, 113}, 24},  /* documentation */
    {{224}, 4},           /* multicast */
    {{240}, 4},           /* reserved, and broadcast */
};

/* The only part of IPv6 that is handed out for everybody; what is outside (loopback, link-local, unique local,
 * multicast, local NAT64 64:ff9b:1::/48, and what nobody has yet) needs no row. */
static const struct range global6 = {{0x20}, 3};

static const struct range special6[] = {
    {{0x20, 0x01}, 23},             /* protocol assignments: benchmarking, ORCHID, all but Teredo */
    {{0x20, 0x01, 0x0d, 0xb8}, 32}, /* documentation */
    {{0x3f, 0xff}, 20},             /* documentation */
};

/* Addresses that carry one of IPv4, which then is what is reached. */
struct carrier {
    struct range range;
    unsigned at[2]; /* where the IPv4 addresses stand; 0: no further one */
    uint8_t flip;   /* what the last one is xored with */
};

static const struct carrier carriers[] = {
    {{{[10] = 0xff, 0xff}, 96}, {12}, 0},            /* IPv4-mapped */
    {{{0x00, 0x64, 0xff, 0x9b}, 96}, {12}, 0},       /* NAT64 */
    {{{0x20, 0x02}, 16}, {2}, 0},                    /* 6to4 */
    {{{0x20, 0x01, 0x00, 0x00}, 32}, {4, 12}, 0xff}, /* Teredo: its server, and the client turned over */
    {{{0}, 96}, {12}, 0},                            /* IPv4-compatible */
};

static bool in_range(const uint8_t *address, const struct range *r)
{
    size_t whole = r->bits / 8;
    uint8_t rest = (uint8_t)(0xff00 >> r->bits % 8);
    if (memcmp(address, r->first, whole) != 0)
        return false;
    return r->bits % 8 == 0 || ((address[whole] ^ r->first[whole]) & rest) == 0;
}

static bool in_any(const uint8_t *address, const struct range *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (in_range(address, &v[i]))
            return true;
    }
    return false;
}

static bool is_public4(const uint8_t address[4])
{
    return !in_any(address, special4, sizeof special4 / sizeof *special4);
}

static bool carried_public(const uint8_t address[16], const struct carrier *c)
{
    for (unsigned i = 0; i < 2 && c->at[i]; i++) {
        bool last = i == 1 || !c->at[i + 1];
        uint8_t inner[4];
        for (unsigned b = 0; b < 4; b++)
            inner[b] = address[c->at[i] + b] ^ (last ? c->flip : 0);
        if (!is_public4(inner))
            return false;
    }
    return true;
}

static bool is_public6(const uint8_t address[16])
{
    for (size_t i = 0; i < sizeof carriers / sizeof *carriers; i++) {
        if (in_range(address, &carriers[i].range))
            return carried_public(address, &carriers[i]);
    }
    return in_range(address, &global6) && !in_any(address, special6, sizeof special6 / sizeof *special6);
}

bool guard_is_public(const struct sockaddr *address, socklen_t length)
{
    /* Copied: a socket address may stand anywhere. */
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    if (length >= sizeof in && address->sa_family == AF_INET) {
        memcpy(&in, address, sizeof in);
        return is_public4((const uint8_t *)&in.sin_addr);
    }
    if (length >= sizeof in6 && address->sa_family == AF_INET6) {
        memcpy(&in6, address, sizeof in6);
        return is_public6(in6.sin6_addr.s6_addr);
    }
    return false;
}
