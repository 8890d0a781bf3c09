/* The streams of a shard in Redis that stand beside its log: what daemons and channels send to its owner, and what the
 * owner answers. Stream names are those behind the shard's tag: "in", "in:face", "ask", "out:NAME".
 *
 * Inputs are removed by the commit that decides them (struct consumed), which also adds the replies: an entry with a field
 * STREAM_REPLY for each, in order, in a stream that is gone ten minutes after the last reply to it.
 *
 * A handle has a client of its own and belongs to one thread. Calls block, for at most the patience it was opened with,
 * and go on over failovers. */
#ifndef STORE_REDIS_STREAMS_H
#define STORE_REDIS_STREAMS_H

#include "store/store.h"

#define STREAM_NAME_MAX 96 /* bytes of a stream's name */
#define STREAM_REPLY "r"
#define STREAM_REPLY_MS (10 * 60 * 1000) /* how long a stream of replies outlives the last one */
#define STREAM_BLOCK_MAX_MS 2000

struct streams;

struct stream_id {
    uint64_t ms, n; /* "MS-N"; 0-0 is before every entry */
};

struct stream_field {
    struct str name, value;
};

/* uri: a shard's, "redis://...#3". Of the options, the password counts, and replicas. patience_ms: for a call
 * with all its repetitions; 0: 30 s. Connects to nobody yet. */
enum err streams_open(const char *uri, const struct store_options *options, int64_t patience_ms, struct streams **out,
                      struct errmsg *msg) ERR_MUSTCHECK;
void streams_close(struct streams *s);

/* --- adding: collected, and sent together --- */

struct stream_add {
    const char *stream;
    const struct stream_field *fields;
    size_t n_fields;   /* at least 1 */
    uint64_t keep;     /* of more entries than about so many the oldest go; 0: all stay */
    int64_t expire_ms; /* the stream is gone so long after its latest entry; 0: it stays */
};

/* Takes a copy, for the next streams_send(). */
void streams_add(struct streams *s, const struct stream_add *add);
size_t streams_added(const struct streams *s); /* bytes that are waiting to be sent; 0: none */

/* Sends what was added, in order, in one step: all of it or nothing, and never twice, however often it has to be
 * repeated. After a failure it is still there: send it again, or drop it (then nobody knows whether it was added).
 * After five minutes of failures it is dropped, with ERR_IO: Redis would not know it again. ERR_FULL: the server takes
 * no more. */
enum err streams_send(struct streams *s, struct errmsg *msg) ERR_MUSTCHECK;
void streams_drop(struct streams *s);

/* --- reading --- */

struct stream_from {
    const char *stream;
    struct stream_id after;
};

struct stream_entry {
    size_t from; /* index into what was asked for */
    struct stream_id id;
    const struct stream_field *fields;
    size_t n_fields;
};

/* Entries behind those ids, of each stream in order and at most count; when there are none, waits for the first one, up
 * to block_ms (0: not at all; at most STREAM_BLOCK_MAX_MS). They hold until the next call with this handle. ERR_OK with
 * none: there are none. A stream that is not there is an empty one. */
enum err streams_read(struct streams *s, const struct stream_from *from, size_t n, int64_t block_ms, unsigned count,
                      const struct stream_entry **entries, size_t *n_entries, struct errmsg *msg) ERR_MUSTCHECK;

/* The same, without waiting, of entries that count only once so many replicas have them as the options ask for: a
 * reply stands there as soon as its commit has run, and a failover may still lose them both. ERR_IO: too few have them
 * yet. */
enum err streams_read_safe(struct streams *s, const struct stream_from *from, size_t n, unsigned count,
                           const struct stream_entry **entries, size_t *n_entries, struct errmsg *msg) ERR_MUSTCHECK;

/* Removes those; one that is not there is none to remove. */
enum err streams_remove(struct streams *s, const char *stream, const struct stream_id *ids, size_t n,
                        struct errmsg *msg) ERR_MUSTCHECK;

/* What one who asks and is answered has to do, in one round trip: all that was added is sent, as by streams_send(), then
 * entries are removed, then others read, as by streams_read() or, safe, streams_read_safe(). */
struct stream_removal {
    const char *stream;
    const struct stream_id *ids;
    size_t n;
};

#define STREAM_REMOVALS_MAX 2

struct stream_turn {
    struct stream_removal remove[STREAM_REMOVALS_MAX]; /* n 0: nothing */
    const struct stream_from *from;                    /* one stream; NULL: nothing is read */
    unsigned count;
    bool safe;
    const struct stream_entry *entries; /* what was read, also when something else of it failed */
    size_t n_entries;
};

/* What has an error reply keeps nothing else back; the first one is returned. */
enum err streams_turn(struct streams *s, struct stream_turn *turn, struct errmsg *msg) ERR_MUSTCHECK;

/* The entry of which only some inputs were decided when the last commit was done (struct consumed). ERR_ABSENT: there
 * is none. */
struct stream_partial {
    char stream[STREAM_NAME_MAX + 1];
    struct stream_id id;
    uint32_t done; /* so many, from its first one */
};
enum err streams_partial(struct streams *s, struct stream_partial *out, struct errmsg *msg) ERR_MUSTCHECK;

#endif
