#include "codec/event_parts.h"

#include "codec/json_scan.h"

/* The text up to the next quote; times and types have no escapes. */
static bool scan_plain(struct scan *s, struct str *out)
{
    const char *end = memchr(s->p, '"', (size_t)(s->end - s->p));
    if (!end)
        return false;
    *out = (struct str){s->p, (size_t)(end - s->p)};
    s->p = end + 1;
    return true;
}

bool event_parts(struct str line, struct buf *text, struct event_parts *out)
{
    buf_clear(text);
    struct scan s = {line.p, line.p + line.n, text};
    *out = (struct event_parts){.subject = STR_NONE};
    if (!scan_lit(&s, "{\"seq\":") || !scan_u64(&s, UINT64_MAX, &out->seq) || !scan_lit(&s, ",\"prev\":") ||
        !scan_u64(&s, UINT64_MAX, &out->prev) || !scan_lit(&s, ",\"time\":\"") || !scan_plain(&s, &out->time) ||
        !scan_lit(&s, ",\"type\":\"") || !scan_plain(&s, &out->type))
        return false;
    if (scan_lit(&s, ",\"subject\":") && !scan_str(&s, &out->subject))
        return false;
    out->simulated = scan_lit(&s, ",\"simulated\":true");
    if (!scan_lit(&s, ",\"data\":") || s.end - s.p < 3 || s.end[-1] != '}')
        return false;
    out->data = (struct str){s.p, (size_t)(s.end - s.p) - 1};
    return true;
}
