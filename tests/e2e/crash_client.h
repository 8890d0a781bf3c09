/* A client of a daemon that may die at any moment: it keeps a book, sends again what was not answered, and holds
 * the log and the contacts against the book. */
#ifndef TESTS_E2E_CRASH_CLIENT_H
#define TESTS_E2E_CRASH_CLIENT_H

#include "tests/e2e/crash_book.h"
#include "tests/lib/node.h"

#define BODY_MAX 300 /* inputs of one request */

struct crash_client {
    struct node *node; /* not owned */
    struct book book;
    struct reply reply;
    struct buf text;
    uint32_t first_open; /* every deed before it is answered */
};

void crash_client_init(struct crash_client *c, struct node *n);
void crash_client_done(struct crash_client *c);

/* Deeds that were sent and not answered, the oldest first; how many. */
unsigned crash_pick_again(struct crash_client *c, uint32_t *picked, unsigned max);
/* One request, as NDJSON when there is more than one. false: the daemon is gone; as many answers as came are kept. */
bool crash_send(struct crash_client *c, struct client *connection, const uint32_t *picked, unsigned n);
/* To a running daemon: what is open, until all is answered. */
void crash_send_open(struct crash_client *c);

/* What the log has in addition, and all that was answered, hold together; else book.fault says what does not. */
bool crash_check(struct crash_client *c);
/* How many contacts in the store, which nobody has open, are not what the accepted inputs brought. */
unsigned crash_wrong_contacts(struct crash_client *c, bool simulated);

#endif
