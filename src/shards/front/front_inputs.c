/* Inputs: those of one shard go there as they are; others are parted, and the results put back in their order. */
#include "shards/front/front_inside.h"

#include <stdlib.h>

struct split {
    struct request *r;
    _Atomic unsigned left;
    pthread_mutex_t lock; /* over the request's error */
    uint32_t *places;     /* by shard, then in order: which of the request's inputs it is */
    struct input *inputs;
    struct input_key *keys;
    struct input_result *results;
    unsigned n_parts;
    struct request parts[]; /* each a run of the above */
};

static unsigned shard_of_input(const struct front *f, const struct input *in)
{
    return shard_of(in->op == OP_UNIT ? in->unit : in->id, f->n);
}

static void split_free(struct split *s)
{
    pthread_mutex_destroy(&s->lock);
    free(s->places);
    free(s->inputs);
    free(s->keys);
    free(s->results);
    free(s);
}

static void part_over(struct split *s)
{
    if (atomic_fetch_sub(&s->left, 1) != 1)
        return;
    struct request *r = s->r;
    split_free(s);
    r->done(r);
}

static void part_done(struct request *part)
{
    struct split *s = part->owner;
    struct request *r = s->r;
    size_t first = (size_t)(part->results - s->results);
    for (uint32_t i = 0; i < part->n_inputs; i++)
        r->results[s->places[first + i]] = part->results[i];
    pthread_mutex_lock(&s->lock);
    if (part->err && !r->err) {
        r->err = part->err;
        r->msg = part->msg;
    }
    pthread_mutex_unlock(&s->lock);
    part_over(s);
}

/* starts[i]: where the inputs of shard i begin; starts[n]: how many there are. */
static void count(const struct front *f, const struct request *r, unsigned *of, uint32_t *starts)
{
    for (uint32_t i = 0; i < r->n_inputs; i++) {
        of[i] = shard_of_input(f, &r->inputs[i]);
        starts[of[i] + 1]++;
    }
    for (unsigned i = 0; i < f->n; i++)
        starts[i + 1] += starts[i];
}

static void fill_in(struct split *s, const unsigned *of, const uint32_t *starts, unsigned n)
{
    const struct request *r = s->r;
    uint32_t *next = mem_alloc(n * sizeof *next);
    memcpy(next, starts, n * sizeof *next);
    for (uint32_t i = 0; i < r->n_inputs; i++) {
        uint32_t to = next[of[i]]++;
        s->places[to] = i;
        s->inputs[to] = r->inputs[i];
        if (s->keys)
            s->keys[to] = r->keys[i];
    }
    free(next);
}

static struct split *split_new(struct request *r, const unsigned *of, const uint32_t *starts, unsigned n)
{
    unsigned n_parts = 0;
    for (unsigned i = 0; i < n; i++)
        n_parts += starts[i + 1] > starts[i];
    struct split *s = mem_zalloc(1, sizeof *s + n_parts * sizeof *s->parts);
    s->r = r;
    s->n_parts = n_parts;
    pthread_mutex_init(&s->lock, NULL);
    s->places = mem_zalloc(r->n_inputs, sizeof *s->places);
    s->inputs = mem_zalloc(r->n_inputs, sizeof *s->inputs);
    s->keys = r->keys ? mem_zalloc(r->n_inputs, sizeof *s->keys) : NULL;
    s->results = mem_zalloc(r->n_inputs, sizeof *s->results);
    fill_in(s, of, starts, n);
    return s;
}

/* All of it or nothing: so every shard must have room first. */
static bool all_have_room(struct front *f, const uint32_t *starts)
{
    for (unsigned i = 0; i < f->n; i++)
        if (starts[i + 1] > starts[i] && !shard_has_room(&f->shards[i], starts[i + 1] - starts[i]))
            return false;
    return true;
}

static void submit_parts(struct front *f, struct split *s, const uint32_t *starts)
{
    unsigned at = 0;
    atomic_store(&s->left, s->n_parts + 1);
    s->r->err = ERR_OK;
    for (unsigned i = 0; i < f->n; i++) {
        uint32_t first = starts[i], n = starts[i + 1] - starts[i];
        if (!n)
            continue;
        struct request *part = &s->parts[at++];
        *part = (struct request){
            .kind = REQUEST_INPUTS,
            .stream = s->r->stream,
            .inputs = s->inputs + first,
            .results = s->results + first,
            .keys = s->keys ? s->keys + first : NULL,
            .n_inputs = n,
            .done = part_done,
            .owner = s,
        };
        (void)!shard_submit(&f->shards[i], part, NULL, true); /* it waits where there is no room any more */
    }
    part_over(s);
}

static bool split_and_submit(struct front *f, struct request *r)
{
    unsigned *of = mem_alloc(r->n_inputs * sizeof *of);
    uint32_t *starts = mem_zalloc(f->n + 1, sizeof *starts);
    count(f, r, of, starts);
    bool room = all_have_room(f, starts);
    if (room)
        submit_parts(f, split_new(r, of, starts, f->n), starts);
    free(of);
    free(starts);
    return room;
}

bool front_inputs(struct front *f, struct request *r)
{
    if (r->n_inputs == 0) {
        front_answer_now(r, ERR_OK, NULL);
        return true;
    }
    unsigned first = shard_of_input(f, &r->inputs[0]);
    uint32_t i = 1;
    while (i < r->n_inputs && shard_of_input(f, &r->inputs[i]) == first)
        i++;
    if (i == r->n_inputs)
        return shard_submit(&f->shards[first], r, NULL, false);
    return split_and_submit(f, r);
}
