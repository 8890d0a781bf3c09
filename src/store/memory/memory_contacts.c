#include "store/memory/memory_contacts.h"

#include <stdlib.h>

static void contact_done(struct kept_contact *k)
{
    free(k->id);
    for (int i = 0; i < 3; i++)
        free(k->text[i]);
    memset(k, 0, sizeof *k);
}

void memory_contacts_done(struct memory_contacts *m)
{
    for (size_t i = 0; i < m->n_persons; i++)
        contact_done(&m->persons[i]);
    for (size_t i = 0; i < m->n_units; i++)
        contact_done(&m->units[i]);
    free(m->persons);
    free(m->units);
}

static char *copy_text(struct str s)
{
    return s.p ? mem_strndup(s.p, s.n) : NULL;
}

static void contact_set(struct kept_contact *k, const struct contact_change *c)
{
    contact_done(k);
    k->id = mem_strndup(c->id.p, c->id.n);
    k->text[0] = copy_text(c->contact.name);
    k->text[1] = copy_text(c->contact.phone);
    k->text[2] = copy_text(c->contact.by);
}

static struct kept_contact *person_at(struct memory_contacts *m, uint32_t number)
{
    if (number >= m->n_persons) {
        size_t n = (size_t)number + 1 > 2 * m->n_persons ? (size_t)number + 1 : 2 * m->n_persons;
        m->persons = mem_resize(m->persons, n, sizeof *m->persons);
        memset(m->persons + m->n_persons, 0, (n - m->n_persons) * sizeof *m->persons);
        m->n_persons = n;
    }
    return &m->persons[number];
}

/* Where the unit stands, or would stand. */
static size_t find_unit(const struct memory_contacts *m, struct str id, bool *there)
{
    size_t low = 0, high = m->n_units;
    *there = false;
    while (low < high && !*there) {
        size_t middle = low + (high - low) / 2;
        struct str at = str_of(m->units[middle].id);
        int order = memcmp(at.p, id.p, at.n < id.n ? at.n : id.n);
        if (order == 0)
            order = at.n < id.n ? -1 : at.n > id.n;
        *there = order == 0;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return high;
}

static struct kept_contact *unit_at(struct memory_contacts *m, struct str id)
{
    bool there;
    size_t i = find_unit(m, id, &there);
    if (!there) {
        m->units = mem_resize(m->units, m->n_units + 1, sizeof *m->units);
        memmove(m->units + i + 1, m->units + i, (m->n_units - i) * sizeof *m->units);
        memset(&m->units[i], 0, sizeof m->units[i]);
        m->n_units++;
    }
    return &m->units[i];
}

void memory_contacts_set(struct memory_contacts *m, const struct contact_change *c)
{
    contact_set(c->unit ? unit_at(m, c->id) : person_at(m, c->number), c);
}

static struct str keep(struct buf *out, const char *text)
{
    if (!text)
        return STR_NONE;
    struct str s = {out->p + out->n, strlen(text)};
    buf_adds(out, text);
    return s;
}

static enum err copy_contact(const struct kept_contact *k, struct buf *out, struct contact *contact)
{
    size_t n = 1;
    bool any = false;
    for (int i = 0; i < 3; i++) {
        any = any || k->text[i];
        n += k->text[i] ? strlen(k->text[i]) : 0;
    }
    if (!any)
        return ERR_ABSENT;
    buf_room(out, n); /* so that it does not move under what is kept already */
    *contact = (struct contact){keep(out, k->text[0]), keep(out, k->text[1]), keep(out, k->text[2])};
    return ERR_OK;
}

enum err memory_contacts_get(const struct memory_contacts *m, uint32_t number, struct str id, struct buf *out,
                             struct contact *contact, struct errmsg *msg)
{
    if (number >= m->n_persons || !m->persons[number].id)
        return ERR_ABSENT;
    if (!str_is(id, m->persons[number].id))
        return err_set(msg, ERR_DAMAGED, "the contact of \"%.*s\" is another's", (int)id.n, id.p);
    return copy_contact(&m->persons[number], out, contact);
}

enum err memory_contacts_get_unit(const struct memory_contacts *m, struct str unit, struct buf *out,
                                  struct contact *contact)
{
    bool there;
    size_t i = find_unit(m, unit, &there);
    return there ? copy_contact(&m->units[i], out, contact) : ERR_ABSENT;
}
