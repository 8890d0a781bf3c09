#include "tests/e2e/kannel.h"

#include <ctype.h>
#include <iconv.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "tests/e2e/process.h"
#include "tests/lib/http_client.h"
#include "tests/lib/tap.h"
#include "tests/net/redis_server.h"

#define PORTS_TRIED 20 /* somebody else may be quicker to bind one */
#define OPERATOR "/usr/lib/kannel/test/fakesmsc"
#define ADMIN_PASSWORD "admin"

/* --- its files --- */

static void path_of(const struct kannel *k, const char *name, char out[192])
{
    snprintf(out, 192, "%s/%s", k->dir, name);
}

static void configure(const struct kannel *k)
{
    char path[192];
    struct buf b = BUF_INIT;
    buf_printf(&b,
               "group = core\n"
               "admin-port = %d\nadmin-interface = 127.0.0.1\nadmin-password = " ADMIN_PASSWORD "\n"
               "smsbox-port = %d\nsmsbox-interface = 127.0.0.1\nbox-allow-ip = 127.0.0.1\n"
               "dlr-storage = internal\nstore-type = file\nstore-location = \"%s/store\"\n\n"
               "group = smsc\nsmsc = fake\nsmsc-id = FAKE\nport = %d\nour-host = 127.0.0.1\n"
               "connect-allow-ip = 127.0.0.1\n\n"
               "group = smsbox\nbearerbox-host = 127.0.0.1\n"
               "sendsms-port = %d\nsendsms-interface = 127.0.0.1\n"
               "http-request-retry = 20\nhttp-queue-delay = 1\n\n"
               "group = sendsms-user\nusername = " KANNEL_USER "\npassword = \"" KANNEL_PASSWORD "\"\n"
               "concatenation = true\nmax-messages = 5\n",
               k->admin_port, k->box_port, k->dir, k->operator_port, k->port);
    path_of(k, "kannel.conf", path);
    write_private(path, buf_str(&b));
    buf_done(&b);
}

/* --- its processes --- */

static pid_t start_box(const struct kannel *k, const char *program)
{
    char log[192];
    const char *const argv[] = {program, "-v", "1", "kannel.conf", NULL};
    path_of(k, program, log);
    return process_start(argv, k->dir, log);
}

static void start_operator(struct kannel *k)
{
    char log[192], port[8];
    const char *const argv[] = {OPERATOR, "-H", "127.0.0.1", "-r", port, "-m", "0", "1 2 text none", NULL};
    path_of(k, "operator", log);
    snprintf(port, sizeof port, "%d", k->operator_port);
    k->fakesmsc = process_start(argv, k->dir, log);
}

/* What it says of itself; r->status 0: it does not answer. */
static void ask_status(const struct kannel *k, struct reply *r)
{
    char address[32];
    snprintf(address, sizeof address, "127.0.0.1:%d", k->admin_port);
    r->status = 0;
    struct client *c = client_new(address);
    if (c)
        client_request(c, "GET", "/status.txt?password=" ADMIN_PASSWORD, NULL, STR_NONE, r);
    client_free(c);
}

static bool status_says(const struct kannel *k, const char *text)
{
    struct reply r = {.status = 0};
    ask_status(k, &r);
    bool says = r.status / 100 == 2 && strstr(r.body.p, text);
    reply_done(&r);
    return says;
}

static bool listens(int port)
{
    char address[32];
    snprintf(address, sizeof address, "127.0.0.1:%d", port);
    struct client *c = client_new(address);
    client_free(c);
    return c != NULL;
}

/* One of the two has ended, or both are there and know each other. */
static bool boxes_are_settled(void *arg)
{
    struct kannel *k = arg;
    if (process_ended(&k->bearerbox, NULL) || process_ended(&k->smsbox, NULL))
        return true;
    return status_says(k, "smsbox:") && listens(k->port);
}

static bool operator_is_there(void *arg)
{
    struct kannel *k = arg;
    if (process_ended(&k->fakesmsc, NULL))
        start_operator(k); /* it was quicker than who it calls */
    return status_says(k, "(online ");
}

static bool bearerbox_is_there(void *arg)
{
    struct kannel *k = arg;
    return process_ended(&k->bearerbox, NULL) || listens(k->box_port);
}

/* false: a port was taken. */
static bool start_all(struct kannel *k)
{
    k->bearerbox = start_box(k, "bearerbox");
    if (!await(bearerbox_is_there, k))
        bail_out("bearerbox does not listen");
    k->smsbox = start_box(k, "smsbox");
    if (!await(boxes_are_settled, k))
        bail_out("Kannel does not get ready");
    if (!k->bearerbox || !k->smsbox) {
        kannel_kill(k);
        return false;
    }
    start_operator(k);
    if (!await(operator_is_there, k))
        bail_out("Kannel's operator is not connected");
    return true;
}

void kannel_start(struct kannel *k)
{
    static unsigned count;
    *k = (struct kannel){.port = 0};
    snprintf(k->dir, sizeof k->dir, "%s/kannel%u", tap_tmpdir(), count++);
    if (mkdir(k->dir, 0700) != 0)
        bail_out("cannot make %s", k->dir);
    for (int i = 0; i < PORTS_TRIED; i++) {
        k->port = free_port();
        k->admin_port = free_port();
        k->box_port = free_port();
        k->operator_port = free_port();
        configure(k);
        if (start_all(k))
            return;
    }
    bail_out("Kannel does not start");
}

void kannel_kill(struct kannel *k)
{
    process_kill(&k->fakesmsc);
    process_kill(&k->smsbox);
    process_kill(&k->bearerbox);
}

void kannel_restart(struct kannel *k)
{
    if (!start_all(k))
        bail_out("Kannel's port was taken while it was away");
}

static bool operator_is_gone(void *arg)
{
    return !status_says(arg, "(online ");
}

void kannel_operator_leaves(struct kannel *k)
{
    process_kill(&k->fakesmsc);
    if (!await(operator_is_gone, k))
        bail_out("Kannel does not notice that its operator hung up");
}

void kannel_operator_returns(struct kannel *k)
{
    start_operator(k);
    if (!await(operator_is_there, k))
        bail_out("Kannel's operator is not connected again");
}

unsigned kannel_waiting(struct kannel *k)
{
    struct reply r = {.status = 0};
    ask_status(k, &r);
    const char *size = r.status ? strstr(r.body.p, "store size ") : NULL;
    unsigned n = size ? (unsigned)strtoul(size + 11, NULL, 10) : 0;
    reply_done(&r);
    return n;
}

/* --- what the operator got --- */

/* One line of its log: FROM TO ucs-2 TEXT, or FROM TO udh HEADER data TEXT, percent-encoded. */
struct part {
    char to[24];
    unsigned reference, of, number; /* of 1: it came alone */
    unsigned char text[160];        /* UTF-16, the high byte first */
    size_t n;
};

/* Decodes up to the word's end, which is returned. */
static const char *decode(const char *p, unsigned char *out, size_t size, size_t *n)
{
    *n = 0;
    for (; *p && *p != ' ' && *p != '>' && *n < size; p++) {
        unsigned byte = *p == '+' ? ' ' : (unsigned char)*p;
        if (*p == '%' && isxdigit(p[1]) && isxdigit(p[2])) {
            char hex[3] = {p[1], p[2], '\0'};
            byte = (unsigned)strtoul(hex, NULL, 16);
            p += 2;
        }
        out[(*n)++] = (unsigned char)byte;
    }
    return p;
}

static bool read_part(const char *line, struct part *out)
{
    unsigned char header[16];
    size_t n;
    int from;
    *out = (struct part){.of = 1, .number = 1};
    const char *p = strstr(line, "Got message ");
    if (!p || sscanf(p, "Got message %*u: <%*s %23s %n", out->to, &from) != 1)
        return false;
    p += from;
    if (strncmp(p, "ucs-2 ", 6) == 0) {
        decode(p + 6, out->text, sizeof out->text, &out->n);
        return true;
    }
    if (strncmp(p, "udh ", 4) != 0)
        return false;
    p = decode(p + 4, header, sizeof header, &n);
    /* length 5, element 0 (one of several) of length 3: reference, of how many, which */
    if (n != 6 || memcmp(header, "\5\0\3", 3) != 0 || strncmp(p, " data ", 6) != 0)
        return false;
    out->reference = header[3];
    out->of = header[4];
    out->number = header[5];
    decode(p + 6, out->text, sizeof out->text, &out->n);
    return true;
}

static void to_utf8(const struct buf *raw, char *out, size_t size)
{
    iconv_t how = iconv_open("UTF-8", "UTF-16BE");
    char *from = raw->p, *to = out;
    size_t left = raw->n, room = size - 1;
    if (how == (iconv_t)-1 || (left && iconv(how, &from, &left, &to, &room) == (size_t)-1))
        bail_out("a message cannot be read");
    *to = '\0';
    iconv_close(how);
}

/* The whole whose first part this is; false: not all of it is there. Surrogates may stand in different parts, so it is
 * decoded when it is whole. */
static bool put_together(const struct part *all, unsigned n, unsigned first, struct operator_sms *out)
{
    const struct part *start = &all[first];
    struct buf raw = BUF_INIT;
    unsigned found = 0;
    for (unsigned wanted = 1; wanted <= start->of; wanted++)
        for (unsigned i = first; i < n && found < wanted; i++)
            if (all[i].number == wanted && all[i].of == start->of && all[i].reference == start->reference &&
                strcmp(all[i].to, start->to) == 0) {
                buf_add(&raw, all[i].text, all[i].n);
                found++;
            }
    bool whole = found == start->of;
    *out = (struct operator_sms){.parts = start->of};
    snprintf(out->to, sizeof out->to, "%s", start->to);
    if (whole)
        to_utf8(&raw, out->text, sizeof out->text);
    buf_done(&raw);
    return whole;
}

unsigned kannel_delivered(const struct kannel *k, struct operator_sms *out, unsigned max)
{
    char path[192];
    struct buf log = BUF_INIT, parts = BUF_INIT;
    struct operator_sms one;
    path_of(k, "operator", path);
    read_text(path, &log);
    char *rest = log.p;
    for (char *line; (line = strsep(&rest, "\n"));) {
        struct part p;
        if (read_part(line, &p))
            buf_add(&parts, &p, sizeof p);
    }
    const struct part *all = (const struct part *)(const void *)parts.p;
    unsigned n = (unsigned)(parts.n / sizeof *all), whole = 0;
    for (unsigned i = 0; i < n; i++)
        if (all[i].number == 1 && put_together(all, n, i, &one) && whole++ < max)
            out[whole - 1] = one;
    buf_done(&log);
    buf_done(&parts);
    return whole;
}
