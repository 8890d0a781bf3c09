#include "tests/receiver/ledger.h"

#include <stdlib.h>
#include <xxhash.h>

#include "tests/receiver/table.h"

/* A value of ids: flags below, attempts above. */
#define SEEN_ACCEPTED UINT64_C(1)
#define SEEN_UNREFUSED UINT64_C(2) /* a message that was taken, or may have been for all that its sender knows */
#define SEEN_ATTEMPT UINT64_C(256)

struct type_count {
    char type[64];
    uint64_t n;
};

struct ledger {
    struct counts counts;
    struct table ids;
    struct table subjects; /* the largest seq that was accepted */
    struct type_count types[LEDGER_TYPES_MAX];
    unsigned n_types;
};

struct ledger *ledger_new(void)
{
    return mem_zalloc(1, sizeof(struct ledger));
}

void ledger_free(struct ledger *l)
{
    if (!l)
        return;
    table_done(&l->ids);
    table_done(&l->subjects);
    free(l);
}

void ledger_forget(struct ledger *l)
{
    uint64_t open = l->counts.connections;
    table_done(&l->ids);
    table_done(&l->subjects);
    *l = (struct ledger){.counts.connections = open};
}

struct counts *ledger_counts(struct ledger *l)
{
    return &l->counts;
}

/* kind keeps ids and subjects that look alike apart. */
static uint64_t key_of(struct str path, char kind, const char *name)
{
    return XXH3_64bits_withSeed(name, strlen(name), XXH3_64bits_withSeed(path.p, path.n, (unsigned char)kind));
}

/* Notes one more attempt; NULL: nothing is known of it. */
static uint64_t *attempt(struct ledger *l, struct str path, char kind, const char *id)
{
    uint64_t *seen = id[0] ? table_at(&l->ids, key_of(path, kind, id), LEDGER_KEYS_MAX) : NULL;
    if (seen)
        *seen += SEEN_ATTEMPT;
    else if (id[0])
        l->counts.untracked++;
    return seen;
}

static uint32_t attempts(const uint64_t *seen)
{
    return seen ? (uint32_t)(*seen / SEEN_ATTEMPT) : 0;
}

/* --- events --- */

static void count_type(struct ledger *l, const char *type)
{
    for (unsigned i = 0; i < l->n_types; i++) {
        if (strcmp(l->types[i].type, type) == 0) {
            l->types[i].n++;
            return;
        }
    }
    if (l->n_types == LEDGER_TYPES_MAX || !type[0])
        return;
    struct type_count *t = &l->types[l->n_types++];
    memcpy(t->type, type, strnlen(type, sizeof t->type - 1));
    t->n = 1;
}

/* An event that is accepted for the first time. What is known of its subject before the first of its events that came
 * here is nothing, so that one may name any prev. */
static void check_order(struct ledger *l, struct str path, const struct told *t)
{
    if (!t->subject[0] || t->seq == 0)
        return;
    uint64_t *last = table_at(&l->subjects, key_of(path, 's', t->subject), LEDGER_KEYS_MAX);
    if (!last) {
        l->counts.untracked++;
        return;
    }
    if (*last && !t->replay) {
        if (t->seq <= *last)
            l->counts.order_violations++;
        else if (t->prev != *last && !t->gap)
            l->counts.prev_gaps++;
    }
    if (t->seq > *last)
        *last = t->seq;
}

bool fate_accepts(enum fate fate)
{
    return fate == FATE_ACCEPT || fate == FATE_DRIP || fate == FATE_BIG;
}

uint32_t ledger_event(struct ledger *l, struct str path, const struct told *t, enum fate fate)
{
    uint64_t *seen = attempt(l, path, 'e', t->id);
    if (!fate_accepts(fate))
        return attempts(seen);
    l->counts.accepted++;
    if (seen && (*seen & SEEN_ACCEPTED)) {
        l->counts.duplicates++;
        return attempts(seen);
    }
    if (seen) {
        *seen |= SEEN_ACCEPTED;
        l->counts.distinct++;
    }
    count_type(l, t->type);
    check_order(l, path, t);
    return attempts(seen);
}

/* --- messages --- */

uint32_t ledger_message(struct ledger *l, struct str path, const char *id, enum fate fate, bool refused)
{
    uint64_t *seen = attempt(l, path, 'm', id);
    bool taken = fate_accepts(fate) || fate == FATE_RESET_AFTER;
    l->counts.sms += taken;
    if (!seen)
        return 0;
    if (*seen & SEEN_UNREFUSED)
        l->counts.sms_duplicates++;
    if (taken && !(*seen & SEEN_ACCEPTED))
        l->counts.sms_distinct++;
    *seen |= (taken ? SEEN_ACCEPTED : 0) | (refused ? 0 : SEEN_UNREFUSED);
    return attempts(seen);
}

/* --- all of it --- */

void ledger_fate(struct ledger *l, enum fate fate)
{
    struct counts *c = &l->counts;
    uint64_t *const counters[FATE_N] = {
        [FATE_FAIL] = &c->failed,
        [FATE_HANG] = &c->hung,
        [FATE_RESET] = &c->reset,
        [FATE_RESET_AFTER] = &c->reset_after,
        [FATE_CLOSE] = &c->closed,
        [FATE_DRIP] = &c->dripped,
        [FATE_BIG] = &c->big,
        [FATE_GARBAGE] = &c->garbage,
        [FATE_REDIRECT] = &c->redirected,
        [FATE_GONE] = &c->gone,
    };
    if (fate < FATE_N)
        (*counters[fate])++;
}

void ledger_write(struct ledger *l, struct buf *out)
{
    const struct counts *c = &l->counts;
    BUF_LIT(out, "{");
#define X(name)                     \
    BUF_LIT(out, "\"" #name "\":"); \
    buf_add_u64(out, c->name);      \
    BUF_LIT(out, ",");
    LEDGER_COUNTS(X)
#undef X
    BUF_LIT(out, "\"types\":{");
    for (unsigned i = 0; i < l->n_types; i++) {
        if (i)
            buf_addc(out, ',');
        buf_add_json(out, str_of(l->types[i].type));
        buf_printf(out, ":%" PRIu64, l->types[i].n);
    }
    BUF_LIT(out, "}}\n");
}
