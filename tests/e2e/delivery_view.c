#include "tests/e2e/delivery_view.h"

#include <stdio.h>
#include <stdlib.h>

#include "config/endpoint.h"
#include "tests/e2e/process.h"
#include "tests/lib/tap.h"

#define JSON "Content-Type: application/json\r\n"

static void ask(const struct node *n, const char *target, struct reply *r)
{
    request_once(n->socket, "GET", target, NULL, STR_NONE, r);
    if (r->status != 200)
        bail_out("%s is answered %d", target, r->status);
}

/* The part of a list that begins with that and ends where the next such part begins; NULL: there is none. */
static char *part_of(char *list, const char *each, const char *beginning)
{
    char *part = strstr(list, beginning);
    char *next = part ? strstr(part + strlen(beginning), each) : NULL;
    if (next)
        *next = '\0';
    return part;
}

/* --- endpoints --- */

static char *endpoint_object(const struct node *n, const char *endpoint, struct reply *r)
{
    char beginning[ENDPOINT_NAME_BYTES + 16];
    snprintf(beginning, sizeof beginning, "{\"name\":\"%s\",", endpoint);
    ask(n, "/v1/endpoints", r);
    char *object = part_of(r->body.p, "{\"name\":", beginning);
    if (!object)
        bail_out("there is no endpoint %s", endpoint);
    return object;
}

bool endpoint_says(const struct node *n, const char *endpoint, const char *text)
{
    struct reply r = {.status = 0};
    bool says = strstr(endpoint_object(n, endpoint, &r), text) != NULL;
    reply_done(&r);
    return says;
}

long long endpoint_number(const struct node *n, const char *endpoint, const char *member)
{
    struct reply r = {.status = 0};
    char name[64];
    int length = snprintf(name, sizeof name, "\"%s\":", member);
    const char *at = strstr(endpoint_object(n, endpoint, &r), name);
    long long number = at ? strtoll(at + length, NULL, 10) : -1;
    reply_done(&r);
    return number;
}

/* --- deliveries --- */

static void ask_deliveries(const struct node *n, const char *endpoint, const char *state, struct reply *r)
{
    char target[ENDPOINT_NAME_BYTES + 80];
    snprintf(target, sizeof target, "/v1/deliveries?limit=1000&endpoint=%s&state=%s", endpoint, state);
    ask(n, target, r);
}

bool delivery_says(const struct node *n, const char *endpoint, const char *state, const char *subject, const char *text)
{
    struct reply r = {.status = 0};
    char member[96];
    bool says = false;
    snprintf(member, sizeof member, "\"subject\":\"%s\"", subject);
    ask_deliveries(n, endpoint, state, &r);
    for (char *row = strstr(r.body.p, "{\"id\":"); row && !says;) {
        char *next = strstr(row + 1, "{\"id\":");
        if (next)
            next[-1] = '\0';
        says = strstr(row, member) && strstr(row, text);
        row = next;
    }
    reply_done(&r);
    return says;
}

unsigned delivery_count(const struct node *n, const char *endpoint, const char *state)
{
    struct reply r = {.status = 0};
    unsigned count = 0;
    ask_deliveries(n, endpoint, state, &r);
    for (const char *row = r.body.p; (row = strstr(row, "{\"id\":")); row++)
        count++;
    reply_done(&r);
    return count;
}

/* --- waiting --- */

struct wanted {
    const struct node *node;
    const char *endpoint, *state, *subject, *text;
    unsigned count;
};

static bool are_so_many(void *arg)
{
    const struct wanted *w = arg;
    return delivery_count(w->node, w->endpoint, w->state) == w->count;
}

bool delivery_await_count(const struct node *n, const char *endpoint, const char *state, unsigned count)
{
    struct wanted w = {n, endpoint, state, NULL, NULL, count};
    return await(are_so_many, &w);
}

static bool holds(void *arg)
{
    const struct wanted *w = arg;
    return w->state ? delivery_says(w->node, w->endpoint, w->state, w->subject, w->text)
                    : endpoint_says(w->node, w->endpoint, w->text);
}

static bool await_wanted(struct wanted w)
{
    bool came = await(holds, &w);
    struct reply r = {.status = 0};
    if (!came && w.state)
        ask_deliveries(w.node, w.endpoint, w.state, &r);
    if (!came)
        diag("%s says: %s", w.endpoint, w.state ? r.body.p : endpoint_object(w.node, w.endpoint, &r));
    reply_done(&r);
    return came;
}

bool endpoint_await(const struct node *n, const char *endpoint, const char *text)
{
    return await_wanted((struct wanted){n, endpoint, NULL, NULL, text, 0});
}

bool delivery_await(const struct node *n, const char *endpoint, const char *state, const char *subject,
                    const char *text)
{
    return await_wanted((struct wanted){n, endpoint, state, subject, text, 0});
}

int endpoint_order(const struct node *n, const char *endpoint, const char *verb, const char *body, struct reply *r)
{
    char target[ENDPOINT_NAME_BYTES + 40];
    snprintf(target, sizeof target, "/v1/endpoints/%s/%s", endpoint, verb);
    request_once(n->socket, "POST", target, body ? JSON : NULL, str_of(body), r);
    return r->status;
}
