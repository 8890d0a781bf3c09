#include "ctl/text.h"

#include "codec/utf8.h"

#include <limits.h>
#include <stdio.h>
#include <wchar.h>

const char *text_count(uint64_t v, char out[TEXT_COUNT])
{
    char digits[24];
    int n = snprintf(digits, sizeof digits, "%llu", (unsigned long long)v);
    char *p = out;
    for (int i = 0; i < n; i++) {
        if (i && (n - i) % 3 == 0)
            *p++ = ',';
        *p++ = digits[i];
    }
    *p = '\0';
    return out;
}

const char *text_money(int64_t fen, char out[TEXT_COUNT])
{
    uint64_t v = fen < 0 ? 0 - (uint64_t)fen : (uint64_t)fen;
    char whole[TEXT_COUNT];
    snprintf(out, TEXT_COUNT, "%s%s.%02u", fen < 0 ? "-" : "", text_count(v / 100, whole), (unsigned)(v % 100));
    return out;
}

const char *text_bytes(uint64_t v, char out[TEXT_COUNT])
{
    static const char *const units[] = {"bytes", "kB", "MB", "GB", "TB"};
    unsigned u = 0;
    double d = (double)v;
    while (d >= 1000 && u + 1 < sizeof units / sizeof units[0]) {
        d /= 1000;
        u++;
    }
    snprintf(out, TEXT_COUNT, u ? "%.1f %s" : "%.0f %s", d, units[u]);
    return out;
}

const char *text_duration(int64_t s, char out[TEXT_COUNT])
{
    if (s < 0)
        s = 0;
    if (s < 3600)
        snprintf(out, TEXT_COUNT, "%d:%02d", (int)(s / 60), (int)(s % 60));
    else
        snprintf(out, TEXT_COUNT, "%lld:%02d:%02d", (long long)(s / 3600), (int)(s / 60 % 60), (int)(s % 60));
    return out;
}

const char *text_time(const char *t, char out[TEXT_COUNT])
{
    if (!t)
        t = "-";
    if (strlen(t) >= 20 && t[10] == 'T')
        snprintf(out, TEXT_COUNT, "%.10s %.5s", t, t + 11);
    else
        snprintf(out, TEXT_COUNT, "%.*s", TEXT_COUNT - 1, t);
    return out;
}

void text_add_safe(struct buf *b, const char *s)
{
    const char *end = s + strlen(s);
    while (s < end) {
        size_t n = utf8_length(s, end);
        if (n == 0 || utf8_is_control(s, n))
            buf_addc(b, '?');
        else
            buf_add(b, s, n);
        s += n ? n : 1;
    }
}

/* One character at p: its bytes, and the columns that it takes. What is not of this locale takes a column a byte. */
static size_t next_character(const char *p, const char *end, mbstate_t *state, unsigned *columns)
{
    wchar_t c;
    size_t n = mbrtowc(&c, p, (size_t)(end - p), state);
    if (n == 0 || n > (size_t)(end - p)) {
        memset(state, 0, sizeof *state);
        *columns = 1;
        return 1;
    }
    int w = wcwidth(c);
    *columns = w > 0 ? (unsigned)w : 0;
    return n;
}

size_t text_cut(struct str s, unsigned columns, unsigned *taken)
{
    mbstate_t state = {0};
    size_t at = 0;
    *taken = 0;
    while (at < s.n) {
        unsigned width;
        size_t n = next_character(s.p + at, s.p + s.n, &state, &width);
        if (*taken + width > columns)
            break;
        *taken += width;
        at += n;
    }
    return at;
}

unsigned text_width(struct str s)
{
    unsigned width;
    text_cut(s, UINT_MAX, &width);
    return width;
}
