/* An event as it looks from outside. */
#include "codec/event_parts.h"
#include "codec/json_out.h"
#include "deliver/inside.h"

/* A store of its own is shard 0. */
char *notice_prefix(const struct deliver *d, char *p)
{
    p = put_bytes(p, d->incarnation, sizeof d->incarnation - 1);
    *p++ = '_';
    p = put_u64(p, d->options.shard);
    *p++ = '_';
    return p;
}

static struct str write_id(const struct deliver *d, uint64_t seq, char id[NOTICE_ID])
{
    char *p = put_u64(notice_prefix(d, id), seq);
    return (struct str){id, (size_t)(p - id)};
}

bool notice_read(const struct deliver *d, struct str line, char id[NOTICE_ID], struct buf *text, struct notice *out)
{
    struct event_parts p;
    if (!event_parts(line, text, &p))
        return false;
    *out = (struct notice){
        .id = write_id(d, p.seq, id),
        .seq = p.seq,
        .prev = p.prev,
        .type = p.type,
        .time = p.time,
        .subject = p.subject,
        .data = p.data,
        .simulated = p.simulated,
    };
    return true;
}
