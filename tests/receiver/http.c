#include "tests/receiver/http.h"

#include <ctype.h>
#include <strings.h>

/* --- framing --- */

struct framing {
    bool has_length, chunked, close;
    size_t length;
    int fault; /* a status */
};

static struct str trim(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || *p == '\t'))
        p++;
    while (end > p && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    return (struct str){p, (size_t)(end - p)};
}

static bool same_word(struct str s, const char *word)
{
    return s.n == strlen(word) && strncasecmp(s.p, word, s.n) == 0;
}

static void read_length(struct framing *f, struct str value)
{
    size_t n = 0;
    bool good = value.n > 0 && value.n < 10;
    for (size_t i = 0; good && i < value.n; i++) {
        good = isdigit((unsigned char)value.p[i]);
        n = n * 10 + (size_t)(value.p[i] - '0');
    }
    if (!good || (f->has_length && f->length != n))
        f->fault = 400;
    f->has_length = true;
    f->length = n;
}

/* Most lines are none of the three: their first letter tells. */
static void read_line(struct framing *f, const char *line, const char *end)
{
    if ((*line | 0x20) != 'c' && (*line | 0x20) != 't')
        return;
    const char *colon = memchr(line, ':', (size_t)(end - line));
    if (!colon)
        return;
    struct str name = {line, (size_t)(colon - line)}, value = trim(colon + 1, end);
    if (same_word(name, "content-length"))
        read_length(f, value);
    else if (same_word(name, "connection"))
        f->close = same_word(value, "close");
    else if (same_word(name, "transfer-encoding"))
        f->chunked = true;
}

static void read_lines(struct framing *f, struct str head)
{
    const char *p = head.p, *end = p + head.n;
    while (p < end) {
        const char *newline = memchr(p, '\n', (size_t)(end - p));
        if (newline[-1] != '\r' || !memchr(p, ':', (size_t)(newline - p)))
            f->fault = 400;
        read_line(f, p, newline - 1);
        p = newline + 1;
    }
}

/* "POST /hooks?x=1 HTTP/1.1" */
static bool read_request_line(const char *p, const char *end, struct request *q, struct framing *f)
{
    const char *space = memchr(p, ' ', (size_t)(end - p));
    if (!space || space == p)
        return false;
    const char *target = space + 1, *stop = memchr(target, ' ', (size_t)(end - target));
    if (!stop || *target != '/' || end - stop != 9 || memcmp(stop, " HTTP/1.", 8) != 0)
        return false;
    const char *question = memchr(target, '?', (size_t)(stop - target)), *path_end = question ? question : stop;
    q->method = (struct str){p, (size_t)(space - p)};
    q->path = (struct str){target, (size_t)(path_end - target)};
    q->query = question ? (struct str){question + 1, (size_t)(stop - question - 1)} : STR_NONE;
    f->close = stop[8] == '0';
    return true;
}

int http_frame(struct str bytes, struct request *out)
{
    struct framing f = {0};
    struct request q;
    const char *p = bytes.p, *blank = bytes.n ? memmem(p, bytes.n, "\r\n\r\n", 4) : NULL;
    if (!blank)
        return bytes.n > HTTP_HEAD_MAX ? 431 : HTTP_MORE;
    const char *line_end = memmem(p, bytes.n, "\r\n", 2);
    if (!read_request_line(p, line_end, &q, &f))
        return 400;
    q.head = (struct str){line_end + 2, (size_t)(blank - line_end)};
    read_lines(&f, q.head);
    if (f.fault || f.chunked)
        return f.fault ? f.fault : 411;
    if (f.length > HTTP_BODY_MAX)
        return 413;
    size_t head = (size_t)(blank - p) + 4;
    if (bytes.n - head < f.length)
        return HTTP_MORE;
    q.body = (struct str){p + head, f.length};
    q.keep_alive = !f.close;
    q.size = head + f.length;
    *out = q;
    return HTTP_FRAMED;
}

struct str http_header(const struct request *q, const char *name)
{
    size_t n = strlen(name);
    const char *p = q->head.p, *end = p + q->head.n;
    while (p < end) {
        const char *newline = memchr(p, '\n', (size_t)(end - p));
        if ((size_t)(newline - p) > n && p[n] == ':' && strncasecmp(p, name, n) == 0)
            return trim(p + n + 1, newline - 1);
        p = newline + 1;
    }
    return STR_NONE;
}

/* --- arguments --- */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

static void decode(struct str s, struct buf *out)
{
    for (size_t i = 0; i < s.n; i++) {
        bool escape = s.p[i] == '%' && i + 2 < s.n && hex_digit(s.p[i + 1]) >= 0 && hex_digit(s.p[i + 2]) >= 0;
        if (escape) {
            buf_addc(out, (char)(hex_digit(s.p[i + 1]) * 16 + hex_digit(s.p[i + 2])));
            i += 2;
        } else {
            buf_addc(out, s.p[i] == '+' ? ' ' : s.p[i]);
        }
    }
}

bool http_argument(struct str args, const char *name, struct buf *out)
{
    size_t n = strlen(name);
    bool found = false;
    const char *p = args.p, *end = args.n ? p + args.n : p;
    buf_clear(out);
    while (p < end && !found) {
        const char *amp = memchr(p, '&', (size_t)(end - p)), *stop = amp ? amp : end;
        found = (size_t)(stop - p) > n && p[n] == '=' && memcmp(p, name, n) == 0;
        if (found)
            decode((struct str){p + n + 1, (size_t)(stop - p) - n - 1}, out);
        p = amp ? amp + 1 : end;
    }
    buf_addc(out, '\0');
    out->n--;
    return found;
}

const char *http_reason(int status)
{
    static const struct {
        int status;
        const char *reason;
    } reasons[] = {
        {200, "OK"},
        {202, "Accepted"},
        {204, "No Content"},
        {302, "Found"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {410, "Gone"},
        {411, "Length Required"},
        {413, "Content Too Large"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {502, "Bad Gateway"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
    };
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (reasons[i].status == status)
            return reasons[i].reason;
    return "Status";
}
