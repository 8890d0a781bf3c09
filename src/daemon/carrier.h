/* What carries deliveries: HTTP through libcurl, streams through hiredis, both on the loop. */
#ifndef DAEMON_CARRIER_H
#define DAEMON_CARRIER_H

#include "deliver/deliver.h"
#include "net/loop.h"
#include "net/transfer.h"

struct carriers {
    struct loop *loop;
    struct transfers *transfers;
};

enum err carriers_init(struct carriers *c, struct loop *l, struct errmsg *msg) ERR_MUSTCHECK;
/* Every line must be closed. */
void carriers_done(struct carriers *c);
struct carrier carriers_carrier(struct carriers *c);

#endif
