#include "net/redis.h"

#include <fcntl.h>
#include <hiredis/adapters/libevent.h>
#include <hiredis/async.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "net/guard.h"
#include "net/lookup.h"
#include "net/redis_url.h"

#define NS_PER_MS INT64_C(1000000)

/* One transfer in the line's queue. */
struct pending {
    struct transfer *transfer; /* NULL: cancelled */
    bool sent;                 /* hiredis has it, and from then on it may arrive */
    int64_t deadline_ns;
    struct pending *next;
};

enum line_state {
    LINE_DOWN,
    LINE_LOOKING_UP,
    LINE_CONNECTING,
    LINE_GREETING, /* AUTH and SELECT are under way; nothing else is sent before they are through */
    LINE_UP,
};

struct redis_line {
    struct loop *loop;
    struct redis_target target;
    char *password; /* NULL: none */
    int64_t timeout_ms;
    bool allow_private;

    enum line_state state;
    struct lookup *lookup;
    struct addresses addresses;
    unsigned tried, first;         /* of the addresses: how many in this attempt, and with which it began */
    redisAsyncContext *connection; /* NULL: none, or hiredis is about to free it */
    unsigned greetings;            /* replies still to come in LINE_GREETING */

    struct pending *head, **tail; /* in order; what is sent comes first */
    struct watch *connect;        /* a timer: connects from the loop, not from within redis_start() */
    struct watch *timeout;        /* runs for the oldest transfer there was when it was set */
    bool timing;
    struct buf command; /* scratch */
};

/* --- answers --- */

static void answer(struct pending *p, const struct answer *a)
{
    struct transfer *t = p->transfer;
    free(p);
    if (!t)
        return;
    t->slot = NULL;
    t->done(t, a);
}

/* Gives up the whole queue: what was sent may have arrived. done() may start others, which come into a new queue. */
static void fail_all(struct redis_line *l, const char *why)
{
    struct answer a = {.retry_after = -1};
    struct pending *p = l->head;
    snprintf(a.error, sizeof a.error, "%s", why);
    l->head = NULL;
    l->tail = &l->head;
    while (p) {
        struct pending *next = p->next;
        a.carried = p->sent ? LOST : NOT_SENT;
        answer(p, &a);
        p = next;
    }
}

/* hiredis gets to free its connection, now or, within one of its callbacks, behind it. What it tells while it does so
 * is not for us any more. */
static void hang_up(struct redis_line *l)
{
    redisAsyncContext *c = l->connection;
    l->connection = NULL;
    l->state = LINE_DOWN;
    if (!c)
        return;
    c->data = NULL;
    redisAsyncFree(c);
}

static void break_off(struct redis_line *l, const char *why)
{
    hang_up(l);
    fail_all(l, why);
}

static struct str reply_text(const redisReply *r, char digits[24])
{
    switch (r->type) {
    case REDIS_REPLY_STATUS:
    case REDIS_REPLY_ERROR:
    case REDIS_REPLY_STRING: return (struct str){r->str, r->len};
    case REDIS_REPLY_INTEGER: return (struct str){digits, (size_t)snprintf(digits, 24, "%lld", r->integer)};
    default: return STR_LIT("");
    }
}

/* A NULL reply says that the connection is gone: on_disconnected() sees to all of the queue then. */
static void on_reply(redisAsyncContext *c, void *reply, void *arg)
{
    struct redis_line *l = c->data;
    const redisReply *r = reply;
    char digits[24];
    (void)arg;
    if (!l || !r)
        return;
    struct pending *p = l->head; /* replies come in the order of the commands */
    l->head = p->next;
    if (!l->head)
        l->tail = &l->head;
    struct answer a = {.carried = CARRIED, .retry_after = -1};
    a.status = r->type == REDIS_REPLY_ERROR ? 500 : 200;
    a.body = reply_text(r, digits);
    answer(p, &a);
}

/* --- commands --- */

static void add_bulk(struct buf *b, struct str s)
{
    buf_addc(b, '$');
    buf_add_u64(b, s.n);
    BUF_LIT(b, "\r\n");
    buf_addstr(b, s);
    BUF_LIT(b, "\r\n");
}

static void begin_command(struct buf *b, unsigned n_args)
{
    buf_clear(b);
    buf_addc(b, '*');
    buf_add_u64(b, n_args);
    BUF_LIT(b, "\r\n");
}

static void write_call(struct buf *b, const struct call *c)
{
    begin_command(b, c->n_args);
    for (size_t at = 0; at < c->args.n;) {
        uint32_t n;
        memcpy(&n, c->args.p + at, sizeof n);
        at += sizeof n;
        add_bulk(b, (struct str){c->args.p + at, n});
        at += n;
    }
}

/* Terminated, for hiredis looks at what stands behind the first argument. It refuses when the connection is about to
 * go: then the command stays unsent. */
static bool hand_over(struct redis_line *l, redisCallbackFn *fn, const char *name)
{
    size_t n = l->command.n;
    buf_addc(&l->command, '\0');
    return redisAsyncFormattedCommand(l->connection, fn, (void *)name, l->command.p, n) == REDIS_OK;
}

static void send_one(struct redis_line *l, struct pending *p)
{
    write_call(&l->command, p->transfer->call);
    p->sent = hand_over(l, on_reply, NULL);
    if (p->sent)
        p->transfer->first_byte_ns = clock_monotonic_ns(); /* it is written in the same turn of the loop */
}

/* Sends what has waited for the connection, and forgets what was cancelled meanwhile. */
static void send_waiting(struct redis_line *l)
{
    struct pending **link = &l->head, *p;
    while ((p = *link)) {
        if (p->transfer) {
            send_one(l, p);
            link = &p->next;
        } else {
            *link = p->next;
            free(p);
        }
    }
    l->tail = link;
}

/* --- the beginning of a connection --- */

static void on_greeted(redisAsyncContext *c, void *reply, void *arg)
{
    struct redis_line *l = c->data;
    const redisReply *r = reply;
    char why[160];
    if (!l || !r)
        return;
    if (r->type == REDIS_REPLY_ERROR) {
        /* Its first word: behind it some servers repeat what they were told, the password too. */
        snprintf(why, sizeof why, "%s was refused: %.*s", (const char *)arg, (int)strcspn(r->str, " "), r->str);
        break_off(l, why);
    } else if (--l->greetings == 0) {
        l->state = LINE_UP;
        send_waiting(l);
    }
}

static void greet(struct redis_line *l, const char *name, const struct str *args, unsigned n)
{
    begin_command(&l->command, n + 1);
    add_bulk(&l->command, str_of(name));
    for (unsigned i = 0; i < n; i++)
        add_bulk(&l->command, args[i]);
    hand_over(l, on_greeted, name);
    l->greetings++;
    explicit_bzero(l->command.p, l->command.n); /* the password */
}

static void begin_greeting(struct redis_line *l)
{
    struct str login[2] = {str_of(l->target.user), str_of(l->password)};
    bool named = login[0].n > 0;
    char db[12];
    l->greetings = 0;
    l->state = LINE_GREETING;
    if (l->password || named)
        greet(l, "AUTH", named ? login : login + 1, named ? 2 : 1);
    if (l->target.db > 0) {
        struct str index = {db, (size_t)snprintf(db, sizeof db, "%u", l->target.db)};
        greet(l, "SELECT", &index, 1);
    }
    if (l->greetings > 0)
        return;
    l->state = LINE_UP;
    send_waiting(l);
}

/* --- connecting --- */

static void try_next(struct redis_line *l, const char *why);

/* A connection that had been made is gone, and not by hang_up(). */
static void on_disconnected(const redisAsyncContext *c, int status)
{
    struct redis_line *l = c->data;
    (void)status;
    if (!l)
        return;
    l->connection = NULL; /* hiredis frees it behind this call */
    l->state = LINE_DOWN;
    fail_all(l, c->errstr && c->errstr[0] ? c->errstr : "the connection was closed");
}

static void on_connected(const redisAsyncContext *c, int status)
{
    struct redis_line *l = c->data;
    if (!l)
        return;
    if (status == REDIS_OK) {
        begin_greeting(l);
        return;
    }
    char why[160];
    snprintf(why, sizeof why, "%s", c->c.errstr);
    l->connection->data = NULL; /* hiredis frees it behind this call */
    l->connection = NULL;
    try_next(l, why);
}

/* false: it failed at once, *why says how. */
static bool connect_to(struct redis_line *l, const struct sockaddr *a, socklen_t length, char *why, size_t size)
{
    char host[NI_MAXHOST];
    if (getnameinfo(a, length, host, sizeof host, NULL, 0, NI_NUMERICHOST) != 0)
        abort(); /* getaddrinfo() made the address */
    redisAsyncContext *c = redisAsyncConnect(host, l->target.host.port);
    if (!c)
        mem_none("cannot make a connection to Redis");
    if (c->err) {
        snprintf(why, size, "%s", c->errstr);
        redisAsyncFree(c);
        return false;
    }
    fcntl(c->c.fd, F_SETFD, FD_CLOEXEC);
    c->data = l;
    l->connection = c;
    redisLibeventAttach(c, loop_base(l->loop));
    redisAsyncSetDisconnectCallback(c, on_disconnected);
    redisAsyncSetConnectCallback(c, on_connected);
    return true;
}

/* The next address that is allowed; why: what came of the one before. */
static void try_next(struct redis_line *l, const char *why)
{
    char last[160];
    snprintf(last, sizeof last, "%s", why);
    while (l->tried < l->addresses.n) {
        unsigned i = (l->first + l->tried++) % l->addresses.n;
        const struct sockaddr *a = (const struct sockaddr *)&l->addresses.v[i].a;
        socklen_t length = l->addresses.v[i].length;
        if (!l->allow_private && !guard_is_public(a, length))
            snprintf(last, sizeof last, "the address is inside the network, and allow_private is off");
        else if (connect_to(l, a, length, last, sizeof last))
            return;
    }
    l->state = LINE_DOWN;
    fail_all(l, last);
}

static void on_looked_up(void *arg, const struct addresses *found, const char *error)
{
    struct redis_line *l = arg;
    char why[160];
    if (!error)
        l->addresses = *found;
    else
        snprintf(why, sizeof why, "the host's name has no address: %s", error);
    lookup_free(l->lookup);
    l->lookup = NULL;
    l->state = LINE_DOWN;
    if (error) {
        fail_all(l, why);
    } else if (l->head) { /* else all were given up meanwhile */
        l->state = LINE_CONNECTING;
        l->tried = 0;
        try_next(l, "no address");
    }
}

static void on_connect(void *arg)
{
    struct redis_line *l = arg;
    if (l->state != LINE_DOWN || !l->head)
        return;
    l->state = LINE_LOOKING_UP;
    l->lookup = lookup_new(l->loop, l->target.host.name, l->target.host.port, on_looked_up, l);
}

/* --- time --- */

/* One timer for all: it is left running when transfers end, and looks for itself when it fires. The first transfer in
 * the queue is the one whose time ends first. */
static void on_timeout(void *arg)
{
    struct redis_line *l = arg;
    char why[80];
    l->timing = l->head != NULL;
    if (!l->head)
        return;
    int64_t left = l->head->deadline_ns - clock_monotonic_ns();
    if (left > 0) {
        watch_timer_set(l->timeout, (left + NS_PER_MS - 1) / NS_PER_MS);
        return;
    }
    l->timing = false;
    snprintf(why, sizeof why, "%s within %lld ms", l->state == LINE_UP ? "no reply" : "no connection",
             (long long)l->timeout_ms);
    if (l->state == LINE_LOOKING_UP) {
        fail_all(l, why); /* the look-up goes on, so that there is never more than one, for whoever comes next */
    } else {
        if (l->state == LINE_CONNECTING)
            l->first += l->tried; /* next time another address comes first */
        break_off(l, why);
    }
}

static void start_timer(struct redis_line *l)
{
    if (!l->timing)
        watch_timer_set(l->timeout, l->timeout_ms);
    l->timing = true;
}

/* --- the line --- */

enum err redis_line_open(struct loop *loop, const struct redis_settings *s, struct redis_line **out, struct errmsg *msg)
{
    struct redis_target target;
    enum err e = redis_url_parse(s->url, &target, msg);
    if (e != ERR_OK)
        return e;
    struct redis_line *l = mem_zalloc(1, sizeof *l);
    l->loop = loop;
    l->target = target;
    l->password = s->password ? mem_strdup(s->password) : NULL;
    l->timeout_ms = s->timeout_ms;
    l->allow_private = s->allow_private;
    l->tail = &l->head;
    l->connect = watch_timer(loop, on_connect, l);
    l->timeout = watch_timer(loop, on_timeout, l);
    *out = l;
    return ERR_OK;
}

void redis_line_close(struct redis_line *l)
{
    if (!l)
        return;
    hang_up(l);
    lookup_free(l->lookup);
    watch_free(l->connect);
    watch_free(l->timeout);
    while (l->head) {
        struct pending *p = l->head;
        l->head = p->next;
        free(p);
    }
    if (l->password)
        explicit_bzero(l->password, strlen(l->password));
    free(l->password);
    buf_done(&l->command);
    free(l);
}

void redis_start(struct redis_line *l, struct transfer *t)
{
    struct pending *p = mem_alloc(sizeof *p);
    t->started_ns = clock_monotonic_ns();
    t->first_byte_ns = 0;
    t->slot = p;
    *p = (struct pending){.transfer = t, .deadline_ns = t->started_ns + l->timeout_ms * NS_PER_MS};
    *l->tail = p;
    l->tail = &p->next;
    start_timer(l);
    if (l->state == LINE_UP)
        send_one(l, p);
    else if (l->state == LINE_DOWN)
        watch_timer_set(l->connect, 0);
}

void redis_cancel(struct redis_line *l, struct transfer *t)
{
    struct pending *p = t->slot;
    (void)l;
    if (p)
        p->transfer = NULL; /* its reply is read all the same */
    t->slot = NULL;
}
