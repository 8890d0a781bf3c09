/* One turn of a link: what waits is sent, what was answered is read and given to whoever asked. */
#include "shards/front/link_inside.h"

#include <stdio.h>
#include <stdlib.h>

#include "shards/set.h"

#define PATIENCE_MS 1000 /* of one call to Redis: the threads are shared, and a turn that failed comes again */
#define SEND_BYTES (1024 * 1024)
#define SEND_ENTRIES 512
#define FIRST_LOOK_NS NS_PER_MS
#define LAST_LOOK_NS (100 * NS_PER_MS)
#define RETRY_NS (100 * NS_PER_MS)
#define IDLE_NS (60 * NS_PER_S)
#define WARN_EVERY_NS (10 * NS_PER_S)

static int64_t clamp(int64_t v, int64_t low, int64_t high)
{
    return v < low ? low : v > high ? high : v;
}

/* One for all links: when Redis is away it is for all of them. */
static void warn(struct link *l, const struct errmsg *why)
{
    struct links *all = l->all;
    int64_t now = clock_monotonic_ns(), before = atomic_load(&all->warned);
    char text[1200];
    if (l->failing || (before && now - before < WARN_EVERY_NS) || !all->options.warn)
        return;
    atomic_store(&all->warned, now);
    snprintf(text, sizeof text, "shard %u: its streams cannot be reached, and are tried again: %.900s", l->shard,
             why->text);
    all->options.warn(all->options.arg, text);
}

void link_hang_up(struct link *l)
{
    streams_close(l->streams);
    l->streams = NULL;
}

static enum err connect_to(struct link *l, struct errmsg *msg)
{
    char uri[SHARD_URI_MAX];
    if (l->streams)
        return ERR_OK;
    shard_uri(l->all->uri, l->shard, uri);
    return streams_open(uri, &l->all->store, PATIENCE_MS, &l->streams, msg);
}

/* --- sending --- */

static struct outgoing *next_outgoing(struct link *l)
{
    pthread_mutex_lock(&l->lock);
    struct outgoing *o = l->out;
    if (o) {
        l->out = o->next;
        if (!l->out)
            l->out_tail = &l->out;
    }
    pthread_mutex_unlock(&l->lock);
    return o;
}

static void add(struct link *l, const struct outgoing *o)
{
    struct stream_field fields[LINK_FIELDS_MAX];
    for (unsigned i = 0; i < o->n_fields; i++)
        fields[i] = (struct stream_field){o->fields[2 * i], o->fields[2 * i + 1]};
    streams_add(l->streams, &(struct stream_add){.stream = o->stream,
                                                 .fields = fields,
                                                 .n_fields = o->n_fields,
                                                 .keep = o->keep,
                                                 .expire_ms = o->expire_ms});
}

/* What could not be sent is with the streams, and goes before anything more is added. true: all of it is there now. */
static bool collect(struct link *l)
{
    unsigned n = 0;
    struct outgoing *o;
    if (streams_added(l->streams)) /* of a turn that failed */
        return false;
    while (streams_added(l->streams) < SEND_BYTES && n < SEND_ENTRIES && (o = next_outgoing(l)) != NULL) {
        add(l, o);
        free(o);
        n++;
    }
    if (n)
        l->active = clock_monotonic_ns();
    return n < SEND_ENTRIES && streams_added(l->streams) < SEND_BYTES;
}

/* Questions that were answered. They are removed after their answers are added: so nothing must be left to collect. */
static size_t take_asked(struct link *l, struct stream_id **ids)
{
    pthread_mutex_lock(&l->lock);
    size_t n = l->n_asked;
    *ids = l->asked;
    l->asked = NULL;
    l->n_asked = l->cap_asked = 0;
    pthread_mutex_unlock(&l->lock);
    return n;
}

/* --- reading --- */

static void drop_given_up(struct link *l, uint64_t number)
{
    pthread_mutex_lock(&l->lock);
    for (size_t i = 0; i < l->n_given_up; i++)
        if (l->given_up[i].number == number) {
            l->load -= l->given_up[i].load;
            l->given_up[i] = l->given_up[--l->n_given_up];
            break;
        }
    pthread_mutex_unlock(&l->lock);
}

/* Up to there the owner has come, if it goes in order. */
static void note_passed(struct link *l, const struct link_call *c)
{
    if (c->deadline != INT64_MAX || l->all->options.any_order)
        return;
    pthread_mutex_lock(&l->lock);
    l->passed = c->sent > l->passed ? c->sent : l->passed;
    pthread_mutex_unlock(&l->lock);
}

/* An answer that nobody waits for any more is dropped, and so is one that cannot be read: its call then fails in
 * time. */
static void take_answer(struct link *l, const struct stream_field *f)
{
    struct wire w;
    struct errmsg msg;
    if (!str_is(f->name, STREAM_REPLY) || wire_read(f->value, &w, &msg) != ERR_OK)
        return;
    struct link_call *c = link_take(l, w.call);
    if (!c) {
        drop_given_up(l, w.call);
        return;
    }
    uint32_t load = c->load;
    note_passed(l, c);
    if (c->answered(c, &w))
        link_over(l, load);
    else
        link_put_back(l, c);
}

/* What is said of inputs must not be lost once somebody has heard of it. */
static bool has_inputs(struct link *l)
{
    pthread_mutex_lock(&l->lock);
    bool has = l->calls[LINK_INPUTS] != NULL;
    pthread_mutex_unlock(&l->lock);
    return has;
}

static void take_answers(struct link *l, const struct stream_entry *entries, size_t n)
{
    l->active = clock_monotonic_ns();
    pthread_mutex_lock(&l->lock);
    l->heard = l->active;
    pthread_mutex_unlock(&l->lock);
    for (size_t i = 0; i < n; i++) {
        l->cursor = entries[i].id;
        l->read[l->n_read++] = entries[i].id;
        for (size_t k = 0; k < entries[i].n_fields; k++)
            take_answer(l, &entries[i].fields[k]);
    }
}

/* --- a turn --- */

/* One round trip, for each of them may wait for a sync. So answers are removed by the turn after the one that read
 * them. *more: there is more to do at once. */
static enum err turn(struct link *l, bool *more, struct errmsg *msg)
{
    struct stream_from from = {l->out_stream, l->cursor};
    struct stream_id *asked = NULL;
    size_t n_asked = 0;
    enum err e = connect_to(l, msg);
    if (e)
        return e;
    n_asked = take_asked(l, &asked); /* before what is posted is collected: what is asked later waits */
    bool all = collect(l);
    struct stream_turn t = {
        .remove = {{"ask", asked, all ? n_asked : 0}, {l->out_stream, l->read, l->n_read}},
        .from = link_has_calls(l) ? &from : NULL,
        .count = LINK_READ_COUNT,
        .safe = has_inputs(l),
    };
    e = streams_turn(l->streams, &t, msg);
    if (!e || t.n_entries)
        l->n_read = 0;
    if (t.n_entries)
        take_answers(l, t.entries, t.n_entries);
    if (e || !all)
        for (size_t i = 0; i < n_asked; i++)
            link_asked(l, asked[i]);
    free(asked);
    if (e && e != ERR_IO && e != ERR_FULL) /* what Redis refuses for good must not keep back all that comes after it */
        streams_drop(l->streams);
    *more = !all || t.n_entries == LINK_READ_COUNT;
    return e;
}

static bool has_work(struct link *l)
{
    pthread_mutex_lock(&l->lock);
    bool work = l->out || l->n_asked || l->n_read;
    pthread_mutex_unlock(&l->lock);
    return work || link_has_calls(l) || (l->streams && streams_added(l->streams));
}

int64_t link_run(struct link *l)
{
    struct errmsg msg = {""};
    bool more = false;
    int64_t now = clock_monotonic_ns();
    if (!has_work(l)) {
        if (now - l->active < IDLE_NS)
            return l->active + IDLE_NS;
        link_hang_up(l);
        return INT64_MAX;
    }
    enum err e = turn(l, &more, &msg);
    now = clock_monotonic_ns();
    if (e) {
        warn(l, &msg);
        l->failing = true;
        return now + RETRY_NS;
    }
    l->failing = false;
    if (more)
        return now;
    if (link_has_calls(l))
        return now + clamp((now - l->active) / 8, FIRST_LOOK_NS, LAST_LOOK_NS);
    return l->n_read ? now + LAST_LOOK_NS : l->active + IDLE_NS;
}
