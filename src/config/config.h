/* The configuration file (lifecertd.conf(5)), read by libconfuse, checked against one table of keys. */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include "base/buf.h"
#include "base/err.h"
#include "base/tz.h"
#include "config/token.h"
#include "core/event.h"

#define LISTEN_MAX 16
#define REPLICAS_MAX 8
#define NAME_BYTES_MAX 64 /* of `name` */
#define LEASE_MS 6000     /* the default */

struct store_options;

struct channel {
    char name[65];
    int64_t expect_every; /* seconds; 0: none */
};

enum clock_kind { CLOCK_SYSTEM, CLOCK_ACCELERATED };

/* Immutable once loaded; several engines may have the same one. */
struct config {
    _Atomic unsigned others; /* who have it besides the first */
    char *file; /* where it was read */
    char *timezone;
    struct tz *tz;
    char *store; /* URI */
    bool compress_log;
    uint32_t checkpoint_every; /* events */
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

    /* For a store in Redis. */
    char *name;                /* this daemon's among the others: the host's, unless another was given */
    unsigned replicas;         /* the default is resolved */
    int64_t lease_ms;
    char *archive;             /* a folder; NULL: the log stays in Redis */
    bool allow_lossy;
    char *redis_password_file; /* NULL: none */
    char *redis_password;      /* once config_load_password() has read it; NULL: none */
    char *password_place;      /* "FILE:LINE" of redis_password_file, for faults found later */
    uint64_t revision;
};

/* Reads and checks a file (its includes too). Every fault is appended to faults as a line "FILE:LINE: what, and what
 * was expected"; ERR_INVALID when there was one, *out untouched. Never ends the process: the library parses in a
 * child. */
enum err config_load(const char *file, struct config **out, struct buf *faults) ERR_MUSTCHECK;
/* One who has it more; each of them calls config_free(). */
struct config *config_ref(struct config *c);
void config_free(struct config *c); /* NULL is fine */

/* Reads the password of Redis, when there is one. Whoever opens the store calls it: config_load() does not, so that
 * those who may not read secrets can check a configuration. A relative name is looked up in $CREDENTIALS_DIRECTORY.
 * Faults are lines "FILE:LINE: ..." appended; ERR_INVALID: there was one. */
enum err config_load_password(struct config *c, struct buf *faults) ERR_MUSTCHECK;
/* Is the store one in Redis? */
bool config_in_redis(const struct config *c);
/* Sets what a store's options take of it and leaves the rest alone; strings are the configuration's. */
void config_store_options(const struct config *c, struct store_options *out);

/* Index or -1. */
int config_policy(const struct config *c, struct str name);
int config_channel(const struct config *c, struct str name);

/* Appends every key with its default, its meaning and the values that it takes, as text for people. */
void config_describe(struct buf *out);

/* "36h", "90s", "15m", "7d" to seconds, 1 second to 3660 days; false leaves *out alone. */
bool duration_parse(const char *text, int64_t *out);

#endif
