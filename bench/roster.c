/* bench/roster [--ids random|counting] [--policies month-end|exact-day] [[--people] N]: the roster alone, at N made-up
 * people (default 10,000,000) with ids of 18 digits: memory a person, rates a second of the processor's time, and the
 * longest single call. It enrols them, lets three years of random certifications and sweeps go by (one where there are
 * many), saves and loads. It stops enrolling when the machine's memory runs low, and goes on with whom it reached. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "roster/roster.h"
#include "tests/lib/tap.h"

#define DAY 86400
#define YEAR (365 * DAY)
#define START INT64_C(1767196800) /* 2025-12-31T16:00:00Z, the first of January 2026 in Shanghai */
#define BATCH ROSTER_MANY
#define LOW_MEMORY (UINT64_C(3) << 30)
#define RANDOM_CALLS 10000000u /* of a kind, at most */
#define MANY 50000000u         /* so many people see one year, not three */

struct bench {
    uint32_t people;
    bool counting, exact_day;
    struct roster *r;
    struct rng rng;
    uint64_t bytes_before;
    struct buf saved; /* slices, one after the other */
};

/* What a phase took; longest is of a single call. The processor's time tells more where others share the machine. */
struct lap {
    int64_t began, began_cpu, longest;
};

static int64_t cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static struct lap lap_begin(void)
{
    return (struct lap){clock_monotonic_ns(), cpu_ns(), 0};
}

/* Notes one call that began at `since`; returns the time now, when the next one begins. */
static int64_t lap_call(struct lap *l, int64_t since)
{
    int64_t now = clock_monotonic_ns();
    if (now - since > l->longest)
        l->longest = now - since;
    return now;
}

static void lap_end(const struct lap *l, const char *what, uint64_t calls)
{
    double seconds = (double)(clock_monotonic_ns() - l->began) / 1e9, cpu = (double)(cpu_ns() - l->began_cpu) / 1e9;
    printf("%-44s %8.2f s  cpu %8.2f s  %11.0f/s", what, seconds, cpu, (double)calls / cpu);
    if (l->longest)
        printf("  longest %8.3f ms", (double)l->longest / 1e6);
    putchar('\n');
    fflush(stdout);
}

static uint64_t resident_bytes(void)
{
    unsigned long size, resident;
    FILE *f = fopen("/proc/self/statm", "r");
    if (!f || fscanf(f, "%lu %lu", &size, &resident) != 2)
        resident = 0;
    if (f)
        fclose(f);
    return (uint64_t)resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

static uint64_t available_bytes(void)
{
    char line[128];
    unsigned long long kib = 0;
    FILE *f = fopen("/proc/meminfo", "r");
    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "MemAvailable: %llu", &kib) == 1)
            break;
    if (f)
        fclose(f);
    return f ? kib * 1024 : UINT64_MAX;
}

/* Eighteen digits, all different: n spread by a factor that has none in common with 10^18. */
static struct str id_of(const struct bench *b, uint32_t n, char out[18])
{
    uint64_t v = n;
    if (!b->counting)
        v = (uint64_t)((unsigned __int128)n * UINT64_C(618033988749894847) % UINT64_C(1000000000000000000));
    for (int i = 18; i-- > 0; v /= 10)
        out[i] = (char)('0' + v % 10);
    return (struct str){out, 18};
}

/* The deadline of somebody certified at `now`: eleven months or so ahead, on one of the days of the policy. */
static struct deadline deadline_of(struct bench *b, lc_instant now)
{
    lc_instant day = (now - START) / DAY + 270 + (lc_instant)rng_below(&b->rng, 90);
    if (!b->exact_day)
        day = (day + 29) / 30 * 30;
    return (struct deadline){DEADLINE_REMINDER, START + day * DAY + 9 * 3600};
}

/* The one after it: a month later, of the next kind. */
static struct deadline deadline_after(struct bench *b, lc_instant at, const struct entry *e)
{
    static const enum deadline_kind kinds[] = {DEADLINE_REMINDER, DEADLINE_GRACE, DEADLINE_SUSPENSION};
    lc_instant day = (at - START) / DAY + (b->exact_day ? 31 : 30);
    return (struct deadline){kinds[e->seq % 3], START + day * DAY};
}

static void enrol(struct bench *b)
{
    struct lap l = lap_begin();
    struct entry e = {.rec = {.approved_on = 45000}, .category = 3};
    uint32_t n = 0;
    for (; n < b->people; n++) {
        if (n % (1u << 20) == 0 && available_bytes() < LOW_MEMORY)
            break;
        char text[18];
        struct str id = id_of(b, n, text);
        int64_t since = clock_monotonic_ns();
        roster_add(b->r, id);
        lap_call(&l, since);
        e.seq = n + 1;
        e.unit = n % 1000;
        roster_put(b->r, n, &e);
        /* a year's base dates, as they are spread when a city comes over from another system */
        roster_schedule(b->r, n, deadline_of(b, START - (lc_instant)rng_below(&b->rng, 365) * DAY));
    }
    if (n < b->people)
        printf("memory runs low: stopped at %u people\n", n);
    b->people = n;
    lap_end(&l, "enrol: add, put, schedule", n);
}

static void find_batch(struct bench *b, const uint32_t *n, uint32_t *found)
{
    char text[BATCH][18];
    struct str ids[BATCH];
    for (unsigned i = 0; i < BATCH; i++)
        ids[i] = id_of(b, n[i], text[i]);
    roster_find_many(b->r, ids, found, BATCH);
}

static void random_batch(struct bench *b, uint32_t n[BATCH])
{
    for (unsigned i = 0; i < BATCH; i++)
        n[i] = (uint32_t)rng_below(&b->rng, b->people);
}

static uint32_t random_calls(const struct bench *b)
{
    return (b->people < RANDOM_CALLS ? b->people : RANDOM_CALLS) / BATCH * BATCH;
}

static void find(struct bench *b)
{
    uint32_t calls = random_calls(b);
    uint32_t n[BATCH], found[BATCH];
    struct lap l = lap_begin();
    for (uint32_t at = 0; at < calls; at += BATCH) {
        random_batch(b, n);
        find_batch(b, n, found);
        for (unsigned i = 0; i < BATCH; i++)
            if (found[i] != n[i])
                abort();
    }
    lap_end(&l, "find, in random order", calls);
}

static void certify(struct bench *b, lc_instant now)
{
    uint32_t calls = random_calls(b);
    uint32_t n[BATCH], found[BATCH];
    struct lap l = lap_begin();
    for (uint32_t at = 0; at < calls; at += BATCH) {
        random_batch(b, n);
        find_batch(b, n, found);
        for (unsigned i = 0; i < BATCH; i++) {
            struct entry e;
            roster_get(b->r, found[i], &e);
            e.rec.certified_on = (lc_date)(46000 + (now - START) / DAY);
            e.seq += b->people;
            e.seen |= seen_bits(STR_LIT("face"), (struct str){(const char *)&at, sizeof at});
            roster_put(b->r, found[i], &e);
            struct deadline d = deadline_of(b, now);
            int64_t since = i ? 0 : clock_monotonic_ns(); /* one call of a batch is timed */
            roster_schedule(b->r, found[i], d);
            if (!i)
                lap_call(&l, since);
        }
    }
    lap_end(&l, "certify: find, get, put, schedule, random", calls);
}

static void sweep(struct bench *b, lc_instant until)
{
    uint32_t n[4 * BATCH];
    uint64_t calls = 0;
    struct lap l = lap_begin();
    for (lc_instant at; (at = roster_next_instant(b->r)) < until;) {
        int64_t since = clock_monotonic_ns();
        size_t count = roster_take(b->r, at, n, 4 * BATCH);
        lap_call(&l, since);
        for (size_t i = 0; i < count; i++) {
            struct entry e;
            roster_get(b->r, n[i], &e);
            e.seq++;
            e.rec.reminded_on++;
            roster_put(b->r, n[i], &e);
            roster_schedule(b->r, n[i], deadline_after(b, at, &e));
        }
        calls += count;
    }
    lap_end(&l, "sweep: take, get, put, schedule", calls);
}

static void memory(struct bench *b, const char *when)
{
    struct roster_memory m;
    int64_t since = clock_monotonic_ns();
    roster_memory(b->r, &m);
    double ms = (double)(clock_monotonic_ns() - since) / 1e6, people = b->people;
    printf("bytes a person %s: records %.2f, ids %.2f, index %.2f, queue %.2f, together %.2f; resident %.2f "
           "(counted in %.1f ms)\n",
           when, (double)m.records / people, (double)m.ids / people, (double)m.index / people,
           (double)m.queue / people, (double)(m.records + m.ids + m.index + m.queue) / people,
           (double)(resident_bytes() - b->bytes_before) / people, ms);
}

/* Each slice with its length before it. */
static void save(struct bench *b)
{
    struct lap l = lap_begin();
    for (uint32_t at = 0, count; at < b->people; at += count) {
        count = b->people - at < 16 * ROSTER_SLICE ? b->people - at : 16 * ROSTER_SLICE;
        size_t start = b->saved.n;
        uint64_t n = 0;
        int64_t since = clock_monotonic_ns();
        buf_add(&b->saved, &n, sizeof n);
        roster_save(b->r, at, count, &b->saved);
        lap_call(&l, since);
        n = b->saved.n - start - sizeof n;
        memcpy(b->saved.p + start, &n, sizeof n);
    }
    lap_end(&l, "save", b->people);
}

static void load(struct bench *b)
{
    struct lap l = lap_begin();
    struct errmsg msg;
    uint64_t n;
    for (size_t at = 0; at < b->saved.n; at += n) {
        memcpy(&n, b->saved.p + at, sizeof n);
        at += sizeof n;
        int64_t since = clock_monotonic_ns();
        if (roster_load(b->r, b->saved.p + at, n, &msg))
            abort();
        lap_call(&l, since);
    }
    lap_end(&l, "load", b->people);
    l = lap_begin();
    for (uint32_t i = 0; i < b->people; i++)
        roster_schedule(b->r, i, deadline_of(b, START - i % 365 * DAY));
    lap_end(&l, "schedule, in order", b->people);
}

static bool parse(struct bench *b, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        if (strcmp(argv[i], "--ids") == 0) {
            b->counting = strcmp(value, "counting") == 0;
            i++;
        } else if (strcmp(argv[i], "--policies") == 0) {
            b->exact_day = strcmp(value, "exact-day") == 0;
            i++;
        } else {
            i += strcmp(argv[i], "--people") == 0;
            b->people = i < argc ? (uint32_t)strtoul(argv[i], NULL, 10) : 0;
        }
    }
    return b->people >= BATCH;
}

int main(int argc, char **argv)
{
    struct bench b = {.people = 10000000, .rng = rng_seed(1)};
    if (!parse(&b, argc, argv)) {
        fprintf(stderr, "usage: roster [--ids random|counting] [--policies month-end|exact-day] [[--people] N]\n");
        return 2;
    }
    printf("%u people, %s ids of 18 digits, %s policies\n", b.people, b.counting ? "counting" : "random",
           b.exact_day ? "exact-day" : "month-end");
    b.bytes_before = resident_bytes();
    b.r = roster_new();
    enrol(&b);
    memory(&b, "enrolled");
    find(&b);
    int years = b.people < MANY ? 3 : 1;
    for (int year = 0; year < years; year++) {
        certify(&b, START + (lc_instant)year * YEAR);
        sweep(&b, START + (lc_instant)(year + 1) * YEAR);
    }
    memory(&b, years == 1 ? "a year on" : "three years on");
    if ((uint64_t)b.people * 64 < available_bytes()) {
        save(&b);
        roster_free(b.r);
        b.r = roster_new();
        load(&b);
    }
    roster_free(b.r);
    buf_done(&b.saved);
    return 0;
}
