/* Messages to people in tests: what brings one, and its receipts. */
#ifndef TESTS_DELIVER_MESSAGES_H
#define TESTS_DELIVER_MESSAGES_H

#include "tests/deliver/world.h"

/* For world_enrol(). */
#define PHONE ",'name':'王芳','phone':'+8613800000001'"

/* A certification that brings a confirmation; returns the event's number. */
uint64_t message_certify(struct world *w, const char *id, const char *on);
/* Kannel's receipt of that type; runs until it is answered. */
void message_receipt(struct world *w, const char *endpoint, uint64_t seq, int type);
/* A world in a dir store of that name, with one message on its way: two retries of 10 s, receipts within an hour. */
void message_open(struct world *w, const char *name, uint64_t *seq);

#endif
