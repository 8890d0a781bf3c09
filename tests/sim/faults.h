/* What goes wrong with the disk: where the process ends, which call fails, when there is no room. Stands between the
 * disk and those who use it, and tells the trace of every call. */
#ifndef TESTS_SIM_FAULTS_H
#define TESTS_SIM_FAULTS_H

#include "tests/sim/disk.h"

struct faults {
    uint64_t calls;    /* that change or sync something, so far */
    uint64_t crash_at; /* at that one the disk freezes; 0: at none. From there on every call fails, and nothing has an
                          effect: for what is on the disk the process is dead, and it unwinds without leaking */
    uint64_t error_at; /* that one fails with EIO; 0: none */
    uint64_t full_from, full_until; /* those in between find no room */
    bool frozen;
    bool failed; /* a call was refused since faults_calm(): the daemon may end for it */
};

/* Between them from now on. */
void faults_mount(struct faults *f, struct disk *d);
/* Nothing goes wrong any more, and the disk is no longer frozen. */
void faults_calm(struct faults *f);

#endif
