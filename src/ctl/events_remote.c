#include "ctl/events_remote.h"
#include "base/date.h"
#include "base/tz.h"
#include "codec/event_json.h"
#include "ctl/client.h"
#include "ctl/json.h"
#include "ctl/options.h"
#include "ctl/out.h"
#include "ctl/path.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#define PAGE 10000
#define WAIT_SECONDS 10 /* of one long poll: so soon it is noticed that nobody reads any more */
#define PAUSE_MS 1000   /* before the daemon is tried again */
#define PAUSE_MAX_MS 15000
#define DAY_SECONDS 86400

struct remote {
    const struct events_wanted *wanted;
    struct client *client;
    struct answer answer;
    struct out out;
    char position[POSITION_TEXT]; /* up to which all was printed */
    uint64_t gone;                /* events up to there were archived; 0: none, as far as is known */
    lc_instant not_before;        /* of several shards: what was decided before is passed over */
    int pause_ms;                 /* 0: the daemon is there */
};

/* --- since --- */

/* Events there were archived, and the answer says behind which position the log begins. */
static bool is_gone(struct remote *r)
{
    if (r->answer.status != 410 || !r->answer.position[0])
        return false;
    r->gone = strtoull(r->answer.position, NULL, 10);
    return true;
}

/* The time of the first event behind a number; INT64_MIN when it was archived. */
static int time_behind(struct remote *r, uint64_t number, lc_instant *out)
{
    char path[64];
    struct event_arena arena = {.text = BUF_INIT};
    struct event head;
    snprintf(path, sizeof path, "/v1/events?limit=1&after=%" PRIu64, number);
    int status = client_call(r->client, "GET", path, STR_NONE, &r->answer);
    *out = INT64_MIN;
    if (status == EXIT_DONE && is_gone(r))
        return status;
    if (status == EXIT_DONE && r->answer.status != 200)
        return client_problem(r->client, &r->answer, "the log");
    if (status == EXIT_DONE && event_read_head(buf_str(&r->answer.body), &head, &arena) != ERR_OK)
        status = fail(EXIT_UNREADABLE, "the event behind %" PRIu64 " cannot be read: is the daemon of another version?",
                      number);
    if (status == EXIT_DONE)
        *out = head.time;
    event_arena_done(&arena);
    return status;
}

/* A date is one where the daemon is: there is no configuration here to name the zone. */
static bool read_since(const char *text, const char *daemon_now, lc_instant *out)
{
    lc_instant now;
    lc_date day;
    int32_t offset;
    if (instant_parse(text, strlen(text), out, &offset))
        return true;
    if (date_parse(text, strlen(text), &day) && daemon_now &&
        instant_parse(daemon_now, strlen(daemon_now), &now, &offset)) {
        *out = (lc_instant)(day - DATE_UNIX_EPOCH) * DAY_SECONDS - offset;
        return true;
    }
    say("--since \"%s\": expected a date such as 2026-06-16, or a time such as 2026-06-16T09:00:00+08:00", text);
    return false;
}

/* The number before the first event at or after that time: times never go back along a log. */
static int find_number(struct remote *r, uint64_t high, lc_instant since, uint64_t *after)
{
    int status = EXIT_DONE;
    while (status == EXIT_DONE && *after < high) {
        uint64_t middle = *after + (high - *after) / 2;
        lc_instant time = 0;
        status = time_behind(r, middle, &time);
        if (time < since)
            *after = middle < r->gone ? r->gone : middle + 1;
        else
            high = middle;
    }
    if (status == EXIT_DONE && r->gone && *after == r->gone)
        status = fail(EXIT_NO,
                      "events since then may be among those up to %" PRIu64 ", which were archived; --after %" PRIu64
                      " begins with what is there",
                      r->gone, r->gone);
    return status;
}

/* A position in several logs has no middle: there all is read, and what is older is passed over. */
static int find_since(struct remote *r)
{
    lc_instant since = 0;
    char *end;
    uint64_t after = strtoull(r->wanted->after, &end, 10);
    int status = client_get(r->client, "/v1/status", &r->answer);
    if (status != EXIT_DONE)
        return status;
    struct json *j = json_parse(r->answer.body.p);
    bool one = !json_text(j, "position") && !*end;
    uint64_t high = json_position(j, "position");
    bool good = read_since(r->wanted->since, json_text(j, "now"), &since);
    json_free(j);
    if (!good)
        return EXIT_MISUSE;
    if (!one) {
        r->not_before = since;
        return EXIT_DONE;
    }
    status = find_number(r, high, since, &after);
    snprintf(r->position, sizeof r->position, "%" PRIu64, after);
    return status;
}

static int find_start(struct remote *r)
{
    snprintf(r->position, sizeof r->position, "%s", r->wanted->after);
    return r->wanted->since ? find_since(r) : EXIT_DONE;
}

/* --- pages --- */

static void write_path(const struct remote *r, struct buf *path)
{
    buf_printf(path, "/v1/events?limit=%d", PAGE);
    path_add_query(path, "after", r->position);
    path_add_query(path, "type", r->wanted->type);
    path_add_query(path, "subject", r->wanted->subject);
    if (r->wanted->follow)
        buf_printf(path, "&wait=%d", WAIT_SECONDS);
    buf_addc(path, '\0');
}

/* Nobody reads what is printed. */
static bool output_is_closed(int wait_ms)
{
    struct pollfd out = {.fd = 1};
    return poll(&out, 1, wait_ms) > 0 && (out.revents & (POLLERR | POLLNVAL));
}

/* The daemon is not there, or busy, having been there before. */
static void pause_and_retry(struct remote *r)
{
    if (!r->pause_ms)
        say("behind event %s the daemon is waited for", r->position);
    client_be_quiet(r->client, true);
    r->pause_ms = r->pause_ms ? 2 * r->pause_ms : PAUSE_MS;
    if (r->pause_ms > PAUSE_MAX_MS)
        r->pause_ms = PAUSE_MAX_MS;
    poll(NULL, 0, r->pause_ms);
}

/* The lines of a page that are not too old; false: nobody reads what is printed. */
static bool print_lines(struct remote *r, struct str page)
{
    struct event_arena arena = {.text = BUF_INIT};
    struct event head;
    bool read = true;
    if (r->not_before == INT64_MIN)
        return out_lines(&r->out, page);
    for (const char *p = page.p, *end = page.p + page.n, *nl; read && p < end; p = nl + 1) {
        nl = memchr(p, '\n', (size_t)(end - p));
        if (!nl)
            break;
        struct str line = {p, (size_t)(nl - p)};
        if (event_read_head(line, &head, &arena) != ERR_OK || head.time >= r->not_before)
            read = out_line(&r->out, line);
    }
    event_arena_done(&arena);
    return read;
}

/* Prints a page; *more: there may be another. */
static bool take_page(struct remote *r, bool *more)
{
    struct answer *a = &r->answer;
    *more = r->wanted->follow || a->body.n || strcmp(a->position, r->position) != 0;
    r->pause_ms = 0;
    client_be_quiet(r->client, false);
    snprintf(r->position, sizeof r->position, "%s", a->position);
    return print_lines(r, buf_str(&a->body)) && out_flush(&r->out);
}

static bool may_retry(const struct remote *r, int status)
{
    long answered = r->answer.status;
    return r->wanted->follow && (status == EXIT_UNREADABLE || answered == 503 || answered == 429);
}

static int print_pages(struct remote *r)
{
    bool begun = false, more = true;
    while (more && !output_is_closed(0)) {
        struct buf path = BUF_INIT;
        write_path(r, &path);
        r->answer.status = 0;
        int status = client_call(r->client, "GET", path.p, STR_NONE, &r->answer);
        buf_done(&path);
        if (begun && may_retry(r, status)) {
            pause_and_retry(r);
            continue;
        }
        bool gone = status == EXIT_DONE && is_gone(r);
        if (status == EXIT_DONE && r->answer.status != 200)
            status = client_problem(r->client, &r->answer, "the log");
        if (gone && !begun && r->wanted->all) { /* it was said; what is there follows */
            snprintf(r->position, sizeof r->position, "%" PRIu64, r->gone);
            begun = true;
            continue;
        }
        if (status != EXIT_DONE)
            return status;
        begun = true;
        if (!take_page(r, &more))
            return EXIT_DONE;
    }
    return EXIT_DONE;
}

int events_remote(const struct ctl *ctl, const struct events_wanted *w)
{
    struct remote *r = mem_zalloc(1, sizeof *r);
    r->wanted = w;
    r->not_before = INT64_MIN;
    int status = client_open(ctl, &r->client);
    if (status == EXIT_DONE)
        status = find_start(r);
    if (status == EXIT_DONE)
        status = print_pages(r);
    out_done(&r->out);
    buf_done(&r->answer.body);
    client_close(r->client);
    free(r);
    return status;
}
