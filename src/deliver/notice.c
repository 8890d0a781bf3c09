/* An event as it looks from outside. */
#include <inttypes.h>
#include <stdio.h>

#include "codec/event_parts.h"
#include "deliver/inside.h"

#define SHARD 0 /* a store on one machine has one */

bool notice_read(const struct deliver *d, struct str line, char id[NOTICE_ID], struct buf *text, struct notice *out)
{
    struct event_parts p;
    if (!event_parts(line, text, &p))
        return false;
    int n = snprintf(id, NOTICE_ID, "%s_%d_%" PRIu64, d->incarnation, SHARD, p.seq);
    *out = (struct notice){
        .id = {id, (size_t)n},
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
