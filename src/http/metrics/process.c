#include "http/metrics/process.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

#define NANOSECOND 1e-9

static double cpu_seconds(void)
{
    struct timespec t;
    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t) != 0)
        return 0;
    return (double)t.tv_sec + (double)t.tv_nsec * NANOSECOND;
}

/* Its descriptors, without the one that the look itself takes. */
static uint64_t count_fds(void)
{
    uint64_t n = 0;
    DIR *folder = opendir("/proc/self/fd");
    if (!folder)
        return 0;
    for (const struct dirent *e = readdir(folder); e; e = readdir(folder))
        n += e->d_name[0] != '.';
    closedir(folder);
    return n ? n - 1 : 0;
}

static uint64_t fd_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return 0;
    return limit.rlim_cur == RLIM_INFINITY ? UINT64_MAX : limit.rlim_cur;
}

/* When it was started: in ticks since the machine was, as the 22nd field of its stat; its name, the 2nd, may hold
 * anything, so the others are counted from the last bracket. */
double process_started_at(void)
{
    char line[1024];
    unsigned long long ticks;
    FILE *f = fopen("/proc/self/stat", "re");
    size_t n = f ? fread(line, 1, sizeof line - 1, f) : 0;
    if (f)
        fclose(f);
    line[n] = '\0';
    const char *p = strrchr(line, ')');
    for (int field = 2; p && field < 22; field++)
        p = strchr(p + 1, ' ');
    if (!p || sscanf(p, "%llu", &ticks) != 1)
        return 0;
    double age = (double)clock_boot_ns() * NANOSECOND - (double)ticks / (double)sysconf(_SC_CLK_TCK);
    return (double)clock_wall_ns() * NANOSECOND - age;
}

static void look_at_memory(struct process *out)
{
    uint64_t pages, resident, page = (uint64_t)sysconf(_SC_PAGESIZE);
    FILE *f = fopen("/proc/self/statm", "re");
    if (f && fscanf(f, "%" SCNu64 " %" SCNu64, &pages, &resident) == 2) {
        out->virtual_bytes = pages * page;
        out->resident_bytes = resident * page;
    }
    if (f)
        fclose(f);
}

void process_look(struct process *out)
{
    *out = (struct process){.cpu_seconds = cpu_seconds(), .open_fds = count_fds(), .max_fds = fd_limit()};
    look_at_memory(out);
}
