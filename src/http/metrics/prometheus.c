#include "http/metrics/prometheus.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

const char *family_kind_text(enum family_kind kind)
{
    static const char *const words[FAMILY_KIND_N] = {
        [FAMILY_COUNTER] = "counter",
        [FAMILY_GAUGE] = "gauge",
        [FAMILY_HISTOGRAM] = "histogram",
    };
    return words[kind];
}

/* In a label's value a quote is escaped besides, in a help it is not. */
static void add_escaped(struct buf *out, struct str text, bool label)
{
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (c == '\n') {
            BUF_LIT(out, "\\n");
            continue;
        }
        if (c == '\\' || (c == '"' && label))
            buf_addc(out, '\\');
        buf_addc(out, c);
    }
}

/* The shortest text that is read back as the same number. */
static void add_number(struct buf *out, double v)
{
    char text[32];
    if (isnan(v)) {
        BUF_LIT(out, "NaN");
        return;
    }
    if (isinf(v)) {
        buf_adds(out, v > 0 ? "+Inf" : "-Inf");
        return;
    }
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, v);
        if (strtod(text, NULL) == v)
            break;
    }
    buf_adds(out, text);
}

void exposition_family(struct exposition *e, const struct family *f)
{
    e->family = f;
    buf_printf(e->out, "# HELP %s ", f->name);
    add_escaped(e->out, str_of(f->help), false);
    buf_printf(e->out, "\n# TYPE %s %s\n", f->name, family_kind_text(f->kind));
}

static void add_label(struct buf *out, char before, const char *name, struct str value)
{
    buf_addc(out, before);
    buf_adds(out, name);
    BUF_LIT(out, "=\"");
    add_escaped(out, value, true);
    buf_addc(out, '"');
}

/* The sample's name with its labels and the blank behind them; le: a bucket's bound, or NULL. */
static void begin_sample(struct exposition *e, const char *suffix, const struct str *values, const char *le)
{
    const struct family *f = e->family;
    char before = '{';
    buf_adds(e->out, f->name);
    buf_adds(e->out, suffix);
    for (unsigned i = 0; i < LABELS_MAX && f->labels[i]; i++, before = ',')
        add_label(e->out, before, f->labels[i], values[i]);
    if (le) {
        add_label(e->out, before, "le", str_of(le));
        before = ',';
    }
    if (before == ',')
        buf_addc(e->out, '}');
    buf_addc(e->out, ' ');
}

static void add_count(struct exposition *e, const char *suffix, const struct str *values, const char *le, uint64_t n)
{
    begin_sample(e, suffix, values, le);
    buf_add_u64(e->out, n);
    buf_addc(e->out, '\n');
}

void exposition_count(struct exposition *e, const struct str *values, uint64_t n)
{
    add_count(e, "", values, NULL, n);
}

static void add_value(struct exposition *e, const char *suffix, const struct str *values, double v)
{
    begin_sample(e, suffix, values, NULL);
    add_number(e->out, v);
    buf_addc(e->out, '\n');
}

void exposition_number(struct exposition *e, const struct str *values, double v)
{
    add_value(e, "", values, v);
}

void exposition_histogram(struct exposition *e, const struct str *values, const struct histogram *h)
{
    struct buf le = BUF_INIT;
    uint64_t below = 0;
    for (unsigned i = 0; i < h->n; i++) {
        buf_clear(&le);
        add_number(&le, h->bounds[i]);
        buf_addc(&le, '\0');
        below += h->counts[i];
        add_count(e, "_bucket", values, le.p, below);
    }
    below += h->counts[h->n];
    add_count(e, "_bucket", values, "+Inf", below);
    add_value(e, "_sum", values, h->sum);
    add_count(e, "_count", values, NULL, below);
    buf_done(&le);
}

unsigned histogram_bucket(const double *bounds, unsigned n, double v)
{
    unsigned i = 0;
    while (i < n && v > bounds[i])
        i++;
    return i;
}
