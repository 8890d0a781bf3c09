#include "tests/soak/arrivals.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define COMPLAINTS 5 /* of one kind */

void arrivals_init(struct arrivals *a, const struct side *side, const struct facts *h)
{
    *a = (struct arrivals){.side = side, .facts = h};
}

void arrivals_done(struct arrivals *a)
{
    free(a->v);
    free(a->latest);
    buf_done(&a->block);
}

struct tally arrivals_of(const struct arrivals *a, uint64_t seq)
{
    return seq < a->cap ? a->v[seq] : (struct tally){.attempts = 0};
}

static struct tally *tally_at(struct arrivals *a, uint64_t seq)
{
    if (seq >= a->cap) {
        uint64_t cap = 2 * (seq + 512);
        a->v = mem_resize(a->v, cap, sizeof *a->v);
        memset(a->v + a->cap, 0, (cap - a->cap) * sizeof *a->v);
        a->cap = cap;
    }
    return &a->v[seq];
}

/* Events of the system keep an order among themselves, like one person's. */
static uint64_t *latest_of(struct arrivals *a, uint32_t person)
{
    uint32_t place = person == NOBODY ? 0 : person + 1;
    if (place >= a->cap_latest) {
        uint32_t cap = 2 * (place + 64);
        a->latest = mem_resize(a->latest, cap, sizeof *a->latest);
        memset(a->latest + a->cap_latest, 0, (cap - a->cap_latest) * sizeof *a->latest);
        a->cap_latest = cap;
    }
    return &a->latest[place];
}

/* --- one line of the record --- */

enum field { F_TIME, F_KIND, F_ID, F_SEQ, F_SUBJECT, F_TYPE, F_ATTEMPT, F_ANSWER, F_NUMBER, F_TEXT, F_N };

struct line {
    const char *fields[F_N];
    uint64_t seq;
    int64_t at;
};

static bool is(const char *field, const char *word)
{
    return strcmp(field, word) == 0;
}

/* Splits it in place; false: it is about no event. */
static bool split(char *text, struct line *l)
{
    unsigned n = 0;
    for (char *field; n < F_N && (field = strsep(&text, "\t")) != NULL;)
        l->fields[n++] = field;
    if (n < F_N || (!is(l->fields[F_KIND], "event") && !is(l->fields[F_KIND], "message")))
        return false;
    const char *number = strrchr(l->fields[F_ID], '_');
    l->at = strtoll(l->fields[F_TIME], NULL, 10);
    l->seq = number ? strtoull(number + 1, NULL, 10) : 0;
    return true;
}

static bool is_known(struct arrivals *a, const struct line *l)
{
    const struct facts *h = a->facts;
    if (l->seq > 0 && l->seq <= h->n && side_wants(a->side, &h->v[l->seq]))
        return true;
    if (a->strangers++ < COMPLAINTS)
        diag("%s got \"%s\" of type %s, which it should not", a->side->plan->name, l->fields[F_ID], l->fields[F_TYPE]);
    return false;
}

static void check_order(struct arrivals *a, uint64_t seq)
{
    uint64_t *latest = latest_of(a, a->facts->v[seq].person);
    if (seq > *latest)
        *latest = seq;
    else if (a->out_of_order++ < COMPLAINTS)
        diag("%s got event %" PRIu64 " for the first time behind event %" PRIu64 " of the same person, in life %u",
             a->side->plan->name, seq, *latest, a->life);
}

static void accepted(struct arrivals *a, struct tally *t, uint64_t seq)
{
    a->accepted++;
    if (t->accepted++ == 0) {
        a->distinct++;
        if (!a->side->plan->messages)
            check_order(a, seq);
    } else if (t->life == a->life) {
        a->again++;
    } else {
        a->after_kill++;
        if (++a->this_life > a->most_after_kill)
            a->most_after_kill = a->this_life;
    }
    t->life = a->life;
}

/* In so many words: these were not taken. */
static bool refuses(const char *answer)
{
    return is(answer, "503") || is(answer, "429") || is(answer, "302");
}

static void message(struct arrivals *a, struct tally *t, const struct line *l)
{
    if (t->certain && a->twice++ < COMPLAINTS)
        diag("%s got message %" PRIu64 " again, after an attempt that nobody had refused", a->side->plan->name, l->seq);
    if (refuses(l->fields[F_ANSWER]))
        return;
    t->certain = true;
    t->at = l->at;
    t->taken |= l->fields[F_ANSWER][0] == '2' || is(l->fields[F_ANSWER], "reset_after");
}

static void note(struct arrivals *a, const struct line *l)
{
    struct tally *t = tally_at(a, l->seq);
    a->attempts++;
    t->attempts++;
    if (a->side->plan->messages)
        message(a, t, l);
    if (l->fields[F_ANSWER][0] != '2')
        return;
    accepted(a, t, l->seq);
    t->marked |= is(l->fields[F_TEXT], "gap");
}

static void turn_to_life(struct arrivals *a, int64_t at, const int64_t *kills, unsigned n_kills)
{
    for (; a->life < n_kills && at > kills[a->life]; a->life++)
        a->this_life = 0;
}

/* --- the record --- */

/* All whole lines behind the offset. */
static void read_block(struct arrivals *a)
{
    FILE *f = fopen(a->side->record, "r");
    buf_clear(&a->block);
    if (!f && !a->side->peer)
        return; /* there is none before the end */
    if (!f || fseek(f, a->offset, SEEK_SET) != 0)
        bail_out("%s cannot be read", a->side->record);
    for (size_t n = 1; n > 0;) {
        n = fread(buf_room(&a->block, 65536), 1, 65536, f);
        a->block.n += n;
    }
    fclose(f);
    while (a->block.n && a->block.p[a->block.n - 1] != '\n')
        a->block.n--;
    a->offset += (long)a->block.n;
}

void arrivals_read(struct arrivals *a, const int64_t *kills, unsigned n_kills)
{
    struct line l;
    read_block(a);
    for (char *p = a->block.p, *end = p + a->block.n; p < end;) {
        char *newline = memchr(p, '\n', (size_t)(end - p));
        *newline = '\0';
        if (split(p, &l)) {
            turn_to_life(a, l.at, kills, n_kills);
            if (is_known(a, &l))
                note(a, &l);
        }
        p = newline + 1;
    }
}
