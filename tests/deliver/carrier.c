#include "tests/deliver/carrier.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/lib/tap.h"

struct carrier_line {
    struct carrying *carrying;
    char endpoint[ENDPOINT_NAME_BYTES + 1];
    char secret[128];
    size_t on_their_way;
};

/* --- what stands in a request --- */

static void copy_buf(struct buf *to, const struct buf *from)
{
    *to = BUF_INIT;
    buf_addstr(to, buf_str(from));
}

/* INCARNATION_0_SEQ, wherever it stands; the same one twice counts once. */
static void find_ids(struct parcel *p, struct str text, const struct carrying *c)
{
    char prefix[48];
    size_t length = (size_t)snprintf(prefix, sizeof prefix, "%s_%u_", c->incarnation, c->shard);
    const char *at = text.p, *end = text.p + text.n;
    while (at && at < end && (at = memmem(at, (size_t)(end - at), prefix, length)) != NULL) {
        uint64_t seq = 0;
        for (at += length; at < end && isdigit((unsigned char)*at); at++)
            seq = seq * 10 + (uint64_t)(*at - '0');
        bool known = seq == 0;
        for (unsigned k = 0; k < p->n_seqs; k++)
            known |= p->seqs[k] == seq;
        if (!known && p->n_seqs < 64)
            p->seqs[p->n_seqs++] = seq;
    }
}

const char *parcel_header(const struct parcel *p, const char *name)
{
    const char *at = p->call.headers.p;
    size_t length = strlen(name);
    for (unsigned i = 0; i < p->call.n_headers; i++, at += strlen(at) + 1)
        if (strncmp(at, name, length) == 0 && at[length] == ':')
            return at + length + 2;
    return NULL;
}

/* --- the carrier --- */

static enum err line_open(void *arg, const struct endpoint *e, struct carrier_line **out, struct errmsg *msg)
{
    struct carrying *c = arg;
    if (c->refuses && strcmp(e->name, c->refuses) == 0)
        return err_set(msg, ERR_INVALID, "%s: its certificate cannot be read", e->name);
    struct carrier_line *l = mem_zalloc(1, sizeof *l);
    l->carrying = c;
    snprintf(l->endpoint, sizeof l->endpoint, "%s", e->name);
    snprintf(l->secret, sizeof l->secret, "%s", e->n_secrets ? e->secrets[0].p : "");
    c->lines++;
    *out = l;
    return ERR_OK;
}

static void line_close(struct carrier_line *l)
{
    if (l->on_their_way)
        bail_out("a line of %s was closed with requests on their way", l->endpoint);
    l->carrying->lines--;
    free(l);
}

static struct parcel *add(struct carrying *c)
{
    if (c->n == c->cap) {
        c->cap = c->cap ? 2 * c->cap : 64;
        c->v = mem_resize(c->v, c->cap, sizeof *c->v);
    }
    return c->v[c->n++] = mem_zalloc(1, sizeof(struct parcel));
}

static void line_start(struct carrier_line *l, struct transfer *t)
{
    struct carrying *c = l->carrying;
    struct parcel *p = add(c);
    p->call = *t->call;
    copy_buf(&p->call.url, &t->call->url);
    copy_buf(&p->call.headers, &t->call->headers);
    copy_buf(&p->call.body, &t->call->body);
    copy_buf(&p->call.args, &t->call->args);
    snprintf(p->endpoint, sizeof p->endpoint, "%s", l->endpoint);
    snprintf(p->secret, sizeof p->secret, "%s", l->secret);
    find_ids(p, buf_str(&p->call.headers), c);
    find_ids(p, buf_str(&p->call.body), c);
    find_ids(p, buf_str(&p->call.url), c);
    p->at = *c->now;
    p->transfer = t;
    p->line = l;
    t->slot = p;
    l->on_their_way++;
    if (++c->on_their_way > c->most)
        c->most = c->on_their_way;
    if (c->started)
        c->started(c->arg, p);
}

static void parcel_free(struct parcel *p)
{
    call_done(&p->call);
    free(p);
}

static void over(struct carrying *c, struct parcel *p, enum parcel_state state)
{
    if (p->state != ON_ITS_WAY)
        bail_out("a request of %s ended twice", p->endpoint);
    p->state = state;
    p->transfer = NULL;
    p->line->on_their_way--;
    p->line = NULL;
    c->on_their_way--;
}

static void line_cancel(struct carrier_line *l, struct transfer *t)
{
    over(l->carrying, t->slot, GIVEN_UP);
}

struct carrier carrying_carrier(struct carrying *c)
{
    return (struct carrier){
        .arg = c, .open = line_open, .start = line_start, .cancel = line_cancel, .close = line_close};
}

void carrying_done(struct carrying *c)
{
    if (c->on_their_way)
        bail_out("%zu requests are still on their way", c->on_their_way);
    for (size_t i = 0; i < c->n; i++)
        parcel_free(c->v[i]);
    free(c->v);
    c->v = NULL;
    c->n = c->cap = 0;
}

/* --- the test's side --- */

static void forget(struct carrying *c, struct parcel *p)
{
    size_t i = c->n;
    while (c->v[i - 1] != p)
        i--;
    c->v[i - 1] = c->v[--c->n];
    parcel_free(p);
}

void parcel_answer_as(struct carrying *c, struct parcel *p, const struct answer *a)
{
    struct transfer *t = p->transfer;
    over(c, p, ANSWERED);
    t->done(t, a);
    if (c->forgetful)
        forget(c, p);
}

void parcel_answer(struct carrying *c, struct parcel *p, int status, int64_t retry_after, const char *body)
{
    struct answer a = {.carried = status > 0    ? CARRIED
                                  : status == 0 ? NOT_SENT
                                                : LOST,
                       .status = status > 0 ? status : 0,
                       .body = str_of(body),
                       .retry_after = retry_after};
    if (status <= 0)
        snprintf(a.error, sizeof a.error, "%s", status == 0 ? "connection refused" : "timed out");
    parcel_answer_as(c, p, &a);
}

struct parcel *parcel_of(struct carrying *c, const char *endpoint, uint64_t seq)
{
    for (size_t i = 0; i < c->n; i++)
        for (unsigned k = 0; k < c->v[i]->n_seqs; k++)
            if (c->v[i]->state == ON_ITS_WAY && c->v[i]->seqs[k] == seq && strcmp(c->v[i]->endpoint, endpoint) == 0)
                return c->v[i];
    return NULL;
}
