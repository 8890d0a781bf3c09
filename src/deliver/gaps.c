/* Whose next event is to be marked, since an earlier one of theirs was given up. Hashes do: a mark too many is harmless,
 * and one in 2^64. */
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

bool gaps_owed(const struct outlet *o, struct str subject)
{
    return o->gaps.n && subject.p && numbers_get(&o->gaps, key_of(subject));
}

/* Messages carry no mark. */
void gaps_set(struct outlet *o, struct str subject, bool owed)
{
    if (!subject.p || o->outfit->config->messages || gaps_owed(o, subject) == owed)
        return;
    *numbers_at(&o->gaps, key_of(subject)) = owed;
    book_gap(o, subject, owed);
}
