#include "tests/chaos/verdict.h"

#include <stdio.h>
#include <stdlib.h>

#define COMPLAINTS 5

/* --- keys, sorted --- */

struct key_of {
    const char *key;
    size_t place; /* of a fact, or of an input */
};

static int compare(const void *x, const void *y)
{
    const struct key_of *a = x, *b = y;
    int order = strcmp(a->key, b->key);
    return order ? order : a->place < b->place ? -1 : a->place > b->place;
}

static struct key_of *keys_of_facts(const struct facts *f, size_t *n)
{
    struct key_of *v = mem_alloc((f->n + 1) * sizeof *v);
    *n = 0;
    for (size_t i = 0; i < f->n; i++)
        if (f->v[i].key)
            v[(*n)++] = (struct key_of){fact_key(f, &f->v[i]), i};
    qsort(v, *n, sizeof *v, compare);
    return v;
}

static struct key_of *keys_of_inputs(const struct book *b)
{
    struct key_of *v = mem_alloc((b->n + 1) * sizeof *v);
    for (size_t i = 0; i < b->n; i++)
        v[i] = (struct key_of){b->v[i].key, i};
    qsort(v, b->n, sizeof *v, compare);
    return v;
}

/* --- acknowledged: there --- */

/* Among the events that the answer names is the one that answers it. */
static bool find_named(struct sent *s, struct facts *f)
{
    for (unsigned i = 0; i < s->n_events; i++) {
        const struct fact *e = fact_at(f, s->shard, s->first + i);
        if (e && e->key && !e->used && strcmp(fact_key(f, e), s->key) == 0) {
            size_t place = (size_t)(e - f->v);
            f->v[place].used = true;
            s->fact = place + 1;
            return true;
        }
    }
    return false;
}

static void judge_answers(struct book *b, struct facts *f)
{
    uint64_t lost = 0;
    for (size_t i = 0; i < b->n; i++) {
        struct sent *s = &b->v[i];
        bool must = s->answer == ANSWER_APPLIED || (s->answer == ANSWER_REJECTED && s->n_events);
        if (must && !find_named(s, f) && lost++ < COMPLAINTS)
            diag("shard %u: \"%s\" was answered with event %" PRIu64 " and %u more, and is not among them", s->shard,
                 s->key, s->first, s->n_events ? s->n_events - 1 : 0);
    }
    is_int(lost, 0, "whatever was acknowledged is in its shard's log, where the answer says");
}

/* --- each once --- */

struct tally {
    uint64_t twice, strangers, lost;
};

/* All inputs and all facts of one key. Those that have found each other already are passed over. */
static void settle_key(struct book *b, struct facts *f, const struct key_of *inputs, size_t n_inputs,
                       const struct key_of *facts, size_t n_facts, struct tally *t)
{
    size_t at = 0;
    if (n_facts > n_inputs && n_inputs && t->twice++ < COMPLAINTS)
        diag("\"%s\" was sent %zu times, and decided %zu times", inputs[0].key, n_inputs, n_facts);
    if (n_facts && !n_inputs && t->strangers++ < COMPLAINTS)
        diag("\"%s\" was decided, and never sent", facts[0].key);
    for (size_t i = 0; i < n_inputs; i++) {
        struct sent *s = &b->v[inputs[i].place];
        bool may = !s->fact && (s->answer == ANSWER_NONE || s->answer == ANSWER_TAKEN);
        while (may && at < n_facts && f->v[facts[at].place].used)
            at++;
        if (may && at < n_facts) {
            f->v[facts[at].place].used = true;
            s->fact = facts[at].place + 1;
        }
        if (s->answer == ANSWER_TAKEN && !s->fact && t->lost++ < COMPLAINTS)
            diag("shard %u: \"%s\" was put into its stream, and never decided", s->shard, s->key);
    }
}

static size_t run_of(const struct key_of *v, size_t n, const char *key)
{
    size_t i = 0;
    while (i < n && strcmp(v[i].key, key) == 0)
        i++;
    return i;
}

static void judge_once(struct book *b, struct facts *f)
{
    struct tally t = {0};
    size_t n_facts, i = 0, k = 0;
    struct key_of *facts = keys_of_facts(f, &n_facts), *inputs = keys_of_inputs(b);
    while (i < b->n || k < n_facts) {
        const char *key =
            k == n_facts || (i < b->n && strcmp(inputs[i].key, facts[k].key) <= 0) ? inputs[i].key : facts[k].key;
        size_t of_inputs = run_of(inputs + i, b->n - i, key), of_facts = run_of(facts + k, n_facts - k, key);
        settle_key(b, f, inputs + i, of_inputs, facts + k, of_facts, &t);
        i += of_inputs;
        k += of_facts;
    }
    is_int(t.twice, 0, "nothing was decided twice");
    is_int(t.strangers, 0, "nothing was decided that nobody sent");
    is_int(t.lost, 0, "whatever was put into a stream was decided");
    free(facts);
    free(inputs);
}

static void tell_book(const struct book *b)
{
    uint64_t n[ANSWERS] = {0}, unknown_in = 0;
    for (size_t i = 0; i < b->n; i++) {
        n[b->v[i].answer]++;
        unknown_in += b->v[i].answer == ANSWER_NONE && b->v[i].fact;
    }
    diag("%zu inputs: %" PRIu64 " applied, %" PRIu64 " unchanged, %" PRIu64 " rejected, %" PRIu64
         " put into streams, %" PRIu64 " without an answer (of them %" PRIu64 " decided)",
         b->n, n[ANSWER_APPLIED], n[ANSWER_UNCHANGED], n[ANSWER_REJECTED], n[ANSWER_TAKEN], n[ANSWER_NONE], unknown_in);
}

void judge_book(struct book *b, struct facts *f)
{
    judge_answers(b, f);
    judge_once(b, f);
    tell_book(b);
}
