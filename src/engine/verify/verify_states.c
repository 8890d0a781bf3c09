/* What is stored beside the log, but for checkpoints and contacts: idempotency keys, the stamp, deliveries, indexes. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "engine/verify/verifying.h"
#include "store/survey/survey.h"

/* --- idempotency keys --- */

struct keys {
    struct verify *v;
    uint64_t last; /* the number of the row before */
    enum err err;
};

/* A row of a commit that a crash cut short is taken back by its number at the next start. */
static bool take_key(void *arg, const struct key_row *row)
{
    struct keys *k = arg;
    uint64_t end = k->v->end;
    k->v->out->keys++;
    /* The decision's events are the last ones that there were when it was noted. */
    bool span = row->n_events ? row->first_seq && row->first_seq + row->n_events == row->seq + 1 : row->first_seq == 0;
    bool order = row->seq >= k->last && (row->result == RESULT_REJECTED) == (row->reason != REASON_NONE);
    k->last = row->seq;
    if (row->seq > end && (k->v->out->live || row->seq <= k->v->contacts_last))
        return true;
    if (row->seq <= end && span && order && (row->result != RESULT_APPLIED || row->n_events))
        return true;
    k->err = differ_beside(k->v, "contacts.db",
                           "an idempotency key's row names the events from %" PRIu64 " on, %" PRIu32
                           " of them, as of event %" PRIu64 ": there is no such decision",
                           row->first_seq, row->n_events, row->seq);
    return false;
}

static enum err check_keys(struct verify *v, struct survey *s, struct errmsg *msg)
{
    struct keys k = {.v = v};
    enum err err = survey_keys(s, take_key, &k, msg);
    if (err == ERR_END)
        return k.err;
    return err == ERR_DAMAGED ? differ_beside(v, "contacts.db", "%s", msg->text) : err;
}

/* --- the stamp, and how far the daemon said that it was --- */

static bool stamp_line_good(const struct verify *v, const char *line, int64_t latest)
{
    int64_t at;
    uint32_t unit;
    char name[65];
    if (sscanf(line, "alive %" SCNd64, &at) == 1)
        return true;
    if (sscanf(line, "digest %" SCNd64 " %" SCNu32, &at, &unit) == 2)
        return at >= MONTH_NONE && at <= MONTH_MAX;
    if (strncmp(line, "told ", 5) == 0 || strncmp(line, "ordered ", 8) == 0)
        return true;
    if (sscanf(line, "channel %" SCNd64 " %64[^\n]", &at, name) != 2)
        return false;
    /* Another shard's simulated clock may be ahead of this one's. */
    if (at > latest && at > 0 && !(v->o->sharded && v->e->simulated))
        return false;
    for (unsigned i = 0; i < v->e->n_channels; i++)
        if (strcmp(v->e->channels[i].name, name) == 0)
            return true;
    return v->out->live;
}

static enum err check_stamp_lines(struct verify *v, char *text)
{
    int64_t alive = 0;
    sscanf(text, "alive %" SCNd64, &alive);
    int64_t latest = alive > v->e->last_time ? alive : v->e->last_time;
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
        if (!stamp_line_good(v, line, latest))
            return differ_beside(v, "stamp", "\"%s\": this does not follow from the log", line);
    return ERR_OK;
}

static enum err check_stamp(struct verify *v, struct survey *s, struct errmsg *msg)
{
    struct buf text = BUF_INIT;
    uint64_t durable;
    enum err err = survey_stamp(s, &durable, &text, msg);
    buf_addc(&text, '\0');
    if (err == ERR_DAMAGED)
        err = differ_beside(v, "stamp", "%s", msg->text);
    else if (err == ERR_OK && durable > v->end && !v->out->live)
        err = differ_beside(v, "stamp", "it knows event %" PRIu64 ", and the log ends at %" PRIu64, durable, v->end);
    else if (err == ERR_OK)
        err = check_stamp_lines(v, text.p);
    buf_done(&text);
    return err == ERR_ABSENT ? ERR_OK : err;
}

static enum err check_synced(struct verify *v, struct survey *s, struct errmsg *msg)
{
    uint64_t seq;
    enum err err = survey_synced(s, &seq, msg);
    if (err == ERR_DAMAGED)
        return differ_beside(v, "synced", "%s", msg->text);
    if (err == ERR_OK && seq > v->end && !v->out->live)
        return differ_beside(v, "synced", "it knows event %" PRIu64 ", and the log ends at %" PRIu64, seq, v->end);
    return err == ERR_ABSENT ? ERR_OK : err;
}

/* --- deliveries --- */

/* A row's event, to be met on the way. */
struct delivery_seen {
    uint64_t seq, about; /* about: hash of subject and type */
};

struct deliveries_view {
    struct delivery_seen *v;
    size_t n, cap, at;
    struct verify *verify;
    enum err err;
};

static uint64_t about(struct str subject, struct str type)
{
    return hash_pair(type, subject);
}

static bool take_delivery(void *arg, const struct delivery_row *row)
{
    struct deliveries_view *d = arg;
    if (row->seq > d->verify->end && !d->verify->out->live) {
        d->err =
            differ_beside(d->verify, "delivery.db", "a row is about event %" PRIu64 ", and the log ends at %" PRIu64,
                          row->seq, d->verify->end);
        return false;
    }
    if (row->seq > d->verify->end)
        return true;
    if (d->n == d->cap)
        d->v = mem_resize(d->v, d->cap = d->cap ? 2 * d->cap : 1024, sizeof *d->v);
    d->v[d->n++] = (struct delivery_seen){row->seq, about(row->subject, row->type)};
    return true;
}

static bool take_position(void *arg, const char *what, uint64_t seq)
{
    struct deliveries_view *d = arg;
    if (seq <= d->verify->end || d->verify->out->live)
        return true;
    d->err = differ_beside(d->verify, "delivery.db", "%s has got to event %" PRIu64 ", and the log ends at %" PRIu64,
                           what, seq, d->verify->end);
    return false;
}

static int by_seq(const void *a, const void *b)
{
    uint64_t x = ((const struct delivery_seen *)a)->seq, y = ((const struct delivery_seen *)b)->seq;
    return x < y ? -1 : x > y;
}

void deliveries_view_skip(struct verify *v)
{
    struct deliveries_view *d = v->deliveries;
    while (d && d->at < d->n && d->v[d->at].seq < v->decided_from)
        d->at++;
}

enum err deliveries_view_load(struct verify *v, struct survey *s, struct errmsg *msg)
{
    struct deliveries_view *d = v->deliveries = mem_zalloc(1, sizeof *d);
    d->verify = v;
    enum err err = survey_deliveries(s, take_delivery, d, msg);
    if (err == ERR_OK)
        err = survey_positions(s, take_position, d, msg);
    if (d->n)
        qsort(d->v, d->n, sizeof *d->v, by_seq);
    deliveries_view_skip(v);
    v->out->deliveries = d->n;
    if (err == ERR_END)
        return d->err;
    return err == ERR_DAMAGED ? differ_beside(v, "delivery.db", "%s", msg->text) : err;
}

enum err deliveries_view_event(struct verify *v)
{
    struct deliveries_view *d = v->deliveries;
    for (; d && d->at < d->n && d->v[d->at].seq <= v->ev->seq; d->at++)
        if (d->v[d->at].seq < v->ev->seq ||
            d->v[d->at].about != about(event_whose(v->ev), str_of(event_type_text(v->ev->type))))
            return differ_beside(v, "delivery.db",
                                 "a row says of event %" PRIu64 " that it is of another type or about somebody else",
                                 d->v[d->at].seq);
    return ERR_OK;
}

void deliveries_view_free(struct deliveries_view *d)
{
    if (!d)
        return;
    free(d->v);
    free(d);
}

/* --- indexes --- */

static bool take_index(void *arg, const char *name, const struct seal *seal)
{
    struct verify *v = arg;
    char who[64];
    snprintf(who, sizeof who, "log/%s", name);
    if (seal->seq <= v->end)
        seals_add(v, seal, who);
    v->out->indexes++;
    return true;
}

enum err states_indexes(struct verify *v, struct survey *s, struct errmsg *msg)
{
    enum err err = survey_indexes(s, take_index, v, msg);
    return err == ERR_DAMAGED ? differ_beside(v, "log", "%s", msg->text) : err;
}

/* --- all of them --- */

enum err states_check(struct verify *v, struct survey *s, struct errmsg *msg)
{
    enum err err = check_keys(v, s, msg);
    if (err == ERR_OK)
        err = check_stamp(v, s, msg);
    return err == ERR_OK ? check_synced(v, s, msg) : err;
}
