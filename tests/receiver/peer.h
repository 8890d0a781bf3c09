/* The receiver as a test has it: a process of its own from the build folder, ready when it says so, told what to do
 * and asked for its counts through /control, and never left behind. Every wait has a time-out, after which the test
 * ends. */
#ifndef RECEIVER_PEER_H
#define RECEIVER_PEER_H

#include <sys/types.h>

#include "tests/receiver/ledger.h"

struct peer;

/* arguments: of the receiver, ending with NULL; NULL: none. Ready when it returns. */
struct peer *peer_start(const char *const arguments[]);
/* SIGTERM: its exit code, and its last counts (which may be NULL). It can still be asked for its address. */
int peer_stop(struct peer *p, struct counts *last);
/* SIGKILL. */
void peer_kill(struct peer *p);
/* Kills it if it runs. NULL is fine. */
void peer_free(struct peer *p);

const char *peer_address(const struct peer *p); /* "127.0.0.1:PORT" or "unix:PATH" */
pid_t peer_pid(const struct peer *p);
/* Settings (settings.h); the test ends when they are refused. */
void peer_set(struct peer *p, const char *words);
struct counts peer_counts(struct peer *p);
/* How many events of a type were accepted. */
uint64_t peer_type_count(struct peer *p, const char *type);

/* Waits until a count is at least so much; false: it has not come to that within a minute. */
#define peer_await(p, count, at_least) peer_await_at((p), offsetof(struct counts, count), (at_least))
bool peer_await_at(struct peer *p, size_t count, uint64_t at_least);

/* --- speaking to it like a client, byte by byte --- */

enum talk {
    TALK_ENDED, /* the other end has closed */
    TALK_RESET,
    TALK_SILENT, /* nothing came for so long */
    TALK_NOBODY, /* nobody listens */
};

/* Sends it all on a new connection and reads until one of those; *out gets what came, and a terminator. */
enum talk peer_talk(struct peer *p, struct str bytes, int patience_ms, struct buf *out);
/* One request on a connection of its own: the status, or 0 when no answer came. headers: whole lines with CR LF. *out
 * gets the whole answer, terminated. */
int peer_request(struct peer *p, const char *method, const char *target, const char *headers, struct str body,
                 struct buf *out);

#endif
