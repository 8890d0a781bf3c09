/* Lines to stdout in big blocks. */
#ifndef CTL_OUT_H
#define CTL_OUT_H

#include "base/buf.h"

#define OUT_BLOCK ((size_t)1 << 18)

struct out {
    struct buf block;
    bool closed; /* nobody reads any more, or it cannot be written: everything further is dropped */
};

/* Writes what stands in the block. false: closed. */
bool out_flush(struct out *o);
void out_done(struct out *o);

static inline bool out_lines(struct out *o, struct str lines)
{
    buf_addstr(&o->block, lines);
    return o->block.n < OUT_BLOCK || out_flush(o);
}

static inline bool out_line(struct out *o, struct str line)
{
    char *p = buf_room(&o->block, line.n + 1);
    memcpy(p, line.p, line.n);
    p[line.n] = '\n';
    o->block.n += line.n + 1;
    return o->block.n < OUT_BLOCK || out_flush(o);
}

#endif
