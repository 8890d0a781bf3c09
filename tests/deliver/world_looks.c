/* What a test sees of delivery, and orders. */
#include "tests/deliver/world.h"

#include <stdio.h>

#include "deliver/inside.h"
#include "tests/lib/quotes.h"

uint64_t world_last(const struct world *w)
{
    struct store_info info;
    store_info(engine_store(w->rig.engine), &info);
    return info.durable;
}

void world_answer(struct world *w, const char *endpoint, uint64_t seq, int status)
{
    world_run(w);
    struct parcel *p = parcel_of(&w->carrying, endpoint, seq);
    if (!p)
        bail_out("%s has no request of event %" PRIu64 " on its way", endpoint, seq);
    parcel_answer(&w->carrying, p, status, -1, status == 202 ? "0: Accepted for delivery" : "");
    world_run(w);
}

bool world_sending(struct world *w, const char *endpoint, uint64_t seq)
{
    return parcel_of(&w->carrying, endpoint, seq) != NULL;
}

static bool has(const struct parcel *p, const char *endpoint, uint64_t seq)
{
    for (unsigned k = 0; k < p->n_seqs; k++)
        if (p->seqs[k] == seq && strcmp(p->endpoint, endpoint) == 0)
            return true;
    return false;
}

unsigned world_sent(const struct world *w, const char *endpoint, uint64_t seq)
{
    unsigned n = 0;
    for (size_t i = 0; i < w->carrying.n; i++)
        n += has(w->carrying.v[i], endpoint, seq);
    return n;
}

const struct parcel *world_parcel(const struct world *w, const char *endpoint, uint64_t seq)
{
    for (size_t i = w->carrying.n; i > 0; i--)
        if (has(w->carrying.v[i - 1], endpoint, seq))
            return w->carrying.v[i - 1];
    return NULL;
}

const char *world_order(const struct world *w, const char *endpoint)
{
    static char texts[4][4000];
    static unsigned turn;
    char *text = texts[turn++ % 4];
    size_t n = 0;
    text[0] = '\0';
    for (size_t i = 0; i < w->carrying.n; i++)
        for (unsigned k = 0; k < w->carrying.v[i]->n_seqs && strcmp(w->carrying.v[i]->endpoint, endpoint) == 0; k++)
            n += (size_t)snprintf(text + n, n < 3900 ? 4000 - n : 0, "%s%" PRIu64, n ? " " : "",
                                  w->carrying.v[i]->seqs[k]);
    return text;
}

unsigned world_said(const struct world *w, const char *text)
{
    unsigned n = 0;
    size_t length = strlen(text);
    for (const char *p = w->said.p, *end = p + w->said.n; p && p < end; n++) {
        p = memmem(p, (size_t)(end - p), text, length);
        if (!p)
            break;
        p += length;
    }
    return n;
}

static void take_row(void *arg, const struct delivery_row *row)
{
    static char why[200];
    struct delivery_row *out = arg;
    snprintf(why, sizeof why, "%.*s", (int)row->why.n, row->why.p ? row->why.p : "");
    *out = *row;
    out->endpoint = out->subject = out->type = out->ref = STR_NONE;
    out->why = str_of(why);
}

struct delivery_row world_row(struct world *w, const char *endpoint, uint64_t seq)
{
    struct delivery_row row = {.state = DELIVERY_STATE_N};
    enum err err = delivery_row_get(w->deliver->state, str_of(endpoint), seq, take_row, &row, &w->msg);
    if (err != ERR_OK && err != ERR_ABSENT)
        bail_out("%s", w->msg.text);
    return row;
}

const char *world_state(struct world *w, const char *endpoint, uint64_t seq)
{
    struct delivery_row row = world_row(w, endpoint, seq);
    return row.state == DELIVERY_STATE_N ? "" : delivery_state_text(row.state);
}

struct cursor_of {
    const char *endpoint;
    uint64_t cursor;
};

static void take_cursor(void *arg, const struct endpoint_row *row)
{
    struct cursor_of *c = arg;
    if (str_is(row->endpoint, c->endpoint))
        c->cursor = row->cursor;
}

uint64_t world_cursor(struct world *w, const char *endpoint)
{
    struct cursor_of c = {endpoint, UINT64_MAX};
    if (delivery_endpoints(w->deliver->state, take_cursor, &c, &w->msg) != ERR_OK)
        bail_out("%s", w->msg.text);
    return c.cursor;
}

struct track_counts world_counts(const struct world *w, const char *endpoint)
{
    struct track_counts n = {0};
    const struct outlet *o = deliver_outlet(w->deliver, str_of(endpoint));
    if (o)
        track_count(o->track, &n);
    return n;
}

bool world_intends(const struct world *w)
{
    return w->deliver->intents || w->deliver->intents_in_commit;
}

const char *world_endpoint(struct world *w, const char *endpoint)
{
    char name[100];
    buf_clear(&w->body);
    deliver_write_endpoints(w->deliver, &w->body);
    see_json(&w->body);
    buf_addc(&w->body, '\0');
    snprintf(name, sizeof name, "{'name':'%s'", endpoint);
    char *at = strstr(w->body.p, name), *end = at ? strstr(at + 1, "{'name':") : NULL;
    if (!at)
        bail_out("there is no endpoint %s", endpoint);
    if (end)
        *end = '\0';
    return at;
}

static void note_done(struct deliver_order *o)
{
    *(bool *)o->owner = true;
}

enum err world_order_done(struct world *w, order_fn *order, const char *endpoint, uint64_t seq)
{
    bool done = false;
    struct deliver_order o = {.endpoint = str_of(endpoint),
                              .seq = seq,
                              .by = STR_LIT("tester"),
                              .why = STR_LIT("a test"),
                              .done = note_done,
                              .owner = &done};
    order(w->deliver, &o);
    world_run(w);
    if (!done)
        bail_out("an order is not answered");
    buf_done(&w->body);
    w->body = o.body;
    see_json(&w->body);
    buf_addc(&w->body, '\0');
    w->msg = o.msg;
    return o.err;
}
