/* Checkpoints: the roster in slices, taken while events go on, and what is not per person in a section of its own.
 *
 * Slices, each led by a letter:
 *   H  version, and the number after which the replay starts: all that is older is in the slices
 *   R  beneficiaries (roster_save)
 *   C  the categories' vocabulary, U the units' (vocab_save)
 *   S  the rest, as lines of text (checkpoint_system.c), up to a number of its own
 * A record may be newer than the replay's start: it carries the number of its last event, and the replay skips what
 * it already has. The checkpoint becomes visible only when everything in it is durable. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/internal.h"

/* Raise it when a slice changes: older checkpoints are then passed over, and the log is replayed. */
#define CHECKPOINT_VERSION 2
#define RECORDS_A_SLICE (16 * ROSTER_SLICE)
#define SHARD_EVENTS UINT64_C(250000) /* half a second to replay; 70 MB of log */

/* --- writing --- */

static void put_u64(struct buf *b, uint64_t v)
{
    for (int i = 0; i < 8; i++)
        buf_addc(b, (char)(v >> 8 * i));
}

static uint64_t get_u64(const char *p)
{
    uint64_t v = 0;
    for (int i = 7; i >= 0; i--)
        v = v << 8 | (unsigned char)p[i];
    return v;
}

enum part { PART_HEADER, PART_ROSTER, PART_CATEGORIES, PART_UNITS, PART_SYSTEM, PART_END, PART_FINISHED };

static void fill_roster(struct engine *e, struct buf *out)
{
    uint32_t left = roster_count(e->roster) - e->checkpoint.next;
    uint32_t n = left < RECORDS_A_SLICE ? left : RECORDS_A_SLICE;
    buf_addc(out, 'R');
    roster_save(e->roster, e->checkpoint.next, n, out);
    e->checkpoint.next += n;
    if (e->checkpoint.next == roster_count(e->roster))
        e->checkpoint.part++;
}

/* The next slice; false: all are written. */
static bool fill(struct engine *e)
{
    struct buf *out = &e->checkpoint.slice;
    buf_clear(out);
    switch (e->checkpoint.part) {
    case PART_HEADER:
        buf_addc(out, 'H');
        put_u64(out, CHECKPOINT_VERSION);
        put_u64(out, e->checkpoint.start_seq);
        e->checkpoint.part = roster_count(e->roster) ? PART_ROSTER : PART_CATEGORIES;
        return true;
    case PART_ROSTER: fill_roster(e, out); return true;
    case PART_CATEGORIES:
        buf_addc(out, 'C');
        vocab_save(e->categories, out);
        break;
    case PART_UNITS:
        buf_addc(out, 'U');
        vocab_save(e->units, out);
        break;
    case PART_SYSTEM:
        buf_addc(out, 'S');
        checkpoint_system_write(e, out);
        e->checkpoint.end_seq = e->last_seq;
        break;
    default: return false;
    }
    e->checkpoint.part++;
    return true;
}

static void give_up(struct engine *e, const struct errmsg *msg)
{
    char text[1200];
    snprintf(text, sizeof text, "no checkpoint was written: %s", msg->text);
    if (e->options.warn)
        e->options.warn(e->options.arg, text);
    store_checkpoint_abort(e->store);
    e->checkpoint.active = false;
    e->checkpoint.last_done = e->last_seq; /* not again at once */
    buf_done(&e->checkpoint.slice);
}

static enum err begin(struct engine *e, struct errmsg *msg)
{
    struct store_info info;
    store_info(e->store, &info);
    enum err err = store_checkpoint_begin(e->store, msg);
    if (err != ERR_OK)
        return err;
    e->checkpoint.active = true;
    e->checkpoint.part = PART_HEADER;
    e->checkpoint.next = 0;
    e->checkpoint.in_flight = false;
    e->checkpoint.start_seq = info.durable; /* the end of a commit */
    return ERR_OK;
}

static void finished(struct engine *e)
{
    e->checkpoint.active = false;
    e->checkpoint.last_done = e->checkpoint.whole_seq = e->checkpoint.end_seq;
    counters_checkpoint(e);
    buf_done(&e->checkpoint.slice);
}

/* Once everything in it is durable it may become visible. */
static enum err finish(struct engine *e, struct errmsg *msg)
{
    struct store_info info;
    store_info(e->store, &info);
    if (info.durable < e->checkpoint.end_seq)
        return ERR_OK; /* asked again at the next step */
    e->checkpoint.part = PART_FINISHED;
    return store_checkpoint_finish(e->store, &info.seal, msg);
}

/* One slice further. ERR_MORE: go on later; ERR_OK: it is whole. */
static enum err go_on(struct engine *e, bool wait, struct errmsg *msg)
{
    enum err err = ERR_OK;
    if (e->checkpoint.in_flight) {
        err = store_checkpoint_poll(e->store, wait, msg);
        if (err != ERR_OK)
            return err;
        e->checkpoint.in_flight = false;
    }
    if (e->checkpoint.part == PART_FINISHED) {
        finished(e);
        return ERR_OK;
    }
    if (fill(e))
        err = store_checkpoint_slice(e->store, buf_str(&e->checkpoint.slice), msg);
    else
        err = finish(e, msg);
    e->checkpoint.in_flight = err == ERR_MORE;
    return err == ERR_OK ? ERR_MORE : err;
}

/* Of one engine a start is seldom, and may take some seconds. A shard changes hands whenever a daemon comes or dies, many
 * at a time, and stands still meanwhile: so there is never much to replay, and yet no more of checkpoints than of log. */
static uint64_t events_between(const struct engine *e)
{
    if (e->options.checkpoint_events)
        return e->options.checkpoint_events;
    if (!e->options.office)
        return e->config->checkpoint_every;
    uint64_t share = roster_count(e->roster) / 4;
    return share > SHARD_EVENTS ? share : SHARD_EVENTS;
}

bool checkpoint_due(const struct engine *e)
{
    return e->checkpoint.active || e->last_seq - e->checkpoint.last_done >= events_between(e);
}

void checkpoint_step(struct engine *e)
{
    struct errmsg msg = {""};
    enum err err = e->checkpoint.active ? go_on(e, false, &msg) : begin(e, &msg);
    if (err != ERR_OK && err != ERR_MORE)
        give_up(e, &msg);
}

enum err checkpoint_write(struct engine *e, struct errmsg *msg)
{
    struct store_info info;
    store_info(e->store, &info);
    if (info.durable < e->last_seq)
        return err_set(msg, ERR_INVALID, "a checkpoint must wait for the last commit");
    if (e->checkpoint.active)
        store_checkpoint_abort(e->store);
    enum err err = begin(e, msg);
    if (err == ERR_OK)
        while ((err = go_on(e, true, msg)) == ERR_MORE)
            continue;
    if (e->checkpoint.active)
        give_up(e, msg);
    return err;
}

/* --- loading --- */

struct loading {
    uint64_t after, system_seq;
    bool header, system;
};

static enum err take_header(struct loading *l, struct str s, struct errmsg *msg)
{
    if (s.n != 16)
        return err_set(msg, ERR_DAMAGED, "the header has %zu bytes, expected 16", s.n);
    if (get_u64(s.p) != CHECKPOINT_VERSION)
        return err_set(msg, ERR_VERSION, "version %" PRIu64 ", expected %d", get_u64(s.p), CHECKPOINT_VERSION);
    l->after = get_u64(s.p + 8);
    l->header = true;
    return ERR_OK;
}

static enum err take_slice(struct engine *e, struct loading *l, struct str s, struct errmsg *msg)
{
    if (s.n == 0)
        return err_set(msg, ERR_DAMAGED, "an empty slice");
    struct str rest = {s.p + 1, s.n - 1};
    switch (s.p[0]) {
    case 'H': return take_header(l, rest, msg);
    case 'R': return roster_load(e->roster, rest.p, rest.n, msg);
    case 'C': return vocab_load(e->categories, rest.p, rest.n, msg);
    case 'U': return vocab_load(e->units, rest.p, rest.n, msg);
    case 'S':
        l->system = checkpoint_system_read(e, rest, &l->system_seq);
        return l->system ? ERR_OK : err_set(msg, ERR_DAMAGED, "the system section cannot be read");
    default: return err_set(msg, ERR_DAMAGED, "an unknown slice");
    }
}

static enum err load_one(struct engine *e, struct checkpoint_reader *r, struct loading *l, struct errmsg *msg)
{
    struct str slice;
    enum err err;
    while ((err = checkpoint_next(r, &slice, msg)) == ERR_OK) {
        err = take_slice(e, l, slice, msg);
        if (err != ERR_OK)
            return err;
        if (e->options.progress && slice.p[0] == 'R')
            e->options.progress(e->options.arg, "checkpoint", roster_count(e->roster), 0);
    }
    if (err != ERR_END)
        return err;
    return l->header && l->system ? ERR_OK : err_set(msg, ERR_DAMAGED, "sections are missing");
}

enum err checkpoint_read_one(struct engine *e, const char *uri, unsigned which, struct checkpoint_read *out,
                             struct errmsg *msg)
{
    struct checkpoint_reader *r;
    struct loading l = {.header = false};
    enum err err = checkpoint_open_with(uri, &e->options.store, which, &r, &out->seal, msg);
    if (err != ERR_OK)
        return err;
    err = load_one(e, r, &l, msg);
    checkpoint_close(r);
    out->after = l.after;
    out->system_seq = l.system_seq;
    return err;
}

enum err engine_checkpoint_covers(const char *uri, unsigned which, uint64_t *seq, struct errmsg *msg)
{
    struct checkpoint_reader *r;
    struct loading l = {.header = false};
    struct seal seal;
    struct str slice;
    enum err err = checkpoint_open(uri, which, &r, &seal, msg);
    if (err != ERR_OK)
        return err;
    while ((err = checkpoint_next(r, &slice, msg)) == ERR_OK) {
        if (slice.n && slice.p[0] == 'H')
            err = take_header(&l, (struct str){slice.p + 1, slice.n - 1}, msg);
        if (err != ERR_OK)
            break;
        l.system = l.system || (slice.n && slice.p[0] == 'S');
    }
    checkpoint_close(r);
    if (err != ERR_END)
        return err;
    if (!l.header || !l.system)
        return err_set(msg, ERR_DAMAGED, "a checkpoint lacks sections");
    *seq = l.after;
    return ERR_OK;
}

/* What a bad checkpoint left behind is thrown away. */
static void start_over(struct engine *e)
{
    roster_free(e->roster);
    vocab_free(e->categories);
    vocab_free(e->units);
    marks_free(e->marks);
    engine_empty(e);
}

enum err checkpoint_load(struct engine *e, const char *uri, uint64_t *after, uint64_t *system_seq, struct seal *seal,
                         struct errmsg *msg)
{
    return checkpoint_load_upto(e, uri, UINT64_MAX, after, system_seq, seal, msg);
}

enum err checkpoint_load_upto(struct engine *e, const char *uri, uint64_t upto, uint64_t *after, uint64_t *system_seq,
                              struct seal *seal, struct errmsg *msg)
{
    for (unsigned which = 0; which < 2; which++) {
        struct checkpoint_reader *r;
        struct loading l = {.header = false};
        enum err err = checkpoint_open_with(uri, &e->options.store, which, &r, seal, msg);
        if (err == ERR_ABSENT)
            return err;
        if (err == ERR_OK && seal->seq > upto) { /* it stands behind everything in it */
            checkpoint_close(r);
            continue;
        }
        if (err == ERR_OK) {
            err = load_one(e, r, &l, msg);
            checkpoint_close(r);
            if (err == ERR_OK) {
                *after = l.after;
                *system_seq = l.system_seq;
                e->checkpoint.last_done = e->checkpoint.whole_seq = l.system_seq;
                return ERR_OK;
            }
        }
        char text[1200];
        snprintf(text, sizeof text, "a checkpoint is passed over: %s", msg->text);
        if (e->options.warn)
            e->options.warn(e->options.arg, text);
        start_over(e);
    }
    return ERR_ABSENT;
}
