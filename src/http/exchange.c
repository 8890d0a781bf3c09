#include "http/exchange.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

#include "codec/input_json.h"
#include "http/problem.h"
#include "http/routes.h"
#include "http/uri.h"

/* Of a body that nobody wants any more so much is still read, so that a client that sends all before it reads sees the
 * answer; whoever sends more is cut off. */
#define DISCARD_MAX (64 * 1024 * 1024)

const char *exchange_header(const struct exchange *x, const char *name)
{
    return MHD_lookup_connection_value(x->connection, MHD_HEADER_KIND, name);
}

int exchange_argument(struct exchange *x, const char *name, struct buf *out)
{
    const char *value = MHD_lookup_connection_value(x->connection, MHD_GET_ARGUMENT_KIND, name);
    if (!value)
        return 0;
    if (uri_decode(str_of(value), out))
        return 1;
    exchange_problem(x, 400, name, "argument \"%s\" is not percent-encoded as it should be", name);
    return -1;
}

size_t exchange_collect(struct exchange *x, const char *p, size_t n)
{
    if (x->body.n + n > BODY_MAX)
        exchange_problem(x, 413, NULL, "the body is longer than %d bytes", BODY_MAX);
    else
        buf_add(&x->body, p, n);
    return n;
}

/* --- answers --- */

static void set_response(struct exchange *x, unsigned status, const char *type, struct MHD_Response *response)
{
    if (!response || x->response)
        abort(); /* out of memory, or a handler that answered twice */
    x->response = response;
    x->status = status;
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    if (x->http->draining)
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    exchange_go_on(x);
}

void exchange_answer(struct exchange *x, unsigned status, const char *type, struct buf *body)
{
    char *bytes = body->p ? body->p : mem_alloc(1);
    set_response(x, status, type, MHD_create_response_from_buffer(body->n, bytes, MHD_RESPMEM_MUST_FREE));
    *body = BUF_INIT;
}

void exchange_problem(struct exchange *x, unsigned status, const char *member, const char *format, ...)
{
    char detail[1024];
    struct buf body = BUF_INIT;
    va_list args;
    va_start(args, format);
    vsnprintf(detail, sizeof detail, format, args);
    va_end(args);
    problem_write(&body, status, member, detail);
    exchange_answer(x, status, PROBLEM_TYPE, &body);
}

void exchange_busy(struct exchange *x)
{
    exchange_problem(x, 503, NULL, "too much is queued already; try again in a second");
    exchange_add_header(x, MHD_HTTP_HEADER_RETRY_AFTER, "1");
}

void exchange_answer_from(struct exchange *x, unsigned status, const char *type, MHD_ContentReaderCallback read,
                          void *arg, MHD_ContentReaderFreeCallback release)
{
    set_response(x, status, type, MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 64 * 1024, read, arg, release));
}

void exchange_add_header(struct exchange *x, const char *name, const char *value)
{
    MHD_add_response_header(x->response, name, value);
}

/* --- rest and work --- */

static void rest(struct exchange *x)
{
    MHD_suspend_connection(x->connection);
    x->resting = true;
}

void exchange_go_on(struct exchange *x)
{
    if (x->resting)
        MHD_resume_connection(x->connection);
    x->resting = false;
}

static enum MHD_Result queue_response(struct exchange *x)
{
    enum MHD_Result queued = MHD_queue_response(x->connection, x->status, x->response);
    MHD_destroy_response(x->response);
    x->response = NULL;
    return queued;
}

/* --- the beginning --- */

static struct exchange *exchange_new(struct http *h, struct MHD_Connection *connection)
{
    struct exchange *x = mem_zalloc(1, sizeof *x);
    x->http = h;
    x->connection = connection;
    x->next = h->exchanges;
    x->link = &h->exchanges;
    if (x->next)
        x->next->link = &x->next;
    h->exchanges = x;
    return x;
}

/* Root and whoever the daemon runs as may do everything; nobody else has a name here. */
static bool may(const struct peer *p, enum who least)
{
    return least == WHO_ANYONE || (p->known && (p->uid == 0 || p->uid == geteuid()));
}

struct framing {
    unsigned lengths, encodings;
};

static enum MHD_Result count_framing(void *arg, enum MHD_ValueKind kind, const char *key, const char *value)
{
    struct framing *f = arg;
    (void)kind, (void)value;
    f->lengths += strcasecmp(key, MHD_HTTP_HEADER_CONTENT_LENGTH) == 0;
    f->encodings += strcasecmp(key, MHD_HTTP_HEADER_TRANSFER_ENCODING) == 0;
    return MHD_YES;
}

/* Two statements of a body's length are how one request is smuggled in another's body. The library lets them pass. */
static bool framing_is_clear(struct exchange *x)
{
    struct framing f = {0};
    MHD_get_connection_values(x->connection, MHD_HEADER_KIND, count_framing, &f);
    if (f.lengths + f.encodings <= 1)
        return true;
    exchange_problem(x, 400, NULL, "the body's length is stated more than once");
    exchange_add_header(x, MHD_HTTP_HEADER_CONNECTION, "close");
    return false;
}

static void answer_unrouted(struct exchange *x, enum route_found found, struct str path)
{
    struct buf allow = BUF_INIT;
    switch (found) {
    case ROUTE_NO_METHOD:
        route_allow(http_routes, http_routes_n, path, &allow);
        buf_addc(&allow, '\0');
        exchange_problem(x, 405, NULL, "this path takes %s only", allow.p);
        exchange_add_header(x, MHD_HTTP_HEADER_ALLOW, allow.p);
        break;
    case ROUTE_BAD_PATH: exchange_problem(x, 400, NULL, "the path is not percent-encoded as it should be"); break;
    default: exchange_problem(x, 404, NULL, "there is nothing at this path");
    }
    buf_done(&allow);
}

/* The length that the header announces; 0: none. */
static unsigned long long announced_length(const struct exchange *x)
{
    const char *length = exchange_header(x, MHD_HTTP_HEADER_CONTENT_LENGTH);
    return length ? strtoull(length, NULL, 10) : 0;
}

/* Hands it to its route's handler, and to the one that this may put in its own place. */
static void begin_handler(struct exchange *x)
{
    const struct handler *h = NULL;
    x->handler = x->match.route->handler;
    while (x->handler != h && !x->response) {
        h = x->handler;
        if (h->begin)
            h->begin(x);
    }
    if (!x->response && x->handler->data == exchange_collect && announced_length(x) > BODY_MAX)
        exchange_problem(x, 413, NULL, "the body is longer than %d bytes", BODY_MAX);
}

static void begin(struct exchange *x, const char *method, const char *url)
{
    struct str path = str_of(url);
    if (!framing_is_clear(x))
        return;
    enum route_found found = route_find(http_routes, http_routes_n, str_of(method), path, &x->match);
    if (found != ROUTE_FOUND) {
        answer_unrouted(x, found, path);
    } else if (!may(site_peer(x->connection), x->match.route->who)) {
        exchange_problem(x, 403, NULL, "only root and the user that the daemon runs as may do this");
    } else {
        begin_handler(x);
    }
}

/* Is the answer to go out although the body has not come? Else the client gets to send it, and keeps its connection. */
static bool answer_at_once(const struct exchange *x)
{
    return x->response && (exchange_header(x, MHD_HTTP_HEADER_EXPECT) || announced_length(x) > BODY_MAX);
}

/* --- the library's callbacks --- */

static enum MHD_Result take_data(struct exchange *x, const char *data, size_t *size)
{
    size_t taken = *size;
    if (!x->response && x->handler->data)
        taken = x->handler->data(x, data, *size);
    else
        x->discarded += taken;
    *size -= taken;
    if (*size && !x->response)
        rest(x);
    return x->discarded > DISCARD_MAX ? MHD_NO : MHD_YES;
}

static enum MHD_Result finish(struct exchange *x)
{
    if (!x->response && x->handler->end && !x->ended) {
        x->ended = true;
        x->handler->end(x);
    }
    if (x->response)
        return queue_response(x);
    rest(x);
    return MHD_YES;
}

enum MHD_Result exchange_access(void *arg, struct MHD_Connection *connection, const char *url, const char *method,
                                const char *version, const char *data, size_t *size, void **state)
{
    struct exchange *x = *state;
    (void)version;
    if (!x) {
        *state = x = exchange_new(arg, connection);
        site_peer(connection)->busy = true;
        begin(x, method, url);
        return answer_at_once(x) ? queue_response(x) : MHD_YES;
    }
    return *size ? take_data(x, data, size) : finish(x);
}

void exchange_completed(void *arg, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode how)
{
    struct exchange *x = *state;
    struct peer *peer = site_peer(connection);
    (void)arg, (void)how;
    peer->busy = false;
    peer->idle_since_ns = clock_monotonic_ns();
    if (!x)
        return;
    if (x->handler && x->handler->close)
        x->handler->close(x);
    if (x->response)
        MHD_destroy_response(x->response);
    *x->link = x->next;
    if (x->next)
        x->next->link = x->link;
    struct http *h = x->http;
    route_match_done(&x->match);
    buf_done(&x->body);
    free(x);
    http_check_drained(h);
}
