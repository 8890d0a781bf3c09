/* lifecertctl redeliver: sends logged events to an endpoint once more, and follows that. */
#include "ctl/path.h"
#include "ctl/redeliver.h"

#include "ctl/client.h"
#include "ctl/order.h"
#include "ctl/screen.h"
#include "ctl/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define LOOK_MS 250
#define BAR_COLUMNS 30

/* --- words --- */

static unsigned percent(const struct json *r)
{
    uint64_t after = json_position(r, "after"), until = json_position(r, "until");
    uint64_t position = json_position(r, "position");
    if (position < after)
        position = after;
    return until > after ? (unsigned)(100 * (position - after) / (until - after)) : 100;
}

/* "12,345 sent, 2 failed, 7 left out" */
static void add_counts(struct buf *b, const struct json *r)
{
    static const char *const names[][2] = {{"sent", "sent"}, {"failed", "failed"}, {"skipped", "left out"}};
    char count[TEXT_COUNT];
    const char *comma = "";
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        int64_t n = json_number(r, names[i][0], 0);
        if (i && !n)
            continue;
        buf_printf(b, "%s%s %s", comma, text_count((uint64_t)n, count), names[i][1]);
        comma = ", ";
    }
}

/* "events 101 to 5,000"; of several shards, where no number says that, "4,900 events" */
static void add_range(struct buf *b, const struct json *r)
{
    uint64_t after = json_position(r, "after"), until = json_position(r, "until");
    char first[TEXT_COUNT], last[TEXT_COUNT];
    if (json_text(r, "until"))
        buf_printf(b, "%s events", text_count(until > after ? until - after : 0, last));
    else
        buf_printf(b, "events %s to %s", text_count(after + 1, first), text_count(until, last));
}

static bool is_state(const struct json *r, const char *state)
{
    const char *is = json_text(r, "state");
    return is && strcmp(is, state) == 0;
}

static const char *word_for(const struct json *r)
{
    return is_state(r, "running") ? "being sent again"
           : is_state(r, "done")  ? "sent again"
                                  : "sent again until cancelled";
}

/* "payroll: events 101 to 5,000 being sent again, 63%: 3,100 sent (by Li: a new system)" */
static void print_one(const char *name, const struct json *r)
{
    struct buf b = BUF_INIT, safe = BUF_INIT;
    const char *by = json_text(r, "by"), *why = json_text(r, "why"), *error = json_text(r, "last_error");
    buf_printf(&b, "%s: ", name);
    add_range(&b, r);
    buf_printf(&b, " %s, %u%%: ", word_for(r), percent(r));
    add_counts(&b, r);
    buf_printf(&b, " (by %s: %s)", by ? by : "?", why ? why : "?");
    if (error)
        buf_printf(&b, "; last error: %s", error);
    buf_addc(&b, '\0');
    text_add_safe(&safe, b.p);
    printf("%.*s\n", (int)safe.n, safe.p);
    buf_done(&b);
    buf_done(&safe);
}

void redeliveries_print(const struct json *endpoints)
{
    bool any = false;
    for (size_t i = 0; i < json_count(endpoints); i++) {
        const struct json *e = json_item(endpoints, i), *r = json_get(e, "redelivery");
        const char *name = json_text(e, "name");
        if (!r || !name)
            continue;
        if (!any)
            printf("\n");
        any = true;
        print_one(name, r);
    }
}

/* --- following --- */

struct following {
    struct ctl *ctl;
    struct client *client;
    const char *endpoint;
    char *started_at; /* by which it is told from a later one */
    bool bar;
};

static const struct json *find(const struct json *list, const char *name)
{
    for (size_t i = 0; i < json_count(list); i++) {
        const char *is = json_text(json_item(list, i), "name");
        if (is && strcmp(is, name) == 0)
            return json_item(list, i);
    }
    return NULL;
}

static void draw(const struct following *f, const struct json *e)
{
    const struct json *r = json_get(e, "redelivery");
    const char *state = json_text(e, "state");
    unsigned width = screen_width(STDERR_FILENO), done = percent(r);
    struct buf b = BUF_INIT, text = BUF_INIT;
    if (!f->bar)
        return;
    buf_printf(&text, "%3u%%  ", done);
    add_counts(&text, r);
    if (state && strcmp(state, "running") != 0)
        buf_printf(&text, "; %s is %s", f->endpoint, state);
    BUF_LIT(&b, "\r\033[K");
    if (width > text.n + BAR_COLUMNS + 2) {
        screen_bar(&b, done, 100, BAR_COLUMNS, true);
        buf_addc(&b, ' ');
    }
    buf_add(&b, text.p, text.n < width ? text.n : width);
    fwrite(b.p, 1, b.n, stderr);
    fflush(stderr);
    buf_done(&b);
    buf_done(&text);
}

static int tell_end(const struct following *f, const struct json *r)
{
    int64_t failed = json_number(r, "failed", 0);
    if (f->bar)
        fputs("\r\033[K", stderr);
    if (f->ctl->json) {
        struct buf line = BUF_INIT;
        json_write(&line, r);
        printf("%.*s\n", (int)line.n, line.p);
        buf_done(&line);
    } else {
        print_one(f->endpoint, r);
    }
    if (!is_state(r, "done"))
        return fail(EXIT_NO, "the redelivery to %s was cancelled", f->endpoint);
    if (failed)
        return fail(EXIT_NO,
                    "%lld of them did not arrive, with the last attempt either; another range sends them once more",
                    (long long)failed);
    return EXIT_DONE;
}

static int lost(const struct following *f)
{
    if (f->bar)
        fputs("\r\033[K", stderr);
    return fail(EXIT_UNREADABLE, "what is ordered goes on by itself: lifecertctl endpoints shows how far it is");
}

/* One look: true, when there is no more to look at, with the status to end with. */
static bool look(const struct following *f, int *status)
{
    struct answer a = {0};
    *status = client_get(f->client, "/v1/endpoints", &a);
    struct json *j = *status == EXIT_DONE ? json_parse(a.body.p) : NULL;
    const struct json *e = find(json_get(j, "endpoints"), f->endpoint), *r = json_get(e, "redelivery");
    const char *started_at = json_text(r, "started_at");
    bool over = true;
    if (*status != EXIT_DONE)
        *status = lost(f);
    else if (!started_at || strcmp(started_at, f->started_at) != 0)
        *status = fail(EXIT_NO, "another redelivery to %s has taken its place", f->endpoint);
    else if (!is_state(r, "running"))
        *status = tell_end(f, r);
    else
        over = false;
    if (!over)
        draw(f, e);
    json_free(j);
    buf_done(&a.body);
    return over;
}

static int follow(struct following *f)
{
    const struct timespec pause = {.tv_nsec = LOOK_MS * 1000000};
    int status = EXIT_DONE;
    f->bar = !f->ctl->json && screen_width(STDERR_FILENO) > 0;
    while (!look(f, &status))
        nanosleep(&pause, NULL);
    return status;
}

/* --- ordering --- */

struct wanted {
    const char *after, *since, *until, *type, *subject;
    bool cancel, no_wait;
};

static void tell_begun(const struct following *f, const struct json *r)
{
    struct buf b = BUF_INIT;
    add_range(&b, r);
    printf("%.*s are being sent to %s again; lifecertctl endpoints shows how far that is\n", (int)b.n, b.p,
           f->endpoint);
    buf_done(&b);
}

static int begun(struct following *f, const struct wanted *w, const struct answer *a)
{
    struct json *j = json_parse(a->body.p);
    const char *started_at = json_text(j, "started_at");
    int status = EXIT_DONE;
    if (w->no_wait && f->ctl->json) {
        client_print(a);
    } else if (w->no_wait) {
        tell_begun(f, j);
    } else if (started_at) {
        f->started_at = mem_strndup(started_at, strlen(started_at));
        status = follow(f);
        free(f->started_at);
    } else {
        status = fail(EXIT_UNREADABLE, "%s: the daemon's answer is not understood", f->endpoint);
    }
    json_free(j);
    return status;
}

static int order(struct following *f, struct order *o, const struct wanted *w)
{
    struct answer a = {0};
    int status = client_open(f->ctl, &f->client);
    if (status)
        return status;
    status = client_call(f->client, o->method, o->path.p, buf_str(&o->body), &a);
    if (status == EXIT_DONE && (a.status < 200 || a.status > 299))
        status = client_problem(f->client, &a, f->endpoint);
    else if (status == EXIT_DONE)
        status = begun(f, w, &a);
    buf_done(&a.body);
    client_close(f->client);
    return status;
}

static void set_path(struct order *o, const char *endpoint)
{
    o->what = endpoint;
    BUF_LIT(&o->path, "/v1/endpoints/");
    path_add(&o->path, endpoint);
    BUF_LIT(&o->path, "/redeliver");
}

static int send_order(struct ctl *ctl, struct order *o, const struct wanted *w, const char *endpoint)
{
    struct following f = {.ctl = ctl, .endpoint = endpoint};
    const char *const members[][2] = {
        {"after", w->after}, {"since", w->since}, {"until", w->until}, {"type", w->type}, {"subject", w->subject}};
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
        if (members[i][1])
            order_member(o, members[i][0], members[i][1]);
    order_sign(o);
    buf_addc(&o->path, '\0');
    int status = order(&f, o, w);
    buf_done(&o->path);
    buf_done(&o->body);
    return status;
}

static void tell_cancelled(const struct json *answer)
{
    const char *name = json_text(answer, "endpoint");
    struct buf b = BUF_INIT;
    add_counts(&b, answer);
    printf("cancelled the redelivery to %s: %.*s\n", name ? name : "the endpoint", (int)b.n, b.p);
    buf_done(&b);
}

static bool fits(const struct wanted *w)
{
    if (w->cancel && (w->after || w->since || w->until || w->type || w->subject || w->no_wait))
        say("--cancel takes nothing but --by and --why");
    else if (!w->cancel && !w->after == !w->since)
        say("one of --after SEQ and --since TIME says where to begin");
    else
        return true;
    return false;
}

int cmd_redeliver(struct ctl *ctl, int argc, char **argv)
{
    struct order o = {.method = "POST", .tell = tell_cancelled};
    struct wanted w = {.after = NULL};
    const struct option_row options[] = {
        {OPTION_TEXT, 0, "after", "SEQ", "the events behind this number", &w.after},
        {OPTION_TEXT, 0, "since", "TIME", "those from this date or time on", &w.since},
        {OPTION_TEXT, 0, "until", "SEQ|TIME", "up to this number, date or time (default: up to now)", &w.until},
        {OPTION_TEXT, 0, "type", "GLOB", "these types only, as in 'benefit.*'; several with commas between", &w.type},
        {OPTION_TEXT, 0, "subject", "ID", "those of this beneficiary only", &w.subject},
        {OPTION_FLAG, 0, "cancel", NULL, "send no more of what is being sent again", &w.cancel},
        {OPTION_FLAG, 0, "no-wait", NULL, "do not follow it to its end", &w.no_wait},
        ORDER_OPTIONS(&o),
        OPTIONS_END,
    };
    int status = options_read(ctl, options, &argc, argv, 1, 1);
    if (status != OPTIONS_READ)
        return status;
    if (!fits(&w) || !order_is_signed(&o))
        return EXIT_MISUSE;
    set_path(&o, argv[0]);
    if (!w.cancel)
        return send_order(ctl, &o, &w, argv[0]);
    o.method = "DELETE";
    order_sign(&o);
    return order_send(ctl, &o);
}
