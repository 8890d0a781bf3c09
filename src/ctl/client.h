/* Requests to the daemon, over its Unix socket or --url. */
#ifndef CTL_CLIENT_H
#define CTL_CLIENT_H

#include "base/buf.h"
#include "ctl/commands.h"

struct client;

/* A piece of a body; false: that is enough, nobody wants the rest. */
typedef bool client_data_fn(void *arg, const char *p, size_t n);

#define POSITION_TEXT 32768 /* a position's text with its terminator: that of 4,096 shards */

struct answer {
    long status;       /* of HTTP */
    long retry_after;  /* seconds; 0: not said */
    char position[POSITION_TEXT]; /* in the log, where the answer says it; else "" */
    struct buf body;   /* terminated by a NUL that is not counted */
};

/* Says on stderr what is wrong unless it returns EXIT_DONE. Nothing is connected yet. */
int client_open(const struct ctl *ctl, struct client **out);
void client_close(struct client *c);
/* From here on, or no longer: that there is no answer is not said. For whoever tries again and again. */
void client_be_quiet(struct client *c, bool quiet);
/* The configuration by which the socket was found; NULL with --url. */
const struct config *client_config(const struct client *c);

/* One request; body: JSON, or STR_NONE. EXIT_DONE: there is an answer, whatever its status; its body replaces what
 * a->body held. EXIT_UNREADABLE: there is none, and it was said. */
int client_call(struct client *c, const char *method, const char *path, struct str body, struct answer *a);
/* As client_call() with GET, but any answer other than 200 is told and becomes the exit status. */
int client_get(struct client *c, const char *path, struct answer *a);

/* The same for an answer of any length: data() gets it in pieces as it comes. */
int client_get_stream(struct client *c, const char *path, client_data_fn *data, void *arg, struct answer *a);

/* Inputs as NDJSON. What comes back with status 200 goes to data() in pieces while the body is still being sent;
 * anything else into the answer. */
struct inputs_post {
    struct str body;
    const char *stream; /* the name that all bodies of one import carry */
    bool last;          /* of the stream */
    client_data_fn *data;
    void *arg;
};
int client_post_inputs(struct client *c, const struct inputs_post *post, struct answer *a);

/* The answer as it stands, on lines of its own. */
void client_print(const struct answer *a);
/* Tells the problem that an answer names, after "what: ", and what to do about it; the exit status that it amounts
 * to. */
int client_problem(const struct client *c, const struct answer *a, const char *what);

/* A command without arguments of its own: asks for path, and has the answer printed. Returns the status to end with. */
int client_ask(struct ctl *ctl, int argc, char **argv, const char *path,
               void (*print)(const struct ctl *ctl, const char *json));

#endif
