/* However an address inside is spelled, no request reaches a listener there unless the endpoint may. */
#include <dlfcn.h>
#include <locale.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

#include "tests/lib/tap.h"
#include "tests/net/carry.h"
#include "tests/net/peer.h"

#define OK_ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

/* --- names that say what a test wants --- */

static const struct {
    const char *name, *address;
} names[] = {
    {"loopback.test", "127.0.0.1"},  {"loopback6.test", "::1"},           {"private.test", "10.0.0.1"},
    {"mapped.test", "::ffff:127.0.0.1"}, {"metadata.test", "169.254.169.254"}, {"any.test", "0.0.0.0"},
    {"xn--fiq228c.test", "127.0.0.1"}, /* 中文 */
};

/* In the C library's place, for libcurl too: the names above, and else what it would say. */
int getaddrinfo(const char *restrict node, const char *restrict service, const struct addrinfo *restrict hints,
                struct addrinfo **restrict out)
{
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
    for (size_t i = 0; node && i < sizeof names / sizeof *names; i++) {
        size_t n = strlen(names[i].name);
        if (strncasecmp(node, names[i].name, n) == 0 && strspn(node + n, ".") == strlen(node + n))
            return real(names[i].address, service, hints, out);
    }
    return real(node, service, hints, out);
}

/* --- spellings --- */

/* The URL, whose port is put in for the '#', and why it goes nowhere. */
enum why {
    ADDRESS,   /* "address not allowed" */
    MALFORMED, /* no URL, or a host that is none */
    EITHER,    /* one of these, or a name that nobody knows: that is the C library's to say */
    DOTTED,    /* the same; but behind a proxy an address */
};

static const struct {
    const char *url;
    enum why why;
} spellings[] = {
    /* loopback, as numbers */
    {"http://127.0.0.1:#/", ADDRESS},
    {"http://127.0.0.1.:#/", DOTTED},
    {"http://127.0.0.2:#/", ADDRESS},
    {"http://127.1:#/", ADDRESS},
    {"http://127.0.1:#/", ADDRESS},
    {"http://127.255.255.254:#/", ADDRESS},
    {"http://2130706433:#/", ADDRESS},
    {"http://0x7f000001:#/", ADDRESS},
    {"http://0X7F000001:#/", ADDRESS},
    {"http://0x7f.1:#/", ADDRESS},
    {"http://0x7f.0x0.0x0.0x1:#/", ADDRESS},
    {"http://0x7f.0.0.1:#/", ADDRESS},
    {"http://0177.0.0.1:#/", ADDRESS},
    {"http://0177.0.0.01:#/", ADDRESS},
    {"http://0177.1:#/", ADDRESS},
    {"http://017700000001:#/", ADDRESS},
    {"http://00000000177.0.0.1:#/", EITHER},
    {"http://127.0x1:#/", ADDRESS},
    {"http://127.000.000.001:#/", ADDRESS},
    {"http://4294967297:#/", EITHER},
    {"http://18446744071692337153:#/", EITHER},
    {"http://127.0.0.1.1:#/", EITHER},
    {"http://127.0.0.257:#/", EITHER},
    /* this host */
    {"http://0:#/", ADDRESS},
    {"http://0.0.0.0:#/", ADDRESS},
    {"http://0x0:#/", ADDRESS},
    {"http://00:#/", ADDRESS},
    {"http://0.0:#/", ADDRESS},
    /* IPv6 */
    {"http://[::1]:#/", ADDRESS},
    {"http://[0:0:0:0:0:0:0:1]:#/", ADDRESS},
    {"http://[0000:0000:0000:0000:0000:0000:0000:0001]:#/", ADDRESS},
    {"http://[::]:#/", ADDRESS},
    {"http://[::127.0.0.1]:#/", ADDRESS},
    {"http://[::7f00:1]:#/", ADDRESS},
    {"http://[::ffff:127.0.0.1]:#/", ADDRESS},
    {"http://[::ffff:7f00:1]:#/", ADDRESS},
    {"http://[::FFFF:7F00:1]:#/", ADDRESS},
    {"http://[0:0:0:0:0:ffff:7f00:0001]:#/", ADDRESS},
    {"http://[::ffff:0.0.0.0]:#/", ADDRESS},
    {"http://[::ffff:10.0.0.1]:#/", ADDRESS},
    {"http://[64:ff9b::7f00:1]:#/", ADDRESS},
    {"http://[64:ff9b::127.0.0.1]:#/", ADDRESS},
    {"http://[64:ff9b:1::7f00:1]:#/", ADDRESS},
    {"http://[2002:7f00:1::]:#/", ADDRESS},
    {"http://[2002:7f00:0001::1]:#/", ADDRESS},
    {"http://[2001:0:7f00:1::]:#/", ADDRESS},
    {"http://[2001:0:808:808::80ff:fffe]:#/", ADDRESS},
    {"http://[::1%25lo]:#/", EITHER},
    {"http://[::1%lo]:#/", EITHER},
    {"http://[fe80::1]:#/", ADDRESS},
    {"http://[fe80::1%25lo]:#/", ADDRESS},
    {"http://[fc00::1]:#/", ADDRESS},
    {"http://[fd12:3456:789a::1]:#/", ADDRESS},
    {"http://[fec0::1]:#/", ADDRESS},
    {"http://[ff02::1]:#/", ADDRESS},
    {"http://[::1:#/", MALFORMED},
    {"http://::1:#/", MALFORMED},
    {"http://[127.0.0.1]:#/", EITHER},
    /* inside, and where clouds keep their metadata */
    {"http://10.0.0.1:#/", ADDRESS},
    {"http://10.1:#/", ADDRESS},
    {"http://172.16.0.1:#/", ADDRESS},
    {"http://192.168.1.1:#/", ADDRESS},
    {"http://192.168.257:#/", ADDRESS},
    {"http://100.64.0.1:#/", ADDRESS},
    {"http://169.254.169.254:#/", ADDRESS},
    {"http://2852039166:#/", ADDRESS},
    {"http://0xa9fea9fe:#/", ADDRESS},
    {"http://0251.0376.0251.0376:#/", ADDRESS},
    {"http://[::ffff:a9fe:a9fe]:#/", ADDRESS},
    {"http://224.0.0.1:#/", ADDRESS},
    {"http://255.255.255.255:#/", ADDRESS},
    /* names */
    {"http://localhost:#/", ADDRESS},
    {"http://LOCALHOST:#/", ADDRESS},
    {"http://localhost.:#/", DOTTED},
    {"http://any.localhost:#/", ADDRESS},
    {"http://loopback.test:#/", ADDRESS},
    {"http://LoopBack.Test.:#/", ADDRESS},
    {"http://loopback6.test:#/", ADDRESS},
    {"http://private.test:#/", ADDRESS},
    {"http://mapped.test:#/", ADDRESS},
    {"http://metadata.test:#/", ADDRESS},
    {"http://any.test:#/", ADDRESS},
    {"http://\xe4\xb8\xad\xe6\x96\x87.test:#/", MALFORMED},
    {"https://loopback.test:#/", ADDRESS},
    /* what a URL can be made to look like */
    {"http://public.example@127.0.0.1:#/", ADDRESS},
    {"http://public.example:80@127.0.0.1:#/", ADDRESS},
    {"http://8.8.8.8@127.0.0.1:#/", ADDRESS},
    {"http://a:b@c@127.0.0.1:#/", MALFORMED},
    {"http://127.0.0.1:#@/", MALFORMED},
    {"http://127.0.0.1:#?public.example/", ADDRESS},
    {"http://127.0.0.1:##public.example/", EITHER},
    {"http://127.0.0.1:#/\\public.example", EITHER},
    {"http:\\\\127.0.0.1:#/", MALFORMED},
    {"http:/127.0.0.1:#/", EITHER},
    {"http:///127.0.0.1:#/", EITHER},
    {"http:127.0.0.1:#/", MALFORMED},
    {"HTTP://127.0.0.1:#/", ADDRESS},
    {"//127.0.0.1:#/", ADDRESS},
    {"127.0.0.1:#/", MALFORMED},
    {" http://127.0.0.1:#/", ADDRESS},
    {"http:// 127.0.0.1:#/", MALFORMED},
    {"http://127.0.0.1 :#/", MALFORMED},
    {"http://127.0.0.1\t:#/", MALFORMED},
    /* encoded */
    {"http://%31%32%37.0.0.1:#/", ADDRESS},
    {"http://127%2e0%2e0%2e1:#/", ADDRESS},
    {"http://%6c%6f%63%61%6c%68%6f%73%74:#/", ADDRESS},
    {"http://127.0.0.1%00.public.example:#/", MALFORMED},
    {"http://127.0.0.1%2f:#/", MALFORMED},
    {"http://%EF%BC%91%EF%BC%92%EF%BC%97.0.0.1:#/", MALFORMED},
    {"http://\xef\xbc\x91\xef\xbc\x92\xef\xbc\x97.\xef\xbc\x90.\xef\xbc\x90.\xef\xbc\x91:#/",
     MALFORMED}, /* full width */
    {"http://127\xe3\x80\x82" "0\xe3\x80\x82" "0\xe3\x80\x82" "1:#/", MALFORMED}, /* ideographic full stops */
    {"http://\xe2\x91\xa0\xe2\x91\xa1\xe2\x91\xa6.0.0.1:#/", MALFORMED},          /* circled */
    {"http://l\xc5\x8f" "calhost:#/", MALFORMED},
    {"http://\xe2\x93\x9b\xe2\x93\x9e\xe2\x93\x92\xe2\x93\x90"
     "\xe2\x93\x9b\xe2\x93\x97\xe2\x93\x9e\xe2\x93\xa2\xe2\x93\xa3:#/",
     MALFORMED}, /* circled letters */
    /* other protocols */
    {"file:///etc/passwd", MALFORMED},
    {"ftp://127.0.0.1:#/", MALFORMED},
    {"gopher://127.0.0.1:#/_x", MALFORMED},
    {"dict://127.0.0.1:#/d:x", MALFORMED},
    {"unix://127.0.0.1:#/", MALFORMED},
    {"", MALFORMED},
};

#define N_SPELLINGS (sizeof spellings / sizeof *spellings)

/* The first '#' becomes the port. */
static void url_from(char *out, size_t size, const char *pattern, unsigned port)
{
    const char *mark = strchr(pattern, '#');
    if (mark)
        snprintf(out, size, "%.*s%u%s", (int)(mark - pattern), pattern, port, mark + 1);
    else
        snprintf(out, size, "%s", pattern);
}

static bool says(const char *error, enum why why)
{
    bool address = strstr(error, "address not allowed") != NULL;
    return why == ADDRESS ? address : why == MALFORMED ? !address && *error : *error != '\0';
}

static void no_spelling_gets_through(struct rig *r)
{
    struct peer *p = peer_new(&(struct peer_settings){.answer = OK_ANSWER});
    struct transfer_settings s = usual();
    s.allow_private = false;
    rig_line(r, &s);
    for (size_t i = 0; i < N_SPELLINGS; i++) {
        char url[256];
        url_from(url, sizeof url, spellings[i].url, peer_port(p));
        rig_post(r, url);
        bool good = r->answer.carried == NOT_SENT && says(r->answer.error, spellings[i].why);
        ok(good, "%zu: refused, with the reason", i + 1);
        if (!good)
            diag("%s: carried %d, \"%s\"", url, (int)r->answer.carried, r->answer.error);
    }
    ok(N_SPELLINGS >= 60, "those were many");
    is_int(peer_connections(p), 0, "and none came to the listener on loopback");
    peer_free(p);
}

/* Else the test above would prove nothing. */
static const char *const reachable[] = {
    "http://127.0.0.1:#/", "http://2130706433:#/", "http://0x7f.1:#/", "http://[::1]:#/", "http://[::ffff:7f00:1]:#/",
    "http://localhost:#/", "http://any.localhost:#/", "http://loopback.test:#/", "http://0:#/",
    "http://public.example@127.0.0.1:#/", "http://%31%32%37.0.0.1:#/",
    "http://xn--fiq228c.test:#/",
};

static void all_reach_it_when_allowed(struct rig *r)
{
    struct peer *p = peer_new(&(struct peer_settings){.answer = OK_ANSWER});
    struct transfer_settings s = usual();
    rig_line(r, &s);
    for (size_t i = 0; i < sizeof reachable / sizeof *reachable; i++) {
        char url[256];
        url_from(url, sizeof url, reachable[i], peer_port(p));
        rig_post(r, url);
        ok(r->answer.carried == CARRIED, "allowed %zu: reached", i + 1);
        if (r->answer.carried != CARRIED)
            diag("%s: \"%s\"", url, r->answer.error);
    }
    peer_free(p);
}

/* What one line has open is nothing to another. */
static void lines_share_no_connection(struct rig *r)
{
    struct peer *p = peer_new(&(struct peer_settings){.answer = OK_ANSWER});
    struct transfer_settings s = usual();
    rig_line(r, &s);
    rig_post(r, url_of("http", "loopback.test", peer_port(p), "/"));
    is_int(r->answer.carried, CARRIED, "an endpoint that may reaches the listener");
    struct transfer_line *open = r->line;
    r->line = NULL;
    s.allow_private = false;
    rig_line(r, &s);
    rig_post(r, url_of("http", "loopback.test", peer_port(p), "/"));
    is_int(r->answer.carried, NOT_SENT, "one that may not does not use its connection");
    is_int(peer_requests(p), 1, "nor gets through otherwise");
    transfer_line_close(open);
    peer_free(p);
}

/* The proxy resolves the name, so what the URL itself says is all that can be looked at. */
static void literals_behind_a_proxy(struct rig *r)
{
    struct peer *proxy = peer_new(&(struct peer_settings){.answer = OK_ANSWER});
    struct transfer_settings s = usual();
    s.allow_private = false;
    s.proxy = url_of("http", "127.0.0.1", peer_port(proxy), "");
    rig_line(r, &s);
    rig_post(r, "http://receiver.example/");
    is_int(peer_requests(proxy), 1, "a name goes to the proxy");
    rig_post(r, "http://8.8.8.8/");
    is_int(peer_requests(proxy), 2, "so does a public address");
    for (size_t i = 0; i < N_SPELLINGS; i++) {
        char url[256];
        url_from(url, sizeof url, spellings[i].url, 8080);
        if ((spellings[i].why != ADDRESS && spellings[i].why != DOTTED) || strcasestr(url, ".test"))
            continue;
        rig_post(r, url);
        ok(r->answer.carried == NOT_SENT && says(r->answer.error, ADDRESS), "%zu: refused before the proxy", i + 1);
        if (r->answer.carried != NOT_SENT)
            diag("%s: \"%s\"", url, r->answer.error);
    }
    is_int(peer_requests(proxy), 2, "and the proxy saw none of them");
    peer_free(proxy);
}

int main(void)
{
    struct rig r;
    plan(0);
    setlocale(LC_ALL, "C.UTF-8"); /* in which libcurl would understand names in any letters */
    rig_init(&r);
    no_spelling_gets_through(&r);
    all_reach_it_when_allowed(&r);
    lines_share_no_connection(&r);
    literals_behind_a_proxy(&r);
    rig_done(&r);
    return tap_end();
}
