#include "tests/soak/facts.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/lib/tap.h"

void facts_init(struct facts *h)
{
    *h = (struct facts){.n = 0};
}

void facts_done(struct facts *h)
{
    free(h->v);
    buf_done(&h->text);
    event_arena_done(&h->arena);
}

void person_id(uint32_t person, char out[16])
{
    snprintf(out, 16, "P-%06u", person % 1000000);
}

static uint32_t number_behind(struct str id, const char *prefix)
{
    char digits[16] = "", *end;
    size_t n = strlen(prefix);
    if (!id.p || id.n <= n || id.n - n >= sizeof digits || memcmp(id.p, prefix, n) != 0)
        return NOBODY;
    memcpy(digits, id.p + n, id.n - n);
    uint32_t number = (uint32_t)strtoul(digits, &end, 10);
    return *end ? NOBODY : number;
}

static uint32_t whom(const struct event *e)
{
    if (e->type == EV_UNIT_DIGEST)
        return UNIT_FIRST + number_behind(e->u.digest.unit, "U");
    if (e->type == EV_UNIT_RECORDED)
        return UNIT_FIRST + number_behind(e->u.unit_recorded.unit, "U");
    return number_behind(e->subject, "P-");
}

static bool brings_message(const struct event *e)
{
    switch (e->type) {
    case EV_REMINDER:
    case EV_GRACE:
    case EV_SUSPENDED:
    case EV_RESUMED:
    case EV_DEFERRED: return true;
    case EV_ACCEPTED: return e->u.accepted.effect == EFFECT_RENEWED;
    case EV_REVOKED: return e->u.revoked.effect == EFFECT_REVERTED;
    case EV_UNIT_DIGEST: return e->u.digest.count > 0;
    default: return false;
    }
}

static struct entry *room(struct facts *h, uint64_t seq)
{
    if (h->cap <= seq)
        h->v = mem_resize(h->v, h->cap = 2 * (seq + 512), sizeof *h->v);
    return &h->v[seq];
}

static void note(struct facts *h, const struct event *e)
{
    if (e->seq != h->n + 1)
        bail_out("event %" PRIu64 " follows event %" PRIu64, e->seq, h->n);
    struct entry *entry = room(h, e->seq);
    *entry = (struct entry){.prev = e->prev,
                            .person = whom(e),
                            .type = (uint8_t)e->type,
                            .message = brings_message(e)};
    if (entry->person != NOBODY && entry->person >= h->people)
        h->people = entry->person + 1;
    if (e->type == EV_REMINDER)
        entry->due = e->u.reminder.due_on;
    if (e->type == EV_ACCEPTED) {
        entry->due = e->u.accepted.due_on;
        entry->renewed = entry->message;
    }
    entry->reverted = e->type == EV_REVOKED && entry->message;
    h->counts[e->type]++;
    h->n = e->seq;
}

static void note_lines(struct facts *h)
{
    struct event e;
    size_t where;
    for (size_t at = 0; at < h->text.n;) {
        const char *p = h->text.p + at, *newline = memchr(p, '\n', h->text.n - at);
        size_t n = newline ? (size_t)(newline - p) : h->text.n - at;
        if (!newline || event_read((struct str){p, n}, &e, &h->arena, &where) != ERR_OK)
            bail_out("this event cannot be read: %.*s", (int)n, p);
        note(h, &e);
        at += n + 1;
    }
}

void facts_read(struct facts *h, struct node *n)
{
    char after[24];
    const char *const argv[] = {"lifecertctl", "-c", n->config, "events", "--after", after, NULL};
    snprintf(after, sizeof after, "%" PRIu64, h->n);
    if (run_program(argv, &h->text) != 0)
        bail_out("the log cannot be read: %.300s", h->text.p);
    note_lines(h);
}
