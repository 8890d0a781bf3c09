/* The delivery log: a line of key=value for everything that becomes of a delivery. No personal data: ids are the
 * events' own, phones are masked. What operators should know of stands in the program's log too. */
#ifndef DAEMON_DELIVERY_LOG_H
#define DAEMON_DELIVERY_LOG_H

#include "deliver/deliver.h"

struct delivery_log {
    int fd; /* -1: there is none */
    bool sharded;
    unsigned shard; /* which stands in each line, where there are several */
    struct buf lines;
};

void delivery_log_init(struct delivery_log *l, bool sharded, unsigned shard);
/* Opens the file anew (it may have been moved away); NULL: none from now on. */
enum err delivery_log_open(struct delivery_log *l, const char *file, struct errmsg *msg) ERR_MUSTCHECK;
void delivery_log_done(struct delivery_log *l);

void delivery_log_say(struct delivery_log *l, const struct deliver_said *s, int64_t now_ms);
/* Writes what is gathered: once a tick. */
void delivery_log_flush(struct delivery_log *l);

#endif
