#include "http/server/framing.h"

#include <string.h>
#include <strings.h>

/* From 0.9.77 on the library can be told to be strict (site.c); before, what it skips has to be found out. */
#define SKIPS_SILENTLY (MHD_VERSION < 0x00097701)

/* Headers of which no more than one may stand there. */
enum { ONCE_HOST, ONCE_LENGTH, ONCE_ENCODING, ONCE_AUTHORIZATION, ONCE_N };

static const char *const once_names[ONCE_N] = {
    [ONCE_HOST] = MHD_HTTP_HEADER_HOST,
    [ONCE_LENGTH] = MHD_HTTP_HEADER_CONTENT_LENGTH,
    [ONCE_ENCODING] = MHD_HTTP_HEADER_TRANSFER_ENCODING,
    [ONCE_AUTHORIZATION] = MHD_HTTP_HEADER_AUTHORIZATION,
};

/* A look over all fields. */
struct look {
    unsigned counts[ONCE_N];
    bool clean;           /* every name is a token, and no value has control characters */
    const char *expected; /* where the next field begins when nothing was skipped before it */
    bool whole;           /* nothing was */
};

static bool is_token(const char *name, size_t n)
{
    static const char others[] = "!#$%&'*+-.^_`|~";
    for (size_t i = 0; i < n; i++) {
        char c = name[i];
        bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!word && (!c || !strchr(others, c)))
            return false;
    }
    return n > 0;
}

static bool is_value(const char *value, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)value[i];
        if ((c < ' ' && c != '\t') || c == 0x7f)
            return false;
    }
    return true;
}

/* The end of a line was replaced by NULs, one for each byte: two are CR LF. One is a bare LF, or a NUL in the line,
 * which ends the value for the library. Where a folded line was skipped the next field begins too late. */
static bool ends_line(const char *end)
{
    return end[0] == '\0' && end[1] == '\0';
}

static void follow(struct look *l, const char *key, const char *end)
{
    l->whole = l->whole && key == l->expected && ends_line(end);
    l->expected = end + 2;
}

static enum MHD_Result look_at(void *arg, enum MHD_ValueKind kind, const char *key, size_t key_n, const char *value,
                               size_t value_n)
{
    struct look *l = arg;
    (void)kind;
    for (unsigned i = 0; i < ONCE_N; i++)
        l->counts[i] += strcasecmp(key, once_names[i]) == 0;
    l->clean = l->clean && is_token(key, key_n) && is_value(value, value_n);
    if (SKIPS_SILENTLY)
        follow(l, key, value ? value + value_n : key + key_n);
    return MHD_YES;
}

static size_t header_bytes(struct MHD_Connection *connection)
{
    return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE)->header_size;
}

/* The library's strings stand where the request was read to: whatever it skipped is a gap between them. */
static bool nothing_skipped(struct MHD_Connection *connection, const struct peer *peer,
                            const struct request_line *line, const struct look *l)
{
    const char *target = line->method + strlen(line->method) + 1;
    return target + peer->target_bytes + 1 == line->version && l->whole && ends_line(l->expected) &&
           l->expected + 2 == line->method + header_bytes(connection);
}

static bool is_chunked(struct MHD_Connection *connection)
{
    const char *encoding =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_TRANSFER_ENCODING);
    return strcasecmp(encoding, "chunked") == 0;
}

static bool refuse(struct framing_fault *fault, unsigned status, const char *text)
{
    *fault = (struct framing_fault){status, text};
    return false;
}

static bool length_is_clear(struct MHD_Connection *connection, const struct request_line *line, const struct look *l,
                            struct framing_fault *fault)
{
    if (l->counts[ONCE_LENGTH] + l->counts[ONCE_ENCODING] > 1)
        return refuse(fault, 400, "the body's length is stated more than once");
    if (l->counts[ONCE_ENCODING] && strcmp(line->version, MHD_HTTP_VERSION_1_0) == 0)
        return refuse(fault, 400, "HTTP/1.0 has no Transfer-Encoding");
    if (l->counts[ONCE_ENCODING] && !is_chunked(connection))
        return refuse(fault, 501, "of transfer encodings only chunked is known here");
    return true;
}

bool framing_check(struct MHD_Connection *connection, const struct peer *peer, const struct request_line *line,
                   struct framing_fault *fault)
{
    struct look l = {.clean = true, .expected = line->version + strlen(line->version) + 2, .whole = true};
    MHD_get_connection_values_n(connection, MHD_HEADER_KIND, look_at, &l);
    if (header_bytes(connection) > HEADER_BYTES_MAX)
        return refuse(fault, 431, "the header is longer than 24 KiB");
    if (!peer->target_bytes || !is_token(line->method, strlen(line->method)))
        return refuse(fault, 400, "the request's first line is malformed");
    if (!l.clean || (SKIPS_SILENTLY && !nothing_skipped(connection, peer, line, &l)))
        return refuse(fault, 400,
                      "the header is malformed: a field's name, a control character, a folded line, or a line that "
                      "does not end in CR LF");
    if (!l.counts[ONCE_HOST] && strcmp(line->version, MHD_HTTP_VERSION_1_0) != 0)
        return refuse(fault, 400, "HTTP/1.1 needs a header Host");
    if (l.counts[ONCE_HOST] > 1 || l.counts[ONCE_AUTHORIZATION] > 1)
        return refuse(fault, 400, "Host and Authorization may stand there once");
    return length_is_clear(connection, line, &l, fault);
}

size_t framing_target(const char *target)
{
    size_t n = 0;
    for (; target[n]; n++)
        if ((unsigned char)target[n] <= ' ' || target[n] == 0x7f)
            return 0;
    return n;
}

const char *framing_path(const char *target)
{
    static const char *const schemes[] = {"http://", "https://"};
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        size_t n = strlen(schemes[i]);
        if (strncasecmp(target, schemes[i], n) == 0)
            return strchr(target + n, '/') ? strchr(target + n, '/') : "/";
    }
    return target;
}
