/* From the log to memory: every event applied by the same function that the decisions use. */
#include <inttypes.h>
#include <stdlib.h>

#include "engine/internal.h"

static bool names_policy(const struct event *ev)
{
    return ev->type == EV_ENROLLED || (ev->type == EV_AMENDED && ev->u.amended.given & M_POLICY);
}

/* The index that record_apply() wants; POLICY_UNKNOWN when the event's policy was never adopted. */
static uint8_t policy_for(const struct engine *e, const struct entry *entry, const struct event *ev)
{
    if (ev->type == EV_REINSTATED)
        return adopt_policy(e, str_of(e->policies.v[entry->rec.policy].name), ev->seq);
    if (!names_policy(ev))
        return entry->rec.policy;
    return adopt_policy(e, ev->type == EV_ENROLLED ? ev->u.enrolled.policy : ev->u.amended.policy, ev->seq);
}

/* What the log leaves out of a revocation: which certified date remains. */
static enum err fill_in(struct engine *e, const struct entry *entry, struct event *ev, struct errmsg *msg)
{
    struct history h;
    enum err err = history_fetch(e, entry->seq, &h, msg);
    if (err != ERR_OK)
        return err;
    const struct certification *struck = history_find(&h, ev->u.revoked.channel, ev->u.revoked.ref);
    ev->u.revoked.certified_on = history_certified(&h, struck);
    history_done(&h);
    return struck ? ERR_OK : err_set(msg, ERR_DAMAGED, "event %" PRIu64 " revokes what was never accepted", ev->seq);
}

static void note_channel(struct engine *e, const struct event *ev)
{
    struct str name = ev->type == EV_ACCEPTED ? ev->u.accepted.channel : ev->u.cert_rejected.channel;
    int i = adopt_channel(e, name);
    if (i >= 0 && e->channels[i].heard < ev->time)
        e->channels[i].heard = ev->time;
}

static enum err apply_to(struct engine *e, struct entry *entry, struct event *ev, struct errmsg *msg)
{
    if (ev->prev != entry->seq)
        return err_set(msg, ERR_DAMAGED, "event %" PRIu64 ": prev is %" PRIu64 ", but %" PRIu64 " was the person's last",
                       ev->seq, ev->prev, entry->seq);
    uint8_t policy = policy_for(e, entry, ev);
    if (policy == POLICY_UNKNOWN)
        return err_set(msg, ERR_DAMAGED, "event %" PRIu64 " names a policy that was never adopted", ev->seq);
    if (ev->type == EV_REVOKED) {
        enum err err = fill_in(e, entry, ev, msg);
        if (err != ERR_OK)
            return err;
    }
    if (ev->type == EV_ACCEPTED || ev->type == EV_CERT_REJECTED)
        note_channel(e, ev);
    record_apply(e->policies.v, &entry->rec, ev, policy);
    people_note(e, entry, ev);
    return ERR_OK;
}

/* n: the subject's number when it was looked up with its group; its enrolment may stand in that group too. */
static enum err apply_person(struct engine *e, struct event *ev, uint32_t n, struct errmsg *msg)
{
    if (n == ROSTER_NONE)
        n = roster_find(e->roster, ev->subject);
    struct entry entry = {.seq = 0};
    bool first = n == ROSTER_NONE;
    if (!first)
        roster_get(e->roster, n, &entry);
    if (ev->seq <= entry.seq)
        return ERR_OK; /* the checkpoint has it */
    if (first != (ev->type == EV_ENROLLED))
        return err_set(msg, ERR_DAMAGED, "event %" PRIu64 ": %s of a beneficiary who is %s", ev->seq,
                       event_type_text(ev->type), first ? "not enrolled" : "enrolled already");
    if (first && (ev->subject.n == 0 || ev->subject.n > ID_MAX))
        return err_set(msg, ERR_DAMAGED, "event %" PRIu64 ": not a beneficiary's id", ev->seq);
    enum err err = apply_to(e, &entry, ev, msg);
    if (err != ERR_OK)
        return err;
    if (first)
        n = roster_add(e->roster, ev->subject);
    roster_put(e->roster, n, &entry);
    return ERR_OK;
}

/* Once all places of versions are taken, one is used anew: not one under which somebody stands. The dead stand under
 * the version in force, though no event says so (people.c). */
static void adopt_policy_again(struct engine *e, const struct event *ev)
{
    struct policies *p = &e->policies;
    uint32_t count = p->n == POLICY_MAX ? roster_count(e->roster) : 0;
    for (uint32_t n = 0; n < count; n++) {
        struct entry entry;
        roster_get(e->roster, n, &entry);
        uint8_t now = adopt_policy(e, str_of(p->v[entry.rec.policy].name), UINT64_MAX);
        if (entry.rec.status == STATUS_TERMINATED && now != POLICY_UNKNOWN && now != entry.rec.policy) {
            entry.rec.policy = now;
            roster_put(e->roster, n, &entry);
        }
        p->used[entry.rec.policy]++;
    }
    adopt_note(e, ev);
    memset(p->used, 0, sizeof p->used); /* counted when all is applied */
}

static void apply_system(struct engine *e, const struct event *ev)
{
    switch (ev->type) {
    case EV_POLICY_ADOPTED: adopt_policy_again(e, ev); break;
    case EV_CONFIG_ADOPTED: adopt_note(e, ev); break;
    case EV_HOLD_PLACED:
    case EV_HOLD_LIFTED: holds_note(e, ev); break;
    case EV_UNIT_DIGEST: digest_note(e, ev); break;
    case EV_UNIT_RECORDED: vocab_intern(e->units, ev->u.unit_recorded.unit); break;
    default: break;
    }
}

static enum err apply(struct engine *e, struct event *ev, uint32_t n, uint64_t system_seq, struct errmsg *msg)
{
    e->last_seq = ev->seq;
    watch_set_time(e, ev);
    if (!ev->subject.p) {
        /* Units are in a part of the checkpoint before the system's: one may have come in between. */
        if (ev->seq > system_seq || ev->type == EV_UNIT_RECORDED)
            apply_system(e, ev);
        return ERR_OK;
    }
    enum err err = apply_person(e, ev, n, msg);
    if (err == ERR_OK && ev->seq > system_seq)
        people_count(e, ev);
    return err;
}

struct replay {
    struct engine *e;
    uint64_t system_seq, total;
};

static enum err apply_group(void *arg, struct event_group *g, struct errmsg *msg)
{
    const struct replay *r = arg;
    struct engine *e = r->e;
    uint32_t numbers[ROSTER_MANY];
    enum err err = ERR_OK;
    for (unsigned i = 0; i < g->n && err == ERR_OK; i++) {
        unsigned k = i % ROSTER_MANY, left = g->n - i;
        if (k == 0)
            roster_find_many(e->roster, &g->subjects[i], numbers, left < ROSTER_MANY ? left : ROSTER_MANY);
        err = apply(e, &g->events[i], numbers[k], r->system_seq, msg);
        if (g->seqs[i] % 1000000 == 0 && e->options.progress)
            e->options.progress(e->options.arg, "replay", g->seqs[i], r->total);
    }
    return err;
}

enum err replay_span(struct engine *e, const struct log_span *span, uint64_t system_seq, struct errmsg *msg)
{
    struct store_info info;
    store_info(e->store, &info);
    e->last_seq = span->after;
    struct replay r = {e, system_seq, info.durable < span->upto ? info.durable : span->upto};
    return pipeline_run(e->store, span, apply_group, &r, msg);
}

enum err replay_log(struct engine *e, uint64_t after, uint64_t system_seq, struct errmsg *msg)
{
    struct log_span span = LOG_SPAN_ALL;
    struct store_info info;
    store_info(e->store, &info);
    span.after = after;
    enum err err = replay_span(e, &span, system_seq, msg);
    if (err == ERR_OK && e->last_seq != info.durable)
        err = err_set(msg, ERR_DAMAGED, "the log ends at event %" PRIu64 ", but %" PRIu64 " was written", e->last_seq,
                      info.durable);
    return err;
}
