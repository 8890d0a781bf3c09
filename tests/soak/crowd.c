#include "tests/soak/crowd.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "tests/lib/canary.h"
#include "tests/lib/tap.h"

#define MS INT64_C(1000000)
#define NDJSON "Content-Type: application/x-ndjson\r\n"
#define JSON "Content-Type: application/json\r\n"
#define ENROL_LINES 5000
#define CERTIFY_LINES 20
#define CYCLE 14     /* days, of the policies */
#define STAY_AWAY 41 /* one in so many does not come when the round comes to them */
#define ERASE_AFTER 100
#define POLL_LIMIT 2000
#define GONE 410 /* the person's first events were archived */

/* One who uses the daemon. */
struct user {
    struct crowd *crowd;
    const struct part *part;
    struct client *client;
    struct reply reply;
    struct buf text;
    struct rng rng;
    uint64_t position;
    unsigned turn;
    int64_t pace; /* nanoseconds between two turns */
};

/* What a kind of users does, in turns. */
struct part {
    const char *channel;
    unsigned users;
    int64_t pace_ms; /* 0: from the length of a round */
    void (*turn)(struct user *u);
};

static unsigned below(struct user *u, uint32_t n)
{
    return (unsigned)rng_below(&u->rng, n);
}

/* --- requests --- */

static void note(struct crowd *c, int64_t ns)
{
    pthread_mutex_lock(&c->lock);
    if (c->now.n == c->now.cap)
        c->now.us = mem_resize(c->now.us, c->now.cap = c->now.cap ? 2 * c->now.cap : 4096, sizeof *c->now.us);
    c->now.us[c->now.n++] = (uint32_t)(ns / 1000);
    pthread_mutex_unlock(&c->lock);
}

static void request(struct user *u, const char *method, const char *target, const char *headers, struct str body)
{
    client_request(u->client, method, target, headers, body, &u->reply);
    if (u->reply.status != 200 && u->reply.status != GONE) {
        atomic_fetch_add(&u->crowd->failed, 1);
        diag("%s %s is answered %d", method, target, u->reply.status);
    }
}

static void timed(struct user *u, const char *method, const char *target, const char *headers, struct str body)
{
    int64_t began = clock_monotonic_ns();
    request(u, method, target, headers, body);
    note(u->crowd, clock_monotonic_ns() - began);
}

static void ask(struct user *u, const char *target)
{
    timed(u, "GET", target, NULL, STR_NONE);
    atomic_fetch_add(&u->crowd->asked, 1);
}

static unsigned count(const char *text, const char *what)
{
    unsigned n = 0;
    for (const char *p = text; (p = strstr(p, what)) != NULL; p++)
        n++;
    return n;
}

/* --- inputs --- */

static void add_date(struct buf *out, const char *member, int on)
{
    char text[10];
    date_format((lc_date)on, text);
    buf_printf(out, ",\"%s\":\"%.10s\"", member, text);
}

static void add_phone(struct buf *out, uint32_t person)
{
    char phone[CANARY_TEXT];
    buf_printf(out, ",\"phone\":\"%s\"", canary_phone(person, phone));
}

/* certified: so many days ago, -1 never. */
static void write_enrol(struct buf *out, uint32_t person, int today, int certified)
{
    char name[CANARY_TEXT];
    buf_printf(out, "{\"op\":\"enrol\",\"id\":\"W-%07u\",\"policy\":\"%s\",\"name\":\"%s\",\"amount\":%u", person,
               person % 10 ? "monthly" : "by-message", canary_name(person, name), 1000 + person % 500);
    buf_printf(out, ",\"category\":\"C%u\",\"unit\":\"U%u\"", person % 4, person % 50);
    add_date(out, "approved_on", today - 400);
    if (certified >= 0)
        add_date(out, "last_certified_on", today - certified);
    add_phone(out, person);
    buf_adds(out, "}\n");
}

static void write_certify(struct user *u, uint32_t person, struct buf *out)
{
    buf_printf(out, "{\"op\":\"certify\",\"id\":\"W-%07u\",\"channel\":\"%s\",\"ref\":\"R%u\"", person,
               u->part->channel, atomic_fetch_add(&u->crowd->next_ref, 1));
    add_date(out, "certified_on", atomic_load(&u->crowd->today));
    if (person % 3 == 0)
        add_phone(out, person);
    buf_adds(out, "}\n");
}

/* The next one in the round who comes. */
static uint32_t next_person(struct user *u)
{
    struct crowd *c = u->crowd;
    uint32_t n;
    do
        n = atomic_fetch_add(&c->next, 1);
    while (below(u, STAY_AWAY) == 0);
    uint32_t first = atomic_load(&c->first);
    return first + n % c->people;
}

static void post(struct user *u, const char *headers, unsigned lines)
{
    timed(u, "POST", "/v1/inputs", headers, buf_str(&u->text));
    atomic_fetch_add(&u->crowd->sent, lines);
    atomic_fetch_add(&u->crowd->refused, count(u->reply.body.p, "\"result\":\"rejected\""));
    buf_clear(&u->text);
}

static void certify_many(struct user *u)
{
    for (unsigned i = 0; i < CERTIFY_LINES; i++)
        write_certify(u, next_person(u), &u->text);
    post(u, NDJSON, CERTIFY_LINES);
}

static void certify_one(struct user *u)
{
    write_certify(u, next_person(u), &u->text);
    post(u, JSON, 1);
}

/* One dies and one comes; somebody is erased, somebody moves, somebody travels, a proof turns out to be none. */
static void live(struct user *u)
{
    struct crowd *c = u->crowd;
    int today = atomic_load(&c->today);
    uint32_t end = atomic_load(&c->end), first = atomic_load(&c->first), some = first + 1 + below(u, end - first - 1);
    write_enrol(&u->text, end, today, (int)below(u, CYCLE));
    atomic_store(&c->end, end + 1);
    buf_printf(&u->text, "{\"op\":\"report-death\",\"id\":\"W-%07u\"", first);
    add_date(&u->text, "died_on", today - 1);
    atomic_store(&c->first, first + 1);
    buf_printf(&u->text, "}\n{\"op\":\"amend\",\"id\":\"W-%07u\",\"amount\":%u}\n", some, 1000 + below(u, 5000));
    buf_printf(&u->text, "{\"op\":\"defer\",\"id\":\"W-%07u\",\"reason\":\"a visit\"", some);
    add_date(&u->text, "until", today + 3);
    buf_adds(&u->text, "}\n");
    if (first >= ERASE_AFTER)
        buf_printf(&u->text, "{\"op\":\"erase\",\"id\":\"W-%07u\"}\n", first - ERASE_AFTER);
    post(u, NDJSON, 4 + (first >= ERASE_AFTER));
}

/* --- questions --- */

static void look_at_clock(struct user *u)
{
    ask(u, "/v1/status");
    const char *now = u->reply.status == 200 ? strstr(u->reply.body.p, "\"now\":\"") : NULL;
    lc_date today;
    if (now && date_parse(now + 7, 10, &today))
        atomic_store(&u->crowd->today, (int)today);
}

static void ask_something(struct user *u)
{
    static const char *const targets[] = {
        "/v1/due?by=day",
        "/v1/endpoints",
        "/v1/holds",
        "/v1/deliveries?limit=20",
        "/v1/beneficiaries?limit=50",
        "/v1/beneficiaries?status=suspended&limit=50",
        "/metrics",
        "/v1/whoami",
        "/readyz",
    };
    char target[64];
    uint32_t first = atomic_load(&u->crowd->first), end = atomic_load(&u->crowd->end);
    if (u->turn % 4 == 0) {
        ask(u, targets[u->turn / 4 % (sizeof targets / sizeof *targets)]);
    } else {
        snprintf(target, sizeof target, "/v1/beneficiaries/W-%07u%s", first + below(u, end - first),
                 u->turn % 4 == 1 ? "/events" : "");
        ask(u, target);
    }
    u->turn++;
}

/* Behind what it has, for a second at most. */
static void wait_for_events(struct user *u)
{
    char target[96];
    snprintf(target, sizeof target, "/v1/events?after=%" PRIu64 "&limit=%d&wait=1", u->position, POLL_LIMIT);
    request(u, "GET", target, NULL, STR_NONE);
    const char *position = reply_header(&u->reply, "Lifecertd-Position");
    if (u->reply.status != 200 || !position)
        return;
    u->position = strtoull(position, NULL, 10);
    atomic_fetch_add(&u->crowd->polled, count(u->reply.body.p, "{\"seq\":"));
}

/* --- threads --- */

static const struct part parts[] = {
    {"face", 1, 0, certify_many}, {"phone", 1, 0, certify_many}, {"clerk", 1, 50, certify_one}, {"", 1, 200, live},
    {"", 1, 250, look_at_clock},  {"", 2, 20, ask_something},    {"", 2, 1, wait_for_events},
};
#define N_PARTS (sizeof parts / sizeof *parts)

static void wait_until(int64_t at)
{
    int64_t left = at - clock_monotonic_ns();
    if (left > 0)
        poll(NULL, 0, (int)(left / MS) + 1);
}

/* A connection on which nothing is asked is closed after a while: who comes back has a new one. */
static void stand_by(struct user *u)
{
    struct crowd *c = u->crowd;
    client_free(u->client);
    atomic_fetch_sub(&c->at_work, 1);
    while (atomic_load(&c->pause) && !atomic_load(&c->stop))
        poll(NULL, 0, 5);
    atomic_fetch_add(&c->at_work, 1);
    u->client = client_new(c->node->socket);
    if (!u->client)
        bail_out("nobody listens any more");
}

static void *use(void *arg)
{
    struct user *u = arg;
    int64_t next = clock_monotonic_ns();
    while (!atomic_load(&u->crowd->stop)) {
        if (atomic_load(&u->crowd->pause)) {
            stand_by(u);
            next = clock_monotonic_ns();
        } else {
            u->part->turn(u);
            wait_until(next += u->pace);
        }
    }
    atomic_fetch_sub(&u->crowd->at_work, 1);
    client_free(u->client);
    reply_done(&u->reply);
    buf_done(&u->text);
    free(u);
    return NULL;
}

static uint64_t last_event(struct crowd *c)
{
    struct reply r = {.status = 0};
    request_once(c->node->socket, "GET", "/v1/status", NULL, STR_NONE, &r);
    const char *at = r.status == 200 ? strstr(r.body.p, "\"position\":") : NULL;
    uint64_t n = at ? strtoull(at + 11, NULL, 10) : 0;
    reply_done(&r);
    return n;
}

static void start_user(struct crowd *c, const struct part *p, int64_t pace)
{
    struct user *u = mem_zalloc(1, sizeof *u);
    *u = (struct user){.crowd = c, .part = p, .client = client_new(c->node->socket), .pace = pace};
    u->rng = rng_seed(c->n + 1);
    u->position = last_event(c);
    if (!u->client || pthread_create(&c->threads[c->n], NULL, use, u) != 0)
        bail_out("no thread or no connection");
    c->n++;
    atomic_fetch_add(&c->at_work, 1);
}

void crowd_start(struct crowd *c, unsigned round_seconds)
{
    int64_t round = round_seconds * 1000 * MS, pace = round * CERTIFY_LINES * 2 / c->people;
    for (size_t i = 0; i < N_PARTS; i++)
        for (unsigned k = 0; k < parts[i].users; k++)
            start_user(c, &parts[i], parts[i].pace_ms ? parts[i].pace_ms * MS : pace);
}

void crowd_pause(struct crowd *c)
{
    atomic_store(&c->pause, true);
    while (atomic_load(&c->at_work) > 0)
        poll(NULL, 0, 5);
}

void crowd_go_on(struct crowd *c)
{
    atomic_store(&c->pause, false);
}

void crowd_stop(struct crowd *c)
{
    atomic_store(&c->stop, true);
    for (unsigned i = 0; i < c->n; i++)
        pthread_join(c->threads[i], NULL);
    c->n = 0;
}

/* --- all of it --- */

void crowd_init(struct crowd *c, struct node *n, uint32_t people)
{
    *c = (struct crowd){.node = n, .people = people};
    pthread_mutex_init(&c->lock, NULL);
}

void crowd_done(struct crowd *c)
{
    pthread_mutex_destroy(&c->lock);
    free(c->now.us);
}

/* Who stands first in the round was certified longest ago. */
void crowd_enrol(struct crowd *c)
{
    struct user u = {.crowd = c, .client = client_new(c->node->socket)};
    look_at_clock(&u);
    for (uint32_t i = 0; i < c->people; i++) {
        write_enrol(&u.text, i, atomic_load(&c->today), CYCLE - 2 - (int)((uint64_t)i * (CYCLE - 2) / c->people));
        if ((i + 1) % ENROL_LINES == 0 || i + 1 == c->people)
            post(&u, NDJSON, i % ENROL_LINES + 1);
    }
    atomic_store(&c->end, c->people);
    c->now.n = 0;
    atomic_store(&c->sent, 0);
    client_free(u.client);
    reply_done(&u.reply);
    buf_done(&u.text);
}

static int by_length(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

uint32_t crowd_p99(struct crowd *c, size_t *n)
{
    pthread_mutex_lock(&c->lock);
    struct latencies taken = c->now;
    c->now = (struct latencies){NULL, 0, 0};
    pthread_mutex_unlock(&c->lock);
    *n = taken.n;
    uint32_t p99 = 0;
    if (taken.n) {
        qsort(taken.us, taken.n, sizeof *taken.us, by_length);
        p99 = taken.us[(taken.n - 1) * 99 / 100];
    }
    free(taken.us);
    return p99;
}
