/* The C library's calls on files, in front of the C library: what is below SIM_ROOT goes to a disk in memory, the rest
 * to the kernel. To be linked into the program itself, whose open() and so on these then are. The descriptors of such
 * files are numbers that no kernel gives. */
#ifndef TESTS_SIM_DISK_CALLS_H
#define TESTS_SIM_DISK_CALLS_H

#include "tests/sim/disk.h"

#define SIM_ROOT "/simulated"

/* The disk that is there from now on; NULL: none is. Every descriptor must be closed. */
void disk_mount(struct disk *d);
struct disk *disk_mounted(void);
/* How many descriptors are open. */
unsigned disk_open_files(void);
/* The node of a path below SIM_ROOT; NULL and errno. */
struct disk_node *disk_path(const char *path);
/* The folder in which that path's last part stands or would, and that part. */
struct disk_node *disk_path_folder(const char *path, const char **last);
bool disk_is_below(const char *path);

#endif
