/* What daemons send each other through a shard's streams, as bytes. The asker writes an entry of "in" or "ask", the
 * shard's owner an entry of "out:INSTANCE"; each entry is one message. All of it comes from another process,
 * perhaps of another version: nothing is believed before it is checked.
 *
 *   version   one byte, WIRE_VERSION: raise it when a message's layout changes; an unknown one is refused
 *   kind      one byte, enum wire_kind
 *   instance  of the asker: only in what an asker writes
 *   call      the asker's number for it; the answer carries it back
 *
 * and the rest by kind. Numbers are LEB128 varints (signed ones zigzag), a string is its length plus 1 and its
 * bytes, 0 for none. Inputs are JSON as codec/input_json.h has them, so that the one place that knows their members
 * stays one. */
#ifndef SHARDS_WIRE_H
#define SHARDS_WIRE_H

#include "codec/input_json.h"
#include "engine/engine.h"
#include "shards/words.h"

#define WIRE_VERSION 1
#define WIRE_FIELD "w" /* of an entry of "in" and "ask"; an answer's is STREAM_REPLY */

/* Of one entry with inputs: what the asker keeps to, and the owner holds it to. An input that is longer than the second
 * bound stands alone. */
#define WIRE_INPUTS_MAX 512
#define WIRE_INPUTS_BYTES (256 * 1024)
#define WIRE_BYTES_MAX (64 * 1024 * 1024) /* of any message */
#define WIRE_INSTANCE_MAX 80

enum wire_kind {
    WIRE_INPUTS = 'I',
    WIRE_STREAM_END = 'E', /* of inputs (struct stream) */
    WIRE_QUESTION = 'Q',   /* struct request */
    WIRE_CALL = 'C',       /* struct front_call */
    WIRE_RESULTS = 'R',    /* of some inputs */
    WIRE_ANSWER = 'A',     /* to a question or a call; to inputs when none of them could be read */
};

/* A message whose beginning was read. Strings point into its bytes. */
struct wire {
    enum wire_kind kind;
    struct str instance; /* STR_NONE in answers */
    uint64_t call;
    struct str rest;
};

enum err wire_read(struct str bytes, struct wire *out, struct errmsg *msg) ERR_MUSTCHECK;

/* --- inputs --- */

/* As many of the inputs as one entry takes, at least one; returns how many. keys: one for each, or NULL. stream: the
 * asker's number for theirs, 0 for none. */
uint32_t wire_write_inputs(struct buf *out, struct str instance, uint64_t call, uint64_t stream,
                           const struct input *inputs, const struct input_key *keys, uint32_t n);
void wire_write_stream_end(struct buf *out, struct str instance, uint64_t stream);

struct wire_inputs {
    uint64_t stream;
    uint32_t n;
    struct input *inputs; /* from here all in one block, which wire_inputs_done() frees */
    struct input_result *results;
    struct input_key *keys; /* NULL: they have none */
    char *arena;
};

/* skip: so many are passed over. fault: what is wrong, without names or phones. */
enum err wire_read_inputs(const struct wire *w, struct input_parser *parser, uint32_t skip, struct wire_inputs *out,
                          struct errmsg *fault) ERR_MUSTCHECK;
void wire_inputs_done(struct wire_inputs *in);
enum err wire_read_stream_end(const struct wire *w, uint64_t *stream) ERR_MUSTCHECK;

/* results[0 .. n - 1] are those of the entry's inputs from `first` on. */
void wire_write_results(struct buf *out, uint64_t call, uint32_t first, const struct input_result *results, uint32_t n);
/* Into results[0 .. room - 1], which are those from *first on; n of them. expected: the number of the first one that is
 * missing; ERR_INVALID when these are others. Texts become words. */
enum err wire_read_results(const struct wire *w, uint32_t expected, uint32_t room, struct words *words,
                           struct input_result *results, uint32_t *n, struct errmsg *msg) ERR_MUSTCHECK;

/* --- questions --- */

struct wire_question {
    int64_t deadline; /* Unix milliseconds: until then somebody waits for the answer */
    uint64_t epoch;   /* SCAN: the one that the answer to its beginning had; 0 at the beginning */
};

/* Of the kinds that a front takes, but for inputs and what concerns holds. */
void wire_write_question(struct buf *out, struct str instance, uint64_t call, const struct wire_question *q,
                         const struct request *r);
/* Fills in what the kind has of *out, whose strings then point into the message; the rest is left alone. */
enum err wire_read_question(const struct wire *w, struct wire_question *q, struct request *out,
                            struct errmsg *msg) ERR_MUSTCHECK;

void wire_write_call(struct buf *out, struct str instance, uint64_t call, int64_t deadline, struct str method,
                     struct str body);
enum err wire_read_call(const struct wire *w, int64_t *deadline, struct str *method, struct str *body,
                        struct errmsg *msg) ERR_MUSTCHECK;

struct wire_answer {
    enum err err;
    struct str text;                /* the message's */
    uint64_t epoch, scan, position; /* SCAN */
    struct str member;              /* the same */
    struct str body;
};

void wire_write_answer(struct buf *out, uint64_t call, const struct wire_answer *a);
enum err wire_read_answer(const struct wire *w, struct wire_answer *out, struct errmsg *msg) ERR_MUSTCHECK;

#endif
