/* Where readers are: with one store a number, over several shards a number of each. */
#include "http/events/feed_inside.h"

uint64_t feed_at(const struct feed_reader *r, unsigned shard)
{
    return r->feed->shards ? r->position.v[shard] : r->at;
}

void feed_pass(struct feed_reader *r, unsigned shard, uint64_t seq)
{
    if (feed_at(r, shard) < seq)
        feed_moved(r, shard, seq);
}

void feed_confine(struct feed_reader *r, unsigned shard)
{
    for (unsigned i = 0; r->feed->shards && i < r->position.n; i++)
        if (i != shard)
            feed_pass(r, i, feed_durable(r->feed, i));
}

/* One that has come from another daemon may be further than our tail. */
void feed_pass_tail(struct feed_reader *r)
{
    const struct tail *t = r->feed->tail;
    const struct position *reached = tail_reached(t);
    if (r->at < tail_end(t))
        r->at = tail_end(t);
    for (unsigned i = 0; reached && i < reached->n; i++)
        feed_pass(r, i, reached->v[i]);
}

/* Is all that is not in the tail behind it? */
static bool is_past(const struct position *p, const struct position *before)
{
    for (unsigned i = 0; i < p->n; i++)
        if (p->v[i] < before->v[i])
            return false;
    return true;
}

bool feed_is_near(struct feed_reader *r)
{
    uint64_t number;
    if (tail_holds(r->feed->tail, r->at))
        return true;
    const struct position *before = tail_before(r->feed->tail, &number);
    if (!before || !is_past(&r->position, before))
        return false;
    r->at = number; /* and passes over what it has seen already */
    return true;
}

void feed_write_position(const struct feed_reader *r, struct buf *out)
{
    if (r->feed->shards)
        position_write(&r->position, out);
    else
        buf_add_u64(out, r->at);
}

void feed_write_behind(struct feed_reader *r, uint64_t seq, struct buf *out)
{
    uint64_t before = feed_at(r, r->shard);
    feed_moved(r, r->shard, seq);
    feed_write_position(r, out);
    feed_moved(r, r->shard, before);
}

uint64_t feed_progress(const struct feed_reader *r)
{
    uint64_t sum = r->feed->shards ? 0 : r->at;
    for (unsigned i = 0; r->feed->shards && i < r->position.n; i++)
        sum += r->position.v[i];
    return sum;
}
