#include "tests/soak/vitals.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/lib/tap.h"

const char *const descriptor_words[FD_N] = {"sockets", "store", "files", "others"};

static FILE *open_proc(pid_t pid, const char *name)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    FILE *f = fopen(path, "r");
    if (!f)
        bail_out("there is no %s", path);
    return f;
}

long vitals_resident(pid_t pid)
{
    char line[256];
    long kib = 0;
    FILE *f = open_proc(pid, "status");
    while (fgets(line, sizeof line, f))
        sscanf(line, "VmRSS: %ld kB", &kib);
    fclose(f);
    return kib;
}

/* The 14th and the 15th field, behind the name in parentheses. */
static double read_cpu(pid_t pid)
{
    char line[1024] = "";
    unsigned long user = 0, system = 0;
    FILE *f = open_proc(pid, "stat");
    const char *p = fgets(line, sizeof line, f) ? strrchr(line, ')') : NULL;
    fclose(f);
    if (!p || sscanf(p, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) != 2)
        bail_out("/proc/%d/stat is not as it should be", (int)pid);
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

static enum descriptor kind_of(const char *target, const char *store)
{
    if (strncmp(target, "socket:", 7) == 0)
        return FD_SOCKETS;
    if (strncmp(target, store, strlen(store)) == 0)
        return FD_STORE;
    return target[0] == '/' ? FD_FILES : FD_OTHERS;
}

static void count_fds(pid_t pid, const char *store, unsigned out[FD_N])
{
    char path[320], target[512];
    snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    DIR *d = opendir(path);
    if (!d)
        bail_out("there is no %s", path);
    for (struct dirent *e; (e = readdir(d));) {
        snprintf(path, sizeof path, "/proc/%d/fd/%s", (int)pid, e->d_name);
        ssize_t n = e->d_name[0] == '.' ? -1 : readlink(path, target, sizeof target - 1);
        if (n < 0)
            continue;
        target[n] = '\0';
        out[kind_of(target, store)]++;
    }
    closedir(d);
}

static unsigned count_threads(pid_t pid)
{
    char path[64];
    unsigned n = 0;
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *d = opendir(path);
    for (struct dirent *e; d && (e = readdir(d));)
        n += e->d_name[0] != '.';
    if (d)
        closedir(d);
    return n;
}

void vitals_read(pid_t pid, const char *store, struct vitals *out)
{
    *out = (struct vitals){.resident = vitals_resident(pid), .threads = count_threads(pid), .cpu = read_cpu(pid)};
    count_fds(pid, store, out->fds);
}

bool vitals_same_counts(const struct vitals *a, const struct vitals *b)
{
    return memcmp(a->fds, b->fds, sizeof a->fds) == 0 && a->threads == b->threads;
}
