/* A configuration. Each one is parsed in a child process, so this is slow. */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "config/config.h"
#include "tests/fuzz/fuzz.h"

/* "FILE:LINE: ..." is what every line of them says. */
static void check_faults(struct buf *faults)
{
    MUST(faults->n > 0 && faults->p[faults->n - 1] == '\n');
    faults->p[faults->n - 1] = '\0';
    for (char *rest = faults->p, *line; (line = strsep(&rest, "\n")) != NULL;)
        MUST(strstr(line, ": "));
}

const unsigned fuzz_runs = 1000;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    char path[64];
    struct config *c = NULL;
    struct buf faults = BUF_INIT;
    int fd = memfd_create("fuzz", 0);
    MUST(fd >= 0 && write(fd, data, n) == (ssize_t)n);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (config_load(path, &c, &faults) == ERR_OK)
        config_free(c);
    else
        check_faults(&faults);
    buf_done(&faults);
    close(fd);
    return 0;
}
