/* Reading the log on behind the cursor: what is wanted goes into the track, all else is passed over. */
#include "deliver/inside.h"

/* Whose order it keeps to; only a unit stands in the data. Events of the system otherwise keep theirs among themselves. */
static struct str order_of(struct event_arena *arena, struct str line, const struct event *head)
{
    struct event e;
    size_t where;
    bool unit = head->type == EV_UNIT_DIGEST || head->type == EV_UNIT_RECORDED;
    return unit && event_read(line, &e, arena, &where) == ERR_OK ? event_whose(&e) : head->subject;
}

static bool wants(const struct outlet *o, const struct event *head)
{
    return o->outfit->types & UINT32_C(1) << head->type && (!o->live || redelivery_wants(o, head));
}

static enum err read_one(struct outlet *o, bool *end, struct errmsg *msg)
{
    struct event_arena *arena = &o->deliver->arena;
    struct event head;
    struct str line;
    uint64_t seq;
    bool over = o->live && track_read(o->track) >= redelivery_limit(o);
    enum err err = over ? ERR_END : store_reader_next(o->reader, &seq, &line, msg);
    *end = err == ERR_END;
    if (err != ERR_OK)
        return *end ? ERR_OK : err;
    if (event_read_head(line, &head, arena) != ERR_OK)
        return err_set(msg, ERR_DAMAGED, "event %llu of the log is not one that this version writes",
                       (unsigned long long)seq);
    o->read_at = head.time * 1000;
    if (wants(o, &head)) {
        track_add(o->track, seq, order_of(arena, line, &head), head.type, line);
        return ERR_OK;
    }
    track_pass(o->track, seq);
    o->skipped += o->live != NULL;
    return ERR_OK;
}

enum err reading_fill(struct outlet *o, int64_t *at, struct errmsg *msg)
{
    bool end = false;
    for (unsigned n = 0; n < FILL_MAX && track_room(o->track) && !end; n++) {
        enum err err = read_one(o, &end, msg);
        if (err != ERR_OK)
            return err;
    }
    if (!end && track_room(o->track))
        *at = o->deliver->now;
    return ERR_OK;
}

enum err reading_look_ahead(struct outlet *o, struct errmsg *msg)
{
    struct store_reader *r;
    struct event head;
    struct str line;
    uint64_t seq;
    enum err err = store_reader_open(o->deliver->options.store, o->cursor, &r, msg);
    if (err != ERR_OK)
        return err;
    err = store_reader_next(r, &seq, &line, msg);
    if (err == ERR_OK && event_read_head(line, &head, &o->deliver->arena) == ERR_OK)
        o->read_at = head.time * 1000;
    store_reader_close(r);
    return err == ERR_END || err == ERR_ARCHIVED ? ERR_OK : err; /* it is found out when it is to be sent */
}
