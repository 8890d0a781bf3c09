/* bench/compare: beanstalkd over its Unix socket. Everybody is a job in the tube of their status, delayed until the
 * next deadline, with "ID DUE KIND" for its body; an event is a job in the tube `events`. Jobs are found by number
 * alone, so whoever enrols must keep each person's: that is the file `jobs`. What is due by the end of the time that
 * passes has no delay, for the queue knows no present but its own. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench/compare/beanstalkd_line.h"
#include "bench/compare/crowd.h"
#include "bench/connect.h"

#define PIPELINED 50 /* people a write, in batches */
#define BATCH_LINES 4
#define WORK_ANSWERS 5 /* to what a certification and a deadline send: use, put, use, put, delete */
#define WORK_NEXT 3    /* the one of them that tells the number of the person's next job */

static const char *const tubes[] = {"active", "active", "active", "active", "active", "grace", "suspended"};

static const char *tube_of(unsigned kind)
{
    return tubes[kind];
}

static int64_t delay_of(lc_date due, unsigned kind)
{
    lc_instant at = job_deadline(due, kind);
    int64_t delay = (at == INSTANT_NONE ? job_deadline(due, JOB_SUSPENSION) + 400 * JOB_DAY : at) - job_swept_to();
    return delay < 0 ? 0 : delay;
}

/* --- each person's job --- */

struct jobs {
    uint64_t *of; /* by person's number */
    size_t bytes;
};

static void jobs_open(struct jobs *j, const struct client *c)
{
    char path[256];
    snprintf(path, sizeof path, "%s/jobs", c->folder);
    int fd = open(path, O_CREAT | O_RDWR, 0600);
    j->bytes = sizeof *j->of * c->people;
    if (fd < 0 || ftruncate(fd, (off_t)j->bytes) != 0)
        die(path);
    j->of = mmap(NULL, j->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (j->of == MAP_FAILED)
        die(path);
    close(fd);
}

static void jobs_close(struct jobs *j)
{
    munmap(j->of, j->bytes);
}

static void put_person(struct line *l, const char *id, lc_date due, unsigned kind)
{
    char body[96], day[10];
    date_format(due, day);
    snprintf(body, sizeof body, "%s %.10s %u", id, day, kind);
    line_put(l, delay_of(due, kind), body);
}

static void certify(struct line *l, uint32_t i)
{
    char id[BENCH_ID_BYTES], ref[24], certified[10], due_on[10], event[160];
    lc_date due = job_due(job_certified(i));
    bench_id(i, id);
    job_ref(i, ref);
    date_format(job_certified(i), certified);
    date_format(due, due_on);
    snprintf(event, sizeof event, "certification.accepted %s %.10s %.10s %s %s", id, due_on, certified, job_channel(i),
             ref);
    line_use(l, "events");
    line_put(l, 0, event);
    line_use(l, tube_of(JOB_FIRST));
    put_person(l, id, due, JOB_FIRST);
    line_delete(l, l->queue->jobs->of[i]);
}

/* --- answers of what was put and deleted; the numbers of people's jobs are kept --- */

/* What answers a line of commands for people: every `per` of them ends one person's, whose job is the `at`-th. */
static bool take_answers(struct line *l, unsigned per, unsigned at)
{
    char *p = l->in, *end;
    line_read(l);
    for (; l->left && (end = line_next(p)); p = end + 2, l->left--) {
        unsigned k = l->next_job % per;
        uint32_t person = l->whom[l->next_job++ / per];
        uint64_t job;
        if (strncmp(p, "INSERTED ", 9) == 0) {
            if (k == at && sscanf(p + 9, "%" SCNu64, &job) == 1)
                l->queue->jobs->of[person] = job;
        } else if (strncmp(p, "USING", 5) != 0 && strcmp(p, "DELETED") != 0)
            line_unexpected(p);
    }
    l->n_in -= (size_t)(p - l->in);
    memmove(l->in, p, l->n_in + 1);
    return l->left == 0;
}

static bool take_enrolled(void *line)
{
    return take_answers(line, 1, 0);
}

static bool take_certified(void *line)
{
    return take_answers(line, WORK_ANSWERS, WORK_NEXT);
}

static bool send_enrolments(void *line, uint32_t item)
{
    struct line *l = line;
    uint32_t i = item * PIPELINED, end = i + PIPELINED;
    unsigned n = 0;
    l->next_job = 0;
    for (; i < end && i < l->queue->client->people; i++) {
        char id[BENCH_ID_BYTES];
        bench_id(i, id);
        l->whom[n++] = i;
        put_person(l, id, job_due(job_approved(i)), JOB_FIRST);
    }
    line_write(l);
    return true;
}

static bool send_certifications(void *line, uint32_t item)
{
    struct line *l = line;
    const struct client *c = l->queue->client;
    uint32_t size = l->queue->single ? 1 : PIPELINED;
    uint32_t k = item * size + (l->queue->single ? client_batched(c) : 0), end = k + size;
    uint32_t last = l->queue->single ? c->people : client_batched(c);
    unsigned n = 0;
    l->next_job = 0;
    for (; k < end && k < last; k++) {
        l->whom[n] = client_certifier(c, k);
        certify(l, l->whom[n++]);
    }
    line_write(l);
    return true;
}

static void *open_active(void *arg)
{
    struct line *l = line_open(arg);
    l->next_job = 0;
    line_use(l, tube_of(JOB_FIRST));
    line_write(l);
    while (!take_answers(l, 1, 0))
        ;
    return l;
}

static uint32_t pieces(uint32_t people)
{
    return (people + PIPELINED - 1) / PIPELINED;
}

static void enrol(const struct client *c)
{
    static const struct crowd_ops ops = {open_active, line_fd, send_enrolments, take_enrolled, line_close};
    struct jobs jobs;
    struct queue q = {c, &jobs, false};
    jobs_open(&jobs, c);
    client_rate("enrol", c->people, crowd_run(&ops, &q, BATCH_LINES, pieces(c->people)));
    jobs_close(&jobs);
}

static void certify_all(const struct client *c, const char *row, bool single)
{
    static const struct crowd_ops ops = {line_open, line_fd, send_certifications, take_certified, line_close};
    struct jobs jobs;
    struct queue q = {c, &jobs, single};
    uint32_t n = single ? job_singles(c->people) : client_batched(c);
    jobs_open(&jobs, c);
    client_rate(row, n, crowd_run(&ops, &q, single ? CLIENT_CONNECTIONS : BATCH_LINES, single ? n : pieces(n)));
    jobs_close(&jobs);
}

static void certify_batched(const struct client *c)
{
    certify_all(c, "certify-batched", false);
}

static void certify_single(const struct client *c)
{
    certify_all(c, "certify-single", true);
}

/* --- the sweep: workers reserve what is ready, until there is nothing --- */

static void *open_worker(void *arg)
{
    struct line *l = line_open(arg);
    static const char watch[] = "watch active\r\nwatch grace\r\nignore default\r\n";
    buf_adds(&l->out, watch);
    line_write(l);
    for (int lines = 0; lines < 3;) {
        lines = 0;
        line_read(l);
        for (const char *p = l->in; (p = strstr(p, "\r\n")); p++)
            lines++;
    }
    l->n_in = 0;
    return l;
}

static bool send_reserve(void *line, uint32_t item)
{
    struct line *l = line;
    (void)item;
    if (l->over)
        return false;
    l->reserving = true;
    buf_adds(&l->out, "reserve-with-timeout 0\r\n");
    line_write(l);
    return true;
}

static const char *type_of(unsigned kind)
{
    return kind == JOB_GRACE ? "grace.started" : kind == JOB_SUSPENSION ? "benefit.suspended" : "reminder.due";
}

/* The event, the job of what is next, and an end to this one. */
static void do_deadline(struct line *l, uint64_t job, const char *body)
{
    char id[BENCH_ID_BYTES], due_on[11], event[96];
    unsigned kind;
    lc_date due;
    if (sscanf(body, "%23s %10s %u", id, due_on, &kind) != 3 || !date_parse(due_on, 10, &due))
        line_unexpected(body);
    snprintf(event, sizeof event, "%s %s %s", type_of(kind), id, due_on);
    line_use(l, "events");
    line_put(l, 0, event);
    line_use(l, tube_of(kind + 1));
    put_person(l, id, due, kind + 1);
    line_delete(l, job);
    line_write(l);
}

static bool take_reserved(struct line *l)
{
    uint64_t job;
    size_t bytes;
    line_read(l);
    char *body = strstr(l->in, "\r\n");
    if (!body)
        return false;
    l->over = strncmp(l->in, "TIMED_OUT", 9) == 0;
    if (!l->over && sscanf(l->in, "RESERVED %" SCNu64 " %zu", &job, &bytes) != 2)
        line_unexpected(l->in);
    if (!l->over && l->n_in < (size_t)(body + 2 - l->in) + bytes + 2)
        return false;
    l->reserving = false;
    l->n_in = 0;
    if (!l->over)
        do_deadline(l, job, body + 2);
    return l->over;
}

static bool take_work(void *line)
{
    struct line *l = line;
    if (l->reserving)
        return take_reserved(l);
    l->next_job = 0;
    return take_answers(l, WORK_ANSWERS, WORK_ANSWERS);
}

static uint64_t events_of(const struct client *c)
{
    struct queue q = {c, NULL, false};
    struct line *l = line_open(&q);
    uint64_t n = line_tube_size(l, "events");
    line_close(l);
    return n;
}

static void sweep(const struct client *c)
{
    static const struct crowd_ops ops = {open_worker, line_fd, send_reserve, take_work, line_close};
    struct queue q = {c, NULL, false};
    uint64_t before = events_of(c);
    double seconds = crowd_run(&ops, &q, CLIENT_CONNECTIONS, UINT32_MAX);
    client_swept(events_of(c) - before, seconds);
}

/* --- lists. The queue has none; for the check, and not timed, every job is looked at by its number. --- */

#define PEEKED 64

struct lists {
    struct job_counts counts;
    struct job_ids ids;
    uint64_t by_day[400];
    lc_date from, listed;
};

static void note(struct lists *all, const char *body)
{
    char id[BENCH_ID_BYTES], due_on[11];
    unsigned kind;
    lc_date due;
    if (sscanf(body, "%23s %10s %u", id, due_on, &kind) != 3 || strchr(id, '.') || !date_parse(due_on, 10, &due))
        return; /* an event */
    lc_instant at = job_deadline(due, kind);
    lc_date day = at == INSTANT_NONE ? DATE_NONE : (lc_date)((at + JOB_OFFSET) / JOB_DAY) + DATE_UNIX_EPOCH;
    if (day >= all->from && day < all->from + 400)
        all->by_day[day - all->from]++;
    if (day == all->listed)
        job_ids_add(&all->ids, id, strlen(id));
}

/* PEEKED answers: NOT_FOUND, or FOUND with a body on a line of its own. */
static void peek_some(struct line *l, uint64_t first, struct lists *all)
{
    unsigned seen = 0;
    bool body = false;
    for (unsigned k = 0; k < PEEKED; k++)
        buf_printf(&l->out, "peek %" PRIu64 "\r\n", first + k);
    line_write(l);
    l->n_in = 0;
    while (seen < PEEKED) {
        char *p = l->in, *end;
        line_read(l);
        for (; (end = line_next(p)); p = end + 2) {
            if (body)
                note(all, p);
            bool found = !body && strncmp(p, "FOUND ", 6) == 0;
            seen += !found;
            body = found;
        }
        l->n_in -= (size_t)(p - l->in);
        memmove(l->in, p, l->n_in + 1);
    }
}

static void look_at_all(const struct client *c, struct lists *all)
{
    struct queue q = {c, NULL, false};
    struct line *l = line_open(&q);
    uint64_t last = line_last_job(l);
    for (uint64_t job = 1; job <= last; job += PEEKED)
        peek_some(l, job, all);
    for (lc_date day = all->from; day < all->from + 400; day++)
        job_counts_add(&all->counts, day, all->by_day[day - all->from]);
    line_close(l);
}

static void due_before(const struct client *c)
{
    struct lists all = {.from = date_make(2026, 5, 20)};
    look_at_all(c, &all);
    client_counts("before", &all.counts);
}

static void due_after(const struct client *c)
{
    struct lists all = {.from = job_days().from, .listed = job_days().listed};
    look_at_all(c, &all);
    client_counts("after", &all.counts);
    client_ids(&all.ids);
    struct queue q = {c, NULL, false};
    struct line *l = line_open(&q);
    client_statuses(line_tube_size(l, "active"), line_tube_size(l, "grace"), line_tube_size(l, "suspended"));
    line_close(l);
}

static bool listens(const struct client *c)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    snprintf(to.sun_path, sizeof to.sun_path, "%s/beanstalkd.sock", c->folder);
    bool good = connect(fd, (struct sockaddr *)&to, sizeof to) == 0;
    close(fd);
    return good;
}

/* Of what it can answer: how many jobs each status has. */
static bool answers_right(const struct client *c, const struct job_answers *right)
{
    struct queue q = {c, NULL, false};
    if (!listens(c))
        return false;
    struct line *l = line_open(&q);
    bool good = line_tube_size(l, "active") == right->active && line_tube_size(l, "suspended") == right->suspended;
    line_close(l);
    return good;
}

static void await(const struct client *c)
{
    struct job_answers right;
    job_answers(c->people, &right);
    while (!answers_right(c, &right))
        usleep(500);
    client_answered();
}

int main(int argc, char **argv)
{
    static const struct client_phase phases[] = {{"enrol", enrol},
                                                 {"certify-batched", certify_batched},
                                                 {"certify-single", certify_single},
                                                 {"due-before", due_before},
                                                 {"sweep", sweep},
                                                 {"due-after", due_after},
                                                 {"await", await},
                                                 {NULL, NULL}};
    return client_main(argc, argv, phases);
}
