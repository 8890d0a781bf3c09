/* What has arrived, and whether that was right: counts, ids seen before, order per subject. Memory is bounded by the
 * ids and subjects: 16 bytes each, at most twice that for room, and at most LEDGER_KEYS_MAX of either. */
#ifndef RECEIVER_LEDGER_H
#define RECEIVER_LEDGER_H

#include "base/buf.h"
#include "tests/receiver/settings.h"

#define LEDGER_KEYS_MAX (UINT32_C(1) << 24)
#define LEDGER_TYPES_MAX 128

/* One event as the receiver reads it. */
struct told {
    char id[128], subject[128], type[64]; /* "" when it has none */
    uint64_t seq, prev;                   /* 0: none */
    bool replay, gap;
};

/* A row for each number that /control shows; the same list makes the structs here and in peer.h. */
#define LEDGER_COUNTS(X)                                                                               \
    X(requests)         /* of any kind but /control */                                                 \
    X(accepted)         /* events answered with 2xx */                                                 \
    X(distinct)         /* of them, ids never accepted before */                                       \
    X(duplicates)       /* of them, ids accepted before */                                             \
    X(order_violations) /* accepted for the first time behind a later event of the same subject */     \
    X(prev_gaps)        /* accepted for the first time, and the subject's event before it never was */ \
    X(malformed)        /* webhooks whose body is not what it should be */                             \
    X(verified_v1)      /* requests with a good HMAC */                                                \
    X(verified_v1a)     /* requests with a good Ed25519 signature */                                   \
    X(bad_signatures)   /* requests refused: signature wrong or missing, or of another time */         \
    X(stale_signatures) /* of them, of another time */                                                 \
    X(handshakes)       /* OPTIONS */                                                                  \
    X(failed)           /* the fates that befell, in requests */                                       \
    X(hung)                                                                                            \
    X(reset)                                                                                           \
    X(reset_after)                                                                                     \
    X(closed)                                                                                          \
    X(dripped)                                                                                         \
    X(big)                                                                                             \
    X(garbage)                                                                                         \
    X(redirected)                                                                                      \
    X(gone)                                                                                            \
    X(redirected_hits) /* requests to where a redirect leads: there must be none */                    \
    X(unknown_paths)                                                                                   \
    X(sms)             /* messages that the gateway took, whether or not its answer arrived */         \
    X(sms_distinct)    /* of them, different ids */                                                    \
    X(sms_duplicates)  /* messages sent again although the first had not been refused */               \
    X(receipts_sent)   /* receipts answered with 2xx */                                                \
    X(receipts_failed) /* receipts given up */                                                         \
    X(untracked)       /* ids and subjects beyond what is remembered: checked for nothing */           \
    X(bad_requests)    /* not HTTP as the receiver takes it */                                         \
    X(connections)     /* open now */                                                                  \
    X(connections_total)                                                                               \
    X(connections_refused)                                                                             \
    X(first_ns) /* when the first request and the last one arrived, since the epoch */                 \
    X(last_ns)

struct counts {
#define X(name) uint64_t name;
    LEDGER_COUNTS(X)
#undef X
};

struct ledger;

struct ledger *ledger_new(void);
void ledger_free(struct ledger *l);
/* All but the open connections. */
void ledger_forget(struct ledger *l);
struct counts *ledger_counts(struct ledger *l);

/* An event that arrived at path, and met that fate. Ids and subjects of different paths have nothing to do with each
 * other. Returns which attempt it was, from 1; 0 when it has no id. */
uint32_t ledger_event(struct ledger *l, struct str path, const struct told *t, enum fate fate);
/* A message; refused: the sender was told in so many words that it was not taken. */
uint32_t ledger_message(struct ledger *l, struct str path, const char *id, enum fate fate, bool refused);
void ledger_fate(struct ledger *l, enum fate fate);
/* Was it taken in, and the sender told so? */
bool fate_accepts(enum fate fate);

/* A JSON object. */
void ledger_write(struct ledger *l, struct buf *out);

#endif
