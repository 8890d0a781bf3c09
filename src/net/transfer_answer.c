#include "net/transfer_inside.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"

#define HEAD_MAX ((size_t)64 << 10)        /* all heads of an answer together: 100 Continue may come often */
#define BODY_MAX ((size_t)1 << 20)         /* read of a body; of that ANSWER_BODY_MAX is kept */
#define RETRY_AFTER_MAX INT64_C(315360000) /* ten years: nobody means more */

/* --- the head --- */

static struct str trimmed(struct str s)
{
    while (s.n && isspace((unsigned char)s.p[s.n - 1]))
        s.n--;
    while (s.n && isspace((unsigned char)s.p[0]))
        s = (struct str){s.p + 1, s.n - 1};
    return s;
}

/* Seconds, or a date; -1: neither. */
static int64_t retry_after(struct str value)
{
    char text[64];
    if (value.n == 0 || value.n >= sizeof text)
        return -1;
    memcpy(text, value.p, value.n);
    text[value.n] = '\0';
    int64_t seconds = 0;
    if (strspn(text, "0123456789") == value.n) {
        for (const char *d = text; *d && seconds < RETRY_AFTER_MAX; d++)
            seconds = seconds * 10 + (*d - '0');
    } else {
        time_t at = curl_getdate(text, NULL);
        if (at == -1)
            return -1;
        seconds = (int64_t)at - clock_wall_ns() / 1000000000;
    }
    return seconds < 0 ? 0 : seconds > RETRY_AFTER_MAX ? RETRY_AFTER_MAX : seconds;
}

static void take_retry_after(struct slot *s, struct str value)
{
    if (s->retry_after < 0)
        s->retry_after = retry_after(value);
}

static void take_text(struct buf *b, bool *there, struct str value)
{
    if (*there)
        return;
    *there = true;
    buf_addstr(b, value);
}

static void take_origin(struct slot *s, struct str value)
{
    take_text(&s->allowed_origin, &s->has_origin, value);
}

static void take_rate(struct slot *s, struct str value)
{
    take_text(&s->allowed_rate, &s->has_rate, value);
}

/* Of each the first counts. */
static const struct {
    struct str name; /* with its colon */
    void (*take)(struct slot *s, struct str value);
} headers[] = {
    {STR_LIT("Retry-After:"), take_retry_after},
    {STR_LIT("WebHook-Allowed-Origin:"), take_origin},
    {STR_LIT("WebHook-Allowed-Rate:"), take_rate},
};

static void take_header(struct slot *s, struct str line)
{
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        struct str name = headers[i].name;
        if (line.n >= name.n && strncasecmp(line.p, name.p, name.n) == 0)
            headers[i].take(s, trimmed((struct str){line.p + name.n, line.n - name.n}));
    }
}

static void head_begin(struct slot *s, int status)
{
    s->status = status;
    s->retry_after = -1;
    s->has_origin = s->has_rate = false;
    buf_clear(&s->allowed_origin);
    buf_clear(&s->allowed_rate);
}

/* "HTTP/1.1 204 No Content" */
static int status_of(struct str line)
{
    const char *space = memchr(line.p, ' ', line.n);
    size_t left = space ? line.n - (size_t)(space - line.p) : 0;
    int status = 0;
    for (size_t i = 1; i <= 3 && i < left && isdigit((unsigned char)space[i]); i++)
        status = status * 10 + (space[i] - '0');
    return status;
}

/* A line of a head, with its end; the trailers of a chunked body come here too, and are not looked at. */
static size_t on_head(char *p, size_t size, size_t n, void *arg)
{
    struct slot *s = arg;
    struct str line = {p, size * n};
    s->head_bytes += line.n;
    if (s->head_bytes > HEAD_MAX) {
        s->cut = true;
        return 0;
    }
    if (s->head_complete)
        return line.n;
    if (*p == '\r' || *p == '\n')
        s->head_complete = s->status >= 200;
    else if (line.n > 5 && memcmp(p, "HTTP/", 5) == 0)
        head_begin(s, status_of(line));
    else if (strchr("RrWw", *p))
        take_header(s, line);
    return line.n;
}

/* --- the body --- */

static size_t on_body(char *p, size_t size, size_t n, void *arg)
{
    struct slot *s = arg;
    size_t got = size * n, room = ANSWER_BODY_MAX - s->body.n;
    buf_add(&s->body, p, got < room ? got : room);
    s->body_bytes += got;
    s->cut = s->body_bytes > BODY_MAX;
    return s->cut ? 0 : got;
}

void slot_tie_answer(struct slot *s)
{
    curl_easy_setopt(s->easy, CURLOPT_HEADERFUNCTION, on_head);
    curl_easy_setopt(s->easy, CURLOPT_HEADERDATA, s);
    curl_easy_setopt(s->easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(s->easy, CURLOPT_WRITEDATA, s);
}

void answer_begin(struct slot *s)
{
    head_begin(s, 0);
    s->head_complete = s->cut = false;
    s->head_bytes = s->body_bytes = 0;
    buf_clear(&s->body);
    s->not_allowed[0] = s->error[0] = '\0';
}

/* --- the outcome --- */

/* An answer whose end is not waited for counts as one: what it says stands in its head. One that broke off does not,
 * since then nobody knows what else it would have said. */
static enum carried carried(const struct slot *s, CURLcode code)
{
    bool ended_here = s->cut || code == CURLE_OPERATION_TIMEDOUT;
    if (code == CURLE_OK || (s->head_complete && ended_here))
        return CARRIED;
    return s->transfer->first_byte_ns ? LOST : NOT_SENT;
}

/* libcurl's sentence may quote what the other end sent: whatever is not printable ASCII is not for a log. */
static void tidy(char *text)
{
    for (; *text; text++) {
        if (*text < ' ' || *text > '~')
            *text = '?';
    }
}

static void say_why(const struct slot *s, CURLcode code, char *out, size_t size)
{
    if (s->not_allowed[0] && !s->transfer->first_byte_ns)
        snprintf(out, size, "address not allowed: %s is not public, and allow_private is off", s->not_allowed);
    else if (s->cut)
        snprintf(out, size, "the answer's head is longer than %zu bytes", HEAD_MAX);
    else
        snprintf(out, size, "%.*s", (int)size - 1, s->error[0] ? s->error : curl_easy_strerror(code));
    tidy(out);
}

static struct str text_or_none(const struct buf *b, bool there)
{
    if (!there)
        return STR_NONE;
    return b->n ? buf_str(b) : STR_LIT("");
}

void answer_end(const struct slot *s, CURLcode code, struct answer *out)
{
    *out = (struct answer){.carried = carried(s, code), .retry_after = -1};
    if (out->carried != CARRIED) {
        say_why(s, code, out->error, sizeof out->error);
        return;
    }
    out->status = s->status;
    out->body = s->body.n ? buf_str(&s->body) : STR_LIT("");
    out->retry_after = s->retry_after;
    out->allowed_origin = text_or_none(&s->allowed_origin, s->has_origin);
    out->allowed_rate = text_or_none(&s->allowed_rate, s->has_rate);
}
