/* Idempotency keys: an input that is sent again under its key gets what came of it the first time, and changes nothing.
 *
 * A row goes with the batch that holds the decision, so that the one is never durable without the other; and whoever
 * finds it in a batch waits, like everybody, until that batch is durable. */
#include <stdlib.h>

#include "engine/internal.h"

#define NS INT64_C(1000000000)
#define CAP_MIN 256

void pending_keys_done(struct pending_keys *p)
{
    free(p->v);
    free(p->slots);
}

void pending_keys_clear(struct pending_keys *p)
{
    if (p->n)
        memset(p->slots, 0, 2 * p->cap * sizeof *p->slots);
    p->n = 0;
}

/* The slot that has the key, or the free one where it would stand. Keys are hashes: any bytes of them do. */
static uint32_t *slot_of(const struct pending_keys *p, const unsigned char key[KEY_HASH])
{
    uint64_t bits;
    memcpy(&bits, key, sizeof bits);
    size_t mask = 2 * p->cap - 1, i = bits & mask;
    while (p->slots[i] && memcmp(p->v[p->slots[i] - 1].key, key, KEY_HASH) != 0)
        i = (i + 1) & mask;
    return &p->slots[i];
}

static void grow(struct pending_keys *p)
{
    p->cap = p->cap ? 2 * p->cap : CAP_MIN;
    p->v = mem_resize(p->v, p->cap, sizeof *p->v);
    free(p->slots);
    p->slots = mem_zalloc(2 * p->cap, sizeof *p->slots);
    for (size_t i = 0; i < p->n; i++)
        *slot_of(p, p->v[i].key) = (uint32_t)i + 1;
}

static const struct key_row *find_pending(const struct batch *b, const unsigned char key[KEY_HASH])
{
    if (!b || b->keys.n == 0)
        return NULL;
    uint32_t i = *slot_of(&b->keys, key);
    return i ? &b->keys.v[i - 1] : NULL;
}

/* Whatever clock decides inputs: who sends one again does so by the real one. */
static int64_t real_now(void)
{
    return clock_wall_ns() / NS;
}

static enum err find_row(struct engine *e, const unsigned char key[KEY_HASH], struct key_row *out, struct errmsg *msg)
{
    const struct key_row *row = find_pending(e->cur, key);
    if (!row)
        row = find_pending(e->flight, key);
    if (!row)
        return store_key_find(e->store, key, real_now(), out, msg);
    *out = *row;
    return ERR_OK;
}

enum err keys_find(struct engine *e, const struct input_key *k, struct input_result *out, bool *known,
                   struct errmsg *msg)
{
    struct key_row row;
    enum err err = find_row(e, k->key, &row, msg);
    *known = err == ERR_OK;
    if (err != ERR_OK)
        return err == ERR_ABSENT ? ERR_OK : err;
    if (memcmp(row.body, k->body, KEY_HASH) != 0)
        *out = (struct input_result){
            .result = RESULT_ERROR,
            .key = KEY_REUSED,
            .fault = "another input was sent under this Idempotency-Key within the last 48 hours",
        };
    else
        *out = (struct input_result){
            .result = row.result,
            .reason = row.reason,
            .n_events = row.n_events,
            .first_seq = row.first_seq,
            .key = KEY_REPLAYED,
        };
    return ERR_OK;
}

void keys_note(struct engine *e, const struct input_key *k, const struct input_result *r)
{
    struct pending_keys *p = &e->cur->keys;
    if (r->result == RESULT_ERROR)
        return;
    if (p->n == p->cap)
        grow(p);
    struct key_row *row = &p->v[p->n++];
    *row = (struct key_row){
        .at = real_now(),
        .seq = e->last_seq,
        .first_seq = r->first_seq,
        .n_events = r->n_events,
        .result = r->result,
        .reason = r->reason,
    };
    memcpy(row->key, k->key, KEY_HASH);
    memcpy(row->body, k->body, KEY_HASH);
    *slot_of(p, k->key) = (uint32_t)p->n;
}
