/* Reports: each shard's, sent when they say something that matters to others, and everybody's, read in one go. */
#include "shards/office/office_inside.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"

/* --- an engine's --- */

static bool counts_differ(const struct office_report *a, const struct office_report *b)
{
    return a->day != b->day || a->due != b->due || a->applied != b->applied || a->drawing != b->drawing ||
           a->ordered != b->ordered;
}

bool office_report_exceeds(const struct office_report *r, const struct office_report *before)
{
    return r->day != before->day || r->due + r->applied > before->due + before->applied;
}

/* Must the others hear of it before the second is over? */
static bool matters(const struct office_seat *seat)
{
    const struct office_report *r = &seat->report;
    return !seat->sent_any || seat->claim || counts_differ(r, &seat->sent) || seat->wanted != seat->sent_wanted ||
           (r->now >= seat->office->waited && seat->sent.now < seat->office->waited);
}

void office_seat_report(void *arg, const struct office_report *r)
{
    struct office_seat *seat = arg;
    struct office *o = seat->office;
    pthread_mutex_lock(&o->lock);
    if (seat->open) {
        if (r->ordered > seat->carried)
            seat->carried = r->ordered;
        /* What was granted, was so for fewer than there are now, or for another day. */
        if (!seat->reported || office_report_exceeds(r, &seat->report))
            o->granted = INT64_MIN;
        if (!seat->asked)
            seat->wanted = INSTANT_NONE;
        seat->asked = false;
        seat->report = *r;
        seat->reported = true;
        if (!o->dirty && matters(seat)) {
            o->dirty = true;
            pthread_cond_signal(&o->wake);
        }
    }
    pthread_mutex_unlock(&o->lock);
}

/* --- telling and asking --- */

static bool awaited(const struct office *o)
{
    bool waits = false;
    for (const struct pending_order *p = o->orders; p && !waits; p = p->next)
        waits = p->call && p->number;
    for (unsigned i = 0; i < o->set->n && !waits; i++)
        waits = o->seats[i].wanted != INSTANT_NONE;
    return waits;
}

bool office_reports_due(const struct office *o, int64_t now)
{
    return now - o->reports_at >= HASTE_MS * NS_PER_MS && (o->dirty || awaited(o));
}

static void add_report(struct office *o, struct redis_command *c, struct office_seat *seat)
{
    const struct office_report *r = &seat->report;
    char text[192];
    snprintf(text, sizeof text, "%" PRId64 " %" PRId64 " %d %" PRId64 " %" PRId64 " %" PRId64 " %" PRIu64, r->now,
             seat->wanted == INSTANT_NONE ? INT64_MIN : seat->wanted, r->day, r->due, r->applied, r->drawing,
             r->ordered);
    redis_command_add_u64(c, seat->shard);
    redis_command_add_u64(c, seat->claim);
    redis_command_add(c, str_of(text));
    o->sending[o->n_sending].shard = seat->shard;
    o->sending[o->n_sending].claim = seat->claim;
    o->sending[o->n_sending].report = *r;
    o->sending[o->n_sending++].wanted = seat->wanted;
}

static void take_reports(struct office *o, void *arg, const redisReply *reply);

/* All of ours: that a shard has an owner is seen by its report's age. */
void office_reports_say(struct office *o)
{
    struct redis_command *c = office_add(o, OFFICE_REPORTS, 2, take_reports, NULL);
    system_key(&o->system, c, "reports");
    system_key(&o->system, c, "orders");
    redis_command_add(c, str_of(o->instance));
    o->n_sending = 0;
    pthread_mutex_lock(&o->lock);
    o->dirty = false;
    for (unsigned i = 0; i < o->set->n; i++)
        if (o->seats[i].open && o->seats[i].reported)
            add_report(o, c, &o->seats[i]);
    pthread_mutex_unlock(&o->lock);
}

/* --- what came back --- */

static bool is_refused(const redisReply *refused, unsigned shard)
{
    for (size_t i = 0; i < refused->elements; i++)
        if (office_u64(refused->element[i]) == shard)
            return true;
    return false;
}

/* Another claimed the shard later: an owner before us that was paused, or the one after us. Who still has it after a
 * lease says so again. */
static void note_refused(struct office *o, struct office_seat *seat)
{
    if (!seat->refused_at)
        seat->refused_at = o->round_at;
    if (o->round_at - seat->refused_at < o->lease_ms * NS_PER_MS)
        return;
    seat->refused_at = 0;
    seat->claim = true;
}

static void note_sent(struct office *o, const redisReply *refused)
{
    for (unsigned i = 0; i < o->n_sending; i++) {
        struct office_seat *seat = &o->seats[o->sending[i].shard];
        if (is_refused(refused, seat->shard)) {
            note_refused(o, seat);
            continue;
        }
        seat->refused_at = 0;
        seat->sent_any = true;
        seat->sent = o->sending[i].report;
        seat->sent_wanted = o->sending[i].wanted;
        if (o->sending[i].claim)
            seat->claim = false;
    }
}

static void read_report(struct read_report *out, const redisReply *age, const redisReply *text)
{
    struct read_report r = {.there = false};
    lc_instant wanted;
    if (text->type != REDIS_REPLY_STRING ||
        sscanf(text->str, "%*s %32s %" SCNd64 " %" SCNd64 " %d %" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNu64, r.owner,
               &r.r.now, &wanted, &r.r.day, &r.r.due, &r.r.applied, &r.r.drawing, &r.r.ordered) != 8)
        return;
    r.wanted = wanted == INT64_MIN ? INSTANT_NONE : wanted;
    r.age_ms = (int64_t)office_u64(age);
    r.there = true;
    *out = r;
}

static void note_read(struct office *o, const redisReply *reply)
{
    for (unsigned i = 0; i < o->set->n; i++)
        o->read[i].there = false;
    for (size_t i = 3; i + 2 < reply->elements; i += 3) {
        uint64_t shard = office_u64(reply->element[i]);
        if (shard < o->set->n)
            read_report(&o->read[shard], reply->element[i + 1], reply->element[i + 2]);
    }
    o->waited = INT64_MIN;
    for (unsigned i = 0; i < o->set->n; i++)
        if (o->read[i].there && o->read[i].wanted != INSTANT_NONE && o->read[i].wanted > o->waited)
            o->waited = o->read[i].wanted;
    o->read_at = o->round_at;
}

static void take_reports(struct office *o, void *arg, const redisReply *reply)
{
    (void)arg;
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements < 3)
        return;
    pthread_mutex_lock(&o->lock);
    uint64_t last = office_u64(reply->element[2]);
    if (last != o->last_order)
        o->granted = INT64_MIN;
    o->version = office_u64(reply->element[1]);
    o->last_order = last;
    note_sent(o, reply->element[0]);
    note_read(o, reply);
    pthread_mutex_unlock(&o->lock);
    o->reports_at = o->round_at;
}

/* An engine that has nothing to do does not tick: those that others wait for are woken, and so are those that wait. */
void office_reports_wake(struct office *o)
{
    for (unsigned i = 0; i < o->set->n; i++) {
        struct office_seat *seat = &o->seats[i];
        pthread_mutex_lock(&o->lock);
        bool behind = seat->open && (seat->wanted <= o->granted || seat->report.now < o->waited);
        pthread_mutex_unlock(&o->lock);
        if (behind)
            office_wake_engine(seat);
    }
}
