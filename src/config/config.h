/* The configuration file (lifecertd.conf(5)), read by libconfuse, checked against one table of keys. */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include "base/buf.h"
#include "base/err.h"
#include "base/tz.h"
#include "config/token.h"
#include "core/event.h"

#define LISTEN_MAX 16

struct channel {
    char name[65];
    int64_t expect_every; /* seconds; 0: none */
};

enum clock_kind { CLOCK_SYSTEM, CLOCK_ACCELERATED };

/* Immutable once loaded. */
struct config {
    char *file; /* where it was read */
    char *timezone;
    struct tz *tz;
    char *store; /* URI */
    bool compress_log;
    char *listen[LISTEN_MAX];
    unsigned n_listen;
    char *tls_cert, *tls_key, *tls_client_ca; /* files, for the listeners with TLS; NULL: not given */
    char *tls_place;                          /* "FILE:LINE" of tls_cert, for faults found later */
    enum clock_kind clock;
    lc_instant clock_start;
    int64_t clock_factor; /* 1..1000000000 */
    struct brake_limit brake;
    int64_t clock_jump, max_downtime; /* seconds */
    char country_code[8];             /* "+86" */
    uint32_t max_lines;               /* of one NDJSON body */
    struct channel channels[CHANNEL_MAX];
    unsigned n_channels;
    struct policy policies[POLICY_MAX];
    unsigned n_policies;
    struct endpoints *endpoints; /* one reference; never NULL */
    struct tokens *tokens;       /* the same */
};

/* Reads and checks a file (its includes too). Every fault is appended to faults as a line "FILE:LINE: what, and what
 * was expected"; ERR_INVALID when there was one, *out untouched. Never ends the process: the library parses in a
 * child. */
enum err config_load(const char *file, struct config **out, struct buf *faults) ERR_MUSTCHECK;
void config_free(struct config *c);

/* Index or -1. */
int config_policy(const struct config *c, struct str name);
int config_channel(const struct config *c, struct str name);

/* Appends every key with its default, its meaning and the values that it takes, as text for people. */
void config_describe(struct buf *out);

/* "36h", "90s", "15m", "7d" to seconds, 1 second to 3660 days; false leaves *out alone. */
bool duration_parse(const char *text, int64_t *out);

#endif
