/* From the log to memory: every event applied by the same function that the decisions use. */
#include <inttypes.h>

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
    char channel[65], ref[129];
    struct str c = ev->u.revoked.channel, r = ev->u.revoked.ref;
    if (c.n >= sizeof channel || r.n >= sizeof ref)
        return err_set(msg, ERR_DAMAGED, "event %" PRIu64 ": channel or ref too long", ev->seq);
    /* Reading the history reuses the arena that these may lie in. */
    memcpy(channel, c.p, c.n);
    memcpy(ref, r.p, r.n);
    enum revoke_effect effect = ev->u.revoked.effect;
    enum err err = history_fetch(e, entry->seq, &h, msg);
    if (err != ERR_OK)
        return err;
    const struct certification *struck =
        history_find(&h, (struct str){channel, c.n}, (struct str){ref, r.n});
    ev->u.revoked.certified_on = history_certified(&h, struck);
    ev->u.revoked.effect = effect;
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

static enum err apply_person(struct engine *e, struct event *ev, struct errmsg *msg)
{
    uint32_t n = roster_find(e->roster, ev->subject);
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

static void apply_system(struct engine *e, const struct event *ev)
{
    switch (ev->type) {
    case EV_POLICY_ADOPTED:
    case EV_CONFIG_ADOPTED: adopt_note(e, ev); break;
    case EV_HOLD_PLACED:
    case EV_HOLD_LIFTED: holds_note(e, ev); break;
    case EV_UNIT_RECORDED: vocab_intern(e->units, ev->u.unit_recorded.unit); break;
    default: break;
    }
}

static enum err apply(struct engine *e, uint64_t seq, struct str line, uint64_t system_seq, struct errmsg *msg)
{
    struct event ev;
    size_t where;
    if (event_read(line, &ev, &e->arena, &where) != ERR_OK || ev.seq != seq)
        return err_set(msg, ERR_DAMAGED, "event %" PRIu64 " cannot be read at byte %zu: %.*s", seq, where,
                       line.n > 200 ? 200 : (int)line.n, line.p);
    e->last_seq = seq;
    watch_set_time(e, &ev);
    if (ev.subject.p)
        return apply_person(e, &ev, msg);
    if (seq > system_seq)
        apply_system(e, &ev);
    return ERR_OK;
}

enum err replay_log(struct engine *e, uint64_t after, uint64_t system_seq, struct errmsg *msg)
{
    struct store_info info;
    struct store_reader *reader;
    store_info(e->store, &info);
    e->last_seq = after;
    enum err err = store_reader_open(e->store, after, &reader, msg);
    if (err != ERR_OK)
        return err;
    uint64_t seq;
    struct str line;
    while ((err = store_reader_next(reader, &seq, &line, msg)) == ERR_OK) {
        err = apply(e, seq, line, system_seq, msg);
        if (err != ERR_OK)
            break;
        if (seq % 1000000 == 0 && e->options.progress)
            e->options.progress(e->options.arg, "replay", seq, info.durable);
    }
    store_reader_close(reader);
    if (err != ERR_END)
        return err;
    if (e->last_seq != info.durable)
        return err_set(msg, ERR_DAMAGED, "the log ends at event %" PRIu64 ", but %" PRIu64 " was written", e->last_seq,
                       info.durable);
    return ERR_OK;
}
