#include "tests/faults/life.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/date.h"
#include "tests/lib/tap.h"

#define MS INT64_C(1000000)
#define NS INT64_C(1000000000)
#define READY_MS 60000
#define UNHEARD_MS 1000
#define END_MS 30000
#define GONE_MS 400  /* a connection that is gone: does the daemon follow? */
#define AGAIN_MS 150 /* before a step that was refused is repeated */
#define PATIENCE_MS 8000
#define NOON_UTC (4 * 3600) /* in Asia/Shanghai */

/* --- setting up --- */

static void write_secret(const struct node *n)
{
    static const char text[] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n";
    char path[160];
    snprintf(path, sizeof path, "%s/hooks.secret", n->dir);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, text, sizeof text - 1) != (ssize_t)sizeof text - 1)
        bail_out("cannot write %s", path);
    close(fd);
}

static struct peer *start_receiver(const struct node *n)
{
    char secret[160], record[160];
    snprintf(secret, sizeof secret, "%s/hooks.secret", n->dir);
    snprintf(record, sizeof record, "%s/received", n->dir);
    const char *const arguments[] = {"--secret", secret, "--record", record, "--set", "tolerance=2147483647", NULL};
    return peer_start(arguments);
}

void life_new(struct life *l)
{
    *l = (struct life){.pid_fd = -1, .patience_ms = PATIENCE_MS};
    l->node = node_new("");
    write_secret(l->node);
    l->peer = start_receiver(l->node);
    l->faults = faults_new(l->node->dir);
    script_configure(l);
}

void life_free(struct life *l)
{
    node_free(l->node, false);
    peer_free(l->peer);
    if (l->pid_fd >= 0)
        close(l->pid_fd);
    answer_done(&l->answer);
    buf_done(&l->answers);
}

/* --- the daemon's process --- */

static void note_end(struct life *l, int status)
{
    l->code = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    l->node->pid = 0;
    close(l->pid_fd);
    l->pid_fd = -1;
}

static bool reap(struct life *l)
{
    int status;
    if (waitpid(l->node->pid, &status, WNOHANG) != l->node->pid)
        return false;
    note_end(l, status);
    return true;
}

bool life_ended(struct life *l, int ms)
{
    int64_t limit = clock_monotonic_ns() + ms * MS;
    while (l->node->pid && !reap(l)) {
        int64_t left = limit - clock_monotonic_ns();
        struct pollfd v[] = {{.fd = l->pid_fd, .events = POLLIN}, {.fd = l->node->notify_fd, .events = POLLIN}};
        if (left <= 0)
            return false;
        poll(v, 2, (int)(left / MS) + 1);
        if (v[1].revents)
            node_hear(l->node); /* it stands still when nobody listens */
    }
    return true;
}

/* Does one of the text's lines begin so? */
static bool says(const char *text, const char *assignment)
{
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, assignment, strlen(assignment)) == 0)
            return true;
    }
    return false;
}

enum life_state life_hear(struct life *l, const char *assignment, int ms)
{
    char text[4096];
    int64_t limit = clock_monotonic_ns() + ms * MS;
    while (clock_monotonic_ns() < limit) {
        struct pollfd v[] = {{.fd = l->node->notify_fd, .events = POLLIN}, {.fd = l->pid_fd, .events = POLLIN}};
        poll(v, 2, 100);
        if (v[0].revents) {
            ssize_t got = recv(l->node->notify_fd, text, sizeof text - 1, 0);
            text[got > 0 ? got : 0] = '\0';
            if (says(text, assignment))
                return LIFE_OVER;
        } else if (v[1].revents && life_ended(l, 0)) {
            return LIFE_ENDED;
        }
    }
    return LIFE_HANGS;
}

/* A daemon to which messages to the service manager fail says it in its log all the same. */
static bool logs_ready(const struct life *l)
{
    char *log = node_log(l->node);
    bool ready = strlen(log) > l->logged && strstr(log + l->logged, "event=ready ");
    free(log);
    return ready;
}

static enum life_state hear_ready(struct life *l)
{
    enum life_state state = LIFE_HANGS;
    for (int waited = 0; state == LIFE_HANGS && waited < READY_MS; waited += UNHEARD_MS) {
        state = life_hear(l, "READY=1", UNHEARD_MS);
        if (state == LIFE_HANGS && logs_ready(l))
            state = LIFE_OVER;
    }
    return state;
}

static size_t log_size(const struct life *l)
{
    struct stat st;
    return stat(l->node->log, &st) == 0 ? (size_t)st.st_size : 0;
}

enum life_state life_start(struct life *l)
{
    if (l->node->pid)
        return LIFE_OVER;
    l->logged = log_size(l);
    faults_begin(l->node->dir);
    node_launch(l->node);
    faults_end();
    l->pid_fd = pidfd_open(l->node->pid, 0);
    if (l->pid_fd < 0)
        bail_out("no descriptor for the daemon");
    return hear_ready(l);
}

bool life_end(struct life *l)
{
    if (l->node->pid == 0)
        return true;
    node_signal(l->node, SIGTERM);
    if (life_ended(l, END_MS))
        return true;
    node_signal(l->node, SIGKILL);
    life_ended(l, END_MS);
    return false;
}

void life_set_day(struct life *l, const char *day)
{
    lc_date date;
    if (!date_parse(day, 10, &date))
        bail_out("no such day: %s", day);
    int64_t seconds = ((int64_t)date - DATE_UNIX_EPOCH) * 86400 + NOON_UTC;
    __atomic_store_n(&l->faults->wall_ns, seconds * NS - clock_wall_ns(), __ATOMIC_RELAXED);
}

/* --- its steps --- */

enum asked life_ask(struct life *l, const char *method, const char *target, const char *headers, struct str body)
{
    return asker_ask(l->node->socket, method, target, headers, body, l->patience_ms, &l->answer);
}

static enum life_state after(struct life *l, enum step_result r)
{
    if (r == STEP_HANGS)
        return LIFE_HANGS;
    l->again++;
    if (r == STEP_ENDED || (!script[l->step].alone && life_ended(l, r == STEP_GONE ? GONE_MS : 0)))
        return LIFE_ENDED;
    if (++l->tries >= LIFE_TRIES)
        return LIFE_REFUSES;
    poll(NULL, 0, AGAIN_MS);
    return LIFE_OVER;
}

enum life_state life_go(struct life *l)
{
    enum life_state state = LIFE_OVER;
    l->tries = 0;
    while (state == LIFE_OVER && l->step < script_steps) {
        const struct script_step *s = &script[l->step];
        state = s->alone ? LIFE_OVER : life_start(l);
        if (state != LIFE_OVER)
            break;
        enum step_result r = s->run(l, s);
        if (r == STEP_DONE) {
            l->step++;
            l->tries = 0;
        } else {
            state = after(l, r);
        }
    }
    return state;
}
