/* A real daemon for end-to-end tests: a folder of its own with store, configuration, socket and log, started from the
 * build, ready when it says so on a notification socket of its own, and never left behind. */
#ifndef TESTS_NODE_H
#define TESTS_NODE_H

#include <sys/types.h>

#include "tests/lib/http_client.h"

struct node {
    char dir[80], config[108], socket[108], log[108];
    char store[160]; /* the URI that the next configuration will say */
    pid_t pid;     /* 0: not running */
    int notify_fd; /* what the daemon tells the service manager arrives here */
    int pass_fd;   /* a listening socket to start it with; -1: none */
};

/* Writes its configuration: store, socket, and what extra says. */
struct node *node_new(const char *extra);
/* Replaces what extra said. */
void node_configure(struct node *n, const char *extra);
/* Makes the store. */
void node_init(struct node *n);
/* true: it is ready; false: it has exited, *code says how (a signal as -SIGNAL). */
bool node_start(struct node *n, int *code);
/* Its two halves: the process is there, and then what became of it. */
void node_launch(struct node *n);
bool node_ready(struct node *n, int *code);
/* The same, for who expects it to start: else the test ends, with the log. */
void node_must_start(struct node *n);
/* Waits until the daemon has told the service manager something that begins so. */
bool node_await(struct node *n, const char *assignment);
/* The same, but not for longer than so many milliseconds. */
bool node_says_within(struct node *n, const char *assignment, int ms);
/* Takes and forgets what it has told the service manager: it stands still when nobody ever listens. */
void node_hear(struct node *n);
void node_signal(struct node *n, int signal_number);
/* Waits until it has exited: its code, or -SIGNAL. */
int node_wait(struct node *n);
/* SIGTERM, and its exit code. */
int node_stop(struct node *n);
/* SIGKILL. */
void node_kill(struct node *n);
/* All that it has logged, since node_new(); the caller frees it. */
char *node_log(const struct node *n);
bool node_logged(const struct node *n, const char *text);
/* Kills it if it runs; shows the log when the test has failed. The test ends when names or numbers of the family of
 * canary.h have got out of the contacts, into the store or into what was logged. */
void node_free(struct node *n, bool failed);

/* Runs a program of the build to its end: its exit code (or -SIGNAL), and all that it printed, terminated. */
int run_program(const char *const argv[], struct buf *output);

#endif
