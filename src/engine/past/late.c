/* What came late: the certifications that came in after an instant, told apart by whether they were of that day or
 * before it, or of a later one. What was revoked since does not count. */
#include <inttypes.h>
#include <stdlib.h>

#include "base/hash.h"
#include "engine/past/past_inside.h"

/* A certification of a person known then, accepted since, that says more than was known. */
struct arrived {
    uint32_t n, hash; /* of its channel and ref */
    uint8_t known;
};

/* Channel and ref of one of a person's certifications, which the rules keep apart for good: person and 32 bits. Two of
 * one person's that fall together cost a revocation that is counted twice. */
static uint64_t key_of(uint32_t n, struct str channel, struct str ref)
{
    uint64_t h = hash_pair(channel, ref);
    return (uint64_t)n << 32 | (uint32_t)(h ^ h >> 32);
}

static lc_date base_then(const struct engine *e, uint32_t n)
{
    struct entry entry;
    roster_get(e->roster, n, &entry);
    return date_later(entry.rec.certified_on, entry.rec.approved_on);
}

static void note_accepted(struct past *p, uint32_t n, const struct event *ev)
{
    struct late *l = &p->late;
    lc_date on = ev->u.accepted.certified_on;
    if (on <= base_then(p->e, n))
        return;
    if (l->n_arrived == l->cap_arrived) {
        l->cap_arrived = l->cap_arrived ? 2 * l->cap_arrived : 1024;
        l->arrived = mem_resize(l->arrived, l->cap_arrived, sizeof *l->arrived);
    }
    l->arrived[l->n_arrived++] = (struct arrived){
        .n = n,
        .hash = (uint32_t)key_of(n, ev->u.accepted.channel, ev->u.accepted.ref),
        .known = on <= p->info.today ? KNOWN_LATE : KNOWN_SINCE,
    };
}

static void note_revoked(struct late *l, uint32_t n, const struct event *ev)
{
    if (l->n_revoked == l->cap_revoked) {
        l->cap_revoked = l->cap_revoked ? 2 * l->cap_revoked : 64;
        l->revoked = mem_resize(l->revoked, l->cap_revoked, sizeof *l->revoked);
    }
    l->revoked[l->n_revoked++] = key_of(n, ev->u.revoked.channel, ev->u.revoked.ref);
}

static void note(struct past *p, uint32_t n, const struct event *ev)
{
    if (n == ROSTER_NONE)
        return; /* enrolled since */
    if (ev->type == EV_ACCEPTED)
        note_accepted(p, n, ev);
    else
        note_revoked(&p->late, n, ev);
}

static enum err note_group(void *arg, struct event_group *g, struct errmsg *msg)
{
    struct past *p = arg;
    struct str ids[ROSTER_MANY];
    uint32_t numbers[ROSTER_MANY];
    unsigned wanted[ROSTER_MANY], n = 0;
    (void)msg;
    for (unsigned i = 0; i < g->n; i++) {
        if (g->events[i].type == EV_ACCEPTED || g->events[i].type == EV_REVOKED) {
            ids[n] = g->subjects[i];
            wanted[n++] = i;
        }
        if (n < ROSTER_MANY && (n == 0 || i + 1 < g->n))
            continue;
        roster_find_many(p->e->roster, ids, numbers, n);
        for (unsigned k = 0; k < n; k++)
            note(p, numbers[k], &g->events[wanted[k]]);
        n = 0;
    }
    if (g->n)
        past_tell(p, g->seqs[g->n - 1]);
    return ERR_OK;
}

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* One that was revoked is refused ever after: so whatever was, and whenever, does not count. */
static void weigh(struct late *l, uint32_t people)
{
    l->known = mem_zalloc(people ? people : 1, 1);
    if (l->n_revoked)
        qsort(l->revoked, l->n_revoked, sizeof *l->revoked, compare);
    for (size_t i = 0; i < l->n_arrived; i++) {
        const struct arrived *a = &l->arrived[i];
        uint64_t key = (uint64_t)a->n << 32 | a->hash;
        if (!l->n_revoked || !bsearch(&key, l->revoked, l->n_revoked, sizeof key, compare))
            l->known[a->n] |= a->known;
    }
}

enum err late_read(struct past *p, struct errmsg *msg)
{
    struct late *l = &p->late;
    if (l->read)
        return ERR_OK;
    struct log_span span = LOG_SPAN_ALL;
    span.after = p->info.seq;
    span.upto = p->info.end;
    enum err err = pipeline_run(p->e->store, &span, note_group, p, msg);
    if (err != ERR_OK)
        return err;
    weigh(l, roster_count(p->e->roster));
    free(l->arrived);
    free(l->revoked);
    l->arrived = NULL;
    l->revoked = NULL;
    l->read = true;
    return ERR_OK;
}

void late_done(struct late *l)
{
    free(l->known);
    free(l->arrived);
    free(l->revoked);
}
