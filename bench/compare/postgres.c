/* bench/compare: PostgreSQL over its Unix socket. What each statement does is said by the contestant's session file
 * (COMPARE_SESSION), which prepares them by the names used here: certify, certify_many, enrol_many, sweep, due_counts,
 * due_ids, statuses, events. */
#include <inttypes.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "bench/compare/client.h"
#include "bench/compare/crowd.h"
#include "bench/connect.h"

#define SWEEP_HOUR 9  /* cron's */
#define BATCH_LINES 2 /* connections that certify in batches */
#define COPY_BYTES 65536

/* --- connections --- */

static _Noreturn void fail(PGconn *pg, const char *what)
{
    fprintf(stderr, "postgres: %s: %s\n", what, PQerrorMessage(pg));
    exit(1);
}

static PGconn *try_to_connect(const struct client *c)
{
    const char *const names[] = {"host", "dbname", "user", "application_name", NULL};
    const char *const values[] = {c->folder, "compare", "compare", "compare", NULL};
    return PQconnectdbParams(names, values, 0);
}

static struct buf session_text(void)
{
    struct buf b = BUF_INIT;
    const char *path = getenv("COMPARE_SESSION");
    FILE *f = path ? fopen(path, "r") : NULL;
    if (!f)
        die("COMPARE_SESSION");
    for (char line[512]; fgets(line, sizeof line, f);)
        buf_adds(&b, line);
    fclose(f);
    return b;
}

static void must(PGconn *pg, PGresult *r, ExecStatusType wanted, const char *what)
{
    if (PQresultStatus(r) != wanted)
        fail(pg, what);
}

static bool prepare_all(PGconn *pg)
{
    struct buf text = session_text();
    PGresult *r = PQexec(pg, text.p);
    bool good = PQresultStatus(r) == PGRES_COMMAND_OK;
    PQclear(r);
    buf_done(&text);
    return good;
}

static PGconn *must_connect(const struct client *c)
{
    PGconn *pg = try_to_connect(c);
    if (PQstatus(pg) != CONNECTION_OK || !prepare_all(pg))
        fail(pg, "connect");
    return pg;
}

static PGresult *call(PGconn *pg, const char *name, int n, const char *const *values)
{
    PGresult *r = PQexecPrepared(pg, name, n, values, NULL, NULL, 0);
    must(pg, r, PGRES_TUPLES_OK, name);
    return r;
}

/* --- words of people --- */

enum { ID, DUE, NEXT, CERTIFIED, CHANNEL, REF, WORDS };

struct words {
    char text[WORDS][32];
};

static void put_day(char *out, lc_date d)
{
    date_format(d, out);
    out[10] = '\0';
}

static void put_instant(char *out, lc_instant at)
{
    put_day(out, (lc_date)((at + JOB_OFFSET) / JOB_DAY) + DATE_UNIX_EPOCH);
    int64_t s = (at + JOB_OFFSET) % JOB_DAY;
    snprintf(out + 10, 22, " %02d:%02d:00", (int)(s / 3600), (int)(s / 60 % 60));
}

static void put_words(struct words *w, uint32_t i, bool certified)
{
    lc_date due = job_due(certified ? job_certified(i) : job_approved(i));
    bench_id(i, w->text[ID]);
    put_day(w->text[DUE], due);
    put_instant(w->text[NEXT], job_deadline(due, JOB_FIRST));
    put_day(w->text[CERTIFIED], job_certified(i));
    snprintf(w->text[CHANNEL], 32, "%s", job_channel(i));
    job_ref(i, w->text[REF]);
}

/* Arrays of a statement over many people, one for each word of theirs. */
struct arrays {
    struct buf b[WORDS];
    unsigned n; /* how many of them count: WORDS, or up to NEXT */
};

static void arrays_add(struct arrays *a, const struct words *w)
{
    for (unsigned k = 0; k < a->n; k++) {
        buf_addc(&a->b[k], a->b[k].n ? ',' : '{');
        buf_addc(&a->b[k], '"');
        buf_adds(&a->b[k], w->text[k]);
        buf_addc(&a->b[k], '"');
    }
}

static void arrays_end(struct arrays *a, const char *values[WORDS])
{
    for (unsigned k = 0; k < a->n; k++) {
        buf_add(&a->b[k], "}", 2);
        values[k] = a->b[k].p;
    }
}

static void arrays_clear(struct arrays *a)
{
    for (unsigned k = 0; k < a->n; k++)
        buf_clear(&a->b[k]);
}

static void arrays_done(struct arrays *a)
{
    for (unsigned k = 0; k < a->n; k++)
        buf_done(&a->b[k]);
}

/* --- enrolments --- */

static void put_copy(PGconn *pg, struct buf *b)
{
    if (PQputCopyData(pg, b->p, (int)b->n) != 1)
        fail(pg, "COPY");
    buf_clear(b);
}

static void enrol_copy(const struct client *c)
{
    struct buf b = BUF_INIT;
    PGconn *pg = must_connect(c);
    double began = client_seconds();
    PGresult *r = PQexec(pg, "COPY person (id, due_on, next_at) FROM STDIN");
    must(pg, r, PGRES_COPY_IN, "COPY");
    PQclear(r);
    for (uint32_t i = 0; i < c->people; i++) {
        struct words w;
        put_words(&w, i, false);
        buf_printf(&b, "%s\t%s\t%s\n", w.text[ID], w.text[DUE], w.text[NEXT]);
        if (b.n > COPY_BYTES)
            put_copy(pg, &b);
    }
    put_copy(pg, &b);
    if (PQputCopyEnd(pg, NULL) != 1)
        fail(pg, "COPY");
    while ((r = PQgetResult(pg))) {
        must(pg, r, PGRES_COMMAND_OK, "COPY");
        PQclear(r);
    }
    client_rate("enrol", c->people, client_seconds() - began);
    buf_done(&b);
    PQfinish(pg);
}

static void enrol_many(const struct client *c)
{
    const char *values[WORDS];
    struct arrays a = {.n = NEXT + 1};
    PGconn *pg = must_connect(c);
    double began = client_seconds();
    for (uint32_t i = 0; i < c->people;) {
        for (uint32_t end = i + CLIENT_BATCH; i < end && i < c->people; i++) {
            struct words w;
            put_words(&w, i, false);
            arrays_add(&a, &w);
        }
        arrays_end(&a, values);
        PQclear(call(pg, "enrol_many", (int)a.n, values));
        arrays_clear(&a);
    }
    client_rate("enrol", c->people, client_seconds() - began);
    arrays_done(&a);
    PQfinish(pg);
}

/* --- certifications --- */

struct line {
    PGconn *pg;
    const struct client *client;
    struct arrays arrays;
};

static void *line_open(void *arg)
{
    struct line *l = mem_zalloc(1, sizeof *l);
    l->client = arg;
    l->pg = must_connect(arg);
    l->arrays.n = WORDS;
    return l;
}

static int line_fd(void *line)
{
    return PQsocket(((struct line *)line)->pg);
}

static void send_statement(struct line *l, const char *name, const char *const *values)
{
    if (!PQsendQueryPrepared(l->pg, name, WORDS, values, NULL, NULL, 0))
        fail(l->pg, name);
}

static bool send_one(void *line, uint32_t item)
{
    struct line *l = line;
    struct words w;
    const char *values[WORDS];
    put_words(&w, client_certifier(l->client, client_batched(l->client) + item), true);
    for (unsigned k = 0; k < WORDS; k++)
        values[k] = w.text[k];
    send_statement(l, "certify", values);
    return true;
}

static bool send_batch(void *line, uint32_t item)
{
    struct line *l = line;
    const char *values[WORDS];
    uint32_t k = item * CLIENT_BATCH, n = client_batched(l->client);
    for (uint32_t end = k + CLIENT_BATCH; k < end && k < n; k++) {
        struct words w;
        put_words(&w, client_certifier(l->client, k), true);
        arrays_add(&l->arrays, &w);
    }
    arrays_end(&l->arrays, values);
    send_statement(l, "certify_many", values);
    arrays_clear(&l->arrays);
    return true;
}

static bool take(void *line)
{
    struct line *l = line;
    PGresult *r;
    if (!PQconsumeInput(l->pg))
        fail(l->pg, "certify");
    while (!PQisBusy(l->pg)) {
        if (!(r = PQgetResult(l->pg)))
            return true;
        must(l->pg, r, PGRES_TUPLES_OK, "certify");
        if (strcmp(PQgetvalue(r, 0, 0), "0") == 0)
            fail(l->pg, "certified nobody");
        PQclear(r);
    }
    return false;
}

static void line_close(void *line)
{
    struct line *l = line;
    PQfinish(l->pg);
    arrays_done(&l->arrays);
    free(l);
}

static void certify_batched(const struct client *c)
{
    static const struct crowd_ops ops = {line_open, line_fd, send_batch, take, line_close};
    uint32_t n = client_batched(c);
    client_rate("certify-batched", n, crowd_run(&ops, (void *)(uintptr_t)c, BATCH_LINES, client_batches(n)));
}

static void certify_single(const struct client *c)
{
    static const struct crowd_ops ops = {line_open, line_fd, send_one, take, line_close};
    uint32_t n = job_singles(c->people);
    client_rate("certify-single", n, crowd_run(&ops, (void *)(uintptr_t)c, CLIENT_CONNECTIONS, n));
}

/* --- the sweep: cron's, once a day --- */

static void sweep(const struct client *c)
{
    uint64_t events = 0;
    PGconn *pg = must_connect(c);
    double began = client_seconds();
    for (lc_instant at = job_midnight(date_make(2026, 5, 21)) + SWEEP_HOUR * 3600; at <= job_swept_to();
         at += JOB_DAY) {
        char text[32];
        const char *const values[] = {text};
        put_instant(text, at);
        PGresult *r = call(pg, "sweep", 1, values);
        events += strtoull(PQgetvalue(r, 0, 0), NULL, 10);
        PQclear(r);
    }
    client_swept(events, client_seconds() - began);
    PQfinish(pg);
}

/* --- lists --- */

struct list {
    PGconn *pg;
    lc_date from, to;
    struct job_counts counts;
    struct job_ids ids;
};

static void read_counts(struct list *l, PGresult *r)
{
    l->counts = (struct job_counts){.n = 0};
    for (int i = 0; i < PQntuples(r); i++) {
        lc_date day;
        if (!date_parse(PQgetvalue(r, i, 0), 10, &day))
            fail(l->pg, "a date");
        job_counts_add(&l->counts, day, strtoull(PQgetvalue(r, i, 1), NULL, 10));
    }
}

static void ask_counts(void *list)
{
    struct list *l = list;
    char from[11], to[11];
    const char *const values[] = {from, to};
    put_day(from, l->from);
    put_day(to, l->to);
    PGresult *r = call(l->pg, "due_counts", 2, values);
    read_counts(l, r);
    PQclear(r);
}

static void ask_ids(void *list)
{
    struct list *l = list;
    char day[11];
    const char *const values[] = {day};
    put_day(day, job_days().listed);
    PGresult *r = call(l->pg, "due_ids", 1, values);
    l->ids = (struct job_ids){0};
    for (int i = 0; i < PQntuples(r); i++)
        job_ids_add(&l->ids, PQgetvalue(r, i, 0), (size_t)PQgetlength(r, i, 0));
    PQclear(r);
}

static void say_status(PGconn *pg)
{
    uint64_t n[3];
    PGresult *r = call(pg, "statuses", 0, NULL);
    for (int i = 0; i < 3; i++)
        n[i] = strtoull(PQgetvalue(r, 0, i), NULL, 10);
    client_statuses(n[0], n[1], n[2]);
    PQclear(r);
}

static void due_before(const struct client *c)
{
    struct list l = {.pg = must_connect(c), .from = date_make(2026, 5, 20), .to = date_make(2027, 6, 23)};
    ask_counts(&l);
    client_counts("before", &l.counts);
    PQfinish(l.pg);
}

static void due_after(const struct client *c)
{
    struct job_days days = job_days();
    struct list l = {.pg = must_connect(c), .from = days.from, .to = days.to};
    client_row("due-counts", client_median_ms(ask_counts, &l));
    client_counts("after", &l.counts);
    client_row("due-ids", client_median_ms(ask_ids, &l));
    client_ids(&l.ids);
    say_status(l.pg);
    PQfinish(l.pg);
}

/* How many deadlines have their event. */
static void swept(const struct client *c)
{
    PGconn *pg = must_connect(c);
    PGresult *r = call(pg, "events", 0, NULL);
    client_answer("swept", PQgetvalue(r, 0, 0));
    PQclear(r);
    PQfinish(pg);
}

static bool answers_right(const struct client *c, const char *right)
{
    struct job_days days = job_days();
    struct list l = {.pg = try_to_connect(c), .from = days.from, .to = days.to};
    bool good = PQstatus(l.pg) == CONNECTION_OK && prepare_all(l.pg);
    if (good) {
        ask_counts(&l);
        good = strcmp(l.counts.text, right) == 0;
    }
    PQfinish(l.pg);
    return good;
}

static void await(const struct client *c)
{
    struct job_answers right;
    job_answers(c->people, &right);
    while (!answers_right(c, right.after.text))
        usleep(500);
    client_answered();
}

int main(int argc, char **argv)
{
    static const struct client_phase phases[] = {{"enrol", enrol_copy},
                                                 {"enrol-many", enrol_many},
                                                 {"certify-batched", certify_batched},
                                                 {"certify-single", certify_single},
                                                 {"due-before", due_before},
                                                 {"sweep", sweep},
                                                 {"swept", swept},
                                                 {"due-after", due_after},
                                                 {"await", await},
                                                 {NULL, NULL}};
    return client_main(argc, argv, phases);
}
