/* What lies beside a store's log, in a folder or in Redis, row by row, for whoever holds it against the log. Nothing is
 * locked and nothing written: a folder's databases are read in short transactions, so that a daemon's write-ahead logs
 * are not kept from being cut; what changes in between is seen or not.
 *
 * Texts and lines are borrowed for the call. What is not there at all (no delivery state yet) has no rows. */
#ifndef STORE_SURVEY_H
#define STORE_SURVEY_H

#include "store/delivery/delivery.h"

struct survey;

/* options: as for store_open(), with what opening one in Redis needs; NULL: the defaults. ERR_ABSENT: no such folder,
 * or store; ERR_INVALID: a store of another kind. */
enum err survey_open(const char *uri, const struct store_options *options, struct survey **out,
                     struct errmsg *msg) ERR_MUSTCHECK;
void survey_close(struct survey *s);
/* Is somebody writing to it now? */
bool survey_live(const struct survey *s);

/* Every callback: false ends the reading, and the call returns ERR_END. */

struct contact_row {
    uint32_t number; /* the beneficiary's */
    struct str id;   /* or the unit's code */
    uint64_t seq;
};
typedef bool contact_row_fn(void *arg, const struct contact_row *row);
enum err survey_people(struct survey *s, contact_row_fn *each, void *arg, struct errmsg *msg) ERR_MUSTCHECK;
enum err survey_units(struct survey *s, contact_row_fn *each, void *arg, struct errmsg *msg) ERR_MUSTCHECK;
/* The last transaction: the number that was durable when it was written, and the last one that it was for. */
enum err survey_contacts_state(struct survey *s, uint64_t *durable, uint64_t *last, struct errmsg *msg) ERR_MUSTCHECK;

typedef bool key_row_fn(void *arg, const struct key_row *row);
enum err survey_keys(struct survey *s, key_row_fn *each, void *arg, struct errmsg *msg) ERR_MUSTCHECK;

/* Of a delivery's row: endpoint, seq, subject and type alone. */
typedef bool delivery_survey_fn(void *arg, const struct delivery_row *row);
enum err survey_deliveries(struct survey *s, delivery_survey_fn *each, void *arg, struct errmsg *msg) ERR_MUSTCHECK;
/* Each number that says how far something got: "endpoint NAME", cursor. */
typedef bool position_fn(void *arg, const char *what, uint64_t seq);
enum err survey_positions(struct survey *s, position_fn *each, void *arg, struct errmsg *msg) ERR_MUSTCHECK;

/* ERR_ABSENT: there is none, as there never is in Redis of the second, and of indexes. */
enum err survey_stamp(struct survey *s, uint64_t *durable, struct buf *out, struct errmsg *msg) ERR_MUSTCHECK;
enum err survey_synced(struct survey *s, uint64_t *seq, struct errmsg *msg) ERR_MUSTCHECK;

/* The indexes of closed segments, one after the other. ERR_DAMAGED: one that reads well has another place, or another
 * last seal, than its segment. What cannot be read is none: it is made again. seal: the index's word on the last seal
 * of its segment. */
typedef bool index_fn(void *arg, const char *name, const struct seal *seal);
enum err survey_indexes(struct survey *s, index_fn *each, void *arg, struct errmsg *msg) ERR_MUSTCHECK;

#endif
