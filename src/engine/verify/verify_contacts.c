/* contacts.db held against the log: whom each row is about, and which event it belongs to. What stands in it, names and
 * phones, is in no event. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "engine/verify/verifying.h"
#include "store/survey/survey.h"

/* A row as it was read, before the walk. */
struct row {
    uint64_t seq; /* 0: there is none */
    uint64_t id;  /* its hash */
    bool matched;
};

struct contacts_view {
    struct row *people; /* by number */
    uint32_t n_people;
    struct vocab *codes; /* of units that have a row */
    struct row *units;   /* by number in codes */
    struct verify *v;
    enum err err;
};

/* --- reading --- */

static bool take_person(void *arg, const struct contact_row *row)
{
    struct contacts_view *c = arg;
    if (row->number >= c->n_people) {
        uint32_t n = c->n_people * 2 > row->number + 1024 ? c->n_people * 2 : row->number + 1024;
        if (row->number > UINT32_MAX - 1024 || (row->number > 1u << 20 && row->number > 4 * (c->n_people + 1024))) {
            c->err = differ_beside(c->v, "contacts.db", "there is no beneficiary number %" PRIu32, row->number);
            return false; /* numbers ascend without great gaps only where nothing was altered */
        }
        c->people = mem_resize(c->people, n, sizeof *c->people);
        memset(c->people + c->n_people, 0, (n - c->n_people) * sizeof *c->people);
        c->n_people = n;
    }
    c->people[row->number] = (struct row){row->seq, hash_str(row->id), false};
    return true;
}

static bool take_unit(void *arg, const struct contact_row *row)
{
    struct contacts_view *c = arg;
    uint32_t i = vocab_intern(c->codes, row->id);
    if (i == UINT32_MAX)
        return false;
    if ((i & (i - 1)) == 0) /* room for 2 i */
        c->units = mem_resize(c->units, 2 * (size_t)i + 2, sizeof *c->units);
    c->units[i] = (struct row){row->seq, 0, false};
    return true;
}

enum err contacts_view_load(struct verify *v, struct survey *s, struct errmsg *msg)
{
    struct contacts_view *c = v->contacts = mem_zalloc(1, sizeof *c);
    uint64_t durable;
    c->codes = vocab_new(UNIT_MAX);
    c->v = v;
    enum err err = survey_people(s, take_person, c, msg);
    if (err == ERR_OK)
        err = survey_units(s, take_unit, c, msg);
    if (err == ERR_OK)
        err = survey_contacts_state(s, &durable, &v->contacts_last, msg);
    if (err == ERR_OK && durable > v->end && !v->out->live)
        return differ_beside(v, "contacts.db", "it knows event %" PRIu64 ", and the log ends at %" PRIu64, durable,
                             v->end);
    if (err == ERR_END)
        return c->err;
    return err == ERR_DAMAGED ? differ_beside(v, "contacts.db", "%s", msg->text) : err;
}

void contacts_view_free(struct contacts_view *c)
{
    if (!c)
        return;
    free(c->people);
    free(c->units);
    vocab_free(c->codes);
    free(c);
}

/* --- on the way --- */

enum touch { TOUCH_NEVER, TOUCH_MAYBE, TOUCH_ALWAYS };

/* Whether the event has set the contact, as far as it tells. */
static enum touch touch_of(const struct event *ev)
{
    switch (ev->type) {
    case EV_ENROLLED: return TOUCH_MAYBE;
    case EV_ACCEPTED: return ev->u.accepted.on_behalf ? TOUCH_ALWAYS : TOUCH_MAYBE;
    case EV_AMENDED: return ev->u.amended.personal ? TOUCH_ALWAYS : TOUCH_NEVER;
    case EV_ERASED: return TOUCH_ALWAYS;
    default: return TOUCH_NEVER;
    }
}

static enum err older(struct verify *v, const char *what, struct str id, uint64_t seq)
{
    if (!seq)
        return differ_beside(v, "contacts.db", "%s %.*s has no row, though event %" PRIu64 " set one", what, (int)id.n,
                             id.p, v->ev->seq);
    return differ_beside(v, "contacts.db",
                         "the row of %s %.*s belongs to event %" PRIu64 ", though event %" PRIu64 " set it anew", what,
                         (int)id.n, id.p, seq, v->ev->seq);
}

enum err contacts_view_person(struct verify *v, const struct person *p)
{
    struct contacts_view *c = v->contacts;
    enum touch touch = touch_of(v->ev);
    struct row none = {.seq = 0}, *row = c && p->n < c->n_people ? &c->people[p->n] : &none;
    if (!c)
        return ERR_OK;
    if (touch == TOUCH_ALWAYS && row->seq < v->ev->seq)
        return older(v, "beneficiary", p->id, row->seq);
    if (row->seq != v->ev->seq)
        return ERR_OK;
    if (touch == TOUCH_NEVER)
        return differ_beside(v, "contacts.db",
                             "the row of beneficiary %.*s says that it belongs to event %" PRIu64
                             ", %s, which sets none",
                             (int)p->id.n, p->id.p, row->seq, event_type_text(v->ev->type));
    row->matched = true;
    return ERR_OK;
}

enum err contacts_view_unit(struct verify *v)
{
    struct contacts_view *c = v->contacts;
    struct str unit = v->ev->u.unit_recorded.unit;
    uint32_t i = c ? vocab_find(c->codes, unit) : 0;
    if (!c)
        return ERR_OK;
    if (!i || c->units[i].seq < v->ev->seq)
        return older(v, "unit", unit, i ? c->units[i].seq : 0);
    c->units[i].matched = c->units[i].matched || c->units[i].seq == v->ev->seq;
    return ERR_OK;
}

/* --- behind the last event --- */

/* May a row be there although its event is not? A daemon goes on meanwhile; and a crash leaves what its last commit was
 * about to set, which the next start takes back. */
static bool may_be_ahead(const struct verify *v, uint64_t seq)
{
    return seq > v->end && (v->out->live || seq <= v->contacts_last);
}

static enum err not_theirs(struct verify *v, const char *what, struct str id, uint64_t seq)
{
    return differ_beside(v, "contacts.db",
                         "the row of %s %.*s says that it belongs to event %" PRIu64 ", which is none of theirs", what,
                         (int)id.n, id.p, seq);
}

static enum err end_person(struct verify *v, uint32_t n)
{
    const struct row *row = &v->contacts->people[n];
    char bytes[ID_MAX];
    if (row->seq == 0 || (may_be_ahead(v, row->seq) && n >= roster_count(v->e->roster)))
        return ERR_OK;
    v->out->contacts++;
    if (n >= roster_count(v->e->roster))
        return differ_beside(v, "contacts.db", "there is no beneficiary number %" PRIu32, n);
    struct str id = roster_id(v->e->roster, n, bytes);
    if (hash_str(id) != row->id)
        return differ_beside(v, "contacts.db", "row %" PRIu32 " is another's: expected %.*s's", n, (int)id.n, id.p);
    bool known = row->matched || row->seq < v->decided_from || may_be_ahead(v, row->seq);
    return known ? ERR_OK : not_theirs(v, "beneficiary", id, row->seq);
}

enum err contacts_view_end(struct verify *v)
{
    struct contacts_view *c = v->contacts;
    enum err err = ERR_OK;
    for (uint32_t n = 0; c && n < c->n_people && err == ERR_OK; n++)
        err = end_person(v, n);
    for (uint32_t i = 1; c && i <= vocab_count(c->codes) && err == ERR_OK; i++) {
        const struct row *row = &c->units[i];
        if (!row->matched && row->seq >= v->decided_from && !may_be_ahead(v, row->seq))
            err = not_theirs(v, "unit", vocab_text(c->codes, i), row->seq);
        v->out->contacts++;
    }
    return err;
}
