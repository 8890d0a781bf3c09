#include <stdlib.h>

#include "codec/event_scan.h"

#define DAY_SECONDS 86400
/* The instants that instant_format() writes as they are; what lies beyond is never decided at. */
#define TIME_MIN ((lc_instant)(DATE_MIN - DATE_UNIX_EPOCH) * DAY_SECONDS)
#define TIME_MAX ((lc_instant)(DATE_LIMIT - DATE_UNIX_EPOCH) * DAY_SECONDS)

static void *field_at(struct event_reader *r, const struct field *f)
{
    return (f->of_policy ? (char *)&r->arena->policy : (char *)r->event) + f->offset;
}

/* Does the member stand here? Takes its key when it does. */
static bool scan_key(struct scan *s, const struct field *f, bool first)
{
    const char *start = s->p;
    if ((first || scan_char(s, ',')) && scan_bytes(s, f->key, f->key_n))
        return true;
    s->p = start;
    return false;
}

/* May the member be absent? */
static bool optional(const struct field *f, const struct event *e)
{
    switch (f->when) {
    case FIELD_WHEN_TRUE:
    case FIELD_WHEN_GIVEN: return true;
    case FIELD_WITH_GIVEN: return !(e->u.amended.given & f->bit);
    default: return false;
    }
}

static bool scan_data(struct event_reader *r)
{
    const struct field_list *list = &event_fields[r->event->type];
    bool first = true;
    if (!scan_char(&r->scan, '{'))
        return false;
    for (const struct field *f = list->v; f < list->v + list->n; f++) {
        bool may_miss = optional(f, r->event);
        if (f->when == FIELD_WITH_GIVEN && may_miss)
            continue;
        if (!scan_key(&r->scan, f, first)) {
            if (may_miss)
                continue;
            return false;
        }
        if (!event_scan_kind[f->kind](r, f, field_at(r, f)))
            return false;
        if (f->when == FIELD_WHEN_GIVEN)
            r->event->u.amended.given |= f->bit;
        first = false;
    }
    return scan_char(&r->scan, '}');
}

/* "HH:MM" at p as minutes, or -1. */
static int hour_minute(const char *p)
{
    int hour = scan_pair(p), minute = scan_pair(p + 3);
    return hour < 0 || hour > 23 || minute < 0 || minute > 59 || p[2] != ':' ? -1 : hour * 60 + minute;
}

/* As instant_format() writes it: 25 characters, a numeric offset, "+00:00" for none. */
static bool scan_time(struct scan *s, struct event *e)
{
    const char *p = s->p;
    if (s->end - p < 25 || !scan_day(s, &e->today))
        return false;
    int local = hour_minute(p + 11), second = scan_pair(p + 17), east = hour_minute(p + 20);
    bool west = p[19] == '-';
    if (p[10] != 'T' || p[16] != ':' || (p[19] != '+' && !west) || local < 0 || second < 0 || second > 59 || east < 0 ||
        (west && east == 0)) {
        s->p = p;
        return false;
    }
    e->offset = (west ? -60 : 60) * east;
    e->time = (lc_instant)(e->today - DATE_UNIX_EPOCH) * DAY_SECONDS + local * 60 + second - e->offset;
    bool good = e->time >= TIME_MIN && e->time <= TIME_MAX;
    s->p = good ? p + 25 : p;
    return good;
}

static bool scan_head(struct scan *s, struct event *e)
{
    unsigned type;
    if (!scan_lit(s, "{\"seq\":") || !scan_u64(s, UINT64_MAX, &e->seq) || !scan_lit(s, ",\"prev\":") ||
        !scan_u64(s, UINT64_MAX, &e->prev) || !scan_lit(s, ",\"time\":\"") || !scan_time(s, e) ||
        !scan_lit(s, "\",\"type\":") || !scan_word(s, &event_type_texts, &type))
        return false;
    e->type = (enum event_type)type;
    if (scan_lit(s, ",\"subject\":") && !scan_str(s, &e->subject))
        return false;
    e->simulated = scan_lit(s, ",\"simulated\":true");
    return scan_lit(s, ",\"data\":");
}

static struct str without_newline(struct str line)
{
    if (line.n && line.p[line.n - 1] == '\n')
        line.n--;
    return line;
}

enum err event_read(struct str line, struct event *e, struct event_arena *a, size_t *where)
{
    line = without_newline(line);
    buf_clear(&a->text);
    a->n_pays = 0;
    struct event_reader r = {.scan = {line.p, line.p + line.n, &a->text}, .event = e, .arena = a};
    memset(e, 0, sizeof *e);
    bool good = scan_head(&r.scan, e);
    if (good && e->type == EV_POLICY_ADOPTED) {
        memset(&a->policy, 0, sizeof a->policy);
        e->u.policy_adopted.policy = &a->policy;
    }
    if (good && scan_data(&r) && scan_char(&r.scan, '}') && r.scan.p == r.scan.end)
        return ERR_OK;
    *where = (size_t)(r.scan.p - line.p);
    return ERR_INVALID;
}

enum err event_read_head(struct str line, struct event *e, struct event_arena *a)
{
    buf_clear(&a->text);
    struct scan s = {line.p, line.p + line.n, &a->text};
    e->subject = STR_NONE;
    return scan_head(&s, e) ? ERR_OK : ERR_INVALID;
}

bool event_type_parse(struct str text, enum event_type *out)
{
    unsigned type;
    if (!text.p || !texts_find(&event_type_texts, text, &type))
        return false;
    *out = (enum event_type)type;
    return true;
}

void event_arena_done(struct event_arena *a)
{
    buf_done(&a->text);
    free(a->pays);
    free(a->channels);
    free(a->names);
    *a = (struct event_arena){.text = BUF_INIT};
}

struct str event_whose(const struct event *e)
{
    switch (e->type) {
    case EV_UNIT_DIGEST: return e->u.digest.unit;
    case EV_UNIT_RECORDED: return e->u.unit_recorded.unit;
    default: return e->subject;
    }
}
