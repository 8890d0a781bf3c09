#include "tests/net/carry.h"

#include <stdio.h>
#include <string.h>

#include "tests/lib/tap.h"

#define LIMIT_MS 30000

static void on_limit(void *arg)
{
    (void)arg;
    bail_out("a request did not end in time");
}

void rig_init(struct rig *r)
{
    struct errmsg msg;
    *r = (struct rig){.line = NULL};
    if (loop_new(&r->loop, &msg) != ERR_OK || transfers_new(r->loop, &r->transfers, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    r->limit = watch_timer(r->loop, on_limit, r);
}

void rig_done(struct rig *r)
{
    transfer_line_close(r->line);
    transfers_free(r->transfers);
    watch_free(r->limit);
    loop_free(r->loop);
    call_done(&r->call);
    buf_done(&r->answer.body);
}

struct transfer_settings usual(void)
{
    return (struct transfer_settings){
        .timeout_ms = 20000, .connect_timeout_ms = 10000, .allow_private = true, .max_connections = 8};
}

void rig_line(struct rig *r, const struct transfer_settings *s)
{
    struct errmsg msg;
    transfer_line_close(r->line);
    r->line = NULL;
    if (transfer_line_open(r->transfers, s, &r->line, &msg) != ERR_OK)
        bail_out("%s", msg.text);
}

void rig_call(struct rig *r, const char *method, const char *url, const char *body)
{
    call_clear(&r->call);
    r->call.method = method;
    buf_add(&r->call.url, url, strlen(url) + 1);
    buf_adds(&r->call.body, body);
}

void rig_header(struct rig *r, const char *line)
{
    buf_add(&r->call.headers, line, strlen(line) + 1);
    r->call.n_headers++;
}

static void copy_text(char *out, size_t size, struct str s)
{
    snprintf(out, size, "%.*s", (int)s.n, s.n ? s.p : "");
}

static void on_done(struct transfer *t, const struct answer *a)
{
    struct rig *r = (struct rig *)((char *)t - offsetof(struct rig, transfer));
    struct carried_answer *to = &r->answer;
    to->carried = a->carried;
    to->status = a->status;
    buf_clear(&to->body);
    buf_addstr(&to->body, a->body);
    buf_addc(&to->body, '\0');
    to->body.n--;
    to->retry_after = a->retry_after;
    copy_text(to->origin, sizeof to->origin, a->allowed_origin);
    copy_text(to->rate, sizeof to->rate, a->allowed_rate);
    memcpy(to->error, a->error, sizeof to->error);
    to->first_byte_ns = t->first_byte_ns;
    to->started_ns = t->started_ns;
    r->finished = true;
    loop_stop(r->loop);
}

static void run(struct rig *r)
{
    struct errmsg msg;
    if (loop_run(r->loop, &msg) != ERR_OK)
        bail_out("%s", msg.text);
}

const struct carried_answer *rig_send(struct rig *r)
{
    r->finished = false;
    r->transfer.call = &r->call;
    r->transfer.done = on_done;
    watch_timer_set(r->limit, LIMIT_MS);
    transfer_start(r->line, &r->transfer);
    if (r->finished)
        bail_out("done() was called from within transfer_start()");
    while (!r->finished)
        run(r);
    watch_timer_set(r->limit, -1);
    return &r->answer;
}

const struct carried_answer *rig_post(struct rig *r, const char *url)
{
    rig_call(r, "POST", url, "{}");
    rig_header(r, "Content-Type: application/json");
    return rig_send(r);
}

const char *url_of(const char *scheme, const char *host, unsigned port, const char *path)
{
    static char text[4][512];
    static unsigned at;
    at = (at + 1) % 4;
    snprintf(text[at], sizeof text[at], "%s://%s:%u%s", scheme, host, port, path);
    return text[at];
}

/* --- waiting --- */

struct wait {
    struct rig *rig;
    bool (*fn)(void *arg);
    void *arg;
    struct watch *look;
};

static void look(void *arg)
{
    struct wait *w = arg;
    if (w->fn(w->arg))
        loop_stop(w->rig->loop);
    else
        watch_timer_set(w->look, 2);
}

void rig_until(struct rig *r, bool (*fn)(void *arg), void *arg)
{
    struct wait w = {.rig = r, .fn = fn, .arg = arg};
    w.look = watch_timer(r->loop, look, &w);
    watch_timer_set(w.look, 0);
    watch_timer_set(r->limit, LIMIT_MS);
    run(r);
    watch_timer_set(r->limit, -1);
    watch_free(w.look);
}
