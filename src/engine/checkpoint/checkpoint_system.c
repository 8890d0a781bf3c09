/* A checkpoint's system section: what is not per person, as lines of text, each led by a letter:
 *
 *   e  SEQ TIME of the last event
 *   c  HEARD NAME of a channel, in the order of their indices
 *   a  DAY, n INDEX COUNTS (channels.c)
 *   p  CURRENT EVENT: a version of a policy, in the order of their indices
 *   g  EVENT: the settings; h  EVENT: a hold
 *   b  DAY APPLIED ALLOWED: the brake's count
 *   t, k, i, m, z, d (marks.c)
 *
 * An EVENT stands there in the log's own form, so that the log's own reader and the replay's functions take it in. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/internal.h"

static void write_policy(const struct engine *e, unsigned i, struct buf *out)
{
    const struct policies *p = &e->policies;
    struct str names[CHANNEL_MAX];
    uint32_t n = 0;
    for (unsigned c = 0; c < e->n_channels; c++)
        if (p->v[i].channels >> c & 1)
            names[n++] = str_of(e->channels[c].name);
    struct event ev = {
        .seq = p->adopted_seq[i], .time = p->adopted_at[i], .offset = e->env.offset, .type = EV_POLICY_ADOPTED};
    ev.u.policy_adopted.policy = &p->v[i];
    ev.u.policy_adopted.channels = names;
    ev.u.policy_adopted.n_channels = n;
    buf_printf(out, "p%d", p->current[i]);
    event_write(out, &ev);
}

static void write_settings(const struct engine *e, struct buf *out)
{
    const struct settings *s = &e->settings;
    struct channel_setting channels[CHANNEL_MAX];
    for (unsigned i = 0; i < s->n_channels; i++) {
        const struct engine_channel *c = &e->channels[s->channels[i]];
        channels[i] = (struct channel_setting){str_of(c->name), c->expect_every};
    }
    struct event ev = {.time = e->env.now, .offset = e->env.offset, .type = EV_CONFIG_ADOPTED};
    ev.u.config_adopted.timezone = str_of(s->timezone);
    ev.u.config_adopted.channels = channels;
    ev.u.config_adopted.n_channels = s->n_channels;
    ev.u.config_adopted.brake = s->brake;
    ev.u.config_adopted.clock_jump = s->clock_jump;
    ev.u.config_adopted.max_downtime = s->max_downtime;
    buf_addc(out, 'g');
    event_write(out, &ev);
}

static void write_hold(const struct engine *e, const struct hold *h, struct buf *out)
{
    struct event ev = {.time = h->since, .offset = e->env.offset, .type = EV_HOLD_PLACED};
    ev.u.hold.hold = h->kind;
    ev.u.hold.scope = h->scope;
    ev.u.hold.why = str_of(h->why);
    ev.u.hold.by = h->by[0] ? str_of(h->by) : STR_NONE;
    ev.u.hold.until = h->until;
    ev.u.hold.due = h->due;
    ev.u.hold.limit = h->limit;
    buf_addc(out, 'h');
    event_write(out, &ev);
}

void checkpoint_system_write(const struct engine *e, struct buf *out)
{
    buf_printf(out, "e%" PRIu64 " %" PRId64 "\n", e->last_seq, e->last_time);
    for (unsigned i = 0; i < e->n_channels; i++)
        buf_printf(out, "c%" PRId64 " %s\n", e->channels[i].heard, e->channels[i].name);
    channels_save(e, out);
    for (unsigned i = 0; i < e->policies.n; i++)
        write_policy(e, i, out);
    if (e->settings.known)
        write_settings(e, out);
    for (unsigned i = 0; i < e->holds.n; i++)
        write_hold(e, &e->holds.v[i], out);
    buf_printf(out, "b%d %" PRId64 " %" PRId64 "\n", e->holds.day, e->holds.applied, e->holds.allowed);
    marks_save(e->marks, out);
}

static bool read_event(struct engine *e, struct str line, struct event *ev)
{
    size_t where;
    return event_read(line, ev, &e->arena, &where) == ERR_OK;
}

static bool read_channel(struct engine *e, const char *text)
{
    int64_t heard;
    char name[65];
    if (sscanf(text, "%" SCNd64 " %64[^\n]", &heard, name) != 2)
        return false;
    unsigned i = adopt_channel_index(e, str_of(name));
    if (i == CHANNEL_MAX)
        return false;
    e->channels[i].heard = heard;
    return true;
}

static bool read_policy(struct engine *e, struct str line)
{
    struct event ev;
    if (line.n < 2 || !read_event(e, (struct str){line.p + 1, line.n - 1}, &ev) || ev.type != EV_POLICY_ADOPTED)
        return false;
    unsigned i = e->policies.n;
    adopt_note(e, &ev);
    if (e->policies.n != i + 1)
        return false;
    e->policies.current[i] = line.p[0] == '1';
    return true;
}

static bool read_note(struct engine *e, struct str line, enum event_type type)
{
    struct event ev;
    if (!read_event(e, line, &ev) || ev.type != type)
        return false;
    if (type == EV_HOLD_PLACED)
        holds_note(e, &ev);
    else
        adopt_note(e, &ev);
    return true;
}

/* line: terminated where its newline was. */
static bool system_line(struct engine *e, char tag, struct str line, uint64_t *end)
{
    switch (tag) {
    case 'e': return sscanf(line.p, "%" SCNu64 " %" SCNd64, end, &e->last_time) == 2;
    case 'c': return read_channel(e, line.p);
    case 'a': return channels_load_day(e, line.p);
    case 'n': return channels_load(e, line.p);
    case 'p': return read_policy(e, line);
    case 'g': return read_note(e, line, EV_CONFIG_ADOPTED);
    case 'h': return read_note(e, line, EV_HOLD_PLACED);
    case 'b':
        return sscanf(line.p, "%d %" SCNd64 " %" SCNd64, &e->holds.day, &e->holds.applied, &e->holds.allowed) == 3;
    default: return marks_load(e, tag, line.p);
    }
}

bool checkpoint_system_read(struct engine *e, struct str text, uint64_t *end)
{
    char *copy = mem_strndup(text.p, text.n), *p = copy;
    bool current[POLICY_MAX], good = true;
    while (good && *p) {
        char *newline = strchr(p, '\n');
        if (!newline) {
            good = false;
            break;
        }
        *newline = '\0';
        unsigned before = e->policies.n;
        good = system_line(e, *p, (struct str){p + 1, (size_t)(newline - p - 1)}, end);
        if (e->policies.n > before)
            current[before] = e->policies.current[before];
        p = newline + 1;
    }
    /* Reading a version in makes it the current one of its name: what the checkpoint says counts. */
    memcpy(e->policies.current, current, e->policies.n * sizeof *current);
    marks_loaded(e->marks, &e->holds, e->last_time);
    free(copy);
    return good;
}
