/* Checkpoints are compared on the way: each record carries the number of its last event, and is held against the person
 * as the walk leaves that event; the section about nobody has a number of its own. Whoever the walk passed by without a
 * match is a difference. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/verify/verifying.h"

/* The one that is there may be replaced while it is looked for. */
static enum err load_one(struct verify *v, unsigned which, struct checkpoint_view *c, struct errmsg *msg)
{
    c->e = verify_engine(v->o);
    enum err err = checkpoint_read_one(c->e, v->o->uri, which, &c->read, msg);
    snprintf(c->name, sizeof c->name, "checkpoint/%020" PRIu64 ".ckpt", c->read.seal.seq);
    if (err == ERR_OK) {
        c->seen = mem_zalloc((roster_count(c->e->roster) + 7) / 8 + 1, 1);
        c->beyond = c->read.seal.seq > v->end;
        return ERR_OK;
    }
    verify_engine_free(c->e);
    c->e = NULL;
    if (err == ERR_VERSION)
        buf_printf(&v->out->notes, "a checkpoint was written by another version, and not compared: %s\n", msg->text);
    return err;
}

static enum err check_loaded(struct verify *v, unsigned which, struct errmsg *msg)
{
    struct checkpoint_view *c = &v->checkpoints[which];
    enum err err = load_one(v, which, c, msg);
    if (err == ERR_DAMAGED && v->out->live)
        err = load_one(v, which, c, msg);
    if (err == ERR_DAMAGED)
        return differ_beside(v, "checkpoint", "%s", msg->text);
    if (err != ERR_OK)
        return err == ERR_ABSENT || err == ERR_VERSION ? ERR_OK : err;
    uint64_t latest = c->read.after > c->read.system_seq ? c->read.after : c->read.system_seq;
    if (latest > c->read.seal.seq)
        return differ_beside(v, c->name, "it says that it has all up to event %" PRIu64 ", and is sealed at %" PRIu64,
                             latest, c->read.seal.seq);
    if (c->beyond && !v->out->live)
        return differ_beside(v, c->name, "it knows event %" PRIu64 ", and the log ends at %" PRIu64, c->read.seal.seq,
                             v->end);
    if (!c->beyond)
        seals_add(v, &c->read.seal, c->name);
    return ERR_OK;
}

enum err checkpoints_load(struct verify *v, struct errmsg *msg)
{
    for (unsigned i = 0; i < CHECKPOINTS; i++) {
        enum err err = check_loaded(v, i, msg);
        if (err != ERR_OK)
            return err;
    }
    return ERR_OK;
}
static enum err compare_record(struct verify *v, struct checkpoint_view *c, const struct person *p,
                               const struct entry *theirs)
{
    char bytes[ID_MAX];
    struct str id = roster_id(c->e->roster, p->n, bytes);
    struct errmsg why;
    if (!str_eq(id, p->id))
        return differ_beside(v, c->name, "record %" PRIu32 " is %.*s's, expected %.*s's", p->n, (int)id.n, id.p,
                             (int)p->id.n, p->id.p);
    if (!checkpoint_same_record(v->e, &p->entry, c->e, theirs, &why))
        return differ_beside(v, c->name, "the record of %.*s, as of event %" PRIu64 ": %s", (int)p->id.n, p->id.p,
                             theirs->seq, why.text);
    c->seen[p->n / 8] |= (unsigned char)(1u << p->n % 8);
    c->matched++;
    return ERR_OK;
}

static enum err pass_record(struct verify *v, struct checkpoint_view *c, const struct person *p, uint64_t before)
{
    struct entry theirs;
    bool there = p->n < roster_count(c->e->roster);
    if (there)
        roster_get(c->e->roster, p->n, &theirs);
    if (there && theirs.seq == p->entry.seq)
        return compare_record(v, c, p, &theirs);
    if (there && theirs.seq > before)
        return theirs.seq > p->entry.seq ? ERR_OK
                                         : differ_beside(v, c->name,
                                                         "the record of %.*s says that it is as of event %" PRIu64
                                                         ", which is none of theirs",
                                                         (int)p->id.n, p->id.p, theirs.seq);
    /* A replay would begin behind this event, and never know of it. */
    if (p->entry.seq <= c->read.after)
        return differ_beside(v, c->name, "it lacks event %" PRIu64 " of %.*s, and says that it has all up to %" PRIu64,
                             p->entry.seq, (int)p->id.n, p->id.p, c->read.after);
    return ERR_OK;
}

enum err checkpoints_person(struct verify *v, const struct person *p, uint64_t before)
{
    enum err err = ERR_OK;
    for (unsigned i = 0; i < CHECKPOINTS && err == ERR_OK; i++)
        if (v->checkpoints[i].e)
            err = pass_record(v, &v->checkpoints[i], p, before);
    return err;
}

static void count_words(const struct verify *v, uint32_t counts[2])
{
    counts[0] = vocab_count(v->e->categories);
    counts[1] = vocab_count(v->e->units);
}

enum err checkpoints_passed(struct verify *v)
{
    for (unsigned i = 0; i < CHECKPOINTS; i++) {
        struct checkpoint_view *c = &v->checkpoints[i];
        struct errmsg why;
        if (!c->e || c->system)
            continue;
        if (c->read.after == v->e->last_seq)
            count_words(v, c->least);
        if (c->read.system_seq != v->e->last_seq)
            continue;
        c->system = true;
        count_words(v, c->most);
        if (!checkpoint_same_system(v->e, c->e, &why))
            return differ_beside(v, c->name, "as of event %" PRIu64 ": %s", c->read.system_seq, why.text);
    }
    return ERR_OK;
}

/* Words are taken down between the checkpoint's begin and its section about nobody. */
static bool same_words(const struct vocab *log, const struct vocab *checkpoint, uint32_t least, uint32_t most)
{
    uint32_t n = vocab_count(checkpoint);
    for (uint32_t i = 1; i <= n && i <= vocab_count(log); i++)
        if (!str_eq(vocab_text(log, i), vocab_text(checkpoint, i)))
            return false;
    return n >= least && n <= most;
}

static enum err end_one(struct verify *v, struct checkpoint_view *c)
{
    uint32_t count = roster_count(c->e->roster);
    bool words = same_words(v->e->categories, c->e->categories, c->least[0], c->most[0]) &&
                 same_words(v->e->units, c->e->units, c->least[1], c->most[1]);
    if (!words && !c->beyond)
        return differ_beside(v, c->name, "its categories or units are not those of the log");
    for (uint32_t n = 0; n < count && c->matched < count; n++) {
        struct entry theirs;
        if (c->seen[n / 8] >> n % 8 & 1)
            continue;
        roster_get(c->e->roster, n, &theirs);
        if (c->beyond && theirs.seq > v->end)
            continue;
        char bytes[ID_MAX];
        struct str id = roster_id(c->e->roster, n, bytes);
        return differ_beside(v, c->name,
                             "the record of %.*s says that it is as of event %" PRIu64 ", which is none of theirs",
                             (int)id.n, id.p, theirs.seq);
    }
    if (!c->beyond && !c->system && c->read.system_seq)
        return differ_beside(v, c->name, "its section about nobody is as of event %" PRIu64 ", which there is not",
                             c->read.system_seq);
    v->out->checkpoints++;
    return ERR_OK;
}

enum err checkpoints_end(struct verify *v)
{
    enum err err = ERR_OK;
    for (unsigned i = 0; i < CHECKPOINTS && err == ERR_OK; i++)
        if (v->checkpoints[i].e)
            err = end_one(v, &v->checkpoints[i]);
    return err;
}

void checkpoints_done(struct verify *v)
{
    for (unsigned i = 0; i < CHECKPOINTS; i++) {
        verify_engine_free(v->checkpoints[i].e);
        free(v->checkpoints[i].seen);
    }
}
