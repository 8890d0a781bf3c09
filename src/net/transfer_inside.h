/* What the transfer*.c files share: a line, and the slots in which its requests are made.
 *
 * transfer.c         lines; starting, collecting, giving up
 * transfer_socket.c  libcurl's sockets and its timer, on the loop
 * transfer_slot.c    a call becomes settings of an easy handle
 * transfer_answer.c  what comes back becomes an answer
 *
 * Each line has a multi handle of its own: connections, names and limits of one endpoint are none of another's, and a
 * connection that one endpoint may have is never used by one that may not. Speed comes from what is not done for each
 * request: easy handles keep their settings, URLs stay parsed, headers are linked where the call has them, sockets stay
 * in the epoll set from one request to the next, and a batch of readiness, answers and new requests is one pass. */
#ifndef NET_TRANSFER_INSIDE_H
#define NET_TRANSFER_INSIDE_H

#include <curl/curl.h>

#include "net/transfer.h"

struct sockets; /* what is known of each descriptor, over all lines */

struct transfers {
    struct loop *loop;
    struct sockets *sockets;
};

struct transfer_line {
    struct transfers *transfers;
    CURLM *multi;
    char *proxy, *ca_file, *client_cert; /* owned, or NULL */
    int64_t timeout_ms, connect_timeout_ms;
    bool allow_private;
    struct slot *idle;    /* the last used first: its memory is warm */
    struct slot *refused, **refused_end; /* never given to libcurl; in order, they wait to be told so */
    bool running; /* in line_run() */
    bool closed;  /* from within a done(): line_run() frees it */

    int epoll; /* this line's sockets */
    struct watch *ready, *timer;
    long timer_ms; /* as libcurl wants it; -1: not at all */
    bool timer_changed;
};

struct slot {
    struct slot *next; /* among the idle or the refused */
    struct transfer_line *line;
    struct transfer *transfer; /* NULL: idle */
    CURL *easy;
    CURLU *url;
    char *url_text; /* what url was made of; NULL: nothing yet */
    struct curl_slist *headers;
    unsigned n_headers; /* room */
    const char *method; /* the easy handle's, and with_body, once too */
    bool with_body, once;
    bool repeated; /* libcurl made a request of this handle anew, which it does five times in a handle's life */

    /* What has come so far. */
    int status; /* of the last head that began */
    bool head_complete;
    size_t head_bytes, body_bytes; /* seen, of all heads and of the body */
    bool cut;                      /* too long: the rest was not read */
    struct buf body;               /* the first ANSWER_BODY_MAX bytes */
    int64_t retry_after;
    struct buf allowed_origin, allowed_rate;
    bool has_origin, has_rate;
    char not_allowed[96];        /* the address that the guard refused last; "" */
    char error[CURL_ERROR_SIZE]; /* libcurl's words */
};

/* --- transfer.c --- */

/* One pass: what is due in libcurl, then done() for all that is finished, and again while that made more work. */
void line_run(struct transfer_line *l);

/* --- transfer_socket.c --- */

struct sockets *sockets_new(void);
void sockets_free(struct sockets *s);
/* Makes l's epoll set and timer and ties its multi handle to them. */
enum err line_attach(struct transfer_line *l, struct errmsg *msg);
/* After the multi handle is gone. */
void line_detach(struct transfer_line *l);
/* Sets the loop's timer when libcurl's changed, or at once when refused slots wait. */
void line_settle(struct transfer_line *l);
/* For each easy handle: the guard, and what is known of a descriptor. */
void slot_tie_sockets(struct slot *s);

/* --- transfer_slot.c --- */

struct slot *slot_new(struct transfer_line *l);
void slot_free(struct slot *s);
/* Puts t->call into the easy handle. false: refused, error and not_allowed say why. */
bool slot_fill(struct slot *s, struct transfer *t);
/* After its answer was given: small again. */
void slot_clear(struct slot *s);

/* --- transfer_answer.c --- */

/* The callbacks that gather what comes back. */
void slot_tie_answer(struct slot *s);
/* Nothing has come yet. */
void answer_begin(struct slot *s);
/* code: libcurl's verdict. The answer borrows from s. */
void answer_end(const struct slot *s, CURLcode code, struct answer *out);

#endif
