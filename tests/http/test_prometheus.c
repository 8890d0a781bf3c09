/* Prometheus' text format. */
#include "http/metrics/prometheus.h"

#include <math.h>
#include <stdio.h>

#include "tests/lib/tap.h"

static const struct family plain = {"up", FAMILY_GAUGE, {NULL}, "Is it up"};
static const struct family labelled = {"seen_total", FAMILY_COUNTER, {"where", "how"}, "A \\ and a \"quote\"\nbroken"};
static const struct family timed = {"took_seconds", FAMILY_HISTOGRAM, {"what"}, "How long it took"};
static const struct family bare = {"took_seconds", FAMILY_HISTOGRAM, {NULL}, "How long it took"};

static const char *text(struct buf *b)
{
    buf_addc(b, '\0');
    return b->p;
}

static void test_families(void)
{
    struct buf b = BUF_INIT;
    struct exposition e = {.out = &b};
    const struct str labels[] = {STR_LIT("a \"b\" c\\d\ne"), STR_LIT("\xe5\xb7\x9e")};
    exposition_family(&e, &plain);
    exposition_count(&e, NULL, UINT64_MAX);
    exposition_family(&e, &labelled);
    exposition_count(&e, labels, 0);
    exposition_number(&e, labels, 0.25);
    is_str(text(&b),
           "# HELP up Is it up\n"
           "# TYPE up gauge\n"
           "up 18446744073709551615\n"
           "# HELP seen_total A \\\\ and a \"quote\"\\nbroken\n"
           "# TYPE seen_total counter\n"
           "seen_total{where=\"a \\\"b\\\" c\\\\d\\ne\",how=\"\xe5\xb7\x9e\"} 0\n"
           "seen_total{where=\"a \\\"b\\\" c\\\\d\\ne\",how=\"\xe5\xb7\x9e\"} 0.25\n",
           "a family has its help and type, then its samples, all escaped as the format wants it");
    buf_done(&b);
}

static const struct {
    double v;
    const char *text;
} numbers[] = {
    {0, "0"},
    {-1.5, "-1.5"},
    {0.1, "0.1"},
    {1.0 / 3, "0.3333333333333333"},
    {1772416800.123456, "1772416800.123456"},
    {1e21, "1e+21"},
    {INFINITY, "+Inf"},
    {-INFINITY, "-Inf"},
    {NAN, "NaN"},
};

static void test_numbers(void)
{
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        struct buf b = BUF_INIT;
        struct exposition e = {.out = &b, .family = &plain};
        char want[64];
        snprintf(want, sizeof want, "up %s\n", numbers[i].text);
        exposition_number(&e, NULL, numbers[i].v);
        is_str(text(&b), want, "a number is written so that it is read back as it was: %s", numbers[i].text);
        buf_done(&b);
    }
}

static void test_histograms(void)
{
    static const double bounds[] = {0.0005, 0.25, 10};
    static const uint64_t counts[] = {1, 0, 2, 4};
    struct buf b = BUF_INIT;
    struct exposition e = {.out = &b, .family = &timed};
    struct histogram h = {.bounds = bounds, .counts = counts, .n = 3, .sum = 99.5};
    const struct str label = STR_LIT("x");
    exposition_histogram(&e, &label, &h);
    is_str(text(&b),
           "took_seconds_bucket{what=\"x\",le=\"0.0005\"} 1\n"
           "took_seconds_bucket{what=\"x\",le=\"0.25\"} 1\n"
           "took_seconds_bucket{what=\"x\",le=\"10\"} 3\n"
           "took_seconds_bucket{what=\"x\",le=\"+Inf\"} 7\n"
           "took_seconds_sum{what=\"x\"} 99.5\n"
           "took_seconds_count{what=\"x\"} 7\n",
           "a histogram's buckets are summed up");
    buf_clear(&b);
    e.family = &bare;
    h.n = 0;
    exposition_histogram(&e, NULL, &h);
    is_str(text(&b), "took_seconds_bucket{le=\"+Inf\"} 1\ntook_seconds_sum 99.5\ntook_seconds_count 1\n",
           "one without labels and bounds, too");
    buf_done(&b);
    is_int(histogram_bucket(bounds, 3, 0), 0, "nothing belongs into the first bucket");
    is_int(histogram_bucket(bounds, 3, 0.0005), 0, "and a bound into the one that it ends");
    is_int(histogram_bucket(bounds, 3, 0.0006), 1, "what is beyond it into the next");
    is_int(histogram_bucket(bounds, 3, 11), 3, "and what is beyond them all behind the last");
}

int main(void)
{
    plan(1 + sizeof numbers / sizeof *numbers + 6);
    test_families();
    test_numbers();
    test_histograms();
    return tap_end();
}
