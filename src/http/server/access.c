#include "http/server/access.h"

#include <stdlib.h>

#include "http/exchange.h"
#include "http/routes.h"
#include "http/server/admit.h"
#include "http/server/framing.h"

/* Of a body that nobody wants any more so much is still read, so that a client that sends all before it reads sees the
 * answer; whoever sends more is cut off. */
#define DISCARD_MAX (64 * 1024 * 1024)
/* And for so many times the longest silence: who is refused must not keep a connection by a byte now and then. */
#define DISCARD_STALLS 2

/* --- the beginning --- */

static struct exchange *exchange_new(struct http *h, struct MHD_Connection *connection)
{
    struct exchange *x = mem_zalloc(1, sizeof *x);
    x->http = h;
    x->connection = connection;
    x->begun_ns = clock_monotonic_ns();
    counts_begin(h->counts);
    x->next = h->exchanges;
    x->link = &h->exchanges;
    if (x->next)
        x->next->link = &x->next;
    h->exchanges = x;
    return x;
}

/* Where this request ends, and the next one begins, may be known to nobody: the connection ends with the answer. */
static bool framing_is_clear(struct exchange *x, const struct request_line *line)
{
    struct framing_fault fault;
    if (framing_check(x->connection, site_peer(x->connection), line, &fault))
        return true;
    x->broken = true;
    exchange_problem(x, fault.status, NULL, "%s", fault.text);
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

static void begin(struct exchange *x, const struct request_line *line, const char *url)
{
    struct str path = str_of(framing_path(url));
    x->head = strcmp(line->method, "HEAD") == 0;
    if (!framing_is_clear(x, line))
        return;
    enum route_found found = route_find(http_routes, http_routes_n, str_of(line->method), path, &x->match);
    if (!admit(x, found))
        return;
    if (found == ROUTE_FOUND)
        begin_handler(x);
    else
        answer_unrouted(x, found, path);
}

/* Is the answer to go out although the body has not come? Else the client gets to send it, and keeps its connection. */
static bool answer_at_once(const struct exchange *x)
{
    return x->response &&
           (x->broken || exchange_header(x, MHD_HTTP_HEADER_EXPECT) || announced_length(x) > BODY_MAX);
}

/* A request that has got its answer, or never will. */
static void count(const struct exchange *x)
{
    const struct route *r = x->match.route;
    counts_end(x->http->counts, r ? (size_t)(r - http_routes) : http_routes_n, x->status,
               clock_monotonic_ns() - x->begun_ns);
}

/* --- the library's callbacks --- */

static enum MHD_Result queue_response(struct exchange *x)
{
    peer_answered(site_peer(x->connection));
    enum MHD_Result queued = MHD_queue_response(x->connection, x->status, x->response);
    MHD_destroy_response(x->response);
    x->response = NULL;
    return queued;
}

static bool discards_for_long(const struct exchange *x)
{
    int64_t limit = DISCARD_STALLS * INT64_C(1000000000) * x->http->options.stall_seconds;
    return clock_monotonic_ns() - x->begun_ns > limit;
}

static enum MHD_Result take_data(struct exchange *x, const char *data, size_t *size)
{
    bool wanted = !x->response && x->handler->data;
    size_t taken = wanted ? x->handler->data(x, data, *size) : *size;
    if (!wanted)
        x->discarded += taken;
    *size -= taken;
    if (*size && !x->response)
        exchange_rest(x);
    return x->discarded > DISCARD_MAX || (!wanted && discards_for_long(x)) ? MHD_NO : MHD_YES;
}

static enum MHD_Result finish(struct exchange *x)
{
    if (!x->response && x->handler->end && !x->ended) {
        x->ended = true;
        x->handler->end(x);
    }
    if (x->response)
        return queue_response(x);
    exchange_rest(x);
    return MHD_YES;
}

enum MHD_Result access_request(void *arg, struct MHD_Connection *connection, const char *url, const char *method,
                               const char *version, const char *data, size_t *size, void **state)
{
    struct exchange *x = *state;
    if (!x) {
        *state = x = exchange_new(arg, connection);
        peer_busy(site_peer(connection));
        begin(x, &(struct request_line){method, version}, url);
        return answer_at_once(x) ? queue_response(x) : MHD_YES;
    }
    return *size ? take_data(x, data, size) : finish(x);
}

void access_completed(void *arg, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode how)
{
    struct exchange *x = *state;
    (void)arg;
    peer_idle(site_peer(connection));
    if (!x && how == MHD_REQUEST_TERMINATED_CLIENT_ABORT)
        peer_unfinished(site_peer(connection));
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
    count(x);
    route_match_done(&x->match);
    buf_done(&x->body);
    tokens_unref(x->tokens);
    free(x);
    http_check_drained(h);
}
