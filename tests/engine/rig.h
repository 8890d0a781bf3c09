/* An engine in a test's hands: a simulated clock, a configuration of the test's own, every committed line kept. */
#ifndef TESTS_ENGINE_RIG_H
#define TESTS_ENGINE_RIG_H

#include "engine/engine.h"
#include "tests/lib/tap.h"

struct rig {
    struct engine *engine;
    struct engine_options options;
    char config_file[128];
    struct buf lines;    /* every committed event, in order */
    struct buf warnings; /* a line each */
    struct buf body;     /* of the last question */
    struct errmsg msg;
    bool simulated;
    lc_instant start;
};

/* conf: the whole configuration file. uri: "memory:", or "dir:" and a path. Bails out when it cannot be opened. */
void rig_open(struct rig *r, const char *uri, const char *conf, lc_instant start);
/* The same without bailing out. */
enum err rig_try(struct rig *r, const char *uri, const char *conf, lc_instant start);
/* Ends the engine and opens the store again; crash: without the engine's knowing. */
void rig_again(struct rig *r, bool checkpoint);
void rig_crash(struct rig *r);
void rig_close(struct rig *r);

lc_instant rig_at(const char *rfc3339);
/* Lets time pass. */
void rig_until(struct rig *r, lc_instant until);
/* One input as JSON, decided at the engine's present. */
struct input_result rig_input(struct rig *r, const char *json);
/* All lines of a text, each at its `at`. */
void rig_inputs(struct rig *r, const char *ndjson, lc_instant until);
/* Any request, until it is answered. */
void rig_request(struct rig *r, struct request *q);
/* The answer to a question; NULL when there is none. It holds until the next call. */
const char *rig_ask(struct rig *r, enum request_kind kind, const char *id);
/* Who is paid for a period; policy NULL: all. It holds until the next call. */
const char *rig_period(struct rig *r, lc_month period, const char *policy);
enum err rig_place(struct rig *r, enum scope_kind kind, const char *name, const char *until);
enum err rig_lift(struct rig *r, const char *name);
enum err rig_reload(struct rig *r, const char *conf);

/* How many committed events contain that text. */
unsigned rig_count(const struct rig *r, const char *text);
/* The same in the store itself, where a crash may have left what nobody was told of. */
unsigned rig_count_stored(const struct rig *r, const char *text);
/* The national policy and the usual channels; brake off. */
extern const char rig_conf[];

#endif
