/* What the tests of requests share: the loop, a line, and one request carried to its end. */
#ifndef TESTS_NET_CARRY_H
#define TESTS_NET_CARRY_H

#include "net/transfer.h"

/* An answer that outlives done(). */
struct carried_answer {
    enum carried carried;
    int status;
    struct buf body;
    int64_t retry_after;
    char origin[64], rate[64]; /* "" when not there */
    char error[160];
    int64_t first_byte_ns, started_ns;
};

struct rig {
    struct loop *loop;
    struct transfers *transfers;
    struct transfer_line *line; /* NULL: none open */
    struct call call;
    struct transfer transfer;
    struct carried_answer answer; /* the last one */
    struct watch *limit;
    bool finished; /* done() was called */
};

/* Every wait is bounded: a test that hangs ends itself. */
void rig_init(struct rig *r);
void rig_done(struct rig *r);
/* More time than any request needs, private addresses allowed. */
struct transfer_settings usual(void);
/* In place of the line before. */
void rig_line(struct rig *r, const struct transfer_settings *s);
void rig_call(struct rig *r, const char *method, const char *url, const char *body);
void rig_header(struct rig *r, const char *line);
/* The call as it stands. */
const struct carried_answer *rig_send(struct rig *r);
/* A POST of "{}" to the URL. */
const struct carried_answer *rig_post(struct rig *r, const char *url);
/* "http://HOST:PORT/PATH"; it holds until the fourth call after it. */
const char *url_of(const char *scheme, const char *host, unsigned port, const char *path);
/* Runs the loop until fn() says yes. */
void rig_until(struct rig *r, bool (*fn)(void *arg), void *arg);

#endif
