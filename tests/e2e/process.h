/* Programs beside the daemon, for end-to-end tests: started with their output in a file, and never left behind. */
#ifndef TESTS_PROCESS_H
#define TESTS_PROCESS_H

#include <sys/types.h>

#include "base/buf.h"

/* The program is looked up in the path; folder NULL: where the test is. Its output is appended to the log. */
pid_t process_start(const char *const argv[], const char *folder, const char *log);
/* Has it ended? Then *pid is 0, and *code (which may be NULL) its exit code, or -SIGNAL. */
bool process_ended(pid_t *pid, int *code);
/* Sends the signal (0: none), and waits until it has ended: its exit code, or -SIGNAL. */
int process_stop(pid_t *pid, int signal_number);
/* The same with SIGKILL. */
void process_kill(pid_t *pid);

/* All of a file, terminated; nothing when it cannot be read. */
void read_text(const char *path, struct buf *out);
/* A new file that others cannot read. */
void write_private(const char *path, struct str content);

/* Waits until it holds; false: it did not within a minute. */
bool await(bool (*holds)(void *arg), void *arg);

#endif
