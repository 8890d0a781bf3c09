#include "tests/faults/campaign.h"

#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/lib/tap.h"

#define JOBS_MAX 64

struct job {
    pid_t pid; /* 0: free */
    struct task task;
    struct outcome *out; /* shared with its process */
    FILE *said;          /* what the trial printed */
    int64_t began;
};

static void *share(size_t size)
{
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        bail_out("no memory to share");
    return p;
}

struct reference *campaign_reference(void)
{
    return share(sizeof(struct reference));
}

static void begin(const struct campaign *c, struct job *j, const struct reference *reference)
{
    memset(j->out, 0, sizeof *j->out);
    j->said = tmpfile();
    j->began = clock_monotonic_ns();
    if (!j->said)
        bail_out("no temporary file");
    fflush(stdout);
    j->pid = fork();
    if (j->pid != 0)
        return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(fileno(j->said), STDOUT_FILENO);
    alarm(c->seconds);
    c->trial(&j->task, reference, j->out);
    exit(0); /* its folder goes with it, unless it was moved */
}

/* --- the end of one --- */

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st, (void)flag, (void)ftw;
    return remove(path);
}

/* A trial that did not come to its end left its folder behind. */
static void remove_folder(const char *folder)
{
    if (folder[0])
        nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* The last thing that it printed. */
static void take_last_words(struct job *j, int status)
{
    char text[400];
    rewind(j->said);
    size_t n = fread(text, 1, sizeof text - 1, j->said);
    text[n] = '\0';
    snprintf(j->out->fault, sizeof j->out->fault, "the trial ended with %s %d: %s",
             WIFSIGNALED(status) ? "signal" : "code", WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status),
             text);
}

static void finish(const struct campaign *c, struct job *j, int status)
{
    j->pid = 0;
    j->out->seconds = (double)(clock_monotonic_ns() - j->began) / 1e9;
    if (!j->out->whole)
        take_last_words(j, status);
    if (!c->keep || !j->out->fault[0])
        remove_folder(j->out->folder);
    fclose(j->said);
}

/* --- all of them --- */

static struct job *free_job(struct job *jobs, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        if (jobs[i].pid == 0)
            return &jobs[i];
    return NULL;
}

/* Waits for one; NULL: none runs. */
static struct job *wait_for_one(struct job *jobs, unsigned n, int *status)
{
    pid_t pid = wait(status);
    for (unsigned i = 0; i < n; i++)
        if (pid > 0 && jobs[i].pid == pid)
            return &jobs[i];
    return NULL;
}

void campaign_run(const struct campaign *c, const struct reference *reference)
{
    struct job jobs[JOBS_MAX] = {{0}}, *j;
    unsigned n = c->jobs < 1 ? 1 : c->jobs > JOBS_MAX ? JOBS_MAX : c->jobs;
    int status = 0;
    for (unsigned i = 0; i < n; i++)
        jobs[i].out = share(sizeof(struct outcome));
    do {
        while ((j = free_job(jobs, n)) && c->next(c->arg, &j->task))
            begin(c, j, reference);
        j = wait_for_one(jobs, n, &status);
        if (j) {
            finish(c, j, status);
            c->done(c->arg, &j->task, j->out);
        }
    } while (j);
    for (unsigned i = 0; i < n; i++)
        munmap(jobs[i].out, sizeof(struct outcome));
}

void campaign_one(const struct campaign *c, const struct task *task, const struct reference *reference,
                  struct outcome *out)
{
    struct job j = {.task = *task, .out = share(sizeof(struct outcome))};
    int status = 0;
    begin(c, &j, reference);
    if (waitpid(j.pid, &status, 0) != j.pid)
        bail_out("a trial is lost");
    finish(c, &j, status);
    *out = *j.out;
    munmap(j.out, sizeof(struct outcome));
}

uint64_t campaign_number(const char *program, const char *text, const char *option)
{
    char *end;
    uint64_t n = strtoull(text, &end, 10);
    if (*text >= '0' && *text <= '9' && !*end)
        return n;
    fprintf(stderr, "%s: %s takes a number\n", program, option);
    exit(2);
}
