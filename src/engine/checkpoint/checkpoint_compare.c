/* A checkpoint's sections held against what follows from the log (verify.h). */
#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/text.h"
#include "engine/verify/verifying.h"

static bool no(struct errmsg *why, const char *format, ...) __attribute__((format(printf, 2, 3)));

static bool no(struct errmsg *why, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(why->text, sizeof why->text, format, args);
    va_end(args);
    return false;
}

/* --- one person --- */

struct member_row {
    const char *name;
    size_t offset;
};

#define DATE_ROW(member)                         \
    {                                            \
#member, offsetof(struct record, member) \
    }

static const struct member_row dates[] = {
    DATE_ROW(approved_on),    DATE_ROW(certified_on),  DATE_ROW(reminded_on),
    DATE_ROW(deferred_until), DATE_ROW(notice_until),  DATE_ROW(suspended_on),
    DATE_ROW(resumed_on),     DATE_ROW(terminated_on), DATE_ROW(withheld_from),
};

/* Versions stand at other places maybe: the event that adopted one tells them apart. The dead stand under the version
 * in force, though no event says so: of theirs the name is compared. */
static bool same_policy(const struct engine *log, uint8_t a, const struct engine *checkpoint, uint8_t b, bool dead)
{
    const struct policies *p = &log->policies, *q = &checkpoint->policies;
    if (b >= q->n || strcmp(p->v[a].name, q->v[b].name) != 0)
        return false;
    return dead || p->adopted_seq[a] == q->adopted_seq[b];
}

static bool same_word(const struct vocab *log, uint32_t a, const struct vocab *checkpoint, uint32_t b)
{
    return b <= vocab_count(checkpoint) && str_eq(vocab_text(log, a), vocab_text(checkpoint, b));
}

bool checkpoint_same_record(const struct engine *log, const struct entry *a, const struct engine *checkpoint,
                            const struct entry *b, struct errmsg *why)
{
    const struct record *r = &a->rec, *s = &b->rec;
    if (r->status != s->status)
        return no(why, "status is %s, expected %s", status_text(s->status), status_text(r->status));
    if (!same_policy(log, r->policy, checkpoint, s->policy, r->status == STATUS_TERMINATED))
        return no(why, "the policy is another one, expected %s", log->policies.v[r->policy].name);
    for (size_t i = 0; i < sizeof dates / sizeof dates[0]; i++) {
        int32_t x, y;
        memcpy(&x, (const char *)r + dates[i].offset, sizeof x);
        memcpy(&y, (const char *)s + dates[i].offset, sizeof y);
        if (x != y)
            return no(why, "%s is %" PRId32 ", expected %" PRId32 " (days or months since 1900)", dates[i].name, y, x);
    }
    if (r->lapsed != s->lapsed || r->erased != s->erased || r->suspended_at_death != s->suspended_at_death ||
        r->paid_apart != s->paid_apart)
        return no(why, "lapsed, erased, suspended_at_death or paid_apart is another");
    if (a->seen != b->seen)
        return no(why, "which certifications were seen is another");
    if (!same_word(log->categories, a->category, checkpoint->categories, b->category))
        return no(why, "the category is another");
    return same_word(log->units, a->unit, checkpoint->units, b->unit) || no(why, "the unit is another");
}

/* --- what is not per person --- */

/* An input that changed nothing leaves no event: a channel may have been heard later than the log knows. */
static bool same_channels(const struct engine *log, const struct engine *checkpoint, struct errmsg *why)
{
    if (log->n_channels != checkpoint->n_channels)
        return no(why, "%u channels, expected %u", checkpoint->n_channels, log->n_channels);
    for (unsigned i = 0; i < log->n_channels; i++) {
        const struct engine_channel *a = &log->channels[i], *b = &checkpoint->channels[i];
        if (strcmp(a->name, b->name) != 0)
            return no(why, "channel %u is %s, expected %s", i, b->name, a->name);
        if (a->configured != b->configured || (a->configured && a->expect_every != b->expect_every))
            return no(why, "channel %s is configured otherwise", a->name);
        if (b->heard < a->heard)
            return no(why, "channel %s was heard later than it says", a->name);
    }
    struct buf x = BUF_INIT, y = BUF_INIT;
    channels_save(log, &x);
    channels_save(checkpoint, &y);
    bool same = str_eq(buf_str(&x), buf_str(&y));
    buf_done(&x);
    buf_done(&y);
    return same || no(why, "how many certifications each channel brought on which day differs");
}

static int find_version(const struct policies *p, uint64_t adopted_seq)
{
    for (unsigned i = 0; i < p->n; i++)
        if (p->adopted_seq[i] == adopted_seq)
            return (int)i;
    return -1;
}

/* No event says that a policy was left out of the configuration, which it may be when nobody stands under it; and whose
 * place an old version has lost to a new one may depend on when a checkpoint was taken. */
static bool same_policies(const struct engine *log, const struct engine *checkpoint, struct errmsg *why)
{
    const struct policies *p = &log->policies, *q = &checkpoint->policies;
    for (unsigned i = 0; i < p->n; i++) {
        int k = find_version(q, p->adopted_seq[i]);
        if (k < 0 && (p->current[i] || p->used[i]))
            return no(why, "policy %s lacks the version that event %" PRIu64 " adopted", p->v[i].name,
                      p->adopted_seq[i]);
        if (k < 0)
            continue;
        if (strcmp(p->v[i].name, q->v[k].name) != 0 || !policy_equal(&p->v[i], &q->v[k]) ||
            p->adopted_at[i] != q->adopted_at[k])
            return no(why, "policy %s is not as event %" PRIu64 " adopted it", p->v[i].name, p->adopted_seq[i]);
        if (p->current[i] != q->current[k] && (q->current[k] || p->used[i]))
            return no(why, "which version of policy %s is in force differs", p->v[i].name);
    }
    for (unsigned k = 0; k < q->n; k++)
        if (find_version(p, q->adopted_seq[k]) < 0)
            return no(why, "policy %s has a version that no event adopted", q->v[k].name);
    return true;
}

static bool same_settings(const struct engine *log, const struct engine *checkpoint, struct errmsg *why)
{
    const struct settings *a = &log->settings, *b = &checkpoint->settings;
    bool same = a->known == b->known && strcmp(a->timezone, b->timezone) == 0 && a->brake.kind == b->brake.kind &&
                a->brake.value == b->brake.value && a->clock_jump == b->clock_jump &&
                a->max_downtime == b->max_downtime && a->n_channels == b->n_channels &&
                memcmp(a->channels, b->channels, a->n_channels) == 0;
    return same || no(why, "the settings are not those that were adopted");
}

static bool same_hold(const struct hold *a, const struct hold *b)
{
    return a->kind == b->kind && a->scope.kind == b->scope.kind && strcmp(a->scope_name, b->scope_name) == 0 &&
           strcmp(a->why, b->why) == 0 && strcmp(a->by, b->by) == 0 && a->until == b->until && a->due == b->due &&
           a->limit == b->limit && a->since == b->since;
}

static bool has_hold(const struct holds *holds, const struct hold *h)
{
    for (unsigned i = 0; i < holds->n; i++)
        if (same_hold(&holds->v[i], h))
            return true;
    return false;
}

static bool same_holds(const struct engine *log, const struct engine *checkpoint, struct errmsg *why)
{
    const struct holds *a = &log->holds, *b = &checkpoint->holds;
    if (a->n != b->n)
        return no(why, "%u holds, expected %u", b->n, a->n);
    for (unsigned i = 0; i < a->n; i++)
        if (!has_hold(b, &a->v[i])) {
            char name[160];
            holds_name(&a->v[i], name);
            return no(why, "the hold %s is missing, or another", name);
        }
    bool same = a->day == b->day && a->applied == b->applied && a->allowed == b->allowed;
    return same || no(why, "the brake's count of the day is another");
}

/* Lines of marks.c without those that tell of versions whose place was taken: the log alone does not say when a
 * checkpoint that was being written kept one from being taken. */
static void add_marks(const struct engine *e, struct buf *out)
{
    struct buf all = BUF_INIT;
    marks_save(e->marks, &all);
    for (const char *p = all.p, *end = p + all.n; p && p < end;) {
        const char *nl = memchr(p, '\n', (size_t)(end - p));
        if (*p != 'd')
            buf_add(out, p, (size_t)(nl + 1 - p));
        p = nl + 1;
    }
    buf_done(&all);
}

static bool same_marks(const struct engine *log, const struct engine *checkpoint, struct errmsg *why)
{
    struct buf x = BUF_INIT, y = BUF_INIT;
    add_marks(log, &x);
    add_marks(checkpoint, &y);
    bool same = str_eq(buf_str(&x), buf_str(&y));
    buf_done(&x);
    buf_done(&y);
    return same || no(why, "which holds and zones were in force when differs");
}

bool checkpoint_same_system(const struct engine *log, const struct engine *checkpoint, struct errmsg *why)
{
    if (log->last_time != checkpoint->last_time)
        return no(why, "the time of its last event is another");
    return same_channels(log, checkpoint, why) && same_policies(log, checkpoint, why) &&
           same_settings(log, checkpoint, why) && same_holds(log, checkpoint, why) && same_marks(log, checkpoint, why);
}
