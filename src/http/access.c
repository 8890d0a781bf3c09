#include "http/access.h"

#include <stdlib.h>
#include <strings.h>

#include "http/exchange.h"
#include "http/routes.h"

/* Of a body that nobody wants any more so much is still read, so that a client that sends all before it reads sees the
 * answer; whoever sends more is cut off. */
#define DISCARD_MAX (64 * 1024 * 1024)

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

/* Who comes over TCP could be anybody, until there are tokens: not even which paths there are is told. */
static void answer_stranger(struct exchange *x)
{
    exchange_problem(x, 401, NULL,
                     "over TCP a token is needed, and this version does not take any yet: use the Unix socket");
    exchange_add_header(x, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer");
}

static void begin(struct exchange *x, const char *method, const char *url)
{
    struct str path = str_of(url);
    const struct peer *peer = site_peer(x->connection);
    if (!framing_is_clear(x))
        return;
    enum route_found found = route_find(http_routes, http_routes_n, str_of(method), path, &x->match);
    caller_of_peer(peer, &x->caller);
    bool allowed = caller_may(&x->caller, found == ROUTE_FOUND ? x->match.route->who : WHO_READ);
    if (!allowed && !peer->local) {
        answer_stranger(x);
    } else if (found != ROUTE_FOUND) {
        answer_unrouted(x, found, path);
    } else if (!allowed) {
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

static void rest(struct exchange *x)
{
    MHD_suspend_connection(x->connection);
    x->resting = true;
}

static enum MHD_Result queue_response(struct exchange *x)
{
    enum MHD_Result queued = MHD_queue_response(x->connection, x->status, x->response);
    MHD_destroy_response(x->response);
    x->response = NULL;
    return queued;
}

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

enum MHD_Result access_request(void *arg, struct MHD_Connection *connection, const char *url, const char *method,
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

void access_completed(void *arg, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode how)
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
