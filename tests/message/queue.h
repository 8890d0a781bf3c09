/* A person lives by the core's own decisions while every event that might bring a message waits in a queue. */
#ifndef TESTS_MESSAGE_QUEUE_H
#define TESTS_MESSAGE_QUEUE_H

#include "core/decide.h"
#include "message/message.h"

#define QUEUE_MAX 512
#define QUEUE_VERSIONS 64 /* of policies */

struct queue {
    struct policy policies[QUEUE_VERSIONS];
    unsigned n_policies;
    struct tz *tz;
    struct record record;
    struct history history;
    struct decision decision;
    lc_instant now;
    bool held;                      /* suspensions are kept back */
    struct event events[QUEUE_MAX]; /* all that came, in order; their lists are not kept */
    unsigned n;
};

/* Enrolled at noon of that day under the policy "national", and certified then. */
void queue_init(struct queue *q, lc_date enrolled);
void queue_done(struct queue *q);

/* Time passes to that second of the day; asleep: whatever is due is decided only then. */
void queue_pass(struct queue *q, lc_date today, int second, bool asleep);
enum result queue_certify(struct queue *q, lc_date certified_on, const char *ref);
enum result queue_revoke(struct queue *q, const char *ref);
enum result queue_defer(struct queue *q, lc_date until);
enum result queue_die(struct queue *q, lc_date died_on);
enum result queue_retract(struct queue *q);
enum result queue_erase(struct queue *q);
/* The policy that the configuration gives instead of the present one. */
void queue_adopt(struct queue *q, const struct policy *p);

lc_date queue_today(const struct queue *q);
/* Would the event's message be sent now? */
enum skip queue_skip(const struct queue *q, const struct event *e);

#endif
