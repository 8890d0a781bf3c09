/* The memory store's contacts: persons by record number, units sorted by code. */
#ifndef STORE_MEMORY_CONTACTS_H
#define STORE_MEMORY_CONTACTS_H

#include "store/store.h"

struct kept_contact {
    char *id;      /* NULL: none */
    char *text[3]; /* name, phone, by; each may be NULL */
};

struct memory_contacts {
    struct kept_contact *persons, *units;
    size_t n_persons, n_units;
};

void memory_contacts_done(struct memory_contacts *m);
void memory_contacts_set(struct memory_contacts *m, const struct contact_change *c);
/* As store_contact() and store_unit_contact(). */
enum err memory_contacts_get(const struct memory_contacts *m, uint32_t number, struct str id, struct buf *out,
                             struct contact *contact, struct errmsg *msg) ERR_MUSTCHECK;
enum err memory_contacts_get_unit(const struct memory_contacts *m, struct str unit, struct buf *out,
                                  struct contact *contact) ERR_MUSTCHECK;

#endif
