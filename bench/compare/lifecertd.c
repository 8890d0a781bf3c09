/* bench/compare: lifecertd over its Unix socket. Enrolments and batches are lifecertctl's, which imports them. */
#include <curl/curl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "bench/compare/client.h"
#include "bench/compare/crowd.h"
#include "bench/connect.h"

#define ANSWER_BYTES 4096
#define SOCKET_BYTES 100

static void socket_path(const struct client *c, char out[SOCKET_BYTES])
{
    snprintf(out, SOCKET_BYTES, "%s/api.sock", c->folder);
}

static void put_time(char out[32], lc_instant at)
{
    struct ymd d = date_split((lc_date)((at + JOB_OFFSET) / JOB_DAY) + DATE_UNIX_EPOCH);
    int64_t s = (at + JOB_OFFSET) % JOB_DAY;
    snprintf(out, 32, "%04d-%02d-%02dT%02d:%02d:%02d+08:00", d.year, d.month, d.day, (int)(s / 3600),
             (int)(s / 60 % 60), (int)(s % 60));
}

/* --- questions, by libcurl --- */

/* Gets the bytes of an answer as they come. */
typedef void sink_fn(void *arg, const char *p, size_t n);

struct sink {
    sink_fn *take;
    void *arg;
};

static size_t on_bytes(char *p, size_t size, size_t n, void *arg)
{
    struct sink *s = arg;
    s->take(s->arg, p, size * n);
    return size * n;
}

static void append(void *arg, const char *p, size_t n)
{
    buf_add(arg, p, n);
}

struct asker {
    CURL *curl;
    char socket[SOCKET_BYTES];
};

static void asker_init(struct asker *a, const struct client *c)
{
    socket_path(c, a->socket);
    a->curl = curl_easy_init();
    curl_easy_setopt(a->curl, CURLOPT_UNIX_SOCKET_PATH, a->socket);
    curl_easy_setopt(a->curl, CURLOPT_WRITEFUNCTION, on_bytes);
}

/* false: nobody answered, or not with a 2xx. body: JSON to post, NULL: a GET. */
static bool ask(struct asker *a, const char *path, const char *body, sink_fn *take, void *arg)
{
    char url[256];
    long status = 0;
    struct sink s = {take, arg};
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
    if (body)
        headers = curl_slist_append(headers, "Lifecertd-Stream: compare");
    snprintf(url, sizeof url, "http://localhost%s", path);
    curl_easy_setopt(a->curl, CURLOPT_URL, url);
    curl_easy_setopt(a->curl, CURLOPT_WRITEDATA, &s);
    curl_easy_setopt(a->curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(a->curl, CURLOPT_HTTPGET, 1L);
    if (body)
        curl_easy_setopt(a->curl, CURLOPT_POSTFIELDS, body);
    bool good = curl_easy_perform(a->curl) == CURLE_OK;
    curl_easy_getinfo(a->curl, CURLINFO_RESPONSE_CODE, &status);
    curl_slist_free_all(headers);
    return good && status / 100 == 2;
}

static void must_ask(struct asker *a, const char *path, const char *body, sink_fn *take, void *arg)
{
    if (!ask(a, path, body, take, arg)) {
        fprintf(stderr, "lifecertd: %s was not answered\n", path);
        exit(1);
    }
}

static uint64_t member(const struct buf *json, const char *name)
{
    char word[64];
    uint64_t value = 0;
    snprintf(word, sizeof word, "\"%s\":", name);
    const char *p = strstr(json->p, word);
    if (!p || sscanf(p + strlen(word), "%" SCNu64, &value) != 1) {
        fprintf(stderr, "lifecertd: no %s in %s\n", name, json->p);
        exit(1);
    }
    return value;
}

/* --- the clock --- */

/* An input whose instant the clock must reach before it is decided, and not pass while the stream is open. */
static void move_clock(struct asker *a, const char *unit, lc_instant to)
{
    char body[160], at[32];
    struct buf answer = BUF_INIT;
    put_time(at, to);
    snprintf(body, sizeof body, "{\"op\":\"unit\",\"unit\":\"%s\",\"at\":\"%s\"}", unit, at);
    must_ask(a, "/v1/inputs", body, append, &answer);
    buf_done(&answer);
}

static void hold(const struct client *c)
{
    struct asker a;
    asker_init(&a, c);
    move_clock(&a, "START", job_start());
    curl_easy_cleanup(a.curl);
}

static uint64_t position(struct asker *a)
{
    struct buf answer = BUF_INIT;
    must_ask(a, "/v1/status", NULL, append, &answer);
    uint64_t at = member(&answer, "position");
    buf_done(&answer);
    return at;
}

/* Every deadline before the input's instant is durable when it is answered. */
static void sweep(const struct client *c)
{
    struct asker a;
    asker_init(&a, c);
    uint64_t before = position(&a);
    double began = client_seconds();
    move_clock(&a, "END", job_swept_to());
    double seconds = client_seconds() - began;
    client_swept(position(&a) - before - 1, seconds);
    curl_easy_cleanup(a.curl);
}

/* --- single certifications, over many connections --- */

struct line {
    int fd;
    const struct client *client;
};

static void *line_open(void *arg)
{
    char path[SOCKET_BYTES];
    struct line *l = mem_zalloc(1, sizeof *l);
    l->client = arg;
    socket_path(l->client, path);
    l->fd = connect_to(path);
    return l;
}

static int line_fd(void *line)
{
    return ((struct line *)line)->fd;
}

static bool line_send(void *line, uint32_t item)
{
    struct line *l = line;
    uint32_t i = client_certifier(l->client, client_batched(l->client) + item);
    char id[BENCH_ID_BYTES], ref[24], day[10], body[200], text[400];
    bench_id(i, id);
    job_ref(i, ref);
    date_format(job_certified(i), day);
    int n = snprintf(body, sizeof body,
                     "{\"op\":\"certify\",\"id\":\"%s\",\"channel\":\"%s\",\"ref\":\"%s\",\"certified_on\":\"%.10s\"}",
                     id, job_channel(i), ref, day);
    n = snprintf(
        text, sizeof text,
        "POST /v1/inputs HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", n,
        body);
    if (write(l->fd, text, (size_t)n) != n)
        die("lifecertd: write");
    return true;
}

/* Answers are short, and come whole. */
static bool line_take(void *line)
{
    char answer[ANSWER_BYTES];
    ssize_t n = read(line_fd(line), answer, sizeof answer - 1);
    if (n <= 0)
        die("lifecertd: read");
    answer[n] = '\0';
    if (!strstr(answer, "\"applied\"")) {
        fprintf(stderr, "lifecertd: %s\n", answer);
        exit(1);
    }
    return true;
}

static void line_close(void *line)
{
    close(line_fd(line));
    free(line);
}

static void certify_single(const struct client *c)
{
    static const struct crowd_ops ops = {line_open, line_fd, line_send, line_take, line_close};
    uint32_t n = job_singles(c->people);
    client_rate("certify-single", n, crowd_run(&ops, (void *)(uintptr_t)c, CLIENT_CONNECTIONS, n));
}

/* --- lists --- */

struct list {
    struct asker *asker;
    lc_date from, to, day;
    struct job_counts counts;
    struct job_ids ids;
    struct buf rest; /* of a line that has not come whole */
};

static bool read_counts(struct list *l)
{
    char path[96], from[10], to[10], on[11];
    struct buf answer = BUF_INIT;
    unsigned n[4];
    date_format(l->from, from);
    date_format(l->to, to);
    snprintf(path, sizeof path, "/v1/due?from=%.10s&to=%.10s&by=day", from, to);
    l->counts = (struct job_counts){.n = 0};
    bool good = ask(l->asker, path, NULL, append, &answer);
    for (const char *p = good ? answer.p : NULL; p && (p = strstr(p, "{\"on\":")); p++) {
        lc_date day;
        if (sscanf(p, "{\"on\":\"%10[^\"]\",\"reminder\":%u,\"grace\":%u,\"suspension\":%u,\"lapse\":%u", on, &n[0],
                   &n[1], &n[2], &n[3]) != 5 ||
            !date_parse(on, 10, &day))
            good = false;
        else
            job_counts_add(&l->counts, day, (uint64_t)n[0] + n[1] + n[2] + n[3]);
    }
    buf_done(&answer);
    return good;
}

static void ask_counts(void *list)
{
    if (!read_counts(list)) {
        fputs("lifecertd: /v1/due was not answered\n", stderr);
        exit(1);
    }
}

/* The last line is about the list. */
static void take_person(struct list *l, const char *p, size_t n)
{
    const char *id = n > 7 && memcmp(p, "{\"id\":\"", 7) == 0 ? p + 7 : NULL;
    if (id)
        job_ids_add(&l->ids, id, (size_t)((const char *)memchr(id, '"', n - 7) - id));
}

static void on_people(void *list, const char *p, size_t n)
{
    struct list *l = list;
    const char *end;
    buf_add(&l->rest, p, n);
    size_t done = 0;
    while ((end = memchr(l->rest.p + done, '\n', l->rest.n - done))) {
        take_person(l, l->rest.p + done, (size_t)(end - l->rest.p) - done);
        done = (size_t)(end - l->rest.p) + 1;
    }
    memmove(l->rest.p, l->rest.p + done, l->rest.n - done);
    l->rest.n -= done;
}

static void ask_ids(void *list)
{
    struct list *l = list;
    char path[64], day[10];
    date_format(l->day, day);
    snprintf(path, sizeof path, "/v1/beneficiaries?next_on=%.10s&fields=id", day);
    l->ids = (struct job_ids){0};
    l->rest.n = 0;
    must_ask(l->asker, path, NULL, on_people, l);
}

static void due_before(const struct client *c)
{
    struct asker a;
    asker_init(&a, c);
    struct list l = {.asker = &a, .from = date_make(2026, 5, 20), .to = date_make(2027, 6, 23)};
    ask_counts(&l);
    client_counts("before", &l.counts);
    curl_easy_cleanup(a.curl);
}

static void say_status(struct asker *a)
{
    struct buf answer = BUF_INIT;
    must_ask(a, "/v1/status", NULL, append, &answer);
    client_statuses(member(&answer, "active"), member(&answer, "grace"), member(&answer, "suspended"));
    buf_done(&answer);
}

static void due_after(const struct client *c)
{
    struct asker a;
    asker_init(&a, c);
    struct job_days days = job_days();
    struct list l = {.asker = &a, .from = days.from, .to = days.to, .day = days.listed};
    client_row("due-counts", client_median_ms(ask_counts, &l));
    client_counts("after", &l.counts);
    client_row("due-ids", client_median_ms(ask_ids, &l));
    client_ids(&l.ids);
    say_status(&a);
    buf_done(&l.rest);
    curl_easy_cleanup(a.curl);
}

/* Returns when the right answer has come. */
static void await(const struct client *c)
{
    struct asker a;
    struct job_days days = job_days();
    struct job_answers right;
    job_answers(c->people, &right);
    asker_init(&a, c);
    struct list l = {.asker = &a, .from = days.from, .to = days.to};
    while (!read_counts(&l) || strcmp(l.counts.text, right.after.text) != 0)
        usleep(500);
    client_answered();
    curl_easy_cleanup(a.curl);
}

int main(int argc, char **argv)
{
    static const struct client_phase phases[] = {
        {"hold", hold},   {"certify-single", certify_single}, {"due-before", due_before},
        {"sweep", sweep}, {"due-after", due_after},           {"await", await},
        {NULL, NULL}};
    return client_main(argc, argv, phases);
}
