/* Who makes a request, and what that one may do. */
#ifndef HTTP_CALLER_H
#define HTTP_CALLER_H

#include "config/token.h"
#include "core/input.h"
#include "http/route.h"
#include "http/server/site.h"

#define CALLER_NAME 80

struct caller {
    char name[CALLER_NAME]; /* for audit lines, and to tell callers' keys apart: "uid:0", "token:jingtong", "anyone" */
    bool read, operate;
    bool bring_all; /* inputs of every kind */
    bool bring;     /* certifications of some channels: those of its token */
    const struct token *token; /* NULL: it came without one. Of the exchange's tokens */
};

/* Over a Unix socket: root and whoever the daemon runs as may do everything. */
void caller_of_peer(const struct peer *p, struct caller *out);
/* Whoever brings a token, over whatever. */
void caller_of_token(const struct token *t, struct caller *out);

bool caller_may(const struct caller *c, enum who least);
/* May it bring this input? Whoever may bring a channel's certifications alone may bring nothing else. */
bool caller_may_bring(const struct caller *c, const struct input *in);

/* The role that a token needs for it, in words: "read". */
const char *role_text(enum who least);

#endif
