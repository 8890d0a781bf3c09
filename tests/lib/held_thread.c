#include "tests/lib/held_thread.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

static bool has_name(pid_t process, pid_t thread, const char *name)
{
    char path[64], line[64] = "";
    snprintf(path, sizeof path, "/proc/%d/task/%d/comm", (int)process, (int)thread);
    FILE *f = fopen(path, "re");
    bool read = f && fgets(line, sizeof line, f);
    if (f)
        fclose(f);
    line[strcspn(line, "\n")] = '\0';
    return read && strcmp(line, name) == 0;
}

static pid_t find(pid_t process, const char *name)
{
    char path[64];
    pid_t found = -1;
    snprintf(path, sizeof path, "/proc/%d/task", (int)process);
    DIR *tasks = opendir(path);
    for (struct dirent *d; tasks && found < 0 && (d = readdir(tasks));) {
        pid_t thread = (pid_t)atoi(d->d_name);
        if (thread > 0 && has_name(process, thread, name))
            found = thread;
    }
    if (tasks)
        closedir(tasks);
    if (found < 0)
        errno = ESRCH;
    return found;
}

pid_t held_thread_stop(pid_t process, const char *name)
{
    pid_t thread = find(process, name);
    if (thread < 0 || ptrace(PTRACE_SEIZE, thread, NULL, NULL) != 0)
        return -1;
    int status;
    if (ptrace(PTRACE_INTERRUPT, thread, NULL, NULL) != 0 || waitpid(thread, &status, __WALL) != thread)
        return -1;
    return thread;
}

void held_thread_await_end(pid_t thread)
{
    int status;
    while (waitpid(thread, &status, __WALL) == thread && WIFSTOPPED(status))
        continue; /* left as it is */
}

void held_thread_release(pid_t thread)
{
    ptrace(PTRACE_DETACH, thread, NULL, NULL);
}
