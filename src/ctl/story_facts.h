/* What a person's earlier events have to do with a later one. */
#ifndef CTL_STORY_FACTS_H
#define CTL_STORY_FACTS_H

#include "ctl/story.h"

#define DAY_TEXT 11 /* bytes of a date with its terminator */
#define REMINDERS_KEPT 12

/* A certification that was accepted, so that a revocation can name its day. */
struct told_cert {
    char *channel, *ref;
    char certified_on[DAY_TEXT];
};

struct story {
    const struct json *data;                 /* of the event in hand */
    char base[DAY_TEXT], received[DAY_TEXT]; /* of the certification that counts; "": there is none */
    /* since that: */
    char reminders[REMINDERS_KEPT][DAY_TEXT];
    unsigned n_reminders;
    char grace_until[DAY_TEXT];
    char visit[DAY_TEXT], visit_suspends[DAY_TEXT];
    struct buf rejected; /* "a certification of ... was rejected: ..." */
    char died_on[DAY_TEXT];
    /* of the suspension that comes next */
    char expected[DAY_TEXT];
    char due_since[DAY_TEXT];
    struct buf holds;
    struct told_cert *certs;
    size_t n_certs;
};

/* What follows from an event for those after it. */
void story_note(struct story *s, const char *type, const char *day, const struct json *data);

/* The facts that templates name: template_fact_fn, arg is the story. */
bool story_fact(void *arg, const char *name, struct buf *b);

#endif
