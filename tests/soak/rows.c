#include "tests/soak/rows.h"

#include <stdio.h>
#include <stdlib.h>

#define PAGE 1000
#define ALL_STATES "retry,wait,sending,unknown,dead,sent,skipped"

static bool ask(struct node *n, const char *method, const char *target, const char *body, struct reply *r)
{
    struct client *c = client_new(n->socket);
    r->status = 0;
    if (!c)
        return false;
    client_request(c, method, target, body ? "Content-Type: application/json\r\n" : NULL,
                   body ? str_of(body) : STR_NONE, r);
    client_free(c);
    return r->status != 0;
}

/* The value behind "name": in one object's text; "" when it is not there. */
static const char *member(const char *object, const char *name)
{
    char key[64];
    snprintf(key, sizeof key, "\"%s\":", name);
    const char *p = strstr(object, key);
    return p ? p + strlen(key) : "";
}

static uint64_t number(const char *object, const char *name)
{
    return strtoull(member(object, name), NULL, 10);
}

/* --- endpoints --- */

/* The object of one endpoint, cut out of the answer; it holds until the next call. */
static const char *endpoint_object(const struct reply *r, const char *name)
{
    static char object[8192];
    char head[80];
    snprintf(head, sizeof head, "{\"name\":\"%s\",", name);
    const char *p = strstr(r->body.p, head), *end = p ? strstr(p + 1, "{\"name\":") : NULL;
    if (!p)
        bail_out("the daemon does not know of endpoint %s", name);
    snprintf(object, sizeof object, "%.*s", end ? (int)(end - p) : (int)strlen(p), p);
    return object;
}

bool ask_standings(struct node *n, struct standing out[SIDES])
{
    struct reply r = {.status = 0};
    bool good = ask(n, "GET", "/v1/endpoints", NULL, &r) && r.status == 200;
    for (unsigned i = 0; i < SIDES && good; i++) {
        const char *o = endpoint_object(&r, side_plans[i].name);
        out[i] = (struct standing){
            .paused = strncmp(member(o, "state"), "\"paused\"", 8) == 0,
            .lag = number(o, "lag"),
            .in_flight = number(o, "in_flight"),
            .retrying = number(o, "retrying"),
            .waiting = number(o, "waiting"),
            .unknown = number(o, "unknown"),
            .requests = number(o, "requests"),
            .delivered = number(o, "delivered"),
            .skipped = number(o, "skipped"),
            .dead = number(o, "dead"),
        };
    }
    reply_done(&r);
    return good;
}

bool resume_paused(struct node *n)
{
    struct standing now[SIDES];
    struct reply r = {.status = 0};
    char target[128];
    bool good = ask_standings(n, now);
    for (unsigned i = 0; i < SIDES && good; i++) {
        if (!now[i].paused)
            continue;
        snprintf(target, sizeof target, "/v1/endpoints/%s/resume", side_plans[i].name);
        good = ask(n, "POST", target, "{\"by\":\"soak\",\"why\":\"on with it\"}", &r) && r.status == 200;
    }
    reply_done(&r);
    return good;
}

/* --- deliveries --- */

static void take_row(struct rows *r, const char *object)
{
    const char *word = member(object, "state");
    size_t n = word[0] ? strcspn(word + 1, "\"") : 0;
    enum delivery_state state;
    uint64_t seq = number(object, "seq");
    if (!delivery_state_parse((struct str){word + 1, n}, &state) || seq >= r->n)
        bail_out("this is no delivery: %.200s", object);
    r->v[seq] = (uint8_t)(1 + state);
    r->confirmed[seq] = strncmp(member(object, "receipt"), "\"delivered\"", 11) == 0;
    r->counts[state]++;
}

/* The rows of one page; returns the last number. */
static uint64_t take_page(struct rows *r, char *body)
{
    uint64_t last = 0;
    for (char *p = strstr(body, "{\"id\":"), *next; p; p = next) {
        next = strstr(p + 1, "{\"id\":");
        if (next)
            next[-1] = '\0';
        take_row(r, p);
        last = number(p, "seq");
        if (next)
            next[-1] = ',';
    }
    return last;
}

void rows_read(struct rows *r, struct node *n, const char *endpoint, uint64_t log_length)
{
    struct reply reply = {.status = 0};
    char target[256];
    *r = (struct rows){.n = log_length + 1};
    r->v = mem_zalloc(r->n, sizeof *r->v);
    r->confirmed = mem_zalloc(r->n, sizeof *r->confirmed);
    for (uint64_t after = 0, more = 1; more;) {
        snprintf(target, sizeof target, "/v1/deliveries?endpoint=%s&state=" ALL_STATES "&limit=%d&after=%" PRIu64,
                 endpoint, PAGE, after);
        if (!ask(n, "GET", target, NULL, &reply) || reply.status != 200)
            bail_out("the deliveries of %s cannot be listed: %d", endpoint, reply.status);
        more = strstr(reply.body.p, "\"more\":true") != NULL;
        after = take_page(r, reply.body.p);
    }
    reply_done(&reply);
}

void rows_done(struct rows *r)
{
    free(r->v);
    free(r->confirmed);
}

bool rows_have(const struct rows *r, uint64_t seq)
{
    return seq < r->n && r->v[seq];
}

enum delivery_state rows_state(const struct rows *r, uint64_t seq)
{
    return (enum delivery_state)(r->v[seq] - 1);
}
