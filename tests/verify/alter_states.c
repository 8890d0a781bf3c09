#include "tests/verify/alter.h"

#include <stdio.h>
#include <stdlib.h>

#include "store/checkpoint/checkpoint_file.h"
#include "store/crc32c.h"
#include "store/le.h"

/* --- contacts --- */

/* One of the rows' numbers, or -1. */
static int64_t draw_person(struct altering *a)
{
    int64_t n = 0, number = -1;
    if (!alter_sql_number(a, "contacts.db", &n, "SELECT count(*) FROM person") || n == 0)
        return -1;
    (void)alter_sql_number(a, "contacts.db", &number, "SELECT number FROM person ORDER BY number LIMIT 1 OFFSET %llu",
                           (unsigned long long)rng_below(&a->rng, (uint64_t)n));
    return number;
}

static bool has(struct str line, const char *text)
{
    return memmem(line.p, line.n, text, strlen(text)) != NULL;
}

/* The event sets that person's contact for sure. */
static bool sets(struct str line)
{
    return has(line, "\"on_behalf\":true") || has(line, "\"personal\":true") ||
           has(line, "\"type\":\"beneficiary.erased\"");
}

static bool may_set(struct str line)
{
    return sets(line) || has(line, "\"type\":\"beneficiary.enrolled\"") ||
           has(line, "\"type\":\"certification.accepted\"");
}

static bool is_about(const struct altering *a, size_t i, int64_t number)
{
    int64_t same = 0;
    struct str who = logbook_text(a->log, i, "subject");
    return who.p &&
           alter_sql_number(a, "contacts.db", &same, "SELECT 1 FROM person WHERE number = %lld AND id = '%.*s'",
                            (long long)number, (int)who.n, who.p);
}

static enum verdict change_seq(struct altering *a, int64_t number)
{
    int64_t old = 0;
    uint64_t seq = 1 + rng_below(&a->rng, a->log->n + 20);
    (void)alter_sql_number(a, "contacts.db", &old, "SELECT seq FROM person WHERE number = %lld", (long long)number);
    if ((uint64_t)old == seq)
        return NOTHING;
    bool good = seq <= a->log->n && may_set(a->log->v[seq - 1].text) && is_about(a, seq - 1, number);
    alter_sql(a, "contacts.db", "UPDATE person SET seq = %llu WHERE number = %lld", (unsigned long long)seq,
              (long long)number);
    buf_printf(&a->what, "contact %lld: event %lld becomes %llu", (long long)number, (long long)old,
               (unsigned long long)seq);
    return good ? MAY_PASS : MUST_FIND;
}

/* Whether anybody had a contact from the enrolment alone no event tells. */
static enum verdict delete_person(struct altering *a, int64_t number)
{
    bool must = false;
    for (size_t i = 0; i < a->log->n && !must; i++)
        must = sets(a->log->v[i].text) && is_about(a, i, number);
    alter_sql(a, "contacts.db", "DELETE FROM person WHERE number = %lld", (long long)number);
    buf_printf(&a->what, "contact %lld removed", (long long)number);
    return must ? MUST_FIND : MAY_PASS;
}

enum verdict change_contact(struct altering *a)
{
    int64_t number = draw_person(a), other = draw_person(a);
    if (number < 0)
        return NOTHING;
    switch (rng_below(&a->rng, 6)) {
    case 0: return change_seq(a, number);
    case 1: return delete_person(a, number);
    case 2:
        buf_printf(&a->what, "contact %lld gets another id", (long long)number);
        alter_sql(a, "contacts.db", "UPDATE person SET id = id || 'x' WHERE number = %lld", (long long)number);
        return MUST_FIND;
    case 3:
        buf_printf(&a->what, "contact %lld gets another number", (long long)number);
        alter_sql(a, "contacts.db",
                  "UPDATE person SET number = (SELECT max(number) + 1 FROM person) WHERE number = %lld",
                  (long long)number);
        return MUST_FIND;
    case 4:
        if (number == other)
            return NOTHING;
        buf_printf(&a->what, "contacts %lld and %lld swap their ids", (long long)number, (long long)other);
        alter_sql(a, "contacts.db",
                  "UPDATE person SET id = (SELECT id FROM person p WHERE p.number = %lld + %lld - person.number)"
                  " WHERE number IN (%lld, %lld)",
                  (long long)number, (long long)other, (long long)number, (long long)other);
        return MUST_FIND;
    default:
        buf_printf(&a->what, "a contact of nobody");
        alter_sql(a, "contacts.db",
                  "INSERT INTO person SELECT max(number) + 1 + %llu, 1, 'Q1', 'x', NULL, NULL FROM person",
                  (unsigned long long)rng_below(&a->rng, 3) * 1000);
        return MUST_FIND;
    }
}

enum verdict change_unit(struct altering *a)
{
    int64_t n = 0;
    if (!alter_sql_number(a, "contacts.db", &n, "SELECT count(*) FROM unit") || n == 0)
        return NOTHING;
    unsigned long long row = (unsigned long long)rng_below(&a->rng, (uint64_t)n);
    static const char *const changes[] = {
        "UPDATE unit SET seq = seq + 1 WHERE id = (SELECT id FROM unit ORDER BY id LIMIT 1 OFFSET %llu)",
        "UPDATE unit SET seq = seq - 1 WHERE seq > 1 AND id = (SELECT id FROM unit ORDER BY id LIMIT 1 OFFSET %llu)",
        "UPDATE unit SET id = id || 'x' WHERE id = (SELECT id FROM unit ORDER BY id LIMIT 1 OFFSET %llu)",
        "DELETE FROM unit WHERE id = (SELECT id FROM unit ORDER BY id LIMIT 1 OFFSET %llu)",
    };
    const char *change = changes[rng_below(&a->rng, 4)];
    buf_printf(&a->what, "unit %llu: %s", row, change);
    alter_sql(a, "contacts.db", change, row);
    return MUST_FIND;
}

enum verdict change_key(struct altering *a)
{
    int64_t n = 0;
    if (!alter_sql_number(a, "contacts.db", &n, "SELECT count(*) FROM idempotency WHERE first_seq > 0") || n == 0)
        return NOTHING;
    unsigned long long row = (unsigned long long)rng_below(&a->rng, (uint64_t)n);
    static const char *const changes[] = {
        "seq = seq + 1000000", "first_seq = first_seq + 1000000", "n_events = n_events + 1000000", "first_seq = 0",
        "result = 'granted'",
    };
    const char *change = changes[rng_below(&a->rng, 5)];
    buf_printf(&a->what, "key %llu: %s", row, change);
    alter_sql(
        a, "contacts.db",
        "UPDATE idempotency SET %s WHERE n ="
        " (SELECT n FROM idempotency WHERE first_seq > 0 ORDER BY n LIMIT 1 OFFSET %llu)",
        change, row);
    return MUST_FIND;
}

/* --- deliveries --- */

enum verdict change_delivery(struct altering *a)
{
    int64_t n = 0;
    if (!alter_sql_number(a, "delivery.db", &n, "SELECT count(*) FROM delivery") || n == 0)
        return NOTHING;
    static const char *const changes[] = {
        "UPDATE delivery SET seq = seq + 1000000 WHERE seq = (SELECT max(seq) FROM delivery)",
        "UPDATE delivery SET type = 'benefit.suspended' WHERE type <> 'benefit.suspended'"
        " AND seq = (SELECT min(seq) FROM delivery)",
        "UPDATE delivery SET subject = ifnull(subject, '') || 'x' WHERE seq = (SELECT max(seq) FROM delivery)",
        "UPDATE endpoint SET cursor = 1000000",
    };
    unsigned which = (unsigned)rng_below(&a->rng, 4);
    int64_t same = 0;
    if (which == 1 && alter_sql_number(a, "delivery.db", &same,
                                       "SELECT 1 FROM delivery WHERE seq = (SELECT min(seq) FROM delivery)"
                                       " AND type = 'benefit.suspended'"))
        return NOTHING;
    buf_adds(&a->what, changes[which]);
    alter_sql(a, "delivery.db", "%s", changes[which]);
    return MUST_FIND;
}

/* --- checkpoints with right checksums --- */

/* Where the slices begin; their number. */
static unsigned find_slices(const struct buf *b, size_t *at, unsigned max)
{
    unsigned n = 0;
    for (size_t i = CHECKPOINT_HEADER; i + SLICE_FRAME <= b->n && n < max;) {
        uint64_t bytes;
        uint32_t crc;
        at[n++] = i;
        frame_get(b->p + i, &bytes, &crc);
        i += SLICE_FRAME + bytes;
    }
    return n;
}

static void seal_slice(struct buf *b, size_t at)
{
    uint64_t bytes;
    uint32_t crc;
    frame_get(b->p + at, &bytes, &crc);
    frame_put(b->p + at, bytes, crc32c(0, b->p + at + SLICE_FRAME, bytes));
}

/* A bit of a slice, of whatever it holds. */
enum verdict change_checkpoint(struct altering *a)
{
    struct buf b = BUF_INIT;
    char name[256];
    size_t slices[32];
    uint64_t bytes;
    uint32_t crc;
    if (!alter_pick(a, "checkpoint", ".ckpt", name) || !alter_read(a, name, &b))
        return NOTHING;
    size_t at = slices[rng_below(&a->rng, find_slices(&b, slices, 32))];
    frame_get(b.p + at, &bytes, &crc);
    size_t k = at + SLICE_FRAME + rng_below(&a->rng, bytes);
    unsigned bit = (unsigned)rng_below(&a->rng, 8);
    char kind = b.p[at + SLICE_FRAME];
    b.p[k] = (char)(b.p[k] ^ (1 << bit));
    seal_slice(&b, at);
    buf_printf(&a->what, "%s: slice %c, byte %zu, bit %u", name, kind, k - at - SLICE_FRAME, bit);
    alter_write(a, name, buf_str(&b));
    buf_done(&b);
    /* S has when channels were heard, and texts' blanks; H where a replay begins, and earlier is as good. */
    return kind == 'S' || kind == 'H' ? MAY_PASS : MUST_FIND;
}

/* Has that digit of the section about nobody a meaning that follows from the log? When a channel was heard may be later
 * than the log knows; of events in it only the data counts; and no day, no counts. */
static bool has_meaning(struct str text, const char *line, const char *digit)
{
    if (*digit < '0' || *digit > '8' || strchr("ctd", *line))
        return false;
    if (strchr("pgh", *line))
        return memmem(line, (size_t)(digit - line), "\"data\":", 7);
    return *line != 'n' || !memmem(text.p, text.n, "\na0\n", 4);
}

enum verdict change_checkpoint_text(struct altering *a)
{
    struct buf b = BUF_INIT;
    char name[256];
    size_t slices[32];
    uint64_t bytes;
    uint32_t crc;
    if (!alter_pick(a, "checkpoint", ".ckpt", name) || !alter_read(a, name, &b))
        return NOTHING;
    unsigned n = find_slices(&b, slices, 32);
    size_t at = slices[n - 1];
    frame_get(b.p + at, &bytes, &crc);
    struct str text = {b.p + at + SLICE_FRAME, bytes};
    if (text.p[0] != 'S')
        bail_out("%s: the last slice is not what it was", name);
    for (int tries = 0; tries < 1000 && a->what.n == 0; tries++) {
        size_t k = 1 + rng_below(&a->rng, bytes - 1);
        const char *p = text.p + k, *line = p;
        while (line > text.p + 1 && line[-1] != '\n')
            line--;
        if (!has_meaning(text, line, p))
            continue;
        b.p[at + SLICE_FRAME + k]++;
        const char *nl = memchr(p, '\n', text.n - k);
        buf_printf(&a->what, "%s: byte %td of %.*s", name, p - line, (int)(nl - line), line);
    }
    seal_slice(&b, at);
    alter_write(a, name, buf_str(&b));
    buf_done(&b);
    return a->what.n ? MUST_FIND : NOTHING;
}

/* --- indexes with right checksums --- */

enum verdict change_index(struct altering *a)
{
    struct buf b = BUF_INIT, crc = BUF_INIT;
    char name[256];
    if (!alter_pick(a, "log", ".idx", name) || !alter_read(a, name, &b))
        return NOTHING;
    const char *nl = memchr(b.p, '\n', b.n);
    size_t head = (size_t)(nl + 1 - b.p), places = b.n - head - 4, at = head + 4 * rng_below(&a->rng, places / 4);
    b.p[at] = (char)(b.p[at] + 1 + (int)rng_below(&a->rng, 200));
    le32_add(&crc, crc32c(0, b.p, b.n - 4));
    memcpy(b.p + b.n - 4, crc.p, 4);
    buf_printf(&a->what, "%s: the place at byte %zu", name, at);
    alter_write(a, name, buf_str(&b));
    buf_done(&b);
    buf_done(&crc);
    return MUST_FIND;
}
