#include "tests/lib/tap.h"

#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static unsigned planned, ran, failed;
static char tmpdir[256];

void plan(unsigned n)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    planned = n;
    if (n)
        printf("1..%u\n", n);
}

int tap_end(void)
{
    if (!planned)
        printf("1..%u\n", ran);
    else if (planned != ran)
        printf("# planned %u checks, ran %u\n", planned, ran);
    if (failed)
        printf("# %u of %u checks failed\n", failed, ran);
    return failed || ran == 0 || (planned && planned != ran) ? 1 : 0;
}

static void result(bool good, const char *format, va_list args)
{
    ran++;
    if (!good)
        failed++;
    printf("%sok %u - ", good ? "" : "not ", ran);
    vprintf(format, args);
    putchar('\n');
}

bool tap_ok(bool condition, const char *file, int line, const char *text, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    result(condition, format, args);
    va_end(args);
    if (!condition)
        printf("# %s:%d: %s\n", file, line, text);
    return condition;
}

bool tap_is_int(int64_t got, int64_t want, const char *file, int line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    result(got == want, format, args);
    va_end(args);
    if (got != want)
        printf("# %s:%d: got %" PRId64 ", wanted %" PRId64 "\n", file, line, got, want);
    return got == want;
}

bool tap_is_str(const char *got, const char *want, const char *file, int line, const char *format, ...)
{
    bool good = got && want ? strcmp(got, want) == 0 : got == want;
    va_list args;
    va_start(args, format);
    result(good, format, args);
    va_end(args);
    if (!good)
        printf("# %s:%d\n#    got %s\n# wanted %s\n", file, line, got ? got : "(null)", want ? want : "(null)");
    return good;
}

void diag(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("# ", stdout);
    vprintf(format, args);
    putchar('\n');
    va_end(args);
}

void skip(unsigned n, const char *format, ...)
{
    char why[512];
    va_list args;
    va_start(args, format);
    vsnprintf(why, sizeof why, format, args);
    va_end(args);
    while (n-- > 0)
        printf("ok %u # SKIP %s\n", ++ran, why);
}

void bail_out(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("Bail out! ", stdout);
    vprintf(format, args);
    putchar('\n');
    va_end(args);
    exit(99);
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st, (void)flag, (void)ftw;
    return remove(path);
}

static pid_t tmpdir_owner;

static void remove_tmpdir(void)
{
    if (getpid() == tmpdir_owner)
        nftw(tmpdir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

const char *tap_tmpdir(void)
{
    if (!tmpdir[0]) {
        /* Memory, where there is such a file system: most tests sync often and test no disk. */
        const char *base = getenv("TMPDIR") ? getenv("TMPDIR") : access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
        snprintf(tmpdir, sizeof tmpdir, "%s/lifecertd-test-XXXXXX", base);
        if (!mkdtemp(tmpdir))
            bail_out("cannot make %s", tmpdir);
        tmpdir_owner = getpid();
        atexit(remove_tmpdir);
    }
    return tmpdir;
}

static bool is_slow(void)
{
    const char *suite = getenv("TEST_SUITE");
    return suite && strcmp(suite, "plain") != 0;
}

unsigned tap_rounds(unsigned n)
{
    return is_slow() ? (n + 3) / 4 : n;
}

int tap_stride(void)
{
    return is_slow() ? 4 : 1;
}

struct rng rng_seed(uint64_t seed)
{
    struct rng r = {seed * UINT64_C(0x9E3779B97F4A7C15) + UINT64_C(0xD1B54A32D192ED03)};
    if (!r.s)
        r.s = 1;
    rng_next(&r);
    return r;
}

uint64_t rng_next(struct rng *r)
{
    r->s ^= r->s >> 12;
    r->s ^= r->s << 25;
    r->s ^= r->s >> 27;
    return r->s * UINT64_C(0x2545F4914F6CDD1D);
}

uint64_t rng_below(struct rng *r, uint64_t n)
{
    return rng_next(r) % n;
}
