/* Runs one target: TARGET [--runs N] [--seed S] [FILE...]
 *
 * With files each is run once, as it is: that is how a finding is looked at. Without, the target's seeds (seeds/TARGET
 * beside this file) and what campaigns have found worth keeping (corpus/TARGET), then mutations of them. An input that
 * crashes is left as a file.
 *
 * For campaign.sh: --write FOLDER writes all these, a file each; --keep CORPUS FILE... writes a corpus of as many of the
 * files, in that order, as it has room for; --guided OPTION... hands over to libFuzzer, in a build that has it. */
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "tests/fuzz/fuzz.h"
#include "tests/lib/tap.h"

#define SEED_MAX 65536         /* bytes of one input */
#define CORPUS_MAX (24 * 1024) /* of a corpus that is kept: the repository has one for each target */
#define SEPARATOR "\n%%\n"
#define MUTATIONS_MAX 6 /* of one input */

struct seeds {
    struct buf *v;
    unsigned n;
};

int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*target)(const uint8_t *data, size_t n)) __attribute__((weak));

/* What is being run, for the handler of a crash. */
static struct {
    const char *p;
    size_t n;
    char file[128];
} current;

/* The sanitizers, too, end with SIGABRT: so every crash passes by here. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "abort_on_error=1";
}

static void on_crash(int number)
{
    int fd = open(current.file, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (fd >= 0 && write(fd, current.p, current.n) == (ssize_t)current.n)
        dprintf(STDOUT_FILENO, "Bail out! signal %d; the input is in %s\n", number, current.file);
    signal(number, SIG_DFL);
    raise(number);
}

static void catch_crashes(const char *target)
{
    static const int numbers[] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL};
    snprintf(current.file, sizeof current.file, "/tmp/fuzz-%s-%d.input", target, (int)getpid());
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        signal(numbers[i], on_crash);
}

/* In a block of just its size, so that one byte too far is seen. */
static void run(const char *p, size_t n)
{
    uint8_t *block = mem_alloc(n ? n : 1);
    if (n)
        memcpy(block, p, n);
    current.p = (const char *)block;
    current.n = n;
    LLVMFuzzerTestOneInput(block, n);
    free(block);
}

/* --- seeds --- */

static void read_file(const char *path, struct buf *out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, buf_room(out, 4 * SEED_MAX), 4 * SEED_MAX);
    if (n < 0)
        bail_out("%s cannot be read", path);
    out->n = (size_t)n;
    close(fd);
}

static void add_seed(struct seeds *s, const char *p, size_t n)
{
    s->v = mem_resize(s->v, s->n + 1, sizeof *s->v);
    s->v[s->n] = BUF_INIT;
    buf_add(&s->v[s->n++], p, n);
}

/* One behind the other, with a line "%%" between. */
static void read_seeds(struct seeds *s, const char *path)
{
    struct buf all = BUF_INIT;
    read_file(path, &all);
    if (!all.n)
        bail_out("%s is empty", path);
    const char *at = all.p, *end = all.p + all.n;
    for (const char *stop; (stop = memmem(at, (size_t)(end - at), SEPARATOR, strlen(SEPARATOR))) != NULL;) {
        add_seed(s, at, (size_t)(stop - at));
        at = stop + strlen(SEPARATOR);
    }
    add_seed(s, at, (size_t)(end - at) - 1); /* without the file's last newline */
    buf_done(&all);
}

/* As libFuzzer wants them: a file each. */
static void write_seeds(const struct seeds *s, const char *folder)
{
    for (unsigned i = 0; i < s->n; i++) {
        char path[512];
        snprintf(path, sizeof path, "%s/seed-%u", folder, i);
        FILE *f = fopen(path, "wb");
        if (!f || fwrite(s->v[i].p, 1, s->v[i].n, f) != s->v[i].n || fclose(f) != 0)
            bail_out("%s cannot be written", path);
    }
}

/* What has a separator in it cannot stand there. */
static bool fits(const struct buf *b, size_t room)
{
    return b->n <= room && !memmem(b->p, b->n, "\n%%", 3);
}

static void keep_corpus(const char *path, char **files, int n)
{
    struct buf b = BUF_INIT, all = BUF_INIT;
    for (int i = 0; i < n; i++) {
        buf_clear(&b);
        read_file(files[i], &b);
        if (!fits(&b, CORPUS_MAX - all.n))
            continue;
        if (all.n)
            BUF_LIT(&all, SEPARATOR);
        buf_addstr(&all, buf_str(&b));
    }
    BUF_LIT(&all, "\n");
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(all.p, 1, all.n, f) != all.n || fclose(f) != 0)
        bail_out("%s cannot be written", path);
    buf_done(&b);
    buf_done(&all);
}

static void free_seeds(struct seeds *s)
{
    for (unsigned i = 0; i < s->n; i++)
        buf_done(&s->v[i]);
    free(s->v);
}

/* --- mutations: each takes the text and where it happens --- */

struct mutation {
    struct buf *b;
    struct rng *rng;
    const struct seeds *seeds;
    size_t at;
};

static void flip_bit(struct mutation *m)
{
    m->b->p[m->at] ^= (char)(1 << rng_below(m->rng, 8));
}

/* What parsers treat apart. */
static void put_special(struct mutation *m)
{
    static const char specials[] = "\0\"\\{}[],:'\n\r\t %&=+-./09aAeE\x7f\x80\xc0\xe4\xf0\xff";
    m->b->p[m->at] = specials[rng_below(m->rng, sizeof specials - 1)];
}

static void cut(struct mutation *m)
{
    size_t n = 1 + (size_t)rng_below(m->rng, m->b->n - m->at);
    memmove(m->b->p + m->at, m->b->p + m->at + n, m->b->n - m->at - n);
    m->b->n -= n;
}

static void insert(struct mutation *m, const char *p, size_t n)
{
    if (!n || m->b->n + n > SEED_MAX)
        return;
    char *copy = mem_strndup(p, n); /* it may be a part of the text itself */
    buf_room(m->b, n);
    memmove(m->b->p + m->at + n, m->b->p + m->at, m->b->n - m->at);
    memcpy(m->b->p + m->at, copy, n);
    m->b->n += n;
    free(copy);
}

static void repeat(struct mutation *m)
{
    size_t n = 1 + (size_t)rng_below(m->rng, m->b->n - m->at);
    for (uint64_t times = 1 + rng_below(m->rng, 8); times > 0; times--)
        insert(m, m->b->p + m->at, n);
}

static void insert_other(struct mutation *m)
{
    const struct buf *other = &m->seeds->v[rng_below(m->rng, m->seeds->n)];
    if (!other->n)
        return;
    size_t from = (size_t)rng_below(m->rng, other->n);
    insert(m, other->p + from, 1 + (size_t)rng_below(m->rng, other->n - from));
}

static void put_number(struct mutation *m)
{
    static const char *const numbers[] = {"0",
                                          "-1",
                                          "4294967296",
                                          "9223372036854775807",
                                          "-9223372036854775808",
                                          "18446744073709551616",
                                          "1e400",
                                          "00",
                                          "99999999999999999999999"};
    const char *number = numbers[rng_below(m->rng, sizeof numbers / sizeof *numbers)];
    insert(m, number, strlen(number));
}

static void mutate(struct buf *b, struct rng *rng, const struct seeds *seeds)
{
    static void (*const mutations[])(struct mutation *) = {flip_bit, put_special,  put_special, cut,
                                                           repeat,   insert_other, put_number};
    for (uint64_t times = 1 + rng_below(rng, MUTATIONS_MAX); times > 0 && b->n; times--) {
        struct mutation m = {b, rng, seeds, (size_t)rng_below(rng, b->n)};
        mutations[rng_below(rng, sizeof mutations / sizeof *mutations)](&m);
    }
}

static void run_mutations(const struct seeds *s, uint64_t runs, uint64_t seed)
{
    struct rng rng = rng_seed(seed);
    struct buf b = BUF_INIT;
    for (; runs > 0; runs--) {
        const struct buf *from = &s->v[rng_below(&rng, s->n)];
        buf_clear(&b);
        buf_add(&b, from->p, from->n);
        mutate(&b, &rng, s);
        run(b.p, b.n);
    }
    buf_done(&b);
}

/* --- the program --- */

static uint64_t number_of(const char *text)
{
    char *end;
    uint64_t n = strtoull(text, &end, 10);
    if (!*text || *end)
        bail_out("\"%s\" is no number", text);
    return n;
}

/* libFuzzer passes over --guided, and hands it on to the processes that it starts. */
static int run_guided(int argc, char **argv)
{
    if (!LLVMFuzzerRunDriver)
        bail_out("this build has no libFuzzer: see campaign.sh");
    return LLVMFuzzerRunDriver(&argc, &argv, LLVMFuzzerTestOneInput);
}

static void run_files(char **files, int n)
{
    struct buf b = BUF_INIT;
    for (int i = 0; i < n; i++) {
        buf_clear(&b);
        read_file(files[i], &b);
        run(b.p, b.n);
        ok(true, "%s is survived", files[i]);
    }
    buf_done(&b);
}

static void run_seeds(const struct seeds *s, uint64_t runs, uint64_t seed)
{
    for (unsigned i = 0; i < s->n; i++)
        run(s->v[i].p, s->v[i].n);
    ok(s->n > 1, "%u seeds are survived", s->n);
    run_mutations(s, runs, seed);
    ok(true, "%" PRIu64 " mutations of them are survived, from seed %" PRIu64, runs, seed);
}

static struct seeds seeds_of(const char *target)
{
    static const char *const folders[] = {"seeds", "corpus"};
    struct seeds s = {.n = 0};
    char path[512];
    const char *top = getenv("top_srcdir");
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        snprintf(path, sizeof path, "%s/tests/fuzz/%s/%s", top ? top : ".", folders[i], target);
        if (i == 0 || access(path, F_OK) == 0) /* a new target has no corpus yet */
            read_seeds(&s, path);
    }
    return s;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"runs", required_argument, NULL, 'r'},
                                            {"seed", required_argument, NULL, 's'},
                                            {"write", required_argument, NULL, 'w'},
                                            {NULL, 0, NULL, 0}};
    uint64_t runs = fuzz_runs, seed = (uint64_t)time(NULL);
    const char *target = strrchr(argv[0], '/') ? strrchr(argv[0], '/') + 1 : argv[0], *folder = NULL;
    if (argc > 1 && strcmp(argv[1], "--guided") == 0)
        return run_guided(argc, argv);
    if (argc > 2 && strcmp(argv[1], "--keep") == 0) {
        keep_corpus(argv[2], argv + 3, argc - 3);
        return 0;
    }
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (option == '?')
            return 2;
        if (option == 'w')
            folder = optarg;
        else
            *(option == 'r' ? &runs : &seed) = number_of(optarg);
    }
    struct seeds s = seeds_of(target);
    catch_crashes(target);
    plan(0);
    if (optind < argc)
        run_files(argv + optind, argc - optind);
    else if (folder)
        write_seeds(&s, folder);
    else
        run_seeds(&s, runs, seed);
    free_seeds(&s);
    return folder ? 0 : tap_end();
}
