/* A store's log in a test's hands: its lines and where its commits and segments end, to be changed at will and written
 * again with right hashes, so that only deciding again can tell. */
#ifndef TESTS_VERIFY_LOGBOOK_H
#define TESTS_VERIFY_LOGBOOK_H

#include "store/store.h"

struct logbook_line {
    struct str text; /* owned, without its newline */
    bool ends_commit;
    bool ends_segment;
};

struct logbook {
    struct logbook_line *v;
    size_t n;
};

void logbook_read(struct logbook *b, const char *folder);
/* Takes the place of all segments and indexes that are there; seals and headers are made anew. */
void logbook_write(const struct logbook *b, const char *folder);
void logbook_done(struct logbook *b);

/* Everything beside the log that knows a number knows `end` from now on: stamp, synced, contacts.db. Checkpoints and
 * the delivery state are gone. */
void logbook_settle(const char *folder, uint64_t end);

/* The seal at the end, as it would be written. */
struct seal logbook_seal(const struct logbook *b);

void logbook_set(struct logbook *b, size_t i, struct str text);
void logbook_remove(struct logbook *b, size_t i);
void logbook_insert(struct logbook *b, size_t i, struct str text);
void logbook_swap(struct logbook *b, size_t i, size_t k);
/* Only the first n are left. */
void logbook_cut(struct logbook *b, size_t n);

uint64_t logbook_number(const struct logbook *b, size_t i, const char *member); /* "seq", "prev", "undoes"; 0: absent */
/* The value of a member that is a string, without its quotes; STR_NONE: it is not there. It borrows from the line. */
struct str logbook_text(const struct logbook *b, size_t i, const char *member);

/* Numbers events anew from 1, and everything in them that points to another, in its new place.
 * prev of each is reckoned anew from the subjects. */
void logbook_renumber(struct logbook *b);

#endif
