/* GET /v1/events as text/event-stream: the log from a position on, for as long as the client stays. The log is the
 * queue: what there is no room for is read when the client has taken what was before. */
#include "http/events/events.h"

#include <stdlib.h>

#include "http/events/event_stream.h"

#define FRAME_MAX 96 /* of an event, besides its line: id, type and newlines */
#define ID_MAX 14    /* what each shard adds to an id, at the most */

struct log_stream {
    struct feed_reader reader; /* the first member */
    struct event_stream stream;
    struct buf subject;
    uint64_t told; /* feed_progress() at the last id sent */
    bool whole;    /* a person's story comes as a whole */
};

static struct log_stream *of_stream(struct event_stream *s)
{
    return (struct log_stream *)((char *)s - offsetof(struct log_stream, stream));
}

static enum feed_take take(struct feed_reader *r, uint64_t seq, enum event_type type, struct str line)
{
    struct log_stream *l = (struct log_stream *)r;
    struct event_stream *s = &l->stream;
    if (!l->whole && !event_stream_has_room(s, line.n + FRAME_MAX + (size_t)ID_MAX * feed_shards(r->feed)))
        return TAKE_NONE;
    BUF_LIT(&s->out, "id: ");
    feed_write_behind(r, seq, &s->out);
    BUF_LIT(&s->out, "\nevent: ");
    buf_adds(&s->out, event_type_text(type));
    BUF_LIT(&s->out, "\ndata: ");
    buf_addstr(&s->out, line); /* it has no newline of its own */
    BUF_LIT(&s->out, "\n\n");
    l->told = feed_progress(r) + (seq - feed_at(r, r->shard));
    return TAKE_ON;
}

static void paused(struct feed_reader *r, enum feed_pause why)
{
    struct log_stream *l = (struct log_stream *)r;
    bool something = l->stream.sent < l->stream.out.n;
    if (why == FEED_FAILED)
        event_stream_finish(&l->stream);
    else if (something)
        event_stream_send(&l->stream); /* and asks for more when it has gone */
    else
        feed_wait(r);
}

static bool position(struct event_stream *s, struct buf *out)
{
    struct log_stream *l = of_stream(s);
    uint64_t now = feed_progress(&l->reader);
    if (now == l->told)
        return false;
    l->told = now;
    feed_write_position(&l->reader, out);
    return true;
}

static void more(struct event_stream *s)
{
    feed_wait(&of_stream(s)->reader);
}

struct feed_reader *events_stream_begin(struct exchange *x, struct events_query *q)
{
    struct log_stream *l = mem_zalloc(1, sizeof *l);
    x->state = l;
    l->subject = q->subject;
    q->subject = BUF_INIT;
    l->reader.types = q->types;
    l->reader.subject = buf_str(&l->subject);
    events_begin_at(&l->reader, x->http->feed, q);
    l->reader.take = take;
    l->reader.paused = paused;
    l->stream.x = x;
    l->stream.more = more;
    l->stream.position = position;
    l->whole = true;
    feed_join(x->http->feed, &l->reader);
    l->told = feed_progress(&l->reader);
    event_stream_begin(&l->stream);
    return &l->reader;
}

void events_stream_go(struct feed_reader *r, bool enough)
{
    (void)enough; /* it never has */
    ((struct log_stream *)r)->whole = false;
}

static void on_close(struct exchange *x)
{
    struct log_stream *l = x->state;
    if (!l)
        return;
    feed_leave(&l->reader);
    event_stream_close(&l->stream);
    buf_done(&l->subject);
    free(l);
}

const struct handler events_stream_handler = {.close = on_close};
