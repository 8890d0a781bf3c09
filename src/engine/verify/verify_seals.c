/* Seals that somebody knows beside the log: an operator who noted one down, a checkpoint, an index. The walk stops at
 * their numbers and holds them against its own. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/verify/verifying.h"

void seals_add(struct verify *v, const struct seal *seal, const char *who)
{
    if (seal->seq == 0)
        return;
    v->seals = mem_resize(v->seals, v->n_seals + 1, sizeof *v->seals);
    struct seal_view *s = &v->seals[v->n_seals++];
    *s = (struct seal_view){.seal = *seal};
    snprintf(s->who, sizeof s->who, "%s", who);
}

static int by_seq(const void *a, const void *b)
{
    uint64_t x = ((const struct seal_view *)a)->seal.seq, y = ((const struct seal_view *)b)->seal.seq;
    return x < y ? -1 : x > y;
}

uint64_t *seals_numbers(struct verify *v, size_t *n)
{
    if (v->n_seals)
        qsort(v->seals, v->n_seals, sizeof *v->seals, by_seq);
    uint64_t *numbers = mem_alloc((v->n_seals + 1) * sizeof *numbers);
    for (size_t i = 0; i < v->n_seals; i++)
        numbers[i] = v->seals[i].seal.seq;
    *n = v->n_seals;
    return numbers;
}

enum err seals_met(struct verify *v, const struct seal *seal)
{
    for (size_t i = 0; i < v->n_seals && v->seals[i].seal.seq <= seal->seq; i++) {
        struct seal_view *s = &v->seals[i];
        if (s->seal.seq != seal->seq)
            continue;
        s->met = true;
        if (memcmp(s->seal.hash, seal->hash, SEAL_HASH) != 0)
            return differ_beside(v, s->who,
                                 "the log has another seal at event %" PRIu64 ": what stands there, or before, is not"
                                 " what stood there",
                                 seal->seq);
    }
    return ERR_OK;
}

enum err seals_end(struct verify *v)
{
    for (size_t i = 0; i < v->n_seals; i++) {
        const struct seal_view *s = &v->seals[i];
        if (s->met || s->seal.seq < v->out->first)
            continue;
        if (s->seal.seq > v->end)
            return differ_beside(v, s->who, "it knows event %" PRIu64 ", and the log ends at %" PRIu64, s->seal.seq,
                                 v->end);
        return differ_beside(v, s->who, "the log has no seal at event %" PRIu64, s->seal.seq);
    }
    return ERR_OK;
}
