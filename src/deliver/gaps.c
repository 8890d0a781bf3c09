/* Whose next event is to be marked, since an earlier one of theirs was given up: the number of the one given up, or 1
 * where that is not known any more, by the person's hash. A mark too many is harmless, and one in 2^64. */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "deliver/inside.h"

static uint64_t key_of(struct str subject)
{
    uint64_t hash = XXH3_64bits(subject.p, subject.n);
    return hash ? hash : 1;
}

static void take_gap(void *arg, struct str subject)
{
    struct outlet *o = arg;
    *numbers_at(&o->gaps, key_of(subject)) = 1;
}

enum err gaps_open(struct outlet *o, struct errmsg *msg)
{
    return delivery_gaps(o->deliver->state, str_of(o->name), take_gap, o, msg);
}

void gaps_remember(struct outlet *o, struct str subject, uint64_t seq)
{
    uint64_t key = subject.p ? key_of(subject) : 0, from = key ? numbers_get(&o->gaps, key) : 0;
    if (from && from < seq)
        *numbers_at(&o->gaps, key) = seq;
}

/* One that came before it and is sent once more after a crash does not use up the mark. */
bool gaps_owed(const struct outlet *o, struct str subject, uint64_t seq)
{
    uint64_t from = o->gaps.n && subject.p ? numbers_get(&o->gaps, key_of(subject)) : 0;
    return from && from < seq;
}

/* Messages carry no mark. */
void gaps_owe(struct outlet *o, struct str subject, uint64_t seq)
{
    if (!subject.p || o->outfit->config->messages)
        return;
    uint64_t *from = numbers_at(&o->gaps, key_of(subject));
    if (!*from)
        book_gap(o, subject, true);
    if (*from < seq)
        *from = seq;
}

void gaps_pay(struct outlet *o, struct str subject, uint64_t seq)
{
    if (!gaps_owed(o, subject, seq))
        return;
    *numbers_at(&o->gaps, key_of(subject)) = 0;
    book_gap(o, subject, false);
}
