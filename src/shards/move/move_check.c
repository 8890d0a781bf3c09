/* What was written is read again: nothing is taken for done that cannot be read as it was meant. */
#include "shards/move/move_inside.h"

#include <inttypes.h>

struct check {
    struct move *m;
    unsigned shard;
    uint64_t before; /* the event before */
    uint32_t people; /* so far */
};

static enum err wrong(const struct check *c, uint64_t seq, const char *what, struct errmsg *msg)
{
    return err_set(msg, ERR_DAMAGED, "what was written is not what was read: event %" PRIu64 " of shard %u %s", seq,
                   c->shard, what);
}

/* Here `last` is where the person's events have come to, and `touched` their last termination. */
static enum err check_person(struct check *c, struct event *ev, struct str line, struct errmsg *msg)
{
    struct move *m = c->m;
    struct move_person *who = move_people_find(&m->people, ev->subject);
    if (!who || who->shard != c->shard)
        return wrong(c, ev->seq, "is about somebody who does not belong there", msg);
    if (ev->type == EV_ENROLLED && (who->number != c->people++ || ev->prev))
        return wrong(c, ev->seq, "enrols somebody out of turn", msg);
    if (ev->prev != who->last || (ev->prev == 0) != (ev->type == EV_ENROLLED))
        return wrong(c, ev->seq, "does not follow on their last one", msg);
    if (ev->type == EV_REINSTATED && ev->u.reinstated.undoes != who->touched)
        return wrong(c, ev->seq, "undoes what is not their termination", msg);
    who->last = ev->seq;
    if (ev->type == EV_TERMINATED)
        who->touched = ev->seq;
    who->again = move_hash(m, who->again, ev, line);
    return ERR_OK;
}

static enum err check_log(struct check *c, struct errmsg *msg)
{
    struct move *m = c->m;
    struct store_reader *r;
    struct str line;
    struct event ev;
    size_t where;
    uint64_t seq;
    enum err e = store_reader_open(m->to[c->shard].store, 0, &r, msg);
    if (e)
        return e;
    while (!e && (e = store_reader_next(r, &seq, &line, msg)) == ERR_OK) {
        if (event_read(line, &ev, &m->arena, &where) != ERR_OK || ev.seq != ++c->before)
            e = wrong(c, seq, "cannot be read", msg);
        else if (ev.subject.p)
            e = check_person(c, &ev, line, msg);
        if (seq % 65536 == 0)
            move_tell(m, "check", seq, m->to[c->shard].last);
    }
    store_reader_close(r);
    if (e != ERR_END)
        return e;
    return c->before == m->to[c->shard].last ? ERR_OK : wrong(c, c->before + 1, "is missing", msg);
}

enum err move_check(struct move *m, struct errmsg *msg)
{
    for (uint32_t n = 0; n < m->people.n; n++)
        m->people.v[n].last = m->people.v[n].touched = 0;
    for (unsigned i = 0; i < m->o->n_to; i++) {
        struct check c = {.m = m, .shard = i};
        enum err e = check_log(&c, msg);
        if (e)
            return e;
    }
    for (uint32_t n = 0; n < m->people.n; n++) {
        const struct move_person *who = &m->people.v[n];
        struct str id = move_people_id(&m->people, who);
        if (who->story != who->again)
            return err_set(msg, ERR_DAMAGED, "what was written is not what was read: the events of %.*s differ",
                           (int)id.n, id.p);
    }
    return ERR_OK;
}
