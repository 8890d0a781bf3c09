/* GET /v1/beneficiaries and /v1/periods/MONTH: everybody as of one position, as NDJSON, however many they are.
 *
 * The engine has the list (engine.h, "scan") and gives it in slices. The next one is asked for when the last byte of
 * the one before has gone to the connection, which rests meanwhile: a slow client holds one slice and no more. What
 * goes wrong under way cuts the answer off before its last chunk. */
#include "http/people.h"

#include <stdlib.h>

#include "http/number.h"
#include "http/routes.h"

#define LIMIT_MAX 1000000
#define RETRY_AFTER "5"

/* Lives until both the exchange is over and the engine knows that nobody reads on. */
struct listing {
    struct completion done; /* the first member: completions are turned back into listings */
    struct request request; /* one at a time; its body is the slice being sent */
    struct http *http;
    struct exchange *x;       /* NULL: over */
    bool submitted;           /* the engine has the request */
    bool begun;               /* the answer's header is known */
    size_t sent;              /* of the slice */
    struct buf policy, after; /* what the request's strings point into */
    struct listing *next, **link;
};

static void listing_free(struct listing *l)
{
    *l->link = l->next;
    if (l->next)
        l->next->link = l->link;
    buf_done(&l->request.body);
    buf_done(&l->request.scan.positions);
    buf_done(&l->policy);
    buf_done(&l->after);
    free(l);
}

void people_free_all(struct http *h)
{
    while (h->listings)
        listing_free(h->listings);
}

static bool ask(struct listing *l)
{
    buf_clear(&l->request.body);
    l->sent = 0;
    l->submitted = http_submit(l->http, &l->request, &l->done);
    return l->submitted;
}

/* Nobody reads on: the engine is told, unless it was through or has given up itself. */
static void give_up(struct listing *l)
{
    l->request.scan.end = true;
    if (!l->request.scan.id || !ask(l))
        listing_free(l);
}

/* --- the answer --- */

static ssize_t read_slice(void *arg, uint64_t at, char *to, size_t max)
{
    struct listing *l = arg;
    const struct buf *slice = &l->request.body;
    (void)at;
    if (l->submitted)
        return 0;
    if (l->sent < slice->n) {
        size_t n = slice->n - l->sent < max ? slice->n - l->sent : max;
        memcpy(to, slice->p + l->sent, n);
        l->sent += n;
        return (ssize_t)n;
    }
    if (l->request.err == ERR_OK && !l->request.scan.id)
        return MHD_CONTENT_READER_END_OF_STREAM;
    if (l->request.err != ERR_OK || !ask(l))
        return MHD_CONTENT_READER_END_WITH_ERROR;
    exchange_rest(l->x);
    return 0;
}

/* As of where in the log, as clients hold it. */
static void add_position(struct exchange *x, const struct scan_order *o)
{
    struct buf position = BUF_INIT;
    if (o->positions.n)
        buf_addstr(&position, buf_str(&o->positions));
    else
        buf_add_u64(&position, o->position);
    buf_addc(&position, '\0');
    exchange_add_header(x, "Lifecertd-Position", position.p);
    buf_done(&position);
}

static void answer(struct listing *l)
{
    struct exchange *x = l->x;
    const struct request *r = &l->request;
    if (r->err == ERR_FULL) {
        exchange_problem(x, 503, NULL, "%s", r->msg.text);
        exchange_add_header(x, MHD_HTTP_HEADER_RETRY_AFTER, RETRY_AFTER);
    } else if (r->err == ERR_INVALID)
        exchange_problem(x, 400, r->scan.member, "%s", r->msg.text);
    else if (r->err != ERR_OK)
        exchange_error(x, r->err, &r->msg);
    else {
        exchange_answer_from(x, 200, NDJSON, read_slice, l, NULL);
        add_position(x, &r->scan);
    }
}

static void on_done(struct completion *c)
{
    struct listing *l = (struct listing *)c;
    l->submitted = false;
    if (!l->x)
        give_up(l);
    else if (l->begun)
        exchange_go_on(l->x);
    else {
        l->begun = true;
        answer(l);
    }
}

/* --- the exchange --- */

static struct listing *listing_new(struct exchange *x, enum scan_kind kind)
{
    struct http *h = x->http;
    struct listing *l = mem_zalloc(1, sizeof *l);
    l->done.run = on_done;
    l->http = h;
    l->x = x;
    l->request.kind = REQUEST_SCAN;
    l->request.scan.kind = kind;
    l->request.scan.status = -1;
    l->request.scan.next_on = DATE_NONE;
    l->next = h->listings;
    l->link = &h->listings;
    if (l->next)
        l->next->link = &l->next;
    x->state = l;
    return h->listings = l;
}

static void begin(struct listing *l)
{
    if (!ask(l))
        exchange_busy(l->x);
}

static void on_close(struct exchange *x)
{
    struct listing *l = x->state;
    if (!l)
        return;
    l->x = NULL;
    if (!l->submitted)
        give_up(l);
}

static bool text_argument(struct exchange *x, const char *name, struct buf *text, struct str *out)
{
    int there = exchange_argument(x, name, text);
    if (there > 0)
        *out = (struct str){text->n ? text->p : "", text->n};
    return there >= 0;
}

static bool status_argument(struct exchange *x, int *out)
{
    struct buf value = BUF_INIT;
    int there = exchange_argument(x, "status", &value), found = -1;
    for (int s = 0; there > 0 && s < STATUS_N; s++)
        if (str_is(buf_str(&value), status_text((enum status)s)))
            found = s;
    if (there > 0 && found < 0)
        exchange_problem(x, 400, "status", "argument \"status\" must be active, grace, suspended or terminated");
    buf_done(&value);
    *out = found;
    return there == 0 || found >= 0;
}

static bool fields_argument(struct exchange *x, bool *ids_only)
{
    struct buf value = BUF_INIT;
    int there = exchange_argument(x, "fields", &value);
    *ids_only = there > 0 && str_is(buf_str(&value), "id");
    if (there > 0 && !*ids_only)
        exchange_problem(x, 400, "fields", "argument \"fields\" must be id; without it a line has all members");
    buf_done(&value);
    return there == 0 || *ids_only;
}

static void list_people(struct exchange *x)
{
    struct listing *l = listing_new(x, SCAN_PEOPLE);
    struct scan_order *o = &l->request.scan;
    if (status_argument(x, &o->status) && text_argument(x, "policy", &l->policy, &o->policy) &&
        text_argument(x, "after", &l->after, &o->after) && date_argument(x, "next_on", &o->next_on) &&
        number_argument(x, "limit", 1, LIMIT_MAX, &o->limit) && fields_argument(x, &o->ids_only))
        begin(l);
}

static void list_period(struct exchange *x)
{
    struct listing *l = listing_new(x, SCAN_PERIOD);
    struct scan_order *o = &l->request.scan;
    struct str month = x->match.captures[0];
    if (!month_parse(month.p, month.n, &o->period))
        exchange_problem(x, 400, "month", "the path does not end in a month (expected 2026-07)");
    else if (text_argument(x, "policy", &l->policy, &o->policy))
        begin(l);
}

const struct handler people_handler = {.end = list_people, .close = on_close};
const struct handler period_handler = {.end = list_period, .close = on_close};
