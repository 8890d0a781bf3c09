/* Which daemon owns which shard: a function of the daemons' names alone, so that all of them reckon the same without
 * asking each other. Nobody has more than one shard more than another, and when one leaves or joins few shards move
 * that need not. */
#ifndef SHARDS_ASSIGN_H
#define SHARDS_ASSIGN_H

/* owner[shard]: an index into names, which are all different, in any order; n_names at least 1. */
void assign_shards(const char *const *names, unsigned n_names, unsigned n_shards, unsigned *owner);

#endif
