/* verify: a store held against itself. Every event of the log is decided again, from the input or the deadline that it
 * answers, by the same core that decided it, in the state that the events before it make; the line that comes of it
 * must be the one that stands there, byte for byte. Every state that is stored beside the log is held against what
 * follows from it: checkpoints, contacts, idempotency keys, the stamp, deliveries, indexes.
 *
 * Nothing is locked and nothing is written: it may run beside the daemon, whose log it then verifies as far as it went
 * at the beginning. It keeps a roster of its own, and those of the checkpoints: some 200 bytes a beneficiary. */
#ifndef ENGINE_VERIFY_H
#define ENGINE_VERIFY_H

#include "store/store.h"

struct verify_options {
    const char *uri;
    const char *archive;       /* a folder that events were archived to, to be verified with the rest; NULL: none */
    struct store_options store; /* what a store in Redis needs besides */
    bool sharded;              /* it is one of several shards (office.h): what they decide together is taken as it is */
    bool (*belongs)(void *belongs_arg, struct str id); /* is that beneficiary one of this store's? NULL: all are */
    void *belongs_arg;
    const struct seal *expect; /* a seal that the log must have; NULL: none */
    /* How far it is in the log, now and then; may be NULL. bytes: of text. */
    void (*progress)(void *arg, uint64_t bytes, uint64_t total, uint64_t events);
    void *arg;
};

/* The first thing that is not as it must be. */
struct difference {
    uint64_t seq;        /* of the event; 0: it is about none */
    char place[160];     /* "log/00000000000000000001.ndjson line 17", "contacts.db" */
    char type[40];       /* of the event that is there; "" */
    char subject[65];    /* whom it is about; "" */
    char member[64];     /* "data.due_on": the first member that differs; "" */
    char text[1024];     /* a sentence: what was expected, and what was found */
    struct buf expected; /* the whole line that was expected, where there is one */
    struct buf found;    /* the line that stands there */
};

struct verify_report {
    bool good;
    bool live;        /* the daemon was running: what is newer than the log's end was passed over */
    uint64_t first;   /* the first event that is there; above 1 when older ones were archived */
    uint64_t events;  /* verified; all of them, when it is good */
    uint64_t decided; /* of these, decided again */
    uint64_t people;
    uint64_t log_bytes;                  /* of text */
    struct seal last;                    /* the seal at the end */
    unsigned checkpoints;                /* compared */
    uint64_t contacts, keys, deliveries; /* rows compared */
    unsigned indexes;                    /* files compared */
    struct buf notes;                    /* a line each: what was not compared, and why */
    struct difference difference;        /* unless it is good */
};

/* ERR_OK: the report is filled in, whatever it says. Else the store cannot be read at all (ERR_ABSENT, ERR_VERSION,
 * ERR_IO); then too verify_report_done() must be called. */
enum err verify_store(const struct verify_options *o, struct verify_report *out, struct errmsg *msg) ERR_MUSTCHECK;
void verify_report_done(struct verify_report *r);

#endif
