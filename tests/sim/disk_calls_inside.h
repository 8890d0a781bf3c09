/* What the files of the C library's calls share. */
#ifndef TESTS_SIM_DISK_CALLS_INSIDE_H
#define TESTS_SIM_DISK_CALLS_INSIDE_H

#include "tests/sim/disk_calls.h"

/* Of a descriptor; NULL: it is the kernel's. */
struct disk_node *disk_node_of(int fd);
/* Where a call with a folder's descriptor and a path begins; NULL: it is the kernel's. The path is what is left. */
struct disk_node *disk_start_of(int folder, const char **path);
/* From a folder along a path; the last part is left over when `last` wants it. NULL and errno. */
struct disk_node *disk_walk(struct disk_node *from, const char *path, const char **last);

/* disk_calls_bytes.c: another disk is there; that descriptor is closed. */
void disk_bytes_forget(void);
void disk_unlock(int fd);

#endif
