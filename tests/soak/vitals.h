/* What /proc says of a process: memory, descriptors by what they are, threads, processor time. */
#ifndef TESTS_SOAK_VITALS_H
#define TESTS_SOAK_VITALS_H

#include <stdbool.h>
#include <sys/types.h>

enum descriptor { FD_SOCKETS, FD_STORE, FD_FILES, FD_OTHERS, FD_N }; /* FD_STORE: regular files of the store */

extern const char *const descriptor_words[FD_N];

struct vitals {
    long resident; /* KiB */
    unsigned fds[FD_N], threads;
    double cpu; /* seconds, of all its threads since it started */
};

/* store: a path that its files' begin with. The test ends when there is no such process. */
void vitals_read(pid_t pid, const char *store, struct vitals *out);
long vitals_resident(pid_t pid);
bool vitals_same_counts(const struct vitals *a, const struct vitals *b);

#endif
