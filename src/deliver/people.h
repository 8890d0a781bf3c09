/* Whose events are under way: a queue of items for each subject that has any, found by its name. */
#ifndef DELIVER_PEOPLE_H
#define DELIVER_PEOPLE_H

#include "deliver/track.h"

struct people {
    struct person **buckets;
    size_t n_buckets, n;
    struct person *pool;
};

void people_init(struct people *p);
void people_done(struct people *p);

/* At the end of the subject's queue; true: it is the first. */
bool people_join(struct people *p, struct str subject, struct item *i);
/* In the order of the numbers, but never before one that is taken; true: it is the first, and *demoted the one that was
 * before. */
bool people_insert(struct people *p, struct str subject, struct item *i, struct item **demoted);
/* The same for one that has left its queue and was not released. */
bool people_rejoin(struct item *i, struct item **demoted);
/* Out of its queue; whose it is is still known. Returns the next one when i was the first. */
struct item *people_leave(struct item *i);
/* i is gone. */
void people_release(struct people *p, struct item *i);

/* The first of i's own queue. */
const struct item *people_leader(const struct item *i);
struct str people_subject(const struct item *i);

/* fn for every item in a queue; it may free it. */
void people_each(struct people *p, void (*fn)(struct item *i));
void people_look(const struct people *p, void (*fn)(void *arg, struct item *i), void *arg);

#endif
