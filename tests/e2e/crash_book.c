#include "tests/e2e/crash_book.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/text.h"
#include "tests/lib/canary.h"

#define NOBODY UINT32_MAX
#define FNV_START UINT64_C(0xcbf29ce484222325)

void book_init(struct book *b)
{
    *b = (struct book){.hash = FNV_START, .time = INT64_MIN};
    b->log = mem_zalloc(1, sizeof *b->log);
    b->cap_log = 1;
}

void book_done(struct book *b)
{
    free(b->deeds);
    free(b->humans);
    free(b->log);
    free(b->unchecked);
    event_arena_done(&b->arena);
}

static bool fault(struct book *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
static bool fault(struct book *b, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (!b->fault[0])
        vsnprintf(b->fault, sizeof b->fault, format, args);
    va_end(args);
    return false;
}

/* --- inputs --- */

static uint32_t add(struct book *b, enum op op, uint32_t person, lc_date on)
{
    if (b->n_deeds == b->cap_deeds)
        b->deeds = mem_resize(b->deeds, b->cap_deeds = b->cap_deeds ? 2 * b->cap_deeds : 1024, sizeof *b->deeds);
    b->deeds[b->n_deeds] = (struct deed){.op = op, .person = person, .on = on};
    return b->n_deeds++;
}

uint32_t book_enrol(struct book *b, lc_date approved_on)
{
    if (b->n_humans == b->cap_humans)
        b->humans = mem_resize(b->humans, b->cap_humans = b->cap_humans ? 2 * b->cap_humans : 1024, sizeof *b->humans);
    uint32_t person = b->n_humans++, deed = add(b, OP_ENROL, person, approved_on);
    b->humans[person] = (struct human){.enrolment = deed};
    return deed;
}

uint32_t book_certify(struct book *b, uint32_t person, lc_date on)
{
    return add(b, OP_CERTIFY, person, on);
}

uint32_t book_report_death(struct book *b, uint32_t person, lc_date on)
{
    return add(b, OP_REPORT_DEATH, person, on);
}

void book_id(uint32_t person, char out[16])
{
    snprintf(out, 16, "P-%06u", person % 1000000);
}

static const char *const policies[] = {"half-yearly", "national", "365-days"};

bool book_is_national(uint32_t person)
{
    return person % 3 == 1;
}

/* Every third certification brings a phone, every seventh comes by somebody else's hand. */
static bool brings_phone(uint32_t deed)
{
    return deed % 3 == 0;
}

static bool brings_by(uint32_t deed)
{
    return deed % 7 == 0;
}

static void write_phone(uint32_t deed, char *out)
{
    snprintf(out, 16, CANARY_PHONE "%05u", deed % 100000);
}

static void write_by(uint32_t deed, char *out)
{
    snprintf(out, 32, CANARY_NAME "K%u", deed);
}

void book_write(const struct book *b, uint32_t deed, struct buf *out)
{
    const struct deed *d = &b->deeds[deed];
    char id[16], on[10], phone[16], by[32];
    book_id(d->person, id);
    date_format(d->on, on);
    write_phone(deed, phone);
    write_by(deed, by);
    buf_printf(out, "{\"op\":\"%s\",\"id\":\"%s\"", op_text(d->op), id);
    if (d->op == OP_ENROL)
        buf_printf(out, ",\"policy\":\"%s\",\"approved_on\":\"%.10s\",\"amount\":%u,\"name\":\"" CANARY_NAME "%u\",\"phone\":\"%s\"",
                   policies[d->person % 3], on, 1000 + d->person, d->person, phone);
    else if (d->op == OP_CERTIFY)
        buf_printf(out, ",\"channel\":\"face\",\"certified_on\":\"%.10s\",\"ref\":\"R%u\"", on, deed);
    else
        buf_printf(out, ",\"died_on\":\"%.10s\"", on);
    if (d->op == OP_CERTIFY && brings_phone(deed))
        buf_printf(out, ",\"phone\":\"%s\"", phone);
    if (d->op == OP_CERTIFY && brings_by(deed))
        buf_printf(out, ",\"by\":\"%s\"", by);
    buf_adds(out, "}\n");
}

/* --- answers --- */

static enum result read_result(const char *line)
{
    for (int r = 0; r < RESULT_ERROR; r++) {
        char text[64];
        snprintf(text, sizeof text, "\"result\":\"%s\"", result_text((enum result)r));
        if (strstr(line, text))
            return (enum result)r;
    }
    return RESULT_ERROR;
}

/* "seq":[7,8,9] */
static bool read_numbers(const char *line, uint64_t *first, uint32_t *n)
{
    const char *p = strstr(line, "\"seq\":[");
    *first = *n = 0;
    if (!p)
        return false;
    for (p += 7; *p >= '0' && *p <= '9'; (*n)++) {
        char *end;
        uint64_t v = strtoull(p, &end, 10);
        if (*n == 0)
            *first = v;
        if (v != *first + *n)
            return false;
        p = *end == ',' ? end + 1 : end;
    }
    return *p == ']';
}

void book_answer(struct book *b, uint32_t deed, struct str line)
{
    struct deed *d = &b->deeds[deed];
    char text[4096], id[16], member[32];
    snprintf(text, sizeof text, "%.*s", (int)line.n, line.p);
    book_id(d->person, id);
    snprintf(member, sizeof member, "\"id\":\"%s\"", id);
    d->result = read_result(text);
    if (d->result == RESULT_ERROR || !strstr(text, member) || !read_numbers(text, &d->first, &d->n)) {
        fault(b, "the answer to input %u of %s is %s", deed, id, text);
        return;
    }
    d->answered = true;
    b->answered++;
    if (b->n_unchecked == b->cap_unchecked)
        b->unchecked = mem_resize(b->unchecked, b->cap_unchecked = b->cap_unchecked ? 2 * b->cap_unchecked : 1024,
                                  sizeof *b->unchecked);
    b->unchecked[b->n_unchecked++] = deed;
}

/* --- the log --- */

static void note_status(struct human *h, const struct event *ev)
{
    switch (ev->type) {
    case EV_GRACE: h->status = STATUS_GRACE; break;
    case EV_SUSPENDED: h->status = STATUS_SUSPENDED; break;
    case EV_RESUMED: h->status = STATUS_ACTIVE; break;
    case EV_TERMINATED: h->status = STATUS_TERMINATED; break;
    case EV_AMENDED:
        h->amended = ev->seq;
        if (h->status == STATUS_GRACE)
            h->status = BOOK_STATUS_UNSURE;
        break;
    case EV_ACCEPTED:
        if (ev->u.accepted.effect == EFFECT_RENEWED)
            h->status = STATUS_ACTIVE;
        break;
    default: break;
    }
}

static bool note_enrolled(struct book *b, struct human *h, const struct event *ev)
{
    if (h->enrolled)
        return fault(b, "%.*s is enrolled by event %" PRIu64 " and again by %" PRIu64, (int)ev->subject.n,
                     ev->subject.p, h->enrolled, ev->seq);
    h->enrolled = ev->seq;
    h->number = b->enrolled++;
    h->phone_by = h->enrolment;
    return true;
}

static bool note_accepted(struct book *b, struct human *h, uint32_t person, const struct event *ev)
{
    uint32_t deed = (uint32_t)strtoul(ev->u.accepted.ref.p + 1, NULL, 10);
    struct deed *d = deed < b->n_deeds ? &b->deeds[deed] : NULL;
    if (!d || d->person != person || d->op != OP_CERTIFY)
        return fault(b, "event %" PRIu64 " accepts what was never sent", ev->seq);
    if (d->accepted)
        return fault(b, "input %u is accepted by event %" PRIu64 " and again by %" PRIu64, deed, d->accepted, ev->seq);
    d->accepted = ev->seq;
    if (brings_phone(deed))
        h->phone_by = deed;
    if (brings_by(deed)) {
        h->has_by = true;
        h->by_by = deed;
    }
    return true;
}

static bool note_person(struct book *b, const struct event *ev)
{
    uint32_t person = (uint32_t)strtoul(ev->subject.p + 2, NULL, 10);
    if (person >= b->n_humans)
        return fault(b, "event %" PRIu64 " is about somebody whom nobody enrolled", ev->seq);
    struct human *h = &b->humans[person];
    b->log[ev->seq].person = person;
    if (ev->prev != h->last)
        return fault(b, "event %" PRIu64 " has prev %" PRIu64 ", but the person's last was %" PRIu64, ev->seq, ev->prev,
                     h->last);
    if ((ev->type == EV_ENROLLED) != (h->last == 0))
        return fault(b, "event %" PRIu64 " of type %s comes at the wrong end", ev->seq, event_type_text(ev->type));
    h->last = ev->seq;
    note_status(h, ev);
    if (ev->type == EV_ENROLLED)
        return note_enrolled(b, h, ev);
    return ev->type == EV_ACCEPTED ? note_accepted(b, h, person, ev) : true;
}

static bool note_event(struct book *b, struct str line)
{
    struct event ev;
    size_t where;
    if (event_read(line, &ev, &b->arena, &where) != ERR_OK)
        return fault(b, "this event cannot be read: %.*s", (int)line.n, line.p);
    if (ev.seq != b->n_log + 1)
        return fault(b, "event %" PRIu64 " follows event %" PRIu64, ev.seq, b->n_log);
    if (ev.time < b->time)
        return fault(b, "event %" PRIu64 " lies before the one that it follows", ev.seq);
    b->time = ev.time;
    if (b->cap_log <= ev.seq)
        b->log = mem_resize(b->log, b->cap_log = 2 * (ev.seq + 512), sizeof *b->log);
    b->n_log = ev.seq;
    b->log[ev.seq] = (struct noted){NOBODY, ev.type};
    if (ev.type == EV_POLICY_ADOPTED && strcmp(ev.u.policy_adopted.policy->name, "national") == 0)
        b->adopted = ev.seq;
    return ev.subject.p ? note_person(b, &ev) : true;
}

uint64_t book_hash(uint64_t h, struct str text)
{
    for (size_t i = 0; i < text.n; i++)
        h = (h ^ (unsigned char)text.p[i]) * UINT64_C(0x100000001b3);
    return h;
}

bool book_read_log(struct book *b, struct str lines)
{
    b->hash = book_hash(b->hash, lines);
    for (size_t at = 0; at < lines.n;) {
        const char *p = lines.p + at, *newline = memchr(p, '\n', lines.n - at);
        if (!newline)
            return fault(b, "the log ends in the middle of a line");
        if (!note_event(b, (struct str){p, (size_t)(newline - p)}))
            return false;
        at += (size_t)(newline - p) + 1;
    }
    return true;
}

/* --- answers against the log --- */

static bool applied_right(const struct book *b, const struct deed *d)
{
    static const enum event_type made[OP_N] = {
        [OP_ENROL] = EV_ENROLLED, [OP_CERTIFY] = EV_ACCEPTED, [OP_REPORT_DEATH] = EV_TERMINATED};
    return d->n > 0 && b->log[d->first].type == made[d->op] && (d->op != OP_CERTIFY || d->accepted == d->first) &&
           (d->op != OP_ENROL || b->humans[d->person].enrolled == d->first);
}

static bool rejected_right(const struct book *b, const struct deed *d)
{
    enum event_type want = d->op == OP_CERTIFY ? EV_CERT_REJECTED : EV_INPUT_REJECTED;
    return d->n > 0 && b->log[d->first].type == want && !d->accepted;
}

/* It had been applied before: by an earlier sending of the same, whose answer was lost. */
static bool unchanged_right(const struct book *b, const struct deed *d)
{
    const struct human *h = &b->humans[d->person];
    return d->op == OP_CERTIFY ? d->accepted != 0
           : d->op == OP_ENROL ? h->enrolled != 0
                               : h->status == STATUS_TERMINATED;
}

static bool check_answer(struct book *b, uint32_t deed)
{
    const struct deed *d = &b->deeds[deed];
    char id[16];
    book_id(d->person, id);
    for (uint64_t seq = d->first; seq < d->first + d->n; seq++)
        if (seq > b->n_log || b->log[seq].person != d->person)
            return fault(b, "event %" PRIu64 " of %s was answered and is lost", seq, id);
    bool good = d->result == RESULT_APPLIED    ? applied_right(b, d)
                : d->result == RESULT_REJECTED ? rejected_right(b, d)
                                               : unchanged_right(b, d);
    return good || fault(b, "input %u of %s was answered \"%s\", which the log does not bear out", deed, id,
                         result_text(d->result));
}

bool book_check_answers(struct book *b)
{
    for (uint32_t i = 0; i < b->n_unchecked; i++)
        if (!check_answer(b, b->unchecked[i]))
            return false;
    b->n_unchecked = 0;
    return !b->fault[0];
}

void book_contact(const struct book *b, uint32_t person, char *name, char *phone, char *by)
{
    const struct human *h = &b->humans[person];
    snprintf(name, 32, CANARY_NAME "%u", person);
    memcpy(phone, "+86", 3);
    write_phone(h->phone_by, phone + 3);
    by[0] = '\0';
    if (h->has_by)
        write_by(h->by_by, by);
}
