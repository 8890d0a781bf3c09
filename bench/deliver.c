/* Delivery, whole: an engine with a log on the disk, deliver, libcurl, one endpoint of signed webhooks.
 *
 *   bench/deliver URL [--events N] [--connections C] [--rate R --seconds S] [--dir FOLDER]
 *
 * Without a rate: N events stand in the log, and the endpoint starts at its beginning: how many a second arrive, and how
 * much memory that takes. With one: R events a second are decided one by one for S seconds, and the time from each
 * commit to the first byte sent is told. bench/deliver.sh runs it beside what libcurl and wrk do alone. */
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "bench/people.h"
#include "daemon/carrier.h"

#define GROUP 1024
#define NS_PER_SECOND INT64_C(1000000000)
#define LATENCIES_MAX 1000000

struct bench {
    const char *url, *folder;
    uint32_t events, connections, rate, seconds;

    struct engine *engine;
    pthread_t engine_thread;
    atomic_bool stop;

    struct loop *loop;
    struct carriers carriers;
    struct deliver *deliver;
    struct watch *ready, *timer;
    struct endpoints *endpoints;
    uint64_t wanted, delivered;
    int64_t *committed; /* by event number: when it was durable */
    float *latencies;   /* milliseconds */
    size_t n_latencies;
    struct errmsg msg;
};

static _Noreturn void die(const char *what, const char *why)
{
    fprintf(stderr, "bench: %s: %s\n", what, why);
    exit(1);
}

static double seconds_of(int64_t ns)
{
    return (double)ns / (double)NS_PER_SECOND;
}

/* What this thread itself has used: what counts when the machine is shared. */
static double cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static long resident_kb(void)
{
    long pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (!f || fscanf(f, "%*s %ld", &pages) != 1)
        die("/proc/self/statm", "cannot read");
    fclose(f);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static long peak_kb(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return u.ru_maxrss;
}

/* --- setting up --- */

static void write_file(const char *path, const char *text, mode_t mode)
{
    FILE *f = fopen(path, "w");
    if (!f || fputs(text, f) < 0 || fclose(f) != 0 || chmod(path, mode) != 0)
        die(path, "cannot write");
}

static struct config *configure(struct bench *b)
{
    char path[512], secret[512], text[2048];
    struct buf faults = BUF_INIT;
    struct config *c;
    snprintf(secret, sizeof secret, "%s/secret", b->folder);
    snprintf(path, sizeof path, "%s/lifecertd.conf", b->folder);
    write_file(secret, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n", 0600);
    snprintf(text, sizeof text,
             "store = \"dir:%s/store\"\nbrake_limit = \"off\"\nchannel \"face\" {}\npolicy \"national\" {}\n"
             "endpoint \"bench\" {\n adapter = \"standard-webhooks\"\n url = \"%s\"\n secret_file = \"%s\"\n"
             " events = { \"beneficiary.enrolled\" }\n allow_private = true\n max_in_flight = %" PRIu32 "\n from = 1\n}\n",
             b->folder, b->url, secret, b->connections);
    write_file(path, text, 0600);
    if (config_load(path, &c, &faults) != ERR_OK || endpoints_load_secrets(c->endpoints, &faults) != ERR_OK)
        die("configuration", faults.n ? faults.p : "?");
    b->endpoints = endpoints_ref(c->endpoints);
    return c;
}

/* On the engine's thread. */
static void on_committed(void *arg, uint64_t first, struct str lines)
{
    struct bench *b = arg;
    if (!b->deliver)
        return;
    int64_t now = clock_monotonic_ns();
    for (size_t i = 0; b->rate && i < lines.n; i++)
        if (lines.p[i] == '\n' && first < LATENCIES_MAX)
            b->committed[first++] = now;
    deliver_nudge(b->deliver);
}

static void open_engine(struct bench *b)
{
    char uri[512];
    snprintf(uri, sizeof uri, "dir:%s/store", b->folder);
    struct engine_options o = {.uri = uri, .init = true, .committed = on_committed, .arg = b};
    if (engine_open(&o, configure(b), false, 0, &b->engine, &b->msg) != ERR_OK)
        die("engine", b->msg.text);
}

/* A body of some 500 bytes. */
static struct input person(uint32_t i, char id[64])
{
    int n = snprintf(id, 64, "bench-person-with-a-long-number-%030" PRIu32, i);
    lc_date today = DATE_UNIX_EPOCH + (lc_date)(clock_wall_ns() / NS_PER_SECOND / 86400);
    return (struct input){
        .op = OP_ENROL,
        .given = M_OP | M_ID | M_POLICY | M_APPROVED_ON | M_CATEGORY | M_UNIT | M_AMOUNT,
        .at = INSTANT_NONE,
        .id = {id, (size_t)n},
        .policy = STR_LIT("national"),
        .category = STR_LIT("urban-and-rural-residents"),
        .unit = STR_LIT("unit-of-a-long-name-0000000000000000000000000000000000"),
        .approved_on = today - 30,
        .amount = 350000,
    };
}

static void on_done(struct request *r)
{
    atomic_store((atomic_bool *)r->owner, true);
}

/* Decides n more people, in requests of a group each. */
static void enrol(struct bench *b, uint32_t n)
{
    static struct input inputs[GROUP];
    static struct input_result results[GROUP];
    static char ids[GROUP][64];
    for (uint32_t from = 0; from < n; from += GROUP) {
        uint32_t count = n - from < GROUP ? n - from : GROUP;
        atomic_bool done = false;
        for (uint32_t i = 0; i < count; i++)
            inputs[i] = person(from + i, ids[i]);
        struct request r = {.kind = REQUEST_INPUTS, .done = on_done, .owner = &done,
                            .inputs = inputs, .results = results, .n_inputs = count};
        if (!engine_submit(b->engine, &r))
            die("engine", "its queue is full");
        for (int64_t wait; !atomic_load(&done);)
            if (engine_tick(b->engine, &wait, &b->msg) != ERR_OK)
                die("engine", b->msg.text);
    }
}

/* --- the two threads --- */

static void *run_engine(void *arg)
{
    struct bench *b = arg;
    struct pollfd fd = {.fd = engine_fd(b->engine), .events = POLLIN};
    while (!atomic_load(&b->stop)) {
        struct errmsg msg;
        int64_t wait;
        if (engine_tick(b->engine, &wait, &msg) != ERR_OK)
            die("engine", msg.text);
        if (wait)
            poll(&fd, 1, wait < 0 || wait > 100 ? 100 : (int)wait);
    }
    return NULL;
}

static int64_t now_ms(void *arg)
{
    (void)arg;
    return clock_wall_ns() / 1000000;
}

static void tick(void *arg)
{
    struct bench *b = arg;
    int64_t wait;
    if (deliver_tick(b->deliver, &wait, &b->msg) != ERR_OK)
        die("deliver", b->msg.text);
    watch_timer_set(b->timer, wait);
    if (b->delivered >= b->wanted)
        loop_stop(b->loop);
}

static void on_said(void *arg, const struct deliver_said *s)
{
    struct bench *b = arg;
    if (s->word != SAID_DELIVERED) {
        fprintf(stderr, "bench: %s %s\n", deliver_word_text(s->word), s->why);
        return;
    }
    b->delivered++;
    if (b->rate && s->seq < LATENCIES_MAX && b->n_latencies < LATENCIES_MAX && s->first_byte_ns && b->committed[s->seq])
        b->latencies[b->n_latencies++] = (float)(s->first_byte_ns - b->committed[s->seq]) / 1e6f;
}

static void on_soon(void *arg)
{
    struct bench *b = arg;
    watch_timer_set(b->timer, 0);
}

static void open_deliver(struct bench *b)
{
    if (loop_new(&b->loop, &b->msg) != ERR_OK || carriers_init(&b->carriers, b->loop, &b->msg) != ERR_OK)
        die("loop", b->msg.text);
    struct deliver_options o = {.engine = b->engine,
                                .store = engine_store(b->engine),
                                .endpoints = b->endpoints,
                                .timezone = "Asia/Shanghai",
                                .carrier = carriers_carrier(&b->carriers),
                                .now = now_ms,
                                .said = on_said,
                                .soon = on_soon,
                                .arg = b};
    if (deliver_new(&o, &b->deliver, &b->msg) != ERR_OK)
        die("deliver", b->msg.text);
    b->ready = watch_readable(b->loop, deliver_fd(b->deliver), tick, b);
    b->timer = watch_timer(b->loop, tick, b);
    watch_timer_set(b->timer, 0);
    if (pthread_create(&b->engine_thread, NULL, run_engine, b) != 0)
        die("engine", "no thread");
}

static void close_all(struct bench *b)
{
    watch_free(b->ready);
    watch_free(b->timer);
    deliver_stop(b->deliver);
    atomic_store(&b->stop, true);
    pthread_join(b->engine_thread, NULL);
    if (engine_close(b->engine, false, &b->msg) != ERR_OK)
        die("engine", b->msg.text);
    deliver_free(b->deliver);
    carriers_done(&b->carriers);
    loop_free(b->loop);
    endpoints_unref(b->endpoints);
}

/* --- the measurements --- */

static void run_loop(struct bench *b)
{
    if (loop_run(b->loop, &b->msg) != ERR_OK)
        die("loop", b->msg.text);
}

static void backlog(struct bench *b)
{
    enrol(b, b->events);
    long before = resident_kb();
    open_deliver(b);
    b->wanted = b->events;
    int64_t began = clock_monotonic_ns();
    double cpu = cpu_seconds();
    run_loop(b);
    double took = seconds_of(clock_monotonic_ns() - began);
    printf("the loop's thread used %.1f us an event\n", (cpu_seconds() - cpu) * 1e6 / (double)b->delivered);
    printf("delivered %" PRIu64 " in %.2f s: %.0f a second; memory %ld KiB before, %ld KiB more at the most\n",
           b->delivered, took, (double)b->delivered / took, before, peak_kb() - before);
}

static int compare_floats(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

struct producer {
    struct bench *b;
    uint32_t n;
};

/* One input a request, evenly spaced as far as a sleep allows. */
static void *produce(void *arg)
{
    struct producer *p = arg;
    struct bench *b = p->b;
    struct item {
        struct request request;
        struct input input;
        struct input_result result;
        atomic_bool done;
        char id[64];
    } *items = calloc(p->n, sizeof *items);
    int64_t began = clock_monotonic_ns();
    for (uint32_t i = 0; i < p->n; i++) {
        int64_t due = began + (int64_t)((double)i / b->rate * (double)NS_PER_SECOND);
        while (clock_monotonic_ns() < due)
            usleep(100);
        items[i].input = person(i, items[i].id);
        items[i].request = (struct request){.kind = REQUEST_INPUTS, .done = on_done, .owner = &items[i].done,
                                            .inputs = &items[i].input, .results = &items[i].result, .n_inputs = 1};
        if (!engine_submit(b->engine, &items[i].request))
            die("engine", "its queue is full");
    }
    while (!atomic_load(&items[p->n - 1].done))
        usleep(1000);
    free(items);
    return NULL;
}

static void latency(struct bench *b)
{
    pthread_t thread;
    struct producer p = {b, b->rate * b->seconds};
    b->committed = calloc(LATENCIES_MAX, sizeof *b->committed);
    b->latencies = calloc(LATENCIES_MAX, sizeof *b->latencies);
    open_deliver(b);
    b->wanted = p.n;
    if (pthread_create(&thread, NULL, produce, &p) != 0)
        die("producer", "no thread");
    run_loop(b);
    pthread_join(thread, NULL);
    qsort(b->latencies, b->n_latencies, sizeof *b->latencies, compare_floats);
    size_t n = b->n_latencies;
    if (n)
        printf("from commit to first byte at %" PRIu32 " a second, %zu events: median %.2f ms, p99 %.2f ms, longest %.2f ms\n",
               b->rate, n, (double)b->latencies[n / 2], (double)b->latencies[n - 1 - n / 100], (double)b->latencies[n - 1]);
    free(b->committed);
    free(b->latencies);
}

static void parse(struct bench *b, int argc, char **argv)
{
    static const struct option options[] = {{"events", 1, NULL, 'e'}, {"connections", 1, NULL, 'c'},
                                            {"rate", 1, NULL, 'r'},   {"seconds", 1, NULL, 's'},
                                            {"dir", 1, NULL, 'd'},    {NULL, 0, NULL, 0}};
    for (int o; (o = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (o == 'e')
            b->events = (uint32_t)strtoul(optarg, NULL, 10);
        else if (o == 'c')
            b->connections = (uint32_t)strtoul(optarg, NULL, 10);
        else if (o == 'r')
            b->rate = (uint32_t)strtoul(optarg, NULL, 10);
        else if (o == 's')
            b->seconds = (uint32_t)strtoul(optarg, NULL, 10);
        else if (o == 'd')
            b->folder = optarg;
        else
            exit(2);
    }
    if (optind + 1 != argc)
        die("usage", "bench/deliver URL [--events N] [--connections C] [--rate R --seconds S] [--dir FOLDER]");
    b->url = argv[optind];
}

int main(int argc, char **argv)
{
    static char made[] = "/tmp/lifecertd-bench-XXXXXX";
    struct bench b = {.events = 1000000, .connections = 64, .seconds = 10};
    parse(&b, argc, argv);
    char *own = b.folder ? NULL : mkdtemp(made);
    if (!b.folder && !own)
        die(made, "cannot make a folder");
    b.folder = b.folder ? b.folder : own;
    open_engine(&b);
    if (b.rate)
        latency(&b);
    else
        backlog(&b);
    close_all(&b);
    if (own) {
        char command[128];
        snprintf(command, sizeof command, "rm -rf '%s'", own);
        return system(command) == 0 ? 0 : 1;
    }
    return 0;
}
