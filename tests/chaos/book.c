#include "tests/chaos/book.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

void book_init(struct book *b)
{
    *b = (struct book){.lock = PTHREAD_MUTEX_INITIALIZER};
}

void book_done(struct book *b)
{
    for (size_t i = 0; i < b->n; i++) {
        free(b->v[i].line);
        free(b->v[i].key);
    }
    free(b->v);
}

size_t book_add(struct book *b, unsigned shard, struct str line, const char *key)
{
    pthread_mutex_lock(&b->lock);
    if (b->n == b->cap) {
        b->cap = b->cap ? 2 * b->cap : 4096;
        b->v = mem_resize(b->v, b->cap, sizeof *b->v);
    }
    size_t place = b->n++;
    b->v[place] = (struct sent){.line = mem_strndup(line.p, line.n), .key = mem_strdup(key), .shard = shard};
    pthread_mutex_unlock(&b->lock);
    return place;
}

/* --- answers --- */

static enum answer answer_of(const char *line)
{
    static const char *const words[ANSWERS] = {
        [ANSWER_APPLIED] = "\"result\":\"applied\"",
        [ANSWER_UNCHANGED] = "\"result\":\"unchanged\"",
        [ANSWER_REJECTED] = "\"result\":\"rejected\"",
    };
    for (unsigned i = 0; i < ANSWERS; i++)
        if (words[i] && strstr(line, words[i]))
            return (enum answer)i;
    return ANSWER_NONE;
}

static unsigned count_numbers(const char *list)
{
    unsigned n = list[0] != ']';
    for (; *list && *list != ']'; list++)
        n += *list == ',';
    return n;
}

bool book_answer(struct book *b, size_t place, const char *line, bool *stranger)
{
    const char *seq = strstr(line, "\"seq\":[");
    enum answer answer = answer_of(line);
    *stranger = answer == ANSWER_NONE && !strstr(line, "\"reason\":\"unknown\"");
    if (answer == ANSWER_NONE)
        return false;
    pthread_mutex_lock(&b->lock);
    struct sent *s = &b->v[place];
    s->answer = answer;
    if (seq) {
        s->first = strtoull(seq + 7, NULL, 10);
        s->n_events = count_numbers(seq + 7);
    }
    pthread_mutex_unlock(&b->lock);
    return true;
}

void book_taken(struct book *b, size_t place)
{
    pthread_mutex_lock(&b->lock);
    b->v[place].answer = ANSWER_TAKEN;
    pthread_mutex_unlock(&b->lock);
}

/* --- who and what --- */

void person_id(uint32_t person, char out[16])
{
    snprintf(out, 16, "P-%06u", person % 1000000);
}

uint32_t person_of(struct str id)
{
    char digits[8] = "", *end;
    if (!id.p || id.n != 8 || memcmp(id.p, "P-", 2) != 0)
        return NOBODY;
    memcpy(digits, id.p + 2, 6);
    uint32_t number = (uint32_t)strtoul(digits, &end, 10);
    return *end ? NOBODY : number;
}

/* A member of a JSON object as it stands there, without quotes; the objects here have no escapes. */
static struct str member(struct str object, const char *name)
{
    const char *at = object.p ? memmem(object.p, object.n, name, strlen(name)) : NULL;
    if (!at)
        return STR_NONE;
    at += strlen(name);
    at += *at == '"';
    return (struct str){at, strcspn(at, "\",}")};
}

static void put(char out[KEY_MAX], struct str id, const char *op, struct str what)
{
    int n = snprintf(out, KEY_MAX, "%.*s %s%s%.*s", (int)id.n, id.p, op, what.n ? " " : "", (int)what.n,
                     what.p ? what.p : "");
    if (n < 0 || n >= KEY_MAX)
        bail_out("a key is too long");
}

static void put_date(char out[KEY_MAX], struct str id, const char *op, lc_date on)
{
    char text[10];
    date_format(on, text);
    put(out, id, op, (struct str){text, sizeof text});
}

static void put_ref(char out[KEY_MAX], struct str id, struct str channel, struct str ref)
{
    char what[KEY_MAX];
    snprintf(what, sizeof what, "%.*s %.*s", (int)channel.n, channel.p, (int)ref.n, ref.p);
    put(out, id, "certify", str_of(what));
}

static bool key_of_rejected(const struct event *e, char out[KEY_MAX])
{
    static const struct {
        const char *op, *member;
    } by_op[OP_N] = {
        [OP_AMEND] = {"amend", "\"amount\":"},
        [OP_REVOKE] = {"revoke", "\"reason\":"},
        [OP_DEFER] = {"defer", "\"reason\":"},
        [OP_REPORT_DEATH] = {"report-death", "\"died_on\":"},
        [OP_RETRACT_DEATH] = {"retract-death", "\"reason\":"},
        [OP_ERASE] = {"erase", NULL},
        [OP_ENROL] = {"enrol", NULL},
    };
    enum op op = e->u.input_rejected.op;
    if (!by_op[op].op)
        return false;
    put(out, e->subject, by_op[op].op,
        by_op[op].member ? member(e->u.input_rejected.given, by_op[op].member) : STR_NONE);
    return true;
}

bool key_of_event(const struct event *e, char out[KEY_MAX])
{
    char amount[24];
    switch (e->type) {
    case EV_ENROLLED: put(out, e->subject, "enrol", STR_NONE); return true;
    case EV_AMENDED:
        snprintf(amount, sizeof amount, "%" PRId64, e->u.amended.amount);
        put(out, e->subject, "amend", str_of(amount));
        return true;
    case EV_ERASED: put(out, e->subject, "erase", STR_NONE); return true;
    case EV_ACCEPTED: put_ref(out, e->subject, e->u.accepted.channel, e->u.accepted.ref); return true;
    case EV_CERT_REJECTED: put_ref(out, e->subject, e->u.cert_rejected.channel, e->u.cert_rejected.ref); return true;
    case EV_INPUT_REJECTED: return key_of_rejected(e, out);
    case EV_REVOKED: put(out, e->subject, "revoke", e->u.revoked.reason); return true;
    case EV_DEFERRED: put(out, e->subject, "defer", e->u.deferred.reason); return true;
    case EV_TERMINATED: put_date(out, e->subject, "report-death", e->u.terminated.died_on); return true;
    case EV_REINSTATED: put(out, e->subject, "retract-death", e->u.reinstated.reason); return true;
    case EV_UNIT_RECORDED: put(out, e->u.unit_recorded.unit, "unit", STR_NONE); return true;
    default: return false;
    }
}
