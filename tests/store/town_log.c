#include "tests/store/town_log.h"

#include <stdio.h>
#include <stdlib.h>

#include "codec/event_json.h"

struct town *town_new(uint64_t seed)
{
    struct town *t = mem_zalloc(1, sizeof *t);
    t->samples = samples_new(seed);
    for (int i = 0; i < TOWN_PEOPLE; i++) {
        history_init(&t->histories[i]);
        snprintf(t->ids[i], sizeof t->ids[i], "P-%03d\"%s", i, i % 7 ? "" : "\xc3\xa9");
    }
    return t;
}

void town_free(struct town *t)
{
    for (int i = 0; i < TOWN_PEOPLE; i++)
        history_done(&t->histories[i]);
    samples_free(t->samples);
    free(t);
}

static enum event_type type_of(struct town *t, bool enrolled)
{
    static const enum event_type types[] = {EV_AMENDED,    EV_ACCEPTED,   EV_ACCEPTED, EV_REVOKED,
                                            EV_REMINDER,   EV_GRACE,      EV_RESUMED,  EV_DEFERRED,
                                            EV_TERMINATED, EV_REINSTATED, EV_SUSPENDED};
    return enrolled ? types[rng_below(&t->samples->rng, sizeof types / sizeof types[0])] : EV_ENROLLED;
}

void town_event(struct town *t, struct buf *out)
{
    struct event e;
    size_t who = rng_below(&t->samples->rng, TOWN_PEOPLE);
    bool system = rng_below(&t->samples->rng, 15) == 0;
    random_event(t->samples, system ? EV_UNIT_RECORDED : type_of(t, t->last[who]), &e);
    e.seq = ++t->seq;
    e.prev = system ? 0 : t->last[who];
    e.time = TOWN_START + (lc_instant)t->seq * 3600;
    e.offset = 8 * 3600;
    e.today = (lc_date)((e.time + e.offset) / 86400) + DATE_UNIX_EPOCH;
    e.subject = system ? STR_NONE : str_of(t->ids[who]);
    event_write(out, &e);
    if (system)
        return;
    t->last[who] = t->seq;
    history_add(&t->histories[who], &e);
}

void town_commit(struct town *t, struct store *s, unsigned n)
{
    struct buf b = BUF_INIT;
    struct errmsg msg;
    struct commit c = {.first = t->seq + 1, .last = t->seq + n};
    for (unsigned i = 0; i < n; i++)
        town_event(t, &b);
    c.lines = buf_str(&b);
    enum err e = store_commit(s, &c, &msg);
    if (e == ERR_MORE)
        e = store_commit_poll(s, true, &msg);
    if (e != ERR_OK)
        bail_out("a commit fails: %s", msg.text);
    buf_done(&b);
}
