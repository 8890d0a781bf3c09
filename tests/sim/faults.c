#include "tests/sim/faults.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "tests/sim/counts.h"
#include "tests/sim/fibers.h"
#include "tests/sim/trace.h"

static bool changes(enum disk_op op)
{
    return op != DISK_OPEN && op != DISK_READ && op != DISK_LOOK;
}

static int refuse(struct faults *f, enum disk_op op, const char *name, int error)
{
    if (!f->failed)
        trace_line("disk %s %s is refused: %s (call %" PRIu64 ")", disk_op_texts[op], name, strerrorname_np(error),
                   f->calls);
    f->failed = true;
    return error;
}

static int gate(void *arg, enum disk_op op, const char *name, size_t *bytes)
{
    struct faults *f = arg;
    if (changes(op)) {
        fibers_pause();
        f->calls++;
    }
    if (f->crash_at && f->calls >= f->crash_at && !f->frozen) {
        f->frozen = true;
        trace_line("crash at %s %s (call %" PRIu64 ")%s", disk_op_texts[op], name, f->calls,
                   fibers_inside() ? ", on a thread" : "");
        counts_add(COUNT_CRASH_IN_CALL, 1);
    }
    if (f->frozen)
        return ESHUTDOWN; /* not EIO, which is what a disk says that forgets */
    if (f->error_at && f->calls >= f->error_at) {
        f->error_at = 0;
        counts_add(COUNT_DISK_ERROR, 1);
        return refuse(f, op, name, EIO);
    }
    bool grows = op == DISK_WRITE || op == DISK_MAKE;
    if (!grows || f->calls < f->full_from || f->calls >= f->full_until)
        return 0;
    if (*bytes > 1 && f->calls % 2) { /* the last that there is room for */
        *bytes /= 2;
        f->failed = true;
        return 0;
    }
    return refuse(f, op, name, ENOSPC);
}

static void seen(void *arg, enum disk_op op, const char *name, uint64_t at, const void *bytes, size_t n)
{
    (void)arg;
    if (strcmp(name, "lock") == 0) /* it has the process's number in it */
        return;
    trace_bytes(bytes, n);
    trace_line("disk %s %s at %" PRIu64 ", %zu bytes", disk_op_texts[op], name, at, n);
}

void faults_mount(struct faults *f, struct disk *d)
{
    disk_watch(d, gate, seen, f);
}

void faults_calm(struct faults *f)
{
    *f = (struct faults){.calls = f->calls};
}
