#include "config/token.h"

#include <stdatomic.h>
#include <stdlib.h>

struct tokens *tokens_new(void)
{
    struct tokens *t = mem_zalloc(1, sizeof *t);
    atomic_init(&t->refs, 1);
    return t;
}

struct tokens *tokens_ref(struct tokens *t)
{
    atomic_fetch_add_explicit(&t->refs, 1, memory_order_relaxed);
    return t;
}

void tokens_unref(struct tokens *t)
{
    /* What others did with it before they let go must be seen by the one that frees it. */
    if (!t || atomic_fetch_sub_explicit(&t->refs, 1, memory_order_acq_rel) != 1)
        return;
    for (unsigned i = 0; i < t->n; i++)
        text_list_done(&t->v[i].channels);
    free(t);
}

static bool is_among(const struct text_list *channels, struct str channel)
{
    for (unsigned i = 0; i < channels->n; i++)
        if (str_is(channel, channels->v[i]))
            return true;
    return false;
}

bool token_certifies(const struct token *t, struct str channel)
{
    return is_among(&t->channels, channel);
}

const char *channels_forbid(const struct text_list *channels, const struct input *in, const char **why)
{
    if (in->op != OP_CERTIFY) {
        *why = "this caller may bring certifications only";
        return "op";
    }
    if (!is_among(channels, in->channel)) {
        *why = "this caller may not bring certifications of this channel";
        return "channel";
    }
    return NULL;
}

static bool certifies_all(const struct token *t, const struct text_list *channels)
{
    for (unsigned i = 0; i < channels->n; i++)
        if (!token_certifies(t, str_of(channels->v[i])))
            return false;
    return true;
}

bool token_covers(const struct token *t, const struct token *other)
{
    return (t->read || t->operate || !other->read) && (t->operate || !other->operate) &&
           (t->intake_all || (!other->intake_all && certifies_all(t, &other->channels)));
}
