/* What the kernel knows of this process, for the metrics. */
#ifndef HTTP_PROCESS_H
#define HTTP_PROCESS_H

#include <stdint.h>

struct process {
    double cpu_seconds;
    uint64_t resident_bytes, virtual_bytes;
    uint64_t open_fds, max_fds; /* max_fds: UINT64_MAX without a limit */
};

/* What cannot be known becomes 0. */
void process_look(struct process *out);
/* When it was started, in Unix seconds: to be asked once, since the answer moves when the clock is set. */
double process_started_at(void);

#endif
