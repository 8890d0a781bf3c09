/* The book of all inputs that were sent, and of what came back: what the logs are held against in the end. Each input
 * has a mark, words that its event will say again and no other input of that person's has; so an event shows which
 * input it answers, and how often. */
#ifndef TESTS_CHAOS_BOOK_H
#define TESTS_CHAOS_BOOK_H

#include <pthread.h>

#include "core/event.h"
#include "tests/lib/tap.h"

#define NOBODY UINT32_MAX
#define KEY_MAX 192 /* "P-000123 certify face R17" */

enum answer {
    ANSWER_NONE, /* nobody knows what became of it */
    ANSWER_APPLIED,
    ANSWER_UNCHANGED,
    ANSWER_REJECTED,
    ANSWER_TAKEN, /* of a stream: Redis has it, on a replica too, so it will be decided */
    ANSWERS
};

struct sent {
    char *line; /* the input as JSON, without a newline */
    char *key;  /* whom it is about, and its mark */
    unsigned shard;
    enum answer answer;
    uint64_t first; /* the events that the answer names; */
    unsigned n_events;
    uint64_t fact; /* the verdict's: 1 + its event's place among the facts; 0: none */
};

struct book {
    pthread_mutex_t lock;
    struct sent *v;
    size_t n, cap;
};

void book_init(struct book *b);
void book_done(struct book *b);
/* Copies both. Returns its place. */
size_t book_add(struct book *b, unsigned shard, struct str line, const char *key);
/* From the answer's line; false: it says nothing of the input (a fault that may be gone when it is sent again).
 * *stranger: it says what it should not. */
bool book_answer(struct book *b, size_t place, const char *line, bool *stranger);
void book_taken(struct book *b, size_t place);

void person_id(uint32_t person, char out[16]); /* "P-000123" */
/* The number of such an id; NOBODY: it is another's. */
uint32_t person_of(struct str id);

/* The key of the input that an event answers; false: it answers none. */
bool key_of_event(const struct event *e, char out[KEY_MAX]);

#endif
