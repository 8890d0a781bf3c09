/* Whatever a file holds, reading it comes to an end, in this process, with a configuration or with faults that each
 * name a place. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "config/config.h"
#include "config/reading.h"
#include "tests/lib/tap.h"

#define ROUNDS 20000
#define SECONDS_MAX 5 /* on a slow machine, or under a sanitizer, fewer rounds are run */

static const char good[] =
    "# a good file\n"
    "timezone = \"Asia/Shanghai\"\n"
    "store    = \"dir:/var/lib/lifecertd\"   // where\n"
    "listen   = { \"unix:/run/lifecertd/api.sock\", # first\n"
    "             \"127.0.0.1:8600\" }\n"
    "clock    = \"2026-02-01T00:00:00+08:00 x86400\"\n"
    "brake_limit = \"1%\" clock_jump = 1h max_downtime = '7d'\n"
    "/* channels */\n"
    "channel \"face\" { }\n"
    "channel \"data-match\" { expect_every = \"36h\" }\n"
    "policy \"national\" {\n"
    "    cycle = \"12 months\" validity = \"month-end\"\n"
    "    grace = 15 payday = 15\n"
    "    channels = { \"face\", \"data-match\" }\n"
    "}\n"
    "policy \"beijing\" { grace = 0 }\n";

static const char *path(void)
{
    static char p[256];
    snprintf(p, sizeof p, "%s/x.conf", tap_tmpdir());
    return p;
}

static void write_file(const char *text, size_t n)
{
    FILE *f = fopen(path(), "wb");
    if (!f || fwrite(text, 1, n, f) != n || fclose(f) != 0)
        bail_out("cannot write %s", path());
}

/* Bytes changed, the end cut off, a part repeated or left out, or a byte that means something put in. */
static void mutate(struct rng *r, struct buf *b)
{
    static const char special[] = "{}()=+,\"'#/\\$*\n\r\t |0~";
    size_t at = rng_below(r, b->n), n = 1 + rng_below(r, 30);
    char part[64];
    if (n > b->n - at)
        n = b->n - at;
    switch (rng_below(r, 6)) {
    case 0: b->p[at] = (char)rng_next(r); break;
    case 1: b->n = at + 1; break;
    case 2:
        memcpy(part, b->p + at, n);
        buf_add(b, part, n);
        break;
    case 3:
        memmove(b->p + at, b->p + at + n, b->n - at - n);
        b->n -= b->n > n ? n : 0;
        break;
    default: b->p[at] = special[rng_below(r, sizeof special - 1)]; break;
    }
}

/* Every line begins with the file and a number, and says what was expected. */
static bool well_formed(const struct buf *faults)
{
    size_t prefix = strlen(path());
    const char *p = faults->p, *end = p + faults->n;
    while (p < end) {
        const char *stop = memchr(p, '\n', (size_t)(end - p));
        if (!stop || strncmp(p, path(), prefix) != 0 || p[prefix] != ':' || p[prefix + 1] < '1' || p[prefix + 1] > '9')
            return false;
        if (!memmem(p, (size_t)(stop - p), ": expected ", 11))
            return false;
        p = stop + 1;
    }
    return faults->n > 0;
}

/* 1: a configuration, 0: faults, -1: something that must not be. */
static int load(const struct buf *text)
{
    struct config *c = NULL;
    struct buf faults = BUF_INIT;
    write_file(text->p, text->n);
    enum err e = config_load(path(), &c, &faults);
    int result = e == ERR_OK ? (c && faults.n == 0 ? 1 : -1) : e == ERR_INVALID && !c && well_formed(&faults) ? 0 : -1;
    if (result < 0)
        diag("%d: %.*s\nof\n%.*s", e, (int)faults.n, faults.p, (int)text->n, text->p);
    config_free(c);
    buf_done(&faults);
    return result;
}

static void test_mutations(void)
{
    struct rng rng = rng_seed(2026);
    struct timespec start, now;
    unsigned n = 0, wrong = 0, loaded = 0;
    clock_gettime(CLOCK_MONOTONIC, &start);
    do {
        struct buf text = BUF_INIT;
        buf_adds(&text, good);
        for (uint64_t k = rng_below(&rng, 6); k < 6 && text.n; k++)
            mutate(&rng, &text);
        int result = load(&text);
        wrong += result < 0;
        loaded += result > 0;
        buf_done(&text);
        clock_gettime(CLOCK_MONOTONIC, &now);
    } while (++n < ROUNDS && wrong < 5 && now.tv_sec - start.tv_sec < SECONDS_MAX);
    is_int(wrong, 0, "a damaged file gives a configuration or well-formed faults (%u files, %u good)", n, loaded);
    ok(loaded > 0 && loaded < n, "and there were files of both kinds");
}

/* ---- what the statements are ---- */

static void read_text(const char *text, struct reading *r)
{
    write_file(text, strlen(text));
    reading_init(r, path());
}

static void test_statements(void)
{
    struct reading r;
    read_text("listen = { a, \"b # c\" }\n/* x\n */ policy \"p\" {\n  grace = 3 // y\n}\n", &r);
    is_int(r.n_faults, 0, "a good text has no faults");
    is_int(r.n, 3, "and as many statements as it has");
    if (r.n == 3) {
        const struct statement *listen = &r.v[0], *policy = &r.v[1], *grace = &r.v[2];
        ok(listen->n_values == 2 && !strcmp(listen->values[1], "b # c"), "a list has its values");
        ok(listen->within == -1 && listen->line == 1, "and stands outside of sections");
        ok(policy->kind == STATEMENT_SECTION && !strcmp(policy->title, "p") && policy->line == 3,
           "a section has its line, comments before it or not");
        ok(grace->within == 1 && grace->line == 4 && !strcmp(grace->values[0], "3"), "a key knows its section");
    }
    reading_done(&r);
}

static void test_bounds(void)
{
    struct reading r;
    struct buf text = BUF_INIT;
    for (int i = 0; i < READING_STATEMENTS_MAX + 5; i++)
        buf_adds(&text, "clock=x\n");
    buf_addc(&text, '\0');
    read_text(text.p, &r);
    ok(r.n == READING_STATEMENTS_MAX && r.n_faults == 1, "there is a bound to the settings");
    reading_done(&r);
    buf_clear(&text);
    for (int i = 0; i < 300; i++)
        buf_printf(&text, "key%d = x\n", i);
    buf_addc(&text, '\0');
    read_text(text.p, &r);
    ok(r.n_faults == 1 && strstr(r.faults[0].text, "too many unknown keys"), "and to the unknown keys");
    reading_done(&r);
    buf_clear(&text);
    for (int i = 0; i < 300; i++)
        buf_adds(&text, "a {");
    buf_addc(&text, '\0');
    read_text(text.p, &r);
    ok(r.n_faults == 1, "and to the sections within sections: %s", r.n_faults ? r.faults[0].text : "");
    reading_done(&r);
    buf_done(&text);
}

int main(void)
{
    plan(0);
    test_statements();
    test_bounds();
    test_mutations();
    return tap_end();
}
