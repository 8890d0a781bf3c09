#include "deliver/breaker.h"

bool breaker_allows(const struct breaker *b, int64_t now)
{
    /* A pause that seems longer than it is: the wall clock was set back. */
    bool over = now >= b->until || b->until - now > b->pause;
    return !b->open || (!b->probing && over);
}

void breaker_sent(struct breaker *b)
{
    b->probing = b->open;
}

bool breaker_succeeded(struct breaker *b)
{
    bool was_open = b->open;
    *b = (struct breaker){.failures = 0};
    return was_open;
}

bool breaker_failed(struct breaker *b, int64_t now)
{
    b->failures++;
    /* What was on its way when it opened says nothing new. */
    if (b->open ? !b->probing : b->failures < BREAKER_FAILURES)
        return false;
    if (!b->open)
        b->pause = BREAKER_FIRST_MS;
    else if (b->pause < BREAKER_LONGEST_MS)
        b->pause = 2 * b->pause < BREAKER_LONGEST_MS ? 2 * b->pause : BREAKER_LONGEST_MS;
    b->open = true;
    b->probing = false;
    b->until = now + b->pause;
    return true;
}

void breaker_forget(struct breaker *b)
{
    b->probing = false;
}

int64_t breaker_next_at(const struct breaker *b)
{
    if (!b->open)
        return 0;
    return b->probing ? INT64_MAX : b->until;
}
