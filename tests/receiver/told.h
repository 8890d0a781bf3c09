/* Reads what a webhook tells: a Standard Webhooks body, or CloudEvents in structured, binary or batch mode. Lenient:
 * any member may be missing, and others may be there. */
#ifndef RECEIVER_TOLD_H
#define RECEIVER_TOLD_H

#include "tests/receiver/http.h"
#include "tests/receiver/ledger.h"

struct told_list {
    struct told *v; /* owned */
    unsigned n, cap;
};

void told_done(struct told_list *l);
/* Replaces what the list held. false: the body is no JSON object (or array of them), or a member is not of its type or
 * too long; the list has one event all the same, with what the headers say. */
bool told_read(const struct request *q, struct told_list *l);

#endif
