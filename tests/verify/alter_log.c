#include "tests/verify/alter.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/tz.h"
#include "core/text.h"

/* --- the log as it is to be, and all beside it --- */

static void copy_log(struct logbook *to, const struct logbook *from)
{
    to->n = 0;
    to->v = mem_alloc((from->n + 1) * sizeof *to->v);
    for (size_t i = 0; i < from->n; i++) {
        to->v[i] = from->v[i];
        to->v[i].text = (struct str){mem_strndup(from->v[i].text.p, from->v[i].text.n), from->v[i].text.n};
    }
    to->n = from->n;
}

/* Rows behind `at` move by `by`, so that nothing beside the log gives it away. */
static void move_states(const struct altering *a, uint64_t at, int by, uint64_t end)
{
    alter_sql(a, "contacts.db",
              "UPDATE person SET seq = max(1, seq + (%d)) WHERE seq >= %llu;"
              "UPDATE unit SET seq = max(1, seq + (%d)) WHERE seq >= %llu; DELETE FROM idempotency",
              by, (unsigned long long)at, by, (unsigned long long)at);
    logbook_settle(a->folder, end);
}

static enum verdict write_log(struct altering *a, struct logbook *b, enum verdict v, uint64_t at, int by)
{
    logbook_renumber(b);
    logbook_write(b, a->folder);
    move_states(a, at, by, b->n);
    logbook_done(b);
    return v;
}

/* --- kinds of events --- */

static enum event_type type_of(const struct logbook *b, size_t i)
{
    unsigned type = EV_N;
    (void)texts_find(&event_type_texts, logbook_text(b, i, "type"), &type);
    return (enum event_type)type;
}

/* Decided by nothing that somebody sent: whoever takes one away, or puts one there, is found out. */
static bool comes_by_itself(enum event_type t)
{
    return t == EV_REMINDER || t == EV_GRACE || t == EV_SUSPENDED || t == EV_LAPSED || t == EV_RESUMED;
}

static bool same_time(const struct logbook *b, size_t i, size_t k)
{
    return str_eq(logbook_text(b, i, "time"), logbook_text(b, k, "time"));
}

/* At an instant at which a hold was lifted, and for a while after the zone changed, nothing is said about the order of
 * what comes by itself. */
static bool order_is_open(const struct logbook *b, size_t i)
{
    struct str zone = STR_NONE;
    for (size_t k = 0; k < b->n && k <= i + 64; k++) {
        if (type_of(b, k) == EV_HOLD_LIFTED && same_time(b, k, i))
            return true;
        if (type_of(b, k) != EV_CONFIG_ADOPTED || k > i)
            continue;
        struct str now = logbook_text(b, k, "timezone");
        if (zone.p && !str_eq(zone, now))
            return true;
        zone = now;
    }
    return false;
}

/* Behind it nothing is sure to show that it is missing: the end is near, or the daemon may not have run until it began
 * with another configuration, which then changed what was due. */
static bool may_be_missing(const struct logbook *b, size_t i)
{
    for (size_t k = i + 1; k < b->n; k++)
        switch (type_of(b, k)) {
        case EV_CONFIG_ADOPTED:
        case EV_POLICY_ADOPTED: return true;
        case EV_HOLD_PLACED:
        case EV_HOLD_LIFTED:
        case EV_AMENDED: break;
        default:
            if (!same_time(b, i, k))
                return false;
        }
    return true;
}

static void describe(struct altering *a, const struct logbook *b, size_t i, const char *what)
{
    buf_printf(&a->what, "%s event %zu: %.*s", what, i + 1, (int)b->v[i].text.n, b->v[i].text.p);
}

/* --- removed, inserted, swapped --- */

static size_t draw(struct altering *a)
{
    return rng_below(&a->rng, a->log->n);
}

enum verdict lose_event(struct altering *a)
{
    struct logbook b;
    size_t i = draw(a);
    if (i + 1 == a->log->n)
        return NOTHING;
    copy_log(&b, a->log);
    describe(a, &b, i, "lost");
    logbook_remove(&b, i);
    logbook_write(&b, a->folder);
    move_states(a, UINT64_MAX >> 1, 0, a->log->n);
    logbook_done(&b);
    return MUST_FIND;
}

enum verdict remove_event(struct altering *a)
{
    struct logbook b;
    size_t i = draw(a);
    enum event_type type = type_of(a->log, i);
    bool must = comes_by_itself(type) && !may_be_missing(a->log, i) && !order_is_open(a->log, i);
    copy_log(&b, a->log);
    describe(a, &b, i, "removed");
    logbook_remove(&b, i);
    return write_log(a, &b, must ? MUST_FIND : MAY_PASS, i + 1, -1);
}

/* text with that member's value, a string, replaced. */
static void replaced(struct str text, const char *member, struct str value, struct buf *out)
{
    char name[40];
    size_t n = (size_t)snprintf(name, sizeof name, "\"%s\":\"", member);
    const char *p = memmem(text.p, text.n, name, n), *end = text.p + text.n;
    buf_clear(out);
    if (!p) {
        buf_addstr(out, text);
        return;
    }
    const char *close = memchr(p + n, '"', (size_t)(end - p) - n);
    buf_add(out, text.p, (size_t)(p + n - text.p));
    buf_addstr(out, value);
    buf_add(out, close, (size_t)(end - close));
}

enum verdict insert_copy(struct altering *a)
{
    struct logbook b;
    struct buf line = BUF_INIT;
    size_t i = draw(a), k = 1 + rng_below(&a->rng, a->log->n - 1);
    enum event_type type = type_of(a->log, i);
    copy_log(&b, a->log);
    replaced(b.v[i].text, "time", logbook_text(&b, k, "time"), &line);
    describe(a, &b, i, "copied");
    buf_printf(&a->what, " before event %zu", k + 1);
    logbook_insert(&b, k, buf_str(&line));
    buf_done(&line);
    return write_log(a, &b, comes_by_itself(type) ? MUST_FIND : MAY_PASS, k + 1, 1);
}

/* Somebody's suspension, at a time at which there are events, as the core would write it of somebody else. */
enum verdict insert_suspension(struct altering *a)
{
    struct logbook b;
    struct buf line = BUF_INIT, again = BUF_INIT;
    size_t from = draw(a), who = draw(a), k, tries = 0;
    while (type_of(a->log, from) != EV_SUSPENDED && tries++ < a->log->n)
        from = (from + 1) % a->log->n;
    struct str subject = logbook_text(a->log, who, "subject");
    k = from + rng_below(&a->rng, a->log->n - from);
    if (type_of(a->log, from) != EV_SUSPENDED || !subject.p || who > k)
        return NOTHING;
    copy_log(&b, a->log);
    struct str time = logbook_text(&b, k, "time");
    replaced(b.v[from].text, "subject", subject, &line);
    replaced(buf_str(&line), "time", time, &again);
    replaced(buf_str(&again), "suspended_on", (struct str){time.p, 10}, &line);
    buf_printf(&a->what, "inserted before event %zu: %.*s", k + 1, (int)line.n, line.p);
    logbook_insert(&b, k, buf_str(&line));
    buf_done(&line);
    buf_done(&again);
    return write_log(a, &b, MUST_FIND, k + 1, 1);
}

/* Where two neighbours are of different people, and neither comes by itself, either order could have been. */
enum verdict swap_neighbours(struct altering *a)
{
    struct logbook b;
    size_t i = rng_below(&a->rng, a->log->n - 1);
    bool same = str_eq(logbook_text(a->log, i, "subject"), logbook_text(a->log, i + 1, "subject"));
    bool itself = comes_by_itself(type_of(a->log, i)) || comes_by_itself(type_of(a->log, i + 1));
    bool adopted = type_of(a->log, i) == EV_AMENDED || type_of(a->log, i + 1) == EV_AMENDED;
    bool system = !logbook_text(a->log, i, "subject").p || !logbook_text(a->log, i + 1, "subject").p;
    bool must = !same_time(a->log, i, i + 1) || (same && !system && (itself || adopted)) ||
                (itself && !system && !adopted && !order_is_open(a->log, i));
    if (str_eq(a->log->v[i].text, a->log->v[i + 1].text))
        return NOTHING;
    copy_log(&b, a->log);
    describe(a, &b, i, "swapped with the next");
    logbook_swap(&b, i, i + 1);
    return write_log(a, &b, must ? MUST_FIND : MAY_PASS, UINT64_MAX >> 1, 0);
}

/* --- changed --- */

/* What somebody sent, by type: another one could have been sent as well, as far as nothing else follows from it. */
static const char *const sent[EV_N] = {
    [EV_ENROLLED] = " policy category unit approved_on last_certified_on amount amount_from ",
    [EV_AMENDED] = " policy category unit amount amount_from personal ",
    [EV_ACCEPTED] = " ref channel evidence certified_on on_behalf ",
    [EV_CERT_REJECTED] = " ref channel evidence certified_on ",
    [EV_INPUT_REJECTED] =
        " op given policy category unit approved_on last_certified_on amount amount_from ref channel until died_on ",
    [EV_REVOKED] = " ref channel reason ",
    [EV_DEFERRED] = " until reason ",
    [EV_TERMINATED] = " died_on ",
    [EV_REINSTATED] = " reason ",
    [EV_UNIT_RECORDED] = " unit ",
    [EV_UNIT_DIGEST] = " count ", /* only bounds are known while inputs go on */
};

/* at: where its value begins. */
static bool was_sent(const struct logbook *b, size_t i, const char *member, size_t at)
{
    struct str line = b->v[i].text;
    enum event_type type = type_of(b, i);
    char word[100];
    if (type == EV_POLICY_ADOPTED || type == EV_CONFIG_ADOPTED || type == EV_HOLD_PLACED || type == EV_HOLD_LIFTED)
        return true;
    const char *given = memmem(line.p, line.n, "\"given\":", 8);
    if (given && line.p + at > given)
        return true;
    snprintf(word, sizeof word, " %s ", member);
    return sent[type] && strstr(sent[type], word);
}

/* Where the values of data's members begin. */
static unsigned list_values(struct str line, size_t *at, unsigned max)
{
    unsigned n = 0;
    const char *data = memmem(line.p, line.n, "\"data\":{", 8);
    for (size_t i = data ? (size_t)(data - line.p) + 8 : line.n; i + 1 < line.n && n < max; i++)
        if (line.p[i] == ':' && line.p[i - 1] == '"' && line.p[i + 1] != '[' && line.p[i + 1] != '{')
            at[n++] = i + 1;
    return n;
}

/* Another value of the same form, in place of the one at `at`. Its end; 0: none can be thought of. */
static size_t other_value(struct altering *a, struct str line, size_t at, struct buf *out)
{
    size_t n = 0;
    char c = line.p[at];
    lc_date d;
    if (c == '"')
        while (line.p[at + 1 + n] != '"')
            n++;
    if (c == '"' && n == 10 && date_parse(line.p + at + 1, 10, &d)) {
        char text[10];
        date_format(d + (rng_below(&a->rng, 2) ? 1 : -1), text);
        buf_printf(out, "\"%.10s\"", text);
        return at + 12;
    }
    if (c == '"') { /* another last letter */
        if (n == 0)
            return 0;
        buf_add(out, line.p + at, n);
        char last = line.p[at + n];
        buf_addc(out, last == 'x' ? 'y' : last == '9' ? '8' : last >= '0' && last < '9' ? (char)(last + 1) : 'x');
        buf_addc(out, '"');
        return at + n + 2;
    }
    if (c >= '0' && c <= '9') {
        char *end;
        buf_printf(out, "%llu", strtoull(line.p + at, &end, 10) + 1);
        return (size_t)(end - line.p);
    }
    if (c == 't' || c == 'f') {
        buf_adds(out, c == 't' ? "false" : "true");
        return at + (c == 't' ? 4 : 5);
    }
    return 0;
}

static void member_name(struct str line, size_t at, char *out, size_t size)
{
    size_t end = at - 2, start = end;
    while (line.p[start - 1] != '"')
        start--;
    snprintf(out, size, "%.*s", (int)(end - start), line.p + start);
}

enum verdict change_member(struct altering *a)
{
    struct logbook b;
    struct buf value = BUF_INIT, line = BUF_INIT;
    size_t i = draw(a), places[64];
    struct str old = a->log->v[i].text;
    unsigned n = list_values(old, places, 64);
    char member[80];
    if (n == 0)
        return NOTHING;
    size_t at = places[rng_below(&a->rng, n)], end = other_value(a, old, at, &value);
    if (!end) {
        buf_done(&value);
        return NOTHING;
    }
    member_name(old, at, member, sizeof member);
    buf_add(&line, old.p, at);
    buf_addstr(&line, buf_str(&value));
    buf_add(&line, old.p + end, old.n - end);
    copy_log(&b, a->log);
    buf_printf(&a->what, "event %zu, %s: %.*s", i + 1, member, (int)line.n, line.p);
    logbook_set(&b, i, buf_str(&line));
    enum verdict v = was_sent(a->log, i, member, at) ? MAY_PASS : MUST_FIND;
    buf_done(&line);
    buf_done(&value);
    return write_log(a, &b, v, UINT64_MAX >> 1, 0);
}

/* A second more or less was as good a moment, mostly. */
enum verdict change_time(struct altering *a)
{
    struct logbook b;
    struct buf line = BUF_INIT;
    char text[25];
    lc_instant t;
    int32_t offset;
    size_t i = draw(a);
    struct str time = logbook_text(a->log, i, "time");
    if (!instant_parse(time.p, time.n, &t, &offset))
        return NOTHING;
    instant_format(t + (rng_below(&a->rng, 2) ? 1 : -1) * (1 + (lc_instant)rng_below(&a->rng, 90000)), offset, text);
    copy_log(&b, a->log);
    replaced(b.v[i].text, "time", (struct str){text, sizeof text}, &line);
    buf_printf(&a->what, "event %zu: %.*s", i + 1, (int)line.n, line.p);
    logbook_set(&b, i, buf_str(&line));
    buf_done(&line);
    return write_log(a, &b, MAY_PASS, UINT64_MAX >> 1, 0);
}

/* --- cut --- */

static size_t draw_commit(struct altering *a)
{
    size_t n = 1 + rng_below(&a->rng, a->log->n - 1);
    while (n > 1 && !a->log->v[n - 1].ends_commit)
        n--;
    return n;
}

/* The log alone: somebody else knows more. */
enum verdict cut_tail(struct altering *a)
{
    struct logbook b;
    size_t n = draw_commit(a);
    copy_log(&b, a->log);
    logbook_cut(&b, n);
    logbook_write(&b, a->folder);
    logbook_done(&b);
    buf_printf(&a->what, "cut behind event %zu", n);
    return MUST_FIND;
}

/* Everything as it was then: only who noted a later seal down can tell. */
enum verdict cut_all(struct altering *a)
{
    struct logbook b;
    size_t n = draw_commit(a);
    copy_log(&b, a->log);
    logbook_cut(&b, n);
    logbook_write(&b, a->folder);
    logbook_done(&b);
    move_states(a, UINT64_MAX >> 1, 0, n);
    alter_sql(a, "contacts.db", "DELETE FROM person WHERE seq > %zu; DELETE FROM unit WHERE seq > %zu", n, n);
    a->expect = true;
    buf_printf(&a->what, "cut behind event %zu, and everything with it", n);
    return MUST_FIND;
}
