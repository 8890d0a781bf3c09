/* A real redis-server for tests: on a port of its own, syncing every write, beginning empty at each start, and never
 * left behind. */
#ifndef TESTS_REDIS_SERVER_H
#define TESTS_REDIS_SERVER_H

#include <sys/types.h>

struct redis_server {
    pid_t pid; /* 0: not running */
    int port;
    const char *const *options; /* further words of its command line, then NULL; or NULL */
};

/* A TCP port of 127.0.0.1 on which nobody listens at this moment. */
int free_port(void);
/* Starts it, and waits until it answers. port 0: a free one is looked for; else it must be had. */
void redis_server_start(struct redis_server *s);
/* SIGKILL, and waits. */
void redis_server_kill(struct redis_server *s);
/* SIGSTOP, and waits until it stands; SIGCONT. */
void redis_server_halt(struct redis_server *s);
void redis_server_go_on(struct redis_server *s);

#endif
