/* Cores that are really taken, for tests that look into them. */
#ifndef TESTS_CORE_FILE_H
#define TESTS_CORE_FILE_H

#include <sys/types.h>

#include "base/buf.h"

/* NULL: a process that dies leaves its core in its working folder; else why not. */
const char *core_unavailable(void);
/* In the process that will leave one, and in what it starts: as large as it may become, in that folder. */
void core_allow(const char *folder);
/* The core of a process that has ended, and it is removed; false: there is none. */
bool core_take(const char *folder, pid_t pid, struct buf *out);
/* Is it a whole ELF core, with the registers of at least one thread? */
bool core_is_real(const struct buf *core);

#endif
