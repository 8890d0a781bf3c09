/* A store: the event log, the contacts, the idempotency keys, the alive stamp and the checkpoints, behind one table of
 * functions.
 *
 * The log is the database. It is a sequence of numbered JSON lines, committed in batches; each commit ends in
 * a seal, SHA-256 over the previous seal's hash and the batch's bytes, so that a torn batch is told from a
 * whole one and the log is a chain. A number is *durable* once its commit is done; nothing later is ever read by
 * anybody but the engine itself, which keeps its undurable batches.
 *
 * Threads: one thread (the engine's) calls everything but the readers and store_info(); a reader (store_reader_*) may
 * be used by one other thread each, store_info() by any. A commit may run on a thread of the store's own. */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/buf.h"
#include "base/err.h"
#include "core/input.h"

struct store;
struct store_reader;

#define SEAL_HASH 32

struct seal {
    uint64_t seq; /* the last event under it; 0: the empty log */
    unsigned char hash[SEAL_HASH];
};

/* One person's or unit's contact as of an event. Strings are borrowed until the commit is done. */
struct contact_change {
    uint64_t seq;    /* the event that it belongs to */
    uint32_t number; /* the beneficiary's record number; not used for a unit */
    struct str id;   /* the beneficiary's id, or the unit's code */
    bool unit;
    struct contact contact; /* the whole new contact; all STR_NONE: erased */
};

/* What came of an input that was sent with an idempotency key. The caller hashes keys and bodies; a store compares
 * bytes. */
#define KEY_HASH 16
#define KEY_SECONDS (48 * 3600) /* for so long a row is found; then it is forgotten */
#define KEYS_MAX 4000000        /* rows: two days' worth of 23 a second. Of more the oldest are forgotten early. */

struct key_row {
    unsigned char key[KEY_HASH], body[KEY_HASH];
    int64_t at;   /* when it was decided: Unix seconds of the real clock, whatever clock decides inputs */
    uint64_t seq; /* the last event that the result rests on, not necessarily one of its own */
    uint64_t first_seq;
    uint32_t n_events;
    enum result result;
    enum reason reason;
};

/* Inputs that came from a stream of the store (a shard's, in Redis) and are decided with this commit. In the same
 * step in which the events are durable the entry is removed, or it is noted how many of its inputs are done, so that
 * none is ever decided twice; and whoever sent them is told. */
struct consumed {
    struct str stream; /* the key behind the shard's tag: "in", "in:face" */
    uint64_t ms, n;    /* the entry: MS-N */
    bool whole;        /* it is removed; else `done` of its inputs, from its first one, are decided */
    uint32_t done;
    struct str reply_to; /* the key of a stream behind the shard's tag, "out:NAME", to which the reply is added; */
    struct str reply;    /* STR_NONE: nobody is told */
};

/* A commit. Everything it points at stays untouched by the caller until it is done. */
struct commit {
    uint64_t first, last; /* event numbers; last == first - 1: no event (contacts, keys and stamp only) */
    struct str lines;     /* whole lines, each ending in a newline, numbers ascending by 1; at most 64 MiB */
    const struct contact_change *contacts;
    size_t n_contacts;
    const struct key_row *keys; /* seq ascending, at most last; a row takes the place of an older one of the same key */
    size_t n_keys;
    struct str stamp; /* new alive stamp (opaque, up to 64 KiB), or STR_NONE */
    const struct consumed *consumed; /* 0 where the store has no such streams */
    size_t n_consumed;
};

enum store_mode {
    STORE_INIT,  /* make it, and go on as with STORE_WRITE; ERR_EXISTS when there is one */
    STORE_WRITE, /* open to go on: takes the lock, recovers a torn tail */
    STORE_READ,  /* for the log and the stamp only; takes no lock and changes nothing */
};

struct store_options {
    bool simulated;          /* kept at INIT; at WRITE it must be the same, else ERR_INVALID */
    uint64_t segment_bytes;  /* when a segment is closed; 0: the default, 32 MiB */
    const struct seal *seal; /* WRITE: at the checkpoint's seal the chain is picked up; NULL: verified from the start */
    const char *archive;     /* READ: a folder that events were archived to, which are read as if still in the log;
                                NULL: none. ERR_INVALID: it is none, or has not all that leads up to the log */
    int64_t lease_ms;        /* WRITE, Redis: a writer silent for so long may lose the store to another; 0: 6 s */
    unsigned replicas;       /* Redis: how many replicas must have a commit before it is done (WAIT). With any, a store
                                opened with STORE_READ hears of a commit with the next one, or 50 ms later */
    const char *password;    /* Redis: NULL: none */
    const char *moved;       /* Redis: the folder to which owners move sealed parts of the log, each shard into a folder
                                of its own, and from which every reader reads on; NULL: the log stays in Redis */
    bool allow_lossy;        /* WRITE, Redis: servers that may lose what they have acknowledged will do: what is wrong
                                with them is told to warn(), a sentence each, instead of being refused */
    void (*warn)(void *arg, const char *text); /* during store_open(), on its thread; NULL: nobody is told */
    void *warn_arg;
    const char *incarnation; /* INIT: this one, 32 hex digits; NULL: a new one */
    bool verify_later;       /* WRITE: the caller reads the whole log through a reader, which checks every seal, before
                                it relies on it: closed segments are not read twice */
};

/* What opening found, for the log and for people. */
struct store_opened {
    uint64_t torn_bytes; /* cut off behind the last whole commit */
    char torn_file[256];
};

struct store_info {
    uint64_t durable;     /* the last durable number */
    struct seal seal;     /* the last durable seal; with STORE_READ beside a writer, and on other threads, maybe its
                             number only */
    char incarnation[33]; /* 32 hex digits, made at INIT */
    bool simulated;
    uint64_t log_bytes;   /* the log's segments as text, whatever they take on the disk */
    uint64_t disk_bytes;  /* what they take there */
    uint64_t first;       /* the first event that is in the log, or would be; 1, unless older ones were archived */
    struct seal archived; /* the last event that was ever moved to an archive, and its seal; seq 0: none. Events up to
                             there may be in the log nevertheless, put back */
    int64_t archived_at;  /* when that event was decided: Unix seconds */
    uint64_t taken; /* events up to there were taken over from other logs, when people were spread over another number
                       of shards: this log has them, but they were decided elsewhere. 0: none */
    uint64_t n_segments, n_packed; /* how many segments there are, and are compressed; all 0 with STORE_READ beside a
                                      writer */
};

/* uri: "dir:PATH", "memory:", or a Redis (redis/address.h). Fails with ERR_ABSENT (not initialised), ERR_LOCKED (the
 * message names the holder's pid), ERR_DAMAGED (the message names file, line and what is wrong), ERR_VERSION or
 * ERR_IO. */
enum err store_open(const char *uri, enum store_mode mode, const struct store_options *options, struct store **out,
                    struct store_opened *opened, struct errmsg *msg) ERR_MUSTCHECK;
void store_close(struct store *s);
/* Of a Redis that somebody else writes to, the server is asked; when it does not answer within a second or so, what was
 * known last comes back, and for a second it is not asked again. */
void store_info(const struct store *s, struct store_info *out);

/* Does whoever opened the store for writing still hold it, and for ms milliseconds more, by the boot clock? To be asked
 * before anything is sent that only the holder may send. On any thread. Stores with a lock always say yes. */
bool store_held(const struct store *s, int64_t ms);

/* Begins a commit; at most one at a time. ERR_OK: done already (a small one is written at once); ERR_MORE: in
 * flight; else it failed, and the store takes no further commit: the daemon must stop. Order inside: contacts and
 * keys are durable before the lines, lines and seal before the commit is done. */
enum err store_commit(struct store *s, const struct commit *c, struct errmsg *msg) ERR_MUSTCHECK;
/* ERR_OK: done; ERR_MORE: still in flight (never with wait); else it failed. */
enum err store_commit_poll(struct store *s, bool wait, struct errmsg *msg) ERR_MUSTCHECK;
/* Readable (level) when a commit, a checkpoint's slice or a compression has finished; -1 when the store never
 * needs it. */
int store_fd(const struct store *s);

/* The line of one durable event, without its newline, appended to out. ERR_ABSENT past the end; ERR_ARCHIVED: it was
 * moved away, and the message says where to. */
enum err store_get(struct store *s, uint64_t seq, struct buf *out, struct errmsg *msg) ERR_MUSTCHECK;

/* The history (codec/history_json.h) of the person whose last archived event is number seq, as of that event, appended
 * to out. ERR_ABSENT: that is nobody's last archived event. ERR_ARCHIVED: more was archived just now, so that
 * info.archived is another. By whoever calls store_get(). */
enum err store_history(struct store *s, uint64_t seq, struct buf *out, struct errmsg *msg) ERR_MUSTCHECK;

/* Where that event stands, for people, appended to out: "log/00000000000000000001.ndjson line 17" (".ndjson.zst": as
 * its text has lines). Reads the file from its beginning. ERR_ABSENT past the end. On any thread. */
enum err store_where(const struct store *s, uint64_t seq, struct buf *out, struct errmsg *msg) ERR_MUSTCHECK;

/* A share of what can wait: closed segments are compressed, one at a time, by a thread of the store's own, and those
 * in Redis moved to the folder for them; never blocks. compress: whether a further one may be compressed. To be called
 * again now and then, and when store_fd() is readable. Anything but ERR_OK is worth a warning and harms nothing: it is
 * tried again after an hour, moving after a minute. */
enum err store_tidy(struct store *s, bool compress, struct errmsg *msg) ERR_MUSTCHECK;

/* The latest durable contact of a beneficiary (id must match, else ERR_DAMAGED) or a unit. The strings are
 * appended to out and point into it, so out must not grow while they are used. ERR_ABSENT: there is none. */
enum err store_contact(struct store *s, uint32_t number, struct str id, struct buf *out, struct contact *contact,
                       struct errmsg *msg) ERR_MUSTCHECK;
enum err store_unit_contact(struct store *s, struct str unit, struct buf *out, struct contact *contact,
                            struct errmsg *msg) ERR_MUSTCHECK;

/* The row of a key that was decided less than KEY_SECONDS before now, and whose commit is done. ERR_ABSENT: there is
 * none. */
enum err store_key_find(struct store *s, const unsigned char key[KEY_HASH], int64_t now, struct key_row *out,
                        struct errmsg *msg) ERR_MUSTCHECK;

/* The last durable stamp, appended to out; ERR_ABSENT: there is none. */
enum err store_stamp(struct store *s, struct buf *out, struct errmsg *msg) ERR_MUSTCHECK;

/* --- for whoever copies a store: it is open for writing, and no commit is in flight --- */

/* Every contact row, of people and of units; strings are borrowed for the call. Erased ones are told where they leave a
 * row (all STR_NONE), and some may come twice. */
typedef void contact_each_fn(void *arg, const struct contact_change *row);
enum err store_each_contact(struct store *s, contact_each_fn *each, void *arg, struct errmsg *msg) ERR_MUSTCHECK;
/* Every idempotency key's row, in no order, and some may come twice. */
typedef void key_each_fn(void *arg, const struct key_row *row);
enum err store_each_key(struct store *s, key_each_fn *each, void *arg, struct errmsg *msg) ERR_MUSTCHECK;
/* From the next commit on a segment larger than that is closed, as by store_options.segment_bytes. */
enum err store_set_segment(struct store *s, uint64_t bytes, struct errmsg *msg) ERR_MUSTCHECK;
/* Notes what store_info() then has as `taken`. */
enum err store_set_taken(struct store *s, uint64_t taken, struct errmsg *msg) ERR_MUSTCHECK;

/* --- readers: the durable log in order --- */

/* after: the number before the first one wanted. A reader opened on a store that is being written follows it. The
 * seals on the way are checked where whole commits are read, that is from a seal on. */
enum err store_reader_open(const struct store *s, uint64_t after, struct store_reader **out,
                           struct errmsg *msg) ERR_MUSTCHECK;
/* The next line without its newline; it points into the reader and holds until the next call. ERR_END: no more now
 * (try again later); ERR_DAMAGED with the exact place; ERR_ARCHIVED: it is not there any more. */
enum err store_reader_next(struct store_reader *r, uint64_t *seq, struct str *line, struct errmsg *msg) ERR_MUSTCHECK;
/* The seal that covers everything returned so far, when the last line returned was its last; else ERR_ABSENT. */
enum err store_reader_seal(const struct store_reader *r, struct seal *out);
void store_reader_close(struct store_reader *r);

/* --- checkpoints: derived state, opaque to the store --- */

/* A checkpoint is written in slices while commits go on, and becomes visible, whole, at finish. slice is copied or
 * written before the call returns or, with ERR_MORE, must stay untouched until store_checkpoint_poll() is ERR_OK. A
 * failure here leaves the store itself usable. */
enum err store_checkpoint_begin(struct store *s, struct errmsg *msg) ERR_MUSTCHECK;
enum err store_checkpoint_slice(struct store *s, struct str slice, struct errmsg *msg) ERR_MUSTCHECK;
enum err store_checkpoint_poll(struct store *s, bool wait, struct errmsg *msg) ERR_MUSTCHECK;
/* seal: the last durable seal, not older than anything in the slices. ERR_MORE: it is whole once
 * store_checkpoint_poll() says ERR_OK. Keeps this one and the one before. */
enum err store_checkpoint_finish(struct store *s, const struct seal *seal, struct errmsg *msg) ERR_MUSTCHECK;
void store_checkpoint_abort(struct store *s);

/* Before store_open(STORE_WRITE): the checkpoints of a store, newest first. Each slice comes back as it was
 * written, its checksum verified. */
struct checkpoint_reader;
/* which: 0 newest, 1 the one before. ERR_ABSENT: there is none such. ERR_DAMAGED, ERR_VERSION. Gives its seal. */
enum err checkpoint_open(const char *uri, unsigned which, struct checkpoint_reader **out, struct seal *seal,
                         struct errmsg *msg) ERR_MUSTCHECK;
/* The same for a Redis that wants a password: of the options it alone counts. */
enum err checkpoint_open_with(const char *uri, const struct store_options *options, unsigned which,
                              struct checkpoint_reader **out, struct seal *seal, struct errmsg *msg) ERR_MUSTCHECK;
/* ERR_END after the last slice of a whole checkpoint. The slice holds until the next call. */
enum err checkpoint_next(struct checkpoint_reader *r, struct str *slice, struct errmsg *msg) ERR_MUSTCHECK;
void checkpoint_close(struct checkpoint_reader *r);

#endif
