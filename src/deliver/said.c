/* What is told of deliveries, for logs and metrics. */
#include "deliver/inside.h"

static const char *const words[SAID_N] = {
    [SAID_DELIVERED] = "delivered", [SAID_RETRY] = "retry",     [SAID_DEAD] = "dead",
    [SAID_SKIPPED] = "skipped",     [SAID_DEFERRED] = "deferred", [SAID_UNKNOWN] = "unknown",
    [SAID_RECEIPT] = "receipt",     [SAID_PAUSED] = "paused",   [SAID_RESUMED] = "resumed",
    [SAID_OPENED] = "opened",       [SAID_CLOSED] = "closed",   [SAID_REFUSED] = "refused",
};

const char *deliver_word_text(enum deliver_word w)
{
    return words[w];
}

static void say(struct outlet *o, struct deliver_said *s)
{
    const struct deliver_options *options = &o->deliver->options;
    s->endpoint = outlet_live(o)->name;
    s->replay = o->live != NULL;
    if (options->said)
        options->said(options->arg, s);
}

void say_item(struct outlet *o, const struct item *i, enum deliver_word word, const char *why, const struct flight *f,
              int status)
{
    struct deliver_said s = {
        .word = word,
        .seq = i->seq,
        .type = str_of(event_type_text(i->type)),
        .attempts = i->attempts,
        .status = status,
        .why = why,
        .phone = f ? f->phone : "",
        .milliseconds = -1,
        .next_at = i->at,
    };
    if (f) {
        s.milliseconds = (o->deliver->now_ns - f->transfer.started_ns) / 1000000;
        s.first_byte_ns = f->transfer.first_byte_ns;
    }
    say(o, &s);
}

void say_outlet(struct outlet *o, enum deliver_word word, const char *why)
{
    struct deliver_said s = {.word = word, .type = STR_NONE, .why = why, .phone = "", .milliseconds = -1};
    say(o, &s);
}
