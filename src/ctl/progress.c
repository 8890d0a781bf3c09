#include "ctl/progress.h"

#include "base/clock.h"
#include "ctl/screen.h"
#include "ctl/text.h"

#include <stdio.h>
#include <unistd.h>

#define BAR_NS 100000000   /* between two drawings of the bar */
#define LINE_NS 5000000000 /* between two lines */
#define BAR_COLUMNS_MAX 40

void progress_begin(struct progress *p, uint64_t total, bool asked)
{
    bool terminal = screen_width(STDERR_FILENO) > 0;
    *p = (struct progress){.bar = terminal, .lines = asked && !terminal, .total = total, .noun = "inputs"};
    p->started = p->drawn = clock_monotonic_ns();
}

double progress_seconds(const struct progress *p)
{
    double s = (double)(clock_monotonic_ns() - p->started) / 1e9;
    return s < 0.001 ? 0.001 : s;
}

/* "63%  12.3 MB of 19.5 MB  309,800 inputs, 258,000/s, 0:04 left" */
static void describe(const struct progress *p, uint64_t done, uint64_t count, struct buf *b)
{
    char a[TEXT_COUNT], c[TEXT_COUNT];
    double seconds = progress_seconds(p);
    if (p->total)
        buf_printf(b, "%3u%%  ", (unsigned)(100.0 * (double)done / (double)p->total));
    if (p->total && !p->counted)
        buf_printf(b, "%s of %s  ", text_bytes(done, a), text_bytes(p->total, c));
    if (p->total && p->counted)
        buf_printf(b, "%s of %s %s, ", text_count(count, a), text_count(p->total, c), p->noun);
    else
        buf_printf(b, "%s %s, ", text_count(count, a), p->noun);
    buf_printf(b, "%s/s", text_count((uint64_t)((double)count / seconds), a));
    if (p->total && done && done < p->total) {
        double left = seconds * (double)(p->total - done) / (double)done;
        buf_printf(b, ", %s left", text_duration((int64_t)(left + 0.5), a));
    }
}

static void draw_bar(const struct progress *p, uint64_t done, struct str text)
{
    struct buf b = BUF_INIT;
    unsigned width = screen_width(STDERR_FILENO), room = width > text.n + 3 ? width - (unsigned)text.n - 3 : 0;
    BUF_LIT(&b, "\r\033[K");
    if (p->total && room >= 8) {
        screen_bar(&b, done, p->total, room < BAR_COLUMNS_MAX ? room : BAR_COLUMNS_MAX, true);
        buf_addc(&b, ' ');
    }
    buf_add(&b, text.p, text.n < width ? text.n : width);
    fwrite(b.p, 1, b.n, stderr);
    fflush(stderr);
    buf_done(&b);
}

void progress_show(struct progress *p, uint64_t done, uint64_t count)
{
    int64_t now = clock_monotonic_ns();
    if ((!p->bar && !p->lines) || now - p->drawn < (p->bar ? BAR_NS : LINE_NS))
        return;
    p->drawn = now;
    if (p->total && done > p->total)
        done = p->total; /* a file that grew */
    struct buf text = BUF_INIT;
    describe(p, done, count, &text);
    if (p->bar)
        draw_bar(p, done, buf_str(&text));
    else
        fprintf(stderr, "%.*s\n", (int)text.n, text.p);
    buf_done(&text);
}

void progress_clear(struct progress *p)
{
    if (p->bar)
        fputs("\r\033[K", stderr);
}
