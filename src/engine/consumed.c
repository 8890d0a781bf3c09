/* Inputs that came from a stream of the store: the commit that makes their results durable also removes the entry, or
 * notes how far it was decided, and adds the reply. So a batch knows which part of which request it decided: a request
 * may be spread over several. The store remembers this of one entry only; so where inputs wait for their time, under an
 * accelerated clock, no second request is begun before the first is whole. */
#include <stdlib.h>

#include "engine/internal.h"

/* A request that was worked on before may have its part in this batch already. */
static struct consumed_part *find(struct batch *b, const struct request *r)
{
    for (size_t i = b->n_parts; i-- > 0;)
        if (b->parts[i].request == r)
            return &b->parts[i];
    return NULL;
}

bool consumed_waits(const struct engine *e, const struct request *r)
{
    return e->begun && e->begun != r && r->kind == REQUEST_INPUTS && r->source;
}

static void note_begun(struct engine *e, const struct request *r)
{
    if (r->at_input < r->n_inputs)
        e->begun = r;
    else if (e->begun == r)
        e->begun = NULL;
}

void consumed_note(struct engine *e, struct request *r, uint32_t first)
{
    struct batch *b = e->cur;
    uint32_t n = r->at_input - first;
    if (!r->source || (n == 0 && r->n_inputs))
        return;
    note_begun(e, r);
    struct consumed_part *known = first ? find(b, r) : NULL;
    if (known) {
        known->n += n;
        return;
    }
    if (b->n_parts == b->cap_parts)
        b->parts = mem_resize(b->parts, b->cap_parts = b->cap_parts ? 2 * b->cap_parts : 64, sizeof *b->parts);
    b->parts[b->n_parts++] = (struct consumed_part){.request = r, .first = first, .n = n};
}

static struct consumed consumed_of(const struct consumed_part *p, struct str reply)
{
    const struct source *s = p->request->source;
    uint32_t end = p->first + p->n;
    return (struct consumed){
        .stream = s->stream,
        .ms = s->ms,
        .n = s->n,
        .whole = end == p->request->n_inputs,
        .done = s->skip + end,
        .reply_to = s->reply_to,
        .reply = reply.n ? reply : STR_NONE,
    };
}

const struct consumed *consumed_list(struct batch *b)
{
    if (b->n_parts == 0)
        return NULL;
    for (size_t i = 0; i < b->n_parts; i++) {
        struct consumed_part *p = &b->parts[i];
        p->reply = b->replies.n;
        if (p->request->source->reply)
            p->request->source->reply(p->request, p->first, p->n, &b->replies);
    }
    b->consumed = mem_resize(b->consumed, b->cap_parts, sizeof *b->consumed);
    for (size_t i = 0; i < b->n_parts; i++) {
        size_t from = b->parts[i].reply, end = i + 1 < b->n_parts ? b->parts[i + 1].reply : b->replies.n;
        b->consumed[i] = consumed_of(&b->parts[i], (struct str){b->replies.p + from, end - from});
    }
    return b->consumed;
}

void consumed_clear(struct batch *b)
{
    b->n_parts = 0;
    buf_clear(&b->replies);
}

void consumed_done(struct batch *b)
{
    free(b->parts);
    free(b->consumed);
    buf_done(&b->replies);
}
