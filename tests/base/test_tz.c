/* Time zones, held against the C library, which knows one zone a process at a time. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/tz.h"
#include "base/tz_rule.h"
#include "tests/lib/tap.h"

#define DAY INT64_C(86400)
#define FIRST_INSTANT ((lc_instant)(DATE_MIN + 1 - DATE_UNIX_EPOCH) * DAY)
#define LAST_INSTANT ((lc_instant)(DATE_MAX - 1 - DATE_UNIX_EPOCH) * DAY)

static const char *const zones[] = {
    "Asia/Shanghai", "Europe/Berlin",  "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo",
    "Africa/Cairo",  "Pacific/Apia",   "UTC",              "Asia/Kolkata",        "Europe/Dublin",
    "Asia/Gaza",     "Africa/Casablanca", "America/Nuuk",  "Antarctica/Troll",    "Asia/Urumqi",
};
#define N_ZONES (sizeof zones / sizeof *zones)

static struct tz *load(const char *name)
{
    struct errmsg msg;
    struct tz *tz = NULL;
    if (tz_load(name, &tz, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    return tz;
}

static void library_zone(const char *name)
{
    setenv("TZ", name, 1);
    tzset();
}

static int32_t library_offset(lc_instant at)
{
    time_t t = (time_t)at;
    struct tm tm;
    localtime_r(&t, &tm);
    return (int32_t)tm.tm_gmtoff;
}

static bool agrees_at(const struct tz *tz, lc_instant at)
{
    time_t t = (time_t)at;
    struct tm tm;
    localtime_r(&t, &tm);
    if (tz_offset(tz, at) == tm.tm_gmtoff && tz_date(tz, at) == date_make(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday))
        return true;
    diag("%s at %" PRId64 ": offset %d, the library has %ld", tz_name(tz), at, tz_offset(tz, at), tm.tm_gmtoff);
    return false;
}

/* What the header promises, the slow way: the first second at which the local time is not below the one asked for,
 * looked for from where it would be under the easternmost offset of the days around. */
static lc_instant naive_instant(lc_date d, int32_t second)
{
    lc_instant local = (lc_instant)(d - DATE_UNIX_EPOCH) * DAY + second;
    int32_t east = library_offset(local - 48 * 3600);
    for (int hour = -48; hour <= 48; hour++)
        if (library_offset(local + hour * 3600) > east)
            east = library_offset(local + hour * 3600);
    for (lc_instant at = local - east;; at++)
        if (at + library_offset(at) >= local)
            return at;
}

/* Instants around every change that the library shows, and one now and then between. */
static void compare_offsets(const char *name, int64_t step)
{
    struct tz *tz = load(name);
    library_zone(name);
    unsigned wrong = 0, changes = 0;
    int32_t before = library_offset(FIRST_INSTANT);
    for (lc_instant at = FIRST_INSTANT; at < LAST_INSTANT && wrong < 5; at += step) {
        wrong += !agrees_at(tz, at);
        int32_t now = library_offset(at);
        if (now == before)
            continue;
        lc_instant low = at - step, high = at;
        while (high - low > 1) {
            lc_instant middle = low + (high - low) / 2;
            *(library_offset(middle) == before ? &low : &high) = middle;
        }
        for (int around = -3; around <= 3; around++)
            wrong += !agrees_at(tz, high + around);
        before = now;
        changes++;
    }
    is_int(wrong, 0, "%s: offsets and dates agree with the C library from 1900 to 2199, around %u changes too", name,
           changes);
    tz_free(tz);
}

/* tz_instant() on days with a change, one in thirty years or so, against the second-by-second definition. */
static void compare_instants(const char *name)
{
    struct tz *tz = load(name);
    library_zone(name);
    unsigned wrong = 0;
    lc_date next_look = DATE_MIN;
    for (lc_date d = date_make(1901, 1, 2); d < DATE_MAX - 1 && wrong < 5; d++) {
        lc_instant midnight = tz_instant(tz, d, 0), next = tz_instant(tz, d + 1, 0);
        wrong += midnight + tz_offset(tz, midnight) < (d - DATE_UNIX_EPOCH) * DAY || next < midnight;
        if (next - midnight == DAY || d < next_look)
            continue;
        next_look = d + 30 * 365 + 100;
        for (int32_t second = 0; second < DAY; second += 5 * 3600 + 1777) {
            lc_instant want = naive_instant(d, second), got = tz_instant(tz, d, second);
            wrong += got != want;
            if (got != want)
                diag("%s day %d second %d: got %" PRId64 ", wanted %" PRId64, name, d, second, got, want);
        }
    }
    is_int(wrong, 0, "%s: the instants of local times are the first not below them", name);
    tz_free(tz);
}

static lc_instant at_utc(const char *text)
{
    lc_instant at;
    int32_t offset;
    if (!instant_parse(text, strlen(text), &at, &offset))
        bail_out("bad instant %s", text);
    return at;
}

static void is_local(const char *zone, lc_date d, int32_t second, const char *want, const char *what)
{
    struct tz *tz = load(zone);
    char text[26] = "";
    lc_instant at = tz_instant(tz, d, second);
    instant_format(at, tz_offset(tz, at), text);
    is_str(text, want, "%s: %s", zone, what);
    tz_free(tz);
}

static void test_gaps(void)
{
    is_local("America/Sao_Paulo", date_make(2018, 11, 4), 0, "2018-11-04T01:00:00-02:00",
             "a midnight that is skipped stands for the first instant after");
    is_local("America/Sao_Paulo", date_make(2018, 2, 17), 23 * 3600 + 1800, "2018-02-17T23:30:00-02:00",
             "of a time that comes twice the first counts");
    is_local("Pacific/Apia", date_make(2011, 12, 30), 9 * 3600, "2011-12-31T00:00:00+14:00",
             "a day that is skipped stands for the start of the next");
    is_local("Europe/Berlin", date_make(2026, 3, 29), 2 * 3600 + 1800, "2026-03-29T03:00:00+02:00",
             "half past two is skipped in spring");
    is_local("Europe/Berlin", date_make(2026, 10, 25), 2 * 3600 + 1800, "2026-10-25T02:30:00+02:00",
             "half past two comes twice in autumn, first in summer time");
    is_local("Australia/Lord_Howe", date_make(2026, 10, 4), 2 * 3600 + 600, "2026-10-04T02:30:00+11:00",
             "a change by half an hour");
    is_local("Asia/Shanghai", date_make(2026, 6, 16), 0, "2026-06-16T00:00:00+08:00", "an ordinary midnight");
    is_local("Europe/Berlin", date_make(2199, 7, 1), 0, "2199-07-01T00:00:00+02:00", "the footer's rule reaches 2199");
    is_local("UTC", date_make(1900, 1, 1), 0, "1900-01-01T00:00:00+00:00", "the first day");
}

static void test_names(void)
{
    static const struct {
        const char *name;
        enum err want;
    } rows[] = {
        {"", ERR_INVALID},        {"../../etc/passwd", ERR_INVALID}, {"/etc/localtime", ERR_INVALID},
        {"Asia/\n", ERR_INVALID}, {"Asia", ERR_ABSENT},              {"Asia/Nowhere", ERR_ABSENT},
        {"UTC/x", ERR_ABSENT},    {"zone.tab", ERR_DAMAGED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct errmsg msg = {""};
        struct tz *tz = NULL;
        is_int(tz_load(rows[i].name, &tz, &msg), rows[i].want, "name %zu is refused", i);
        ok(tz == NULL && msg.text[0], "and leaves the output alone, with a message");
    }
    struct tz *tz = load("Asia/Shanghai");
    is_str(tz_name(tz), "Asia/Shanghai", "a zone knows its name");
    tz_free(tz);
    tz_free(NULL);
}

static void test_rules(void)
{
    static const struct {
        const char *text;
        bool good;
    } rows[] = {
        {"CST-8", true},
        {"CET-1CEST,M3.5.0,M10.5.0/3", true},
        {"<-02>2<-01>,M3.5.0/-1,M10.5.0/0", true},
        {"XXX3EDT4,0/0,J365/23", true},
        {"IST-2IDT,M3.4.4/26,M10.5.0", true},
        {"A3B,J1/167,J365/-167", false}, /* names are too short */
        {"AAA3BBB,J1/167,J365/-167", true},
        {"AAA3BBB,J1/168,J365", false},
        {"AAA3BBB,J0,J365", false},
        {"AAA3BBB,M13.1.0,J365", false},
        {"AAA3BBB,M3.6.0,J365", false},
        {"AAA3BBB,M3.5.7,J365", false},
        {"AAA3BBB,366,J365", false},
        {"AAA3BBB", false},
        {"AAA", false},
        {"", false},
        {"AAA25", false},
        {"AAA3:60", false},
        {"AAA3:30:15", true},
        {"<+03-3", false},
        {"CET-1CEST,M3.5.0,M10.5.0/3x", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct tz_rule r;
        is_int(tz_rule_parse(rows[i].text, strlen(rows[i].text), &r), rows[i].good, "\"%s\" is %s", rows[i].text,
               rows[i].good ? "a rule" : "no rule");
    }
}

/* Rules that no zone's file has, against the C library reading the same text from $TZ. */
static void test_rule_days(void)
{
    static const char *const texts[] = {"AAA-3BBB,J60/2,J300/2", "AAA3BBB,59/2,300/2", "AAA-10BBB,M10.1.0,M4.1.0/3",
                                        "AAA5BBB,M3.4.4/26,M10.5.5/-3"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct tz_rule r;
        unsigned wrong = !tz_rule_parse(texts[i], strlen(texts[i]), &r);
        library_zone(texts[i]);
        for (int year = 1971; year < 2200 && wrong == 0; year++) {
            lc_instant start = tz_rule_start(&r, year), end = tz_rule_end(&r, year);
            wrong += library_offset(start) != r.summer || library_offset(start - 1) != r.standard;
            wrong += library_offset(end) != r.standard || library_offset(end - 1) != r.summer;
            if (wrong)
                diag("%s: year %d, start %" PRId64 ", end %" PRId64, texts[i], year, start, end);
        }
        is_int(wrong, 0, "%s changes when the C library changes, 1971 to 2199", texts[i]);
    }
}

/* ---- damaged files ---- */

static void write_file(const char *path, const void *p, size_t n)
{
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(p, 1, n, f) != n || fclose(f) != 0)
        bail_out("cannot write %s", path);
}

static size_t read_zone(const char *name, char *p, size_t room)
{
    char path[256];
    snprintf(path, sizeof path, "/usr/share/zoneinfo/%s", name);
    FILE *f = fopen(path, "rb");
    if (!f)
        bail_out("cannot read %s", path);
    size_t n = fread(p, 1, room, f);
    fclose(f);
    return n;
}

static enum err load_bytes(const char *path, const void *p, size_t n)
{
    struct tz *tz = NULL;
    struct errmsg msg = {""};
    write_file(path, p, n);
    enum err e = tz_load("zone", &tz, &msg);
    if (e == ERR_OK) { /* whatever it says, asking it must be safe */
        tz_offset(tz, INT64_MIN);
        tz_offset(tz, INT64_MAX);
        tz_date(tz, INT64_MIN);
        tz_date(tz, INT64_MAX);
        tz_instant(tz, DATE_MIN, 0);
        tz_instant(tz, DATE_LIMIT, 86399);
    }
    tz_free(tz);
    return e;
}

/* The fields of the header follow each other in fours from byte 20. */
static void set_count(char *header, unsigned field, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        header[20 + 4 * field + (unsigned)i] = (char)(v >> (24 - 8 * i));
}

static void test_counts(const char *path, const char *whole, size_t n)
{
    static const uint32_t values[] = {1u << 16, 0x7fffffff, 0xffffffff};
    char copy[8192];
    unsigned accepted = 0;
    for (unsigned field = 0; field < 6; field++)
        for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
            memcpy(copy, whole, n);
            set_count(copy, field, values[i]);
            accepted += load_bytes(path, copy, n) != ERR_DAMAGED;
        }
    is_int(accepted, 0, "a file with an impossible count is damaged");
}

static void test_damage(void)
{
    char path[256], whole[8192], copy[8192];
    size_t n = read_zone("Europe/Berlin", whole, sizeof whole);
    snprintf(path, sizeof path, "%s/zone", tap_tmpdir());
    setenv("TZDIR", tap_tmpdir(), 1);
    is_int(load_bytes(path, whole, n), ERR_OK, "a zone is looked up below $TZDIR");
    unsigned accepted = 0;
    for (size_t cut = 0; cut < n; cut++)
        accepted += load_bytes(path, whole, cut) == ERR_OK;
    is_int(accepted, 0, "a file that is cut anywhere is damaged");
    test_counts(path, whole, n);
    struct rng rng = rng_seed(7);
    unsigned refused = 0;
    for (int i = 0; i < 5000; i++) {
        memcpy(copy, whole, n);
        for (uint64_t k = rng_below(&rng, 4); k < 4; k++)
            copy[rng_below(&rng, n)] = (char)rng_next(&rng);
        refused += load_bytes(path, copy, n) != ERR_OK;
    }
    ok(refused > 0, "of 5000 altered files %u are refused, and none does harm", refused);
    unlink(path);
    mkdir(path, 0700);
    struct tz *tz = NULL;
    is_int(tz_load("zone", &tz, NULL), ERR_ABSENT, "a folder is no zone");
    unsetenv("TZDIR");
}

/* ---- instants ---- */

static void test_instant_text(void)
{
    static const char *const bad[] = {
        "",
        "2026-06-16",
        "2026-06-16T00:00:00",
        "2026-06-16T00:00:00+8:00",
        "2026-06-16T00:00:00+0800",
        "2026-06-16T00:00:00+08:60",
        "2026-06-16T00:00:00+24:00",
        "2026-06-16T24:00:00+08:00",
        "2026-06-16T00:60:00Z",
        "2026-06-16T00:00:60Z",
        "2026-06-16T00:00:00.Z",
        "2026-06-16T00:00:00ZZ",
        "2026-06-16 00:00:00Z",
        "2026-06-31T00:00:00Z",
        "2026-06-16T00:00:00+08:00 ",
        "2026-06-16T00-00:00Z",
    };
    lc_instant at = 42;
    int32_t offset = 42;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ok(!instant_parse(bad[i], strlen(bad[i]), &at, &offset), "\"%s\" is no instant", bad[i]);
    ok(at == 42 && offset == 42, "a refusal leaves the outputs alone");
    is_int(at_utc("1970-01-01T00:00:00Z"), 0, "the epoch");
    is_int(at_utc("2026-06-16T00:00:00+08:00"), 1781539200, "an offset is taken off");
    is_int(at_utc("2026-06-15t16:00:00.999999999z"), 1781539200, "fractions are cut off, small letters are read");
    is_int(at_utc("1969-12-31T23:59:59.5Z"), -1, "fractions are cut off before 1970 as well");
    is_int(at_utc("2026-06-15T12:30:00-03:30"), 1781539200, "an offset west of Greenwich");
}

static void test_instant_round_trip(void)
{
    struct rng rng = rng_seed(3);
    unsigned wrong = 0;
    for (int i = 0; i < 100000 && !wrong; i++) {
        lc_instant at = FIRST_INSTANT + (lc_instant)rng_below(&rng, (uint64_t)(LAST_INSTANT - FIRST_INSTANT)), back = 0;
        int32_t offset = (int32_t)rng_below(&rng, 2 * 14 * 3600) - 14 * 3600, read = 0;
        char text[25];
        instant_format(at, offset, text);
        wrong += !instant_parse(text, sizeof text, &back, &read) || back != at || read != offset / 60 * 60;
    }
    is_int(wrong, 0, "what is written is read back as the same instant, seconds of the offset aside");
    char text[26] = "";
    instant_format(at_utc("1900-06-01T00:00:00Z"), 8 * 3600 + 5 * 60 + 43, text);
    is_str(text, "1900-06-01T08:05:00+08:05", "an offset with seconds is shown in minutes, the local time with it");
    instant_format(INSTANT_NONE, 0, text);
    is_str(text, "2299-12-31T00:00:00+00:00", "what lies beyond every date is shown as the last");
}

int main(void)
{
    plan(0);
    for (size_t i = 0; i < N_ZONES; i++) {
        compare_offsets(zones[i], 25 * 3600);
        compare_instants(zones[i]);
    }
    test_gaps();
    test_names();
    test_rules();
    test_rule_days();
    test_damage();
    test_instant_text();
    test_instant_round_trip();
    return tap_end();
}
