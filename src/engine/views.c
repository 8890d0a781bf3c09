/* What delivery asks: lines of the log, and what is known of people and units. */
#include <inttypes.h>

#include "engine/internal.h"

void view_lines(struct engine *e, struct request *r)
{
    if (r->n_seqs > PEOPLE_MAX) {
        r->err = err_set(&r->msg, ERR_INVALID, "%" PRIu32 " lines: at most %d at a time", r->n_seqs, PEOPLE_MAX);
        return;
    }
    size_t start = r->body.n;
    for (uint32_t i = 0; i < r->n_seqs && r->err == ERR_OK; i++) {
        r->err = batch_line(e, r->seqs[i], &r->body, &r->msg);
        if (r->err == ERR_ABSENT)
            err_set(&r->msg, ERR_ABSENT, "there is no event %" PRIu64, r->seqs[i]);
        buf_addc(&r->body, '\n');
    }
    if (r->err != ERR_OK)
        r->body.n = start;
}

/* --- people --- */

static void copy_text(char out[65], struct str text)
{
    size_t n = text.n < 64 ? text.n : 64;
    if (n)
        memcpy(out, text.p, n);
    out[n] = '\0';
}

/* Until the body is whole its place may change: the pointers only say that there is something (see place_contacts). */
static struct str keep(struct buf *body, struct str s)
{
    if (s.p)
        buf_addstr(body, s);
    return (struct str){s.p ? "" : NULL, s.n};
}

static enum err view_contact(struct engine *e, uint32_t number, struct request *r, struct person_view *v)
{
    struct contact c;
    enum err err = contact_now(e, number, v->id, v->unit, &c, &r->msg);
    if (err != ERR_OK)
        return err;
    v->contact.name = keep(&r->body, c.name);
    v->contact.phone = keep(&r->body, c.phone);
    v->contact.by = keep(&r->body, c.by);
    return ERR_OK;
}

static void place(struct str *s, const char **at)
{
    if (!s->p)
        return;
    s->p = *at;
    *at += s->n;
}

static void place_contacts(struct request *r, size_t start)
{
    const char *at = r->body.p + start;
    for (uint32_t i = 0; i < r->n_people; i++) {
        struct contact *c = &r->people[i].contact;
        place(&c->name, &at);
        place(&c->phone, &at);
        place(&c->by, &at);
    }
}

static enum err view_unit(struct engine *e, struct request *r, struct person_view *v)
{
    enum err err = view_contact(e, 0, r, v);
    v->found = err == ERR_OK && (v->contact.name.p || v->contact.phone.p);
    return err;
}

static enum err view_person(struct engine *e, uint32_t number, struct request *r, struct person_view *v)
{
    struct person p;
    people_get(e, number, &p);
    v->found = true;
    v->rec = p.entry.rec;
    v->policy = e->policies.v[v->rec.policy];
    record_dates(&v->policy, &v->rec, &v->dates);
    copy_text(v->category, vocab_text(e->categories, p.entry.category));
    copy_text(v->unit_code, vocab_text(e->units, p.entry.unit));
    return v->contact_wanted ? view_contact(e, number, r, v) : ERR_OK;
}

/* Up to ROSTER_MANY of them, looked up together. */
static enum err view_some(struct engine *e, struct request *r, struct person_view *v, uint32_t n)
{
    struct str ids[ROSTER_MANY] = {STR_NONE};
    uint32_t numbers[ROSTER_MANY];
    enum err err = ERR_OK;
    for (uint32_t i = 0; i < n; i++) {
        v[i] = (struct person_view){.id = v[i].id, .unit = v[i].unit, .contact_wanted = v[i].contact_wanted};
        ids[i] = v[i].unit || !v[i].id.p ? STR_LIT("") : v[i].id; /* nobody's */
    }
    roster_find_many(e->roster, ids, numbers, n);
    for (uint32_t i = 0; i < n && err == ERR_OK; i++)
        if (v[i].unit && v[i].id.p)
            err = view_unit(e, r, &v[i]);
        else if (numbers[i] != ROSTER_NONE)
            err = view_person(e, numbers[i], r, &v[i]);
    return err;
}

void view_people(struct engine *e, struct request *r)
{
    if (r->n_people > PEOPLE_MAX) {
        r->err = err_set(&r->msg, ERR_INVALID, "%" PRIu32 " people: at most %d at a time", r->n_people, PEOPLE_MAX);
        return;
    }
    size_t start = r->body.n;
    buf_room(&r->body, 1); /* so that an empty text has a place too */
    r->today = e->env.today;
    for (uint32_t i = 0; i < r->n_people && r->err == ERR_OK; i += ROSTER_MANY) {
        uint32_t left = r->n_people - i;
        r->err = view_some(e, r, &r->people[i], left < ROSTER_MANY ? left : ROSTER_MANY);
    }
    place_contacts(r, start);
}
