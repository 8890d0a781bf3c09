/* Who is there: this daemon's word, said about once a second, and what follows from all of them: whose which shards are.
 *
 * By Redis's clock a daemon is gone when its last word is older than its lease. It knows that itself, by the boot clock,
 * counted from before the word was sent, so never later than the others. */
#include "shards/office/office_inside.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "shards/assign.h"
#include "store/log/logline.h"

/* --- saying it --- */

static void take_word(struct office *o, void *arg, const redisReply *reply);

void office_members_say(struct office *o)
{
    struct buf hex = BUF_INIT;
    struct redis_command *c = office_add(o, OFFICE_WORD, 2, take_word, NULL);
    pthread_mutex_lock(&o->lock);
    struct rules rules = o->asking ? o->asked : o->rules;
    bool leaving = o->leaving;
    o->strict = o->asking;
    o->strict_n = o->asked_n;
    pthread_mutex_unlock(&o->lock);
    system_key(&o->system, c, "members");
    system_key(&o->system, c, "rules");
    redis_command_add(c, str_of(o->name));
    redis_command_add(c, str_of(o->instance));
    redis_command_add_u64(c, (uint64_t)o->lease_ms);
    redis_command_add_u64(c, (uint64_t)o->since);
    redis_command_add_u64(c, rules.revision);
    hex_add(&hex, rules.digest, sizeof rules.digest);
    redis_command_add(c, buf_str(&hex));
    redis_command_add_u64(c, leaving);
    redis_command_add_u64(c, o->strict);
    buf_done(&hex);
}

/* --- hearing the others --- */

static void free_members(struct daemon *v, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        free(v[i].name);
    free(v);
}

static bool read_member(const redisReply *name, const redisReply *word, struct daemon *out)
{
    int fit, leaving;
    if (name->type != REDIS_REPLY_STRING || word->type != REDIS_REPLY_STRING ||
        sscanf(word->str, "%*s %32s %*s %" SCNd64 " %" SCNu64 " %d %d", out->instance, &out->since, &out->revision,
               &fit, &leaving) != 5)
        return false;
    out->fit = fit;
    out->leaving = leaving;
    out->name = mem_strndup(name->str, name->len);
    return true;
}

static struct daemon *read_members(const redisReply *reply, size_t from, unsigned *n)
{
    struct daemon *v = mem_zalloc(reply->elements / 2 + 1, sizeof *v);
    *n = 0;
    for (size_t i = from; i + 1 < reply->elements; i += 2)
        *n += read_member(reply->element[i], reply->element[i + 1], &v[*n]);
    return v;
}

static void reckon(const struct office *o, const struct daemon *v, unsigned n, bool *mine)
{
    const char **names = mem_zalloc(n + 1, sizeof *names);
    unsigned *owner = mem_zalloc(o->set->n, sizeof *owner), taking = 0;
    for (unsigned i = 0; i < n; i++)
        if (v[i].fit && !v[i].leaving)
            names[taking++] = v[i].name;
    if (taking)
        assign_shards(names, taking, o->set->n, owner);
    for (unsigned s = 0; s < o->set->n; s++)
        mine[s] = taking && strcmp(names[owner[s]], o->name) == 0;
    free(owner);
    free(names);
}

/* Is it the same that was reckoned with before? */
static bool same_members(const struct daemon *a, unsigned n_a, const struct daemon *b, unsigned n_b)
{
    bool same = n_a == n_b;
    for (unsigned i = 0; same && i < n_a; i++)
        same = strcmp(a[i].name, b[i].name) == 0 && a[i].fit == b[i].fit && a[i].leaving == b[i].leaving;
    return same;
}

static void take_members(struct office *o, const redisReply *reply)
{
    unsigned n;
    struct daemon *v = read_members(reply, 2, &n);
    pthread_mutex_lock(&o->lock);
    if (!same_members(v, n, o->members, o->n_members))
        reckon(o, v, n, o->mine);
    struct daemon *old = o->members;
    unsigned n_old = o->n_members;
    o->members = v;
    o->n_members = n;
    pthread_mutex_unlock(&o->lock);
    free_members(old, n_old);
}

/* --- what came of it --- */

static void settle(struct office *o, enum err e)
{
    if (!o->strict || !o->asking || o->strict_n != o->asked_n)
        return; /* nobody waits for that answer any more */
    if (!e) {
        o->rules = o->asked;
        o->granted = INT64_MIN;
    }
    o->answer = e;
    o->asking = false;
    pthread_cond_signal(&o->settled);
}

static void take_refusal(struct office *o, uint64_t revision)
{
    pthread_mutex_lock(&o->lock);
    o->in_force = revision;
    err_set(&o->answer_msg, ERR_INVALID,
            "the rules of this configuration (revision %" PRIu64
            ") are not those in force among the daemons (revision %" PRIu64
            "): take the configuration that the others have, or put this one in force by a `revision` above %" PRIu64,
            o->asked.revision, revision, revision);
    settle(o, ERR_INVALID);
    o->say = true; /* what it had before still counts */
    pthread_mutex_unlock(&o->lock);
}

static enum trouble standing_of(const redisReply *reply)
{
    if (strcmp(reply->element[0]->str, "FORMER") == 0)
        return TROUBLE_FORMER;
    return strcmp(reply->element[0]->str, "OTHER") == 0 ? TROUBLE_RULES : TROUBLE_NONE;
}

static void take_ok(struct office *o, const redisReply *reply)
{
    take_members(o, reply);
    pthread_mutex_lock(&o->lock);
    o->in_force = office_u64(reply->element[1]);
    o->trouble = standing_of(reply);
    if (o->trouble != TROUBLE_NONE) /* under rules that are not in force any more */
        o->granted = INT64_MIN;
    o->valid_until = o->round_at + o->lease_ms * NS_PER_MS;
    settle(o, ERR_OK);
    pthread_mutex_unlock(&o->lock);
}

static void take_loss(struct office *o)
{
    pthread_mutex_lock(&o->lock);
    o->trouble = TROUBLE_NAME;
    o->valid_until = 0;
    o->granted = INT64_MIN;
    pthread_mutex_unlock(&o->lock);
}

static void take_word(struct office *o, void *arg, const redisReply *reply)
{
    (void)arg;
    o->word = WORD_NONE;
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements < 2 || reply->element[0]->type != REDIS_REPLY_STRING)
        return;
    o->said_at = o->round_at;
    if (strcmp(reply->element[0]->str, "TAKEN") == 0) {
        o->word = WORD_TAKEN;
        o->taken_at = office_u64(reply->element[1]);
        take_loss(o);
    } else if (strcmp(reply->element[0]->str, "REFUSED") == 0) {
        o->word = WORD_REFUSED;
        take_refusal(o, office_u64(reply->element[1]));
    } else {
        o->word = WORD_OK;
        take_ok(o, reply);
    }
}

void office_members_done(struct office *o)
{
    free_members(o->members, o->n_members);
}

/* --- what changes --- */

static void explain(const struct office *o, enum trouble t, char *out, size_t size)
{
    switch (t) {
    case TROUBLE_NONE: *out = '\0'; break;
    case TROUBLE_SILENT:
        snprintf(out, size, "it has not reached Redis for longer than its lease%s%s", *o->silence ? ": " : "", o->silence);
        break;
    case TROUBLE_NAME: snprintf(out, size, "another daemon has its name"); break;
    case TROUBLE_FORMER:
    case TROUBLE_RULES:
        snprintf(out, size,
                 "the rules in force are those of revision %" PRIu64 ", its own are of revision %" PRIu64 "%s",
                 o->in_force, o->rules.revision,
                 t == TROUBLE_FORMER ? ": it has a minute from then on to get their configuration" : "");
        break;
    }
}

static bool is_mine(const struct office *o, unsigned shard, int64_t now)
{
    return o->mine[shard] && now < o->valid_until;
}

static bool note_changes(struct office *o, int64_t now)
{
    bool differs = false;
    for (unsigned s = 0; s < o->set->n; s++) {
        bool mine = is_mine(o, s, now);
        differs = differs || mine != o->told[s];
        o->told[s] = mine;
    }
    return differs;
}

void office_members_check(struct office *o)
{
    char why[512];
    int64_t now = clock_boot_ns();
    pthread_mutex_lock(&o->lock);
    bool differs = note_changes(o, now);
    if (now >= o->valid_until && o->trouble != TROUBLE_NAME) {
        o->trouble = TROUBLE_SILENT;
        snprintf(o->silence, sizeof o->silence, "%.300s", o->fault.text);
    }
    enum trouble t = o->trouble;
    explain(o, t, why, sizeof why);
    pthread_mutex_unlock(&o->lock);
    bool told = t == o->trouble_told;
    o->trouble_told = t;
    if (!told && t == TROUBLE_NONE)
        office_tell(o, "this daemon may have shards again");
    else if (!told)
        office_tell(o, "this daemon %s: %s", t == TROUBLE_FORMER ? "is to lose its shards" : "has no shards", why);
    if ((differs || !told) && o->changed)
        o->changed(o->arg);
}

bool office_assigned(const struct office *office, unsigned shard)
{
    struct office *o = (struct office *)(uintptr_t)office;
    int64_t now = clock_boot_ns();
    pthread_mutex_lock(&o->lock);
    bool mine = is_mine(o, shard, now);
    pthread_mutex_unlock(&o->lock);
    return mine;
}

/* --- for people --- */

bool office_read_fresh(const struct office *o, unsigned shard, int64_t now)
{
    const struct read_report *r = &o->read[shard];
    int64_t age = r->age_ms + (now - o->read_at) / NS_PER_MS;
    return r->there && o->read_at && age < (o->lease_ms > 2 * ROUND_MS ? o->lease_ms : 2 * ROUND_MS);
}

static void write_shards(const struct office *o, const struct daemon *m, int64_t now, struct buf *out)
{
    const char *comma = "";
    buf_addc(out, '[');
    for (unsigned s = 0; s < o->set->n; s++) {
        bool owned = office_read_fresh(o, s, now);
        if (m ? !owned || strcmp(o->read[s].owner, m->instance) != 0 : owned)
            continue;
        buf_printf(out, "%s%u", comma, s);
        comma = ",";
    }
    buf_addc(out, ']');
}

static void write_member(const struct office *o, const struct daemon *m, int64_t now, struct buf *out)
{
    char why[512] = "";
    BUF_LIT(out, "{\"name\":");
    buf_add_json(out, str_of(m->name));
    BUF_LIT(out, ",\"shards\":");
    write_shards(o, m, now, out);
    buf_printf(out, ",\"since\":%" PRId64 ",\"revision\":%" PRIu64 ",\"why\":", m->since, m->revision);
    if (strcmp(m->name, o->name) == 0)
        explain(o, o->trouble, why, sizeof why);
    else if (!m->fit)
        snprintf(why, sizeof why, "its rules are not those in force, which are of revision %" PRIu64, o->in_force);
    if (m->leaving)
        snprintf(why, sizeof why, "it is leaving");
    buf_add_json(out, *why ? str_of(why) : STR_NONE);
    buf_addc(out, '}');
}

void office_write_members(const struct office *office, struct buf *out)
{
    struct office *o = (struct office *)(uintptr_t)office;
    int64_t now = clock_boot_ns();
    pthread_mutex_lock(&o->lock);
    BUF_LIT(out, "{\"daemons\":[");
    for (unsigned i = 0; i < o->n_members; i++) {
        if (i)
            buf_addc(out, ',');
        write_member(o, &o->members[i], now, out);
    }
    buf_printf(out, "],\"shards\":%u,\"unowned\":", o->set->n);
    write_shards(o, NULL, now, out);
    buf_addc(out, '}');
    pthread_mutex_unlock(&o->lock);
}
