/* The HTTP interface (lifecertd-http(7)): libmicrohttpd on its epoll descriptor, driven by our loop.
 *
 * Everything here belongs to the loop's thread, and so does the desk. Engines answer requests through a completion
 * queue. */
#ifndef HTTP_HTTP_H
#define HTTP_HTTP_H

#include "deliver/desk.h"
#include "engine/engine.h"
#include "net/loop.h"

struct http;
struct shard_set;
struct tokens;
struct tls;

/* The shards of a set, for the metrics, as this daemon last knew. */
struct shard_counts {
    unsigned shards, owned; /* of the set; this daemon's */
    unsigned unowned;       /* nobody's */
    unsigned daemons;       /* that are alive */
    bool idle;              /* this one gets no shards: its rules are not those in force, or its name is another's */
    uint64_t orders;        /* for all shards, that not every shard of this daemon's has carried out */
    int64_t silent_ms;      /* since the system shard last answered */
};

/* Whom requests go to, and whose log is read: one engine, or all shards. What it points to must outlive the interface's
 * http_stop(). */
struct http_engine {
    void *arg;
    bool (*submit)(void *arg, struct request *r); /* engine_submit(), front_submit(); NULL: nobody takes any */
    /* From any shard's engine that is this daemon's, summed up, or the worst or the latest, as a member means. */
    void (*counters)(void *arg, struct engine_counters *out);
    void (*shards)(void *arg, struct shard_counts *out); /* NULL: there are none */
    bool (*ready)(void *arg);  /* for /readyz; NULL: always */
    const struct store *store; /* one engine's; NULL: those of the set at uri, to be opened for reading */
    const char *uri;
    const struct store_options *store_options;
    const struct shard_set *set;
};

/* One engine. */
struct http_engine http_engine_of(struct engine *e);

struct http_options {
    struct http_engine engine;
    const struct desk *desk; /* of this thread, like all of this; NULL: its routes answer 503 */
    char country_code[8]; /* "+86" */
    bool allow_at;        /* inputs may carry `at`: the clock is not the system's */
    uint32_t max_lines;   /* of one NDJSON body */
    struct tokens *tokens; /* who may come over TCP; NULL: nobody. A reference is taken */
    unsigned idle_seconds;  /* the longest until a request's header is whole; 0: 25 */
    unsigned stall_seconds; /* the longest without a byte of its body, or of the answer's; 0: 30 */
};

enum err http_new(struct loop *l, const struct http_options *o, struct http **out, struct errmsg *msg) ERR_MUSTCHECK;
/* Answers on a listening socket, which stays the caller's and must outlive http_stop(). */
enum err http_listen(struct http *h, int fd, struct errmsg *msg) ERR_MUSTCHECK;
/* The same with TLS; a reference is taken. */
enum err http_listen_tls(struct http *h, int fd, struct tls *tls, struct errmsg *msg) ERR_MUSTCHECK;
/* Whoever connects from now on gets this certificate. Those who are connected stay, until their next answer. On an error
 * all is as before. */
enum err http_renew_tls(struct http *h, struct tls *tls, struct errmsg *msg) ERR_MUSTCHECK;
/* What a reload may change: country_code, max_lines and tokens. Requests that have begun keep what they began with;
 * but those whose token is taken no more are cut off. */
void http_reconfigure(struct http *h, const struct http_options *o);

/* From any thread, until http_free(): something may have become durable, for those who read the log. */
void http_nudge(struct http *h);

/* Accepts no more, ends what streams and waits, and calls drained(arg) as soon as no request is in progress, perhaps at once. */
void http_drain(struct http *h, void (*drained)(void *arg), void *arg);
/* Closes every connection, whatever is in progress. Still to be called before delivery is stopped and the engine is
 * closed. */
void http_stop(struct http *h);
/* After delivery is stopped and the engine is closed, so that nobody holds a request or an order of ours any more. NULL
 * is fine. */
void http_free(struct http *h);

#endif
