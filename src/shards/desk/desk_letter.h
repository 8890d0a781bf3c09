/* What is asked of a shard's delivery on its way to the shard's owner: a method ("desk pause") and a JSON object.
 * Written and read here, and nowhere else. */
#ifndef SHARDS_DESK_LETTER_H
#define SHARDS_DESK_LETTER_H

#include "deliver/desk.h"

struct desk_letter {
    struct desk_call call; /* points into what follows */
    struct redeliver_call redeliver;
    struct receipt_call receipt;
    struct deliver_order order; /* endpoint, seq, shard, by, why, phone: the rest is nobody's */
    struct buf text;            /* what the strings are in */
};

/* "desk pause" */
struct str desk_letter_method(enum desk_verb v);
/* Is it one of desk_letter_method()'s? */
bool desk_letter_is(struct str method);
void desk_letter_write(const struct desk_call *c, const struct deliver_order *o, struct buf *out);
/* ERR_INVALID: it was not written by desk_letter_write(). Whatever comes of it, desk_letter_done() is to be called. */
enum err desk_letter_read(struct str method, struct str body, struct desk_letter *out,
                          struct errmsg *msg) ERR_MUSTCHECK;
void desk_letter_done(struct desk_letter *l);

#endif
