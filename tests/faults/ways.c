#include "tests/faults/ways.h"

#include <errno.h>
#include <string.h>

const struct way ways[] = {{FAULTS_ALLOC, ENOMEM},
                           {FAULTS_OPEN, EIO},
                           {FAULTS_OPEN, EMFILE},
                           {FAULTS_OPEN, EINTR},
                           {FAULTS_CREATE, EIO},
                           {FAULTS_CREATE, ENOSPC},
                           {FAULTS_CREATE, EINTR},
                           {FAULTS_READ, EIO},
                           {FAULTS_READ, EINTR},
                           {FAULTS_READ, HALF},
                           {FAULTS_WRITE, EIO},
                           {FAULTS_WRITE, ENOSPC},
                           {FAULTS_WRITE, EINTR},
                           {FAULTS_WRITE, HALF},
                           {FAULTS_SYNC, EIO},
                           {FAULTS_SYNC, ENOSPC},
                           {FAULTS_SYNC, EINTR},
                           {FAULTS_RENAME, EIO},
                           {FAULTS_RENAME, ENOSPC},
                           {FAULTS_UNLINK, EIO},
                           {FAULTS_SIZE, EIO},
                           {FAULTS_SIZE, ENOSPC},
                           {FAULTS_SIZE, EINTR},
                           {FAULTS_MKDIR, EIO},
                           {FAULTS_MKDIR, ENOSPC},
                           {FAULTS_COPY, EIO},
                           {FAULTS_COPY, ENOSPC},
                           {FAULTS_COPY, EINTR},
                           {FAULTS_COPY, HALF},
                           {FAULTS_STAT, EIO},
                           {FAULTS_MAP, ENOMEM},
                           {FAULTS_SEND, ECONNRESET},
                           {FAULTS_SEND, ENOBUFS},
                           {FAULTS_SEND, EINTR},
                           {FAULTS_SEND, HALF},
                           {FAULTS_RECEIVE, ECONNRESET},
                           {FAULTS_RECEIVE, EINTR},
                           {FAULTS_RECEIVE, HALF},
                           {FAULTS_ACCEPT, ECONNABORTED},
                           {FAULTS_ACCEPT, EMFILE},
                           {FAULTS_ACCEPT, EINTR},
                           {FAULTS_CONNECT, ECONNREFUSED},
                           {FAULTS_CONNECT, ENETUNREACH},
                           {FAULTS_WATCH, ENOMEM},
                           {FAULTS_WATCH, ENOSPC},
                           {FAULTS_WAIT, EINTR},
                           {FAULTS_MAKE, EMFILE},
                           {FAULTS_THREAD, EAGAIN},
                           {FAULTS_LOG, EIO},
                           {FAULTS_LOG, ENOSPC},
                           {FAULTS_LOG, EINTR},
                           {FAULTS_LOG, HALF}};

_Static_assert(sizeof ways / sizeof *ways == WAYS, "the header says how many there are");

const char *way_name(size_t way)
{
    return ways[way].error == HALF ? "short" : strerrorname_np(ways[way].error);
}
