#include "daemon/keeper_inside.h"

#include "daemon/tally.h"
#include "shards/front/raw_json.h"

void keeper_counters(void *arg, struct engine_counters *out)
{
    const struct keeper *k = arg;
    struct engine_counters one;
    tally_init(out);
    for (unsigned i = 0; i < k->set.n; i++)
        if (k->places[i].tenure && tenure_counters(k->places[i].tenure, &one))
            tally_add(out, &one);
}

static unsigned count(struct str array)
{
    struct raw_walk w;
    struct str item;
    unsigned n = 0;
    if (raw_enter(&w, array, '['))
        while (raw_item(&w, &item))
            n++;
    return n;
}

void keeper_shards(void *arg, struct shard_counts *out)
{
    const struct keeper *k = arg;
    struct buf members = BUF_INIT;
    struct office_look office;
    office_look(k->office, &office);
    *out = (struct shard_counts){
        .shards = k->set.n, .idle = office.idle, .orders = office.orders, .silent_ms = office.silent_ms};
    office_write_members(k->office, &members);
    out->daemons = count(raw_find(buf_str(&members), "daemons"));
    out->unowned = count(raw_find(buf_str(&members), "unowned"));
    for (unsigned i = 0; i < k->set.n; i++)
        out->owned += k->places[i].tenure && tenure_serves(k->places[i].tenure);
    buf_done(&members);
}

bool keeper_is_member(void *arg)
{
    const struct keeper *k = arg;
    return k->office && !k->leaving;
}

bool keeper_alive(struct service *s)
{
    struct keeper *k = (struct keeper *)s;
    bool alive = true;
    for (unsigned i = 0; i < k->set.n; i++)
        if (k->places[i].tenure && !tenure_alive(k->places[i].tenure))
            alive = false; /* every one is looked at: each look counts from the one before */
    return alive;
}
