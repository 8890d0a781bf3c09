#include "ctl/text.h"

#include "codec/utf8.h"

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

unsigned text_width(struct str s)
{
    const char *p = s.p, *end = s.p + s.n;
    mbstate_t state = {0};
    unsigned width = 0;
    while (p < end) {
        wchar_t c;
        size_t n = mbrtowc(&c, p, (size_t)(end - p), &state);
        if (n == 0 || n > (size_t)(end - p)) {
            /* Not of this locale's characters: a column a byte. */
            memset(&state, 0, sizeof state);
            n = 1;
            width++;
        } else {
            int w = wcwidth(c);
            width += w > 0 ? (unsigned)w : 0;
        }
        p += n;
    }
    return width;
}
