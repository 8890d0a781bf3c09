/* What the files of the desk share. Not for anyone else. */
#ifndef SHARDS_DESK_INSIDE_H
#define SHARDS_DESK_INSIDE_H

#include <pthread.h>

#include "deliver/receipt_reader.h"
#include "shards/desk/desk.h"
#include "shards/desk/desk_letter.h"
#include "shards/move/fold.h"

struct desk_round;
struct desk_guest;

struct shard_desk {
    const struct shard_set *set;
    struct completions *queue;
    struct front *front;
    struct receipt_reader *receipts;
    struct deliver **own;       /* by shard; NULL: it is not ours */
    struct desk_round *rounds;  /* of orders given here */
    pthread_mutex_t lock;       /* of: */
    struct desk_guest *guests;  /* what was asked of our deliveries */
};

/* desk_rows.c: what the members of an endpoint, of a redelivery come to */
extern const struct fold_row desk_endpoint_rows[];
extern const struct fold_row desk_redelivery_rows[]; /* with the endpoint's name */
extern const struct fold_row desk_state_rows[];      /* {"endpoint","state"} */
enum endpoint_state desk_worse(enum endpoint_state a, enum endpoint_state b);

/* desk_round.c */
void desk_give(void *arg, const struct desk_call *c, struct deliver_order *o);
void desk_rounds_free(struct shard_desk *d);

/* desk_guest.c */
void desk_guests_free(struct shard_desk *d);

#endif
