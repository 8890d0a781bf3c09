#include "tests/receiver/receiver.h"

#include "base/clock.h"

#include <stdio.h>

static const struct success plain_ok = {200, "text/plain"};

static void write_status(struct receiver *r, const struct request *q, struct reply *reply, int status)
{
    buf_clear(&r->body);
    reply_write(r, reply, q, status, "text/plain", "");
}

/* --- webhooks --- */

static void record_event(struct receiver *r, const struct told *t, uint32_t attempt, const char *answer)
{
    if (!r->record)
        return;
    record_add(r->record, &(struct record_line){
                              .time_ns = (int64_t)ledger_counts(r->ledger)->last_ns,
                              .kind = "event",
                              .id = str_of(t->id),
                              .seq = t->seq,
                              .subject = str_of(t->subject),
                              .type = str_of(t->type),
                              .attempt = attempt,
                              .answer = answer,
                              .text = t->replay ? STR_LIT("replay") : t->gap ? STR_LIT("gap") : STR_NONE,
                          });
}

/* false: it was refused. */
static bool verify(struct receiver *r, const struct request *q, struct reply *reply)
{
    struct counts *c = ledger_counts(r->ledger);
    enum verified how = verifier_check(r->verifier, q, (int64_t)(c->last_ns / 1000000000), r->settings.tolerance);
    c->verified_v1 += how == VERIFIED_V1;
    c->verified_v1a += how == VERIFIED_V1A;
    c->stale_signatures += how == VERIFIED_STALE;
    if (how != VERIFIED_STALE && how != VERIFIED_BAD)
        return true;
    c->bad_signatures++;
    struct told unsaid = {.seq = 0};
    record_event(r, &unsaid, 0, "401");
    write_status(r, q, reply, 401);
    return false;
}

static void handshake(struct receiver *r, const struct request *q, struct reply *reply)
{
    const struct settings *s = &r->settings;
    struct counts *c = ledger_counts(r->ledger);
    char headers[2 * SETTING_TEXT + 128] = "";
    size_t n = 0;
    c->handshakes++;
    if (strcmp(s->consent, "none") != 0)
        n = (size_t)snprintf(headers, sizeof headers, "WebHook-Allowed-Origin: %s\r\n", s->consent);
    if (n && s->allowed_rate[0])
        snprintf(headers + n, sizeof headers - n, "WebHook-Allowed-Rate: %s\r\n", s->allowed_rate);
    record_add(r->record, &(struct record_line){.time_ns = (int64_t)c->last_ns,
                                                .kind = "handshake",
                                                .id = http_header(q, "webhook-request-origin"),
                                                .subject = http_header(q, "webhook-request-rate"),
                                                .answer = n ? "200" : "405"});
    buf_clear(&r->body);
    reply_write(r, reply, q, n ? 200 : 405, "", headers);
}

static void handle_webhook(struct receiver *r, const struct request *q, struct reply *reply)
{
    char word[16];
    if (str_is(q->method, "OPTIONS")) {
        handshake(r, q, reply);
        return;
    }
    if (!verify(r, q, reply))
        return;
    enum fate fate = settings_draw(&r->settings, q->path, &r->rng);
    const char *answer = reply_word(r, fate, &plain_ok, word);
    if (!told_read(q, &r->told))
        ledger_counts(r->ledger)->malformed++;
    for (unsigned i = 0; i < r->told.n; i++) {
        uint32_t attempt = ledger_event(r->ledger, q->path, &r->told.v[i], fate);
        record_event(r, &r->told.v[i], attempt, answer);
    }
    buf_clear(&r->body);
    reply_fate(r, reply, q, fate, &plain_ok);
}

/* Nothing is looked at that need not be. */
static void handle_fast(struct receiver *r, const struct request *q, struct reply *reply)
{
    static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    enum fate fate = settings_draw(&r->settings, q->path, &r->rng);
    ledger_counts(r->ledger)->accepted += fate_accepts(fate);
    if (fate == FATE_ACCEPT && r->settings.slow_ms == 0 && q->keep_alive) {
        BUF_LIT(reply->out, ok);
        return;
    }
    buf_clear(&r->body);
    reply_fate(r, reply, q, fate, &plain_ok);
}

/* --- where nobody may come --- */

static void handle_redirected(struct receiver *r, const struct request *q, struct reply *reply)
{
    struct counts *c = ledger_counts(r->ledger);
    c->redirected_hits++;
    record_add(r->record, &(struct record_line){.time_ns = (int64_t)c->last_ns,
                                                .kind = "redirected",
                                                .id = http_header(q, "webhook-id"),
                                                .answer = "200"});
    write_status(r, q, reply, 200);
}

/* --- control --- */

static void obey(struct receiver *r, const struct request *q, struct reply *reply)
{
    struct errmsg msg;
    buf_clear(&r->body);
    if (settings_apply(&r->settings, q->body, &msg) != ERR_OK) {
        buf_printf(&r->body, "%s\n", msg.text);
        reply_write(r, reply, q, 400, "text/plain", "");
        return;
    }
    if (r->settings.forget)
        ledger_forget(r->ledger);
    r->settings.forget = false;
    reply_write(r, reply, q, 200, "text/plain", "");
}

static void handle_control(struct receiver *r, const struct request *q, struct reply *reply)
{
    record_flush(r->record);
    if (str_is(q->method, "POST")) {
        obey(r, q, reply);
        return;
    }
    buf_clear(&r->body);
    ledger_write(r->ledger, &r->body);
    reply_write(r, reply, q, 200, "application/json", "");
}

/* --- all of them --- */

/* Is it the prefix, or below it? */
static bool below(struct str path, const char *prefix)
{
    size_t n = strlen(prefix);
    return path.n >= n && memcmp(path.p, prefix, n) == 0 && (path.n == n || path.p[n] == '/');
}

static void count_request(struct receiver *r)
{
    struct counts *c = ledger_counts(r->ledger);
    c->requests++;
    c->last_ns = (uint64_t)clock_wall_ns();
    if (!c->first_ns)
        c->first_ns = c->last_ns;
}

void handle_request(struct receiver *r, const struct request *q, struct reply *reply)
{
    reply->ending = END_KEEP;
    reply->delay_ms = reply->drip_ms = 0;
    if (below(q->path, "/control")) {
        handle_control(r, q, reply);
        return;
    }
    count_request(r);
    if (below(q->path, "/hooks")) {
        (r->settings.mode == MODE_FAST ? handle_fast : handle_webhook)(r, q, reply);
    } else if (below(q->path, "/redirected")) {
        handle_redirected(r, q, reply);
    } else if (!handle_message(r, q, reply)) {
        ledger_counts(r->ledger)->unknown_paths++;
        write_status(r, q, reply, 404);
    }
}

void handle_unframed(struct receiver *r, int status, struct reply *reply)
{
    ledger_counts(r->ledger)->bad_requests++;
    reply->delay_ms = reply->drip_ms = 0;
    write_status(r, NULL, reply, status);
}
