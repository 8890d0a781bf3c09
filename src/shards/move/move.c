/* The logs: copied commit by commit, or written anew; and the move as a whole. */
#include "shards/move/move_inside.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/hash.h"
#include "shards/logs.h"
#include "store/log/seal.h"

/* A script of Redis holds up its server for some milliseconds, a folder's sync costs as much. */
#define BATCH ((size_t)256 << 10)
#define TELL_EVERY 65536

void move_tell(const struct move *m, const char *what, uint64_t done, uint64_t total)
{
    if (m->o->progress)
        m->o->progress(m->o->arg, what, done, total);
}

enum err move_commit(struct store *s, const struct commit *c, struct errmsg *msg)
{
    enum err e = store_commit(s, c, msg);
    return e == ERR_MORE ? store_commit_poll(s, true, msg) : e;
}

/* Closed parts of a log may have a better place, and what is moved there makes room; a failure harms nothing. */
static void tidy(struct store *s)
{
    struct errmsg ignored;
    (void)!store_tidy(s, true, &ignored);
}

enum err move_flush(struct move_target *t, struct errmsg *msg)
{
    if (!t->lines.n)
        return ERR_OK;
    const struct commit c = {.first = t->first, .last = t->last, .lines = buf_str(&t->lines)};
    enum err e = move_commit(t->store, &c, msg);
    buf_clear(&t->lines);
    t->first = t->last + 1;
    tidy(t->store);
    return e;
}

enum err move_put(struct move *m, unsigned shard, struct event *ev, struct errmsg *msg)
{
    struct move_target *t = &m->to[shard];
    ev->seq = ++t->last;
    event_write(&t->lines, ev);
    m->out->written++;
    return t->lines.n < BATCH ? ERR_OK : move_flush(t, msg);
}

/* --- one person's event --- */

/* Behind the numbers a line is the same wherever it stands, unless there is a number in its data. */
uint64_t move_hash(struct move *m, uint64_t h, struct event *ev, struct str line)
{
    if (ev->type != EV_REINSTATED) {
        const char *time = memmem(line.p, line.n, ",\"time\":", 8);
        size_t skip = time ? (size_t)(time - line.p) : 0;
        return hash_on(h, (struct str){line.p + skip, line.n - skip});
    }
    struct event plain = *ev;
    plain.seq = plain.prev = plain.u.reinstated.undoes = 0;
    buf_clear(&m->scratch);
    event_write(&m->scratch, &plain);
    return hash_on(h, buf_str(&m->scratch));
}

/* Whether the event is certain to have set the contact. */
static bool touches(const struct event *ev)
{
    return ev->type == EV_ERASED || (ev->type == EV_AMENDED && ev->u.amended.personal) ||
           (ev->type == EV_ACCEPTED && ev->u.accepted.on_behalf);
}

static void note_termination(struct move_source *s, uint64_t old, uint64_t now)
{
    if (s->n_terminations == s->cap_terminations) {
        s->cap_terminations = s->cap_terminations ? 2 * s->cap_terminations : 256;
        s->terminations = mem_resize(s->terminations, s->cap_terminations, sizeof *s->terminations);
    }
    s->terminations[s->n_terminations++] = (struct move_termination){old, now};
}

static int by_old(const void *key, const void *row)
{
    uint64_t a = *(const uint64_t *)key, b = ((const struct move_termination *)row)->old;
    return a < b ? -1 : a > b;
}

static enum err point_anew(const struct move_source *s, struct event *ev, struct errmsg *msg)
{
    const struct move_termination *t =
        s->n_terminations ? bsearch(&ev->u.reinstated.undoes, s->terminations, s->n_terminations, sizeof *t, by_old)
                          : NULL;
    if (!t)
        return err_set(msg, ERR_DAMAGED, "event %" PRIu64 " undoes event %" PRIu64 ", which is no termination", ev->seq,
                       ev->u.reinstated.undoes);
    ev->u.reinstated.undoes = t->now;
    return ERR_OK;
}

static enum err enrol(struct move *m, unsigned source, const struct event *ev, struct move_person **out,
                      struct errmsg *msg)
{
    if (ev->type != EV_ENROLLED)
        return err_set(msg, ERR_DAMAGED, "event %" PRIu64 " of shard %u is about somebody who is not enrolled", ev->seq,
                       source);
    struct move_person *who = move_people_add(&m->people, ev->subject);
    who->shard = (uint16_t)(m->same ? source : shard_of(ev->subject, m->o->n_to));
    who->number = m->to[who->shard].people++;
    *out = who;
    return ERR_OK;
}

static enum err take_person(struct move *m, unsigned source, struct event *ev, struct str line, struct errmsg *msg)
{
    struct move_person *who = move_people_find(&m->people, ev->subject);
    uint64_t old = ev->seq;
    enum err e = who ? ERR_OK : enrol(m, source, ev, &who, msg);
    if (!e && ((ev->type == EV_ENROLLED) != !who->story || (m->same && who->shard != source)))
        e = err_set(msg, ERR_DAMAGED, "event %" PRIu64 " of shard %u is about somebody who is in another shard too",
                    old, source);
    if (e)
        return e;
    who->story = move_hash(m, who->story, ev, line);
    if (!m->same) {
        ev->prev = who->last;
        if (ev->type == EV_REINSTATED)
            e = point_anew(&m->from[source], ev, msg);
        if (!e)
            e = move_put(m, who->shard, ev, msg);
        if (e)
            return e;
    }
    who->last = ev->seq;
    if (!who->touched || touches(ev)) {
        who->touched = ev->seq;
        who->had_row = who->had_row || touches(ev);
    }
    if (m->same)
        return ERR_OK;
    if (ev->type == EV_TERMINATED)
        note_termination(&m->from[source], old, ev->seq);
    move_keys_pass(m, source, old, who->shard, ev->seq);
    move_delivery_pass(m, source, old, who->shard, ev->seq);
    return ERR_OK;
}

static enum err take_event(struct move *m, unsigned source, uint64_t seq, struct str line, struct errmsg *msg)
{
    struct event ev;
    size_t where;
    if (++m->out->read % TELL_EVERY == 0)
        move_tell(m, "events", m->out->read, m->total);
    if (event_read(line, &ev, &m->arena, &where) != ERR_OK)
        return err_set(msg, ERR_DAMAGED, "event %" PRIu64 " of shard %u cannot be read, from byte %zu on", seq, source,
                       where);
    return ev.subject.p ? take_person(m, source, &ev, line, msg) : move_system(m, source, &ev, msg);
}

/* --- the logs --- */

static enum err write_anew(struct move *m, struct errmsg *msg)
{
    struct store **stores = mem_zalloc(m->o->n_from, sizeof *stores);
    for (unsigned i = 0; i < m->o->n_from; i++)
        stores[i] = m->from[i].store;
    struct logs *l = logs_of(stores, m->o->n_from);
    struct str line;
    unsigned source;
    uint64_t seq;
    enum err e;
    while ((e = logs_next(l, &source, &seq, &line, msg)) == ERR_OK &&
           (e = take_event(m, source, seq, line, msg)) == ERR_OK)
        ;
    logs_close(l);
    free(stores);
    e = e == ERR_END ? move_system_end(m, msg) : e;
    for (unsigned i = 0; i < m->o->n_to && !e; i++)
        e = move_flush(&m->to[i], msg);
    return e;
}

/* Did the commit that waits begin a segment? The seal covers the segment's first line. */
static enum err set_segment(struct move *m, struct move_target *t, const struct seal *want, struct errmsg *msg)
{
    struct store_info now;
    unsigned char hash[SEAL_HASH];
    store_info(t->store, &now);
    seal_begin(m->hasher, now.seal.hash);
    seal_add(m->hasher, t->lines.p, t->lines.n);
    seal_end(m->hasher, hash);
    return store_set_segment(t->store, memcmp(hash, want->hash, SEAL_HASH) == 0 ? UINT64_MAX : 0, msg);
}

static enum err check_seal(const struct move *m, unsigned shard, const struct seal *want, struct errmsg *msg)
{
    struct store_info now;
    store_info(m->to[shard].store, &now);
    if (now.seal.seq == want->seq && memcmp(now.seal.hash, want->hash, SEAL_HASH) == 0)
        return ERR_OK;
    return err_set(msg, ERR_DAMAGED, "the log of shard %u came out with another seal at event %" PRIu64, shard,
                   want->seq);
}

static enum err copy_log(struct move *m, unsigned shard, struct errmsg *msg)
{
    struct move_target *t = &m->to[shard];
    struct store_reader *r;
    struct str line;
    struct seal seal;
    uint64_t seq;
    enum err e = store_reader_open(m->from[shard].store, 0, &r, msg);
    if (e)
        return e;
    while ((e = store_reader_next(r, &seq, &line, msg)) == ERR_OK) {
        buf_addstr(&t->lines, line);
        buf_addc(&t->lines, '\n');
        t->last = seq;
        m->out->written++;
        e = take_event(m, shard, seq, line, msg);
        if (!e && store_reader_seal(r, &seal) == ERR_OK) {
            e = set_segment(m, t, &seal, msg);
            if (!e)
                e = move_flush(t, msg);
            if (!e)
                e = check_seal(m, shard, &seal, msg);
        }
        if (e)
            break;
    }
    store_reader_close(r);
    return e == ERR_END ? ERR_OK : e;
}

static enum err copy_logs(struct move *m, struct errmsg *msg)
{
    enum err e = ERR_OK;
    for (unsigned i = 0; i < m->o->n_to && !e; i++)
        e = copy_log(m, i, msg);
    return e;
}

/* Up to where it is no log of its own. */
static enum err set_taken(struct move *m, struct errmsg *msg)
{
    enum err e = ERR_OK;
    for (unsigned i = 0; i < m->o->n_to && !e; i++) {
        uint64_t taken = m->same && !m->o->alone ? m->from[i].info.taken : m->to[i].last;
        if (taken)
            e = store_set_taken(m->to[i].store, taken, msg);
    }
    return e;
}

/* --- before anything is written --- */

static enum err check_source(const struct move *m, unsigned i, struct errmsg *msg)
{
    const struct store_info *info = &m->from[i].info;
    if (info->first > 1)
        return err_set(msg, ERR_INVALID,
                       "events up to %" PRIu64 " were archived: put them back into the log first, for a move takes all "
                       "of it (lifecertctl(1), archive)",
                       info->first - 1);
    if (strcmp(info->incarnation, m->from[0].info.incarnation) != 0)
        return err_set(msg, ERR_DAMAGED, "shard %u is of another set than shard 0", i);
    return ERR_OK;
}

static enum err check_target(const struct move *m, unsigned i, struct errmsg *msg)
{
    struct store_info info;
    store_info(m->to[i].store, &info);
    if (info.durable)
        return err_set(msg, ERR_EXISTS, "there are events already in what is to be filled");
    if (info.simulated != m->from[0].info.simulated)
        return err_set(msg, ERR_INVALID, "a store with a simulated clock only goes into one like it");
    return ERR_OK;
}

static enum err begin(struct move *m, struct errmsg *msg)
{
    enum err e = ERR_OK;
    for (unsigned i = 0; i < m->o->n_from; i++) {
        m->from[i].store = m->o->from[i];
        store_info(m->from[i].store, &m->from[i].info);
        m->total += m->from[i].info.durable;
    }
    for (unsigned i = 0; i < m->o->n_to; i++)
        m->to[i] = (struct move_target){.store = m->o->to[i], .first = 1};
    for (unsigned i = 0; i < m->o->n_from && !e; i++)
        e = check_source(m, i, msg);
    for (unsigned i = 0; i < m->o->n_to && !e; i++)
        e = check_target(m, i, msg);
    if (!e)
        e = move_stamps_check(m, msg);
    for (unsigned i = 0; i < m->o->n_from && !e; i++)
        e = move_delivery_load(m, i, msg);
    for (unsigned i = 0; i < m->o->n_from && !e; i++)
        e = move_keys_load(m, i, msg);
    return e;
}

/* --- the whole --- */

static void finish(struct move *m)
{
    for (unsigned i = 0; i < m->o->n_from; i++) {
        free(m->from[i].keys);
        free(m->from[i].terminations);
        move_delivery_free(m->from[i].delivery);
    }
    for (unsigned i = 0; i < m->o->n_to; i++) {
        buf_done(&m->to[i].lines);
        free(m->to[i].keys);
        free(m->to[i].rows);
    }
    free(m->from);
    free(m->to);
    move_system_done(m);
    move_people_done(&m->people);
    move_people_done(&m->units);
    seal_hasher_free(m->hasher);
    event_arena_done(&m->arena);
    buf_done(&m->scratch);
}

enum err move_stores(const struct move_order *o, struct move_report *out, struct errmsg *msg)
{
    struct move m = {.o = o, .out = out, .same = o->n_from == o->n_to, .hasher = seal_hasher_new()};
    *out = (struct move_report){.same = m.same};
    m.from = mem_zalloc(o->n_from, sizeof *m.from);
    m.to = mem_zalloc(o->n_to, sizeof *m.to);
    move_system_init(&m);
    enum err e = begin(&m, msg);
    if (!e)
        e = m.same ? copy_logs(&m, msg) : write_anew(&m, msg);
    if (!e)
        e = set_taken(&m, msg);
    if (!e)
        e = move_rows(&m, msg);
    if (!e)
        e = move_delivery_write(&m, msg);
    if (!e)
        e = move_check(&m, msg);
    out->people = m.people.n;
    finish(&m);
    return e;
}
