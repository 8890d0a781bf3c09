#include "deliver/people.h"

#include <stdlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define SUBJECT_MAX 64
#define FIRST_BUCKETS 256

struct person {
    struct person *next; /* in its bucket, or in the pool */
    struct item *first, *last;
    uint64_t hash;
    unsigned items; /* that are theirs, also those that stand apart from the queue */
    bool named;
    uint8_t n;
    char name[SUBJECT_MAX];
};

void people_init(struct people *p)
{
    *p = (struct people){.n_buckets = FIRST_BUCKETS};
    p->buckets = mem_zalloc(p->n_buckets, sizeof(struct person *));
}

static void free_list(struct person *list)
{
    for (struct person *next; list; list = next) {
        next = list->next;
        free(list);
    }
}

void people_done(struct people *p)
{
    for (size_t b = 0; b < p->n_buckets; b++)
        free_list(p->buckets[b]);
    free_list(p->pool);
    free(p->buckets);
}

/* Events of no subject share a queue, which no beneficiary's name can be. */
static uint64_t hash_of(struct str subject)
{
    return subject.p ? XXH3_64bits(subject.p, subject.n) : 0;
}

static bool is_named(const struct person *q, uint64_t hash, struct str subject)
{
    if (q->hash != hash || q->named != (subject.p != NULL))
        return false;
    return !subject.p || (q->n == subject.n && memcmp(q->name, subject.p, subject.n) == 0);
}

static struct person *find(const struct people *p, uint64_t hash, struct str subject)
{
    struct person *q = p->buckets[hash & (p->n_buckets - 1)];
    while (q && !is_named(q, hash, subject))
        q = q->next;
    return q;
}

static void grow(struct people *p)
{
    size_t n = 2 * p->n_buckets;
    struct person **buckets = mem_zalloc(n, sizeof(struct person *));
    for (size_t b = 0; b < p->n_buckets; b++) {
        for (struct person *q = p->buckets[b], *next; q; q = next) {
            next = q->next;
            q->next = buckets[q->hash & (n - 1)];
            buckets[q->hash & (n - 1)] = q;
        }
    }
    free(p->buckets);
    p->buckets = buckets;
    p->n_buckets = n;
}

static struct person *find_or_add(struct people *p, struct str subject)
{
    uint64_t hash = hash_of(subject);
    struct person *q = find(p, hash, subject);
    if (q)
        return q;
    if (p->n >= p->n_buckets)
        grow(p);
    q = p->pool;
    if (q)
        p->pool = q->next;
    else
        q = mem_alloc(sizeof *q);
    size_t n = subject.n < SUBJECT_MAX ? subject.n : SUBJECT_MAX;
    *q = (struct person){.hash = hash, .named = subject.p != NULL, .n = (uint8_t)n};
    if (subject.p)
        memcpy(q->name, subject.p, n);
    q->next = p->buckets[hash & (p->n_buckets - 1)];
    p->buckets[hash & (p->n_buckets - 1)] = q;
    p->n++;
    return q;
}

static void drop(struct people *p, struct person *q)
{
    struct person **link = &p->buckets[q->hash & (p->n_buckets - 1)];
    while (*link != q)
        link = &(*link)->next;
    *link = q->next;
    q->next = p->pool;
    p->pool = q;
    p->n--;
}

bool people_join(struct people *p, struct str subject, struct item *i)
{
    struct person *q = find_or_add(p, subject);
    q->items++;
    i->person = q;
    i->behind = NULL;
    *(q->last ? &q->last->behind : &q->first) = i;
    q->last = i;
    return q->first == i;
}

bool people_rejoin(struct item *i, struct item **demoted)
{
    struct person *q = i->person;
    struct item **link = &q->first;
    while (*link && ((*link)->seq < i->seq || (*link)->state == ITEM_TAKEN))
        link = &(*link)->behind;
    i->behind = *link;
    *link = i;
    if (!i->behind)
        q->last = i;
    *demoted = q->first == i ? i->behind : NULL;
    return q->first == i;
}

bool people_insert(struct people *p, struct str subject, struct item *i, struct item **demoted)
{
    i->person = find_or_add(p, subject);
    i->person->items++;
    return people_rejoin(i, demoted);
}

struct item *people_leave(struct item *i)
{
    struct person *q = i->person;
    bool was_first = q->first == i;
    struct item *before = NULL;
    if (was_first) {
        q->first = i->behind;
    } else {
        before = q->first;
        while (before->behind != i)
            before = before->behind;
        before->behind = i->behind;
    }
    if (q->last == i)
        q->last = before;
    return was_first ? i->behind : NULL;
}

void people_release(struct people *p, struct item *i)
{
    if (--i->person->items == 0)
        drop(p, i->person);
}

const struct item *people_leader(const struct item *i)
{
    return i->person->first;
}

struct str people_subject(const struct item *i)
{
    return i->person->named ? (struct str){i->person->name, i->person->n} : STR_NONE;
}

void people_each(struct people *p, void (*fn)(struct item *i))
{
    for (size_t b = 0; b < p->n_buckets; b++)
        for (struct person *q = p->buckets[b]; q; q = q->next)
            for (struct item *i = q->first, *next; i; i = next) {
                next = i->behind;
                fn(i);
            }
}

void people_look(const struct people *p, void (*fn)(void *arg, struct item *i), void *arg)
{
    for (size_t b = 0; b < p->n_buckets; b++)
        for (struct person *q = p->buckets[b]; q; q = q->next)
            for (struct item *i = q->first; i; i = i->behind)
                fn(arg, i);
}
