/* The dir store's figures, one line each: NAME VALUE UNIT. Usage: store FOLDER [MILLIONS OF EVENTS, default 4]
 * The folder must not exist; it is left behind, for looking at. Whether a figure is good depends on the disk, so the
 * disk's own is measured in the same run. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/store.h"

static void figure(const char *name, double value, const char *unit)
{
    printf("%-44s %12.2f %s\n", name, value, unit);
    fflush(stdout);
}

static void must(enum err e, const struct errmsg *msg)
{
    if (e == ERR_OK)
        return;
    fprintf(stderr, "store: %s\n", msg->text);
    exit(1);
}

static double seconds_since(int64_t from)
{
    return (double)(clock_monotonic_ns() - from) / 1e9;
}

/* Lines of 300 bytes. */
static void add_event(struct buf *b, uint64_t seq)
{
    static const char filler[] =
        "\"time\":\"2026-06-16T00:00:00+08:00\",\"type\":\"certification.accepted\",\"subject\":"
        "\"330902-0000001\",\"data\":{\"ref\":\"F-2026-0000001\",\"channel\":\"data-match\","
        "\"certified_on\":\"2026-06-16\",\"received_on\":\"2026-06-16\",\"evidence\":null,"
        "\"effect\":\"renewed\",\"due_on\":\"2027-06-30\",\"pad\":\"";
    size_t start = b->n;
    BUF_LIT(b, "{\"seq\":");
    buf_add_u64(b, seq);
    BUF_LIT(b, ",\"prev\":0,");
    BUF_LIT(b, filler);
    while (b->n - start < 296)
        buf_addc(b, 'x');
    BUF_LIT(b, "\"}}\n");
}

static uint64_t durable(const struct store *s)
{
    struct store_info info;
    store_info(s, &info);
    return info.durable;
}

static void finish(struct store *s, enum err e, struct errmsg *msg)
{
    must(e == ERR_MORE ? store_commit_poll(s, true, msg) : e, msg);
}

/* Commits of about that many bytes, made while the one before is written, as the engine does. */
static void bench_commits(struct store *s, size_t bytes, uint64_t events)
{
    struct errmsg msg;
    struct buf two[2] = {BUF_INIT, BUF_INIT};
    char name[64];
    uint64_t seq = durable(s), until = seq + events, total = 0;
    for (uint64_t i = 0; i < bytes / 300; i++) /* numbers are put in anew below */
        add_event(&two[0], seq + 1 + i);
    int64_t from = clock_monotonic_ns(), making = 0;
    for (int turn = 0; seq < until; turn ^= 1) {
        int64_t made = clock_monotonic_ns();
        struct buf *b = &two[turn];
        buf_clear(b);
        uint64_t first = seq + 1;
        while (b->n < bytes)
            add_event(b, ++seq);
        making += clock_monotonic_ns() - made;
        if (total)
            must(store_commit_poll(s, true, &msg), &msg);
        struct commit c = {.first = first, .last = seq, .lines = buf_str(b)};
        enum err e = store_commit(s, &c, &msg);
        if (e != ERR_MORE)
            must(e, &msg);
        total += b->n;
    }
    must(store_commit_poll(s, true, &msg), &msg);
    double t = seconds_since(from);
    snprintf(name, sizeof name, "commits of %zu MiB", bytes >> 20);
    figure(name, (double)total / t / 1e6, "MB/s");
    snprintf(name, sizeof name, "commits of %zu MiB, share spent making lines", bytes >> 20);
    figure(name, (double)making / 1e9 / t, "");
    buf_done(&two[0]);
    buf_done(&two[1]);
}

/* The same bytes to a plain file: as fast as this disk goes. */
static void bench_disk(const char *folder, size_t bytes, int rounds, const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/plain", folder);
    char *p = mem_zalloc(1, bytes);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    int64_t from = clock_monotonic_ns();
    for (int i = 0; i < rounds; i++)
        if (write(fd, p, bytes) != (ssize_t)bytes || fdatasync(fd) < 0)
            exit(1);
    double t = seconds_since(from);
    if (bytes < 65536)
        figure(name, t / rounds * 1e6, "us");
    else
        figure(name, (double)bytes * rounds / t / 1e6, "MB/s");
    close(fd);
    unlink(path);
    free(p);
}

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

/* One event a commit against one fdatasync of as many bytes, in turn, so that both see the same disk. */
static void bench_small(struct store *s, const char *folder)
{
    enum { ROUNDS = 2000, BYTES = 300 + 100 };
    static int64_t plain[ROUNDS], ours[ROUNDS];
    static const char filler[BYTES];
    char path[4096];
    struct errmsg msg;
    struct buf b = BUF_INIT;
    snprintf(path, sizeof path, "%s/plain", folder);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    for (int i = 0; i < ROUNDS; i++) {
        int64_t from = clock_monotonic_ns();
        if (write(fd, filler, BYTES) != BYTES || fdatasync(fd) < 0)
            exit(1);
        plain[i] = clock_monotonic_ns() - from;
        uint64_t seq = durable(s) + 1;
        buf_clear(&b);
        add_event(&b, seq);
        struct commit c = {.first = seq, .last = seq, .lines = buf_str(&b)};
        from = clock_monotonic_ns();
        finish(s, store_commit(s, &c, &msg), &msg);
        ours[i] = clock_monotonic_ns() - from;
    }
    close(fd);
    unlink(path);
    buf_done(&b);
    qsort(plain, ROUNDS, sizeof *plain, by_value);
    qsort(ours, ROUNDS, sizeof *ours, by_value);
    figure("one fdatasync of 400 bytes, median", (double)plain[ROUNDS / 2] / 1e3, "us");
    figure("one commit of one event, median", (double)ours[ROUNDS / 2] / 1e3, "us");
    figure("ratio", (double)ours[ROUNDS / 2] / (double)plain[ROUNDS / 2], "");
}

static void bench_reader(const struct store *s)
{
    struct errmsg msg;
    struct store_reader *r;
    struct str line;
    uint64_t seq, n = 0, bytes = 0;
    enum err e;
    int64_t from = clock_monotonic_ns();
    must(store_reader_open(s, 0, &r, &msg), &msg);
    while ((e = store_reader_next(r, &seq, &line, &msg)) == ERR_OK) {
        n++;
        bytes += line.n;
    }
    if (e != ERR_END)
        must(e, &msg);
    store_reader_close(r);
    double t = seconds_since(from);
    figure("reader, seals checked", (double)n / t / 1e6, "million lines/s");
    figure("reader, seals checked", (double)bytes / t / 1e6, "MB/s");
}

static void bench_get(struct store *s)
{
    enum { ROUNDS = 200000 };
    struct errmsg msg;
    struct buf b = BUF_INIT;
    uint64_t last = durable(s), x = 88172645463325252u;
    int64_t from = clock_monotonic_ns();
    for (int i = 0; i < ROUNDS; i++) {
        x ^= x << 13, x ^= x >> 7, x ^= x << 17;
        buf_clear(&b);
        must(store_get(s, 1 + x % last, &b, &msg), &msg);
    }
    figure("one event by its number", seconds_since(from) / ROUNDS * 1e6, "us");
    buf_done(&b);
}

struct texts {
    char id[24], name[24], phone[20];
};

static void contact_batch(struct store *s, struct contact_change *changes, struct texts *t, size_t n)
{
    struct errmsg msg;
    struct buf b = BUF_INIT;
    uint64_t seq = durable(s) + 1;
    add_event(&b, seq);
    for (size_t i = 0; i < n; i++) {
        snprintf(t[i].id, sizeof t[i].id, "330902-%07" PRIu32, changes[i].number);
        snprintf(t[i].name, sizeof t[i].name, "Beneficiary %" PRIu32, changes[i].number);
        snprintf(t[i].phone, sizeof t[i].phone, "+8619%09" PRIu64, seq * 31 + i);
        changes[i].seq = seq;
        changes[i].id = str_of(t[i].id);
        changes[i].contact = (struct contact){str_of(t[i].name), str_of(t[i].phone), STR_NONE};
    }
    struct commit c = {.first = seq, .last = seq, .lines = buf_str(&b), .contacts = changes, .n_contacts = n};
    finish(s, store_commit(s, &c, &msg), &msg);
    buf_done(&b);
}

static void bench_contacts(struct store *s, uint32_t persons)
{
    enum { BATCH = 50000 };
    struct contact_change *changes = mem_zalloc(BATCH, sizeof *changes);
    struct texts *t = mem_zalloc(BATCH, sizeof *t);
    int64_t from = clock_monotonic_ns();
    for (uint32_t at = 0; at < persons; at += BATCH) {
        for (uint32_t i = 0; i < BATCH; i++)
            changes[i].number = at + i;
        contact_batch(s, changes, t, BATCH);
    }
    figure("contacts added in order", persons / seconds_since(from), "/s");
    uint64_t x = 88172645463325252u;
    from = clock_monotonic_ns();
    for (int round = 0; round < 6; round++) {
        for (uint32_t i = 0; i < BATCH; i++) {
            x ^= x << 13, x ^= x >> 7, x ^= x << 17;
            changes[i].number = (uint32_t)(x % persons);
        }
        contact_batch(s, changes, t, BATCH);
    }
    figure("contacts changed at random", 6 * BATCH / seconds_since(from), "/s");
    struct buf b = BUF_INIT;
    struct contact contact;
    struct errmsg msg;
    from = clock_monotonic_ns();
    for (uint32_t i = 0; i < 100000; i++) {
        x ^= x << 13, x ^= x >> 7, x ^= x << 17;
        char id[24];
        buf_clear(&b);
        snprintf(id, sizeof id, "330902-%07" PRIu32, (uint32_t)(x % persons));
        must(store_contact(s, (uint32_t)(x % persons), str_of(id), &b, &contact, &msg), &msg);
    }
    figure("one contact looked up", seconds_since(from) / 100000 * 1e6, "us");
    buf_done(&b);
    free(changes);
    free(t);
}

static void bench_checkpoint(struct store *s, const char *uri)
{
    enum { SLICES = 118 };
    const size_t size = (size_t)4 << 20;
    struct errmsg msg;
    struct store_info info;
    char *p = mem_zalloc(1, size);
    store_info(s, &info);
    int64_t from = clock_monotonic_ns();
    must(store_checkpoint_begin(s, &msg), &msg);
    for (int i = 0; i < SLICES; i++) {
        enum err e = store_checkpoint_slice(s, (struct str){p, size}, &msg);
        must(e == ERR_MORE ? store_checkpoint_poll(s, true, &msg) : e, &msg);
    }
    enum err e = store_checkpoint_finish(s, &info.seal, &msg);
    must(e == ERR_MORE ? store_checkpoint_poll(s, true, &msg) : e, &msg);
    figure("checkpoint written", (double)(SLICES * size) / seconds_since(from) / 1e6, "MB/s");
    struct checkpoint_reader *r;
    struct seal seal;
    struct str slice;
    from = clock_monotonic_ns();
    must(checkpoint_open(uri, 0, &r, &seal, &msg), &msg);
    while ((e = checkpoint_next(r, &slice, &msg)) == ERR_OK)
        ;
    checkpoint_close(r);
    if (e != ERR_END)
        must(e, &msg);
    figure("checkpoint read, checksums checked", (double)(SLICES * size) / seconds_since(from) / 1e6, "MB/s");
    free(p);
}

static void bench_open(const char *uri, const struct seal *seal, const char *name)
{
    struct store *s;
    struct errmsg msg;
    struct store_options o = {.seal = seal};
    int64_t from = clock_monotonic_ns();
    must(store_open(uri, STORE_WRITE, &o, &s, NULL, &msg), &msg);
    figure(name, seconds_since(from), "s");
    store_close(s);
}

int main(int argc, char **argv)
{
    if (argc < 2 || argc > 3) {
        fprintf(stderr, "usage: store FOLDER [MILLIONS]\n");
        return 2;
    }
    uint64_t events = (argc > 2 ? strtoull(argv[2], NULL, 10) : 4) * 1000000;
    char uri[4096];
    struct store *s;
    struct errmsg msg;
    struct store_info info;
    snprintf(uri, sizeof uri, "dir:%s", argv[1]);
    must(store_open(uri, STORE_INIT, NULL, &s, NULL, &msg), &msg);
    bench_small(s, argv[1]);
    for (size_t mib = 1; mib <= 16; mib *= 4) {
        char name[64];
        snprintf(name, sizeof name, "the disk alone, writes of %zu MiB", mib);
        bench_disk(argv[1], mib << 20, (int)(256 / mib), name);
        bench_commits(s, mib << 20, events / 3);
    }
    bench_reader(s);
    bench_get(s);
    bench_contacts(s, 1000000);
    bench_checkpoint(s, uri);
    store_info(s, &info);
    store_close(s);
    bench_open(uri, &info.seal, "opened at a checkpoint");
    bench_open(uri, NULL, "opened, everything verified");
    figure("of a log of", (double)info.log_bytes / 1e6, "MB");
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    figure("most resident memory", (double)usage.ru_maxrss / 1024, "MiB");
    return 0;
}
