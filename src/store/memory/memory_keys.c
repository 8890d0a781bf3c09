#include "store/memory/memory_keys.h"

#include <stdlib.h>

#define FORGET_AT_A_TIME 2 /* for each that is added */

struct kept_key {
    struct key_row row;
    struct kept_key *next;  /* in its chain; the newest first, so that it hides an older one of the same key */
    struct kept_key *newer; /* of all */
};

/* Keys are hashes: any bytes of them do. */
static struct kept_key **head_of(const struct memory_keys *m, const unsigned char key[KEY_HASH])
{
    uint64_t bits;
    memcpy(&bits, key, sizeof bits);
    return &m->heads[bits & (m->n_heads - 1)];
}

static void link_key(struct memory_keys *m, struct kept_key *k)
{
    struct kept_key **head = head_of(m, k->row.key);
    k->next = *head;
    *head = k;
}

static void grow(struct memory_keys *m)
{
    free(m->heads);
    m->n_heads = m->n_heads ? 2 * m->n_heads : 64;
    m->heads = mem_zalloc(m->n_heads, sizeof *m->heads);
    for (struct kept_key *k = m->oldest; k; k = k->newer)
        link_key(m, k);
}

static void forget_oldest(struct memory_keys *m)
{
    struct kept_key *k = m->oldest, **link = head_of(m, k->row.key);
    while (*link != k)
        link = &(*link)->next;
    *link = k->next;
    m->oldest = k->newer;
    if (!m->oldest)
        m->newest = NULL;
    m->n--;
    free(k);
}

void memory_keys_done(struct memory_keys *m)
{
    while (m->oldest)
        forget_oldest(m);
    free(m->heads);
}

void memory_keys_set(struct memory_keys *m, const struct key_row *row)
{
    for (int i = 0; i < FORGET_AT_A_TIME && m->oldest; i++)
        if (m->n >= KEYS_MAX || m->oldest->row.at <= row->at - KEY_SECONDS)
            forget_oldest(m);
    if (m->n == m->n_heads)
        grow(m);
    struct kept_key *k = mem_zalloc(1, sizeof *k);
    k->row = *row;
    link_key(m, k);
    if (m->newest)
        m->newest->newer = k;
    else
        m->oldest = k;
    m->newest = k;
    m->n++;
}

enum err memory_keys_find(const struct memory_keys *m, const unsigned char key[KEY_HASH], int64_t now,
                          struct key_row *out)
{
    const struct kept_key *k = m->n_heads ? *head_of(m, key) : NULL;
    while (k && memcmp(k->row.key, key, KEY_HASH) != 0)
        k = k->next;
    if (!k || k->row.at <= now - KEY_SECONDS)
        return ERR_ABSENT;
    *out = k->row;
    return ERR_OK;
}
