/* What the preloaded library shares with whoever starts a program under it: a mapped file, named by FAULTS_CONTROL. The
 * one says at which call what is to happen, the other counts. */
#ifndef TESTS_FAULTS_CONTROL_H
#define TESTS_FAULTS_CONTROL_H

#include <limits.h>
#include <stdint.h>

#define FAULTS_CONTROL "FAULTS_CONTROL"

/* Kinds of calls, and their names. Calls on descriptors count by what these are: a file, a socket, or the file that
 * lines of the log go to (standard output and error); others (pipes, timers, devices) are not counted. */
#define FAULTS_KINDS(X)                                                          \
    X(ALLOC, "alloc")   /* malloc, calloc, realloc, posix_memalign and kin */    \
    X(OPEN, "open")     /* open and kin, opendir */                              \
    X(CREATE, "create") /* open and kin that may make a file, or empty one */    \
    X(READ, "read")     /* read, pread of files */                               \
    X(WRITE, "write")   /* write, pwrite, writev, pwritev to files */            \
    X(SYNC, "sync")     /* fsync, fdatasync */                                   \
    X(RENAME, "rename")                                                          \
    X(UNLINK, "unlink")                                                          \
    X(SIZE, "size") /* ftruncate, fallocate */                                   \
    X(MKDIR, "mkdir")                                                            \
    X(COPY, "copy") /* copy_file_range */                                        \
    X(STAT, "stat")                                                              \
    X(MAP, "map")         /* mmap */                                             \
    X(SEND, "send")       /* to sockets, write and sendfile included */          \
    X(RECEIVE, "receive") /* from sockets, read included */                      \
    X(ACCEPT, "accept")                                                          \
    X(CONNECT, "connect")                                                        \
    X(WATCH, "watch")   /* epoll_ctl that adds */                                \
    X(WAIT, "wait")     /* epoll_wait, poll */                                   \
    X(MAKE, "make")     /* sockets, pipes, timers, epoll sets, event counters */ \
    X(THREAD, "thread") /* pthread_create, fork */                               \
    X(LOG, "log")       /* write to standard output and error */

enum faults_kind {
#define X(kind, name) FAULTS_##kind,
    FAULTS_KINDS(X)
#undef X
        FAULTS_KINDS_N
};
#define FAULTS_BIT(kind) (UINT32_C(1) << FAULTS_##kind)

enum faults_action {
    FAULTS_PASS,       /* nothing happens */
    FAULTS_FAIL,       /* the call fails with `error`, and does nothing */
    FAULTS_SHORT,      /* it does half of what it was asked to do, and says so */
    FAULTS_KILL,       /* the process is killed before it */
    FAULTS_KILL_HALF,  /* when half of it is done; before it where it has no half */
    FAULTS_KILL_AFTER, /* when it is done */
};

struct faults {
    /* Orders. The file is written before the program starts, but for the clock, which may be set at any time. */
    uint32_t kinds;  /* those that are counted: 1 << enum faults_kind */
    uint32_t action; /* enum faults_action */
    int32_t error;
    uint32_t forever; /* at that call, and at all counted ones from then on */
    uint64_t at;      /* the number of the call, from 1; 0: none */
    int64_t wall_ns;  /* so much is added to CLOCK_REALTIME */

    /* What it tells. Killing counts the calls of the program's own process, failing those of its children, too. */
    uint64_t counted;               /* calls of the kinds above, in all programs under this file, in main() */
    uint64_t calls[FAULTS_KINDS_N]; /* by kind, whatever is counted */
    uint32_t acted;                 /* so many times something happened; the rest is about the first time */
    uint32_t kind;
    char call[16];
    char path[PATH_MAX]; /* of the file, as far as there is one */
};

#endif
