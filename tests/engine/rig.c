#include "tests/engine/rig.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "codec/input_json.h"

const char rig_conf[] = "timezone = \"Asia/Shanghai\"\n"
                        "brake_limit = \"off\"\n"
                        "channel \"face\" {}\n"
                        "channel \"counter\" {}\n"
                        "channel \"data-match\" {}\n"
                        "policy \"national\" {}\n"
                        "policy \"beijing\" { grace = 0 }\n"
                        "policy \"365-days\" { cycle = \"365 days\" validity = \"exact-day\" }\n";

static void keep_lines(void *arg, uint64_t first, struct str lines)
{
    struct rig *r = arg;
    (void)first;
    buf_addstr(&r->lines, lines);
}

static void keep_warning(void *arg, const char *text)
{
    struct rig *r = arg;
    buf_printf(&r->warnings, "%s\n", text);
}

static struct config *load(struct rig *r, const char *conf)
{
    static unsigned serial;
    snprintf(r->config_file, sizeof r->config_file, "%s/rig-%u.conf", tap_tmpdir(), serial++);
    FILE *f = fopen(r->config_file, "w");
    if (!f || fputs(conf, f) < 0 || fclose(f) != 0)
        bail_out("cannot write %s", r->config_file);
    struct config *c = NULL;
    struct buf faults = BUF_INIT;
    if (config_load(r->config_file, &c, &faults) != ERR_OK)
        bail_out("the test's configuration is refused: %.*s", (int)faults.n, faults.p);
    buf_done(&faults);
    return c;
}

static enum err open_engine(struct rig *r, struct config *c)
{
    r->options.committed = keep_lines;
    r->options.warn = keep_warning;
    r->options.arg = r;
    return engine_open(&r->options, c, r->simulated, r->start, &r->engine, &r->msg);
}

enum err rig_try(struct rig *r, const char *uri, const char *conf, lc_instant start)
{
    r->options.uri = uri;
    r->options.init = true;
    r->simulated = start != INSTANT_NONE;
    r->start = start;
    return open_engine(r, load(r, conf));
}

void rig_open(struct rig *r, const char *uri, const char *conf, lc_instant start)
{
    if (rig_try(r, uri, conf, start) != ERR_OK)
        bail_out("the engine does not open: %s", r->msg.text);
}

static void reopen(struct rig *r)
{
    struct buf faults = BUF_INIT;
    struct config *c = NULL;
    if (config_load(r->config_file, &c, &faults) != ERR_OK)
        bail_out("%s is refused", r->config_file);
    if (open_engine(r, c) != ERR_OK)
        bail_out("the engine does not open again: %s", r->msg.text);
}

void rig_again(struct rig *r, bool checkpoint)
{
    if (engine_close(r->engine, checkpoint, &r->msg) != ERR_OK)
        bail_out("the engine does not close: %s", r->msg.text);
    reopen(r);
}

void rig_crash(struct rig *r)
{
    engine_abandon(r->engine);
    reopen(r);
}

void rig_close(struct rig *r)
{
    if (r->engine && engine_close(r->engine, false, &r->msg) != ERR_OK)
        bail_out("the engine does not close: %s", r->msg.text);
    buf_done(&r->lines);
    buf_done(&r->warnings);
    buf_done(&r->body);
    *r = (struct rig){.engine = NULL};
}

lc_instant rig_at(const char *rfc3339)
{
    lc_instant at;
    int32_t offset;
    if (!instant_parse(rfc3339, strlen(rfc3339), &at, &offset))
        bail_out("%s is no instant", rfc3339);
    return at;
}

void rig_until(struct rig *r, lc_instant until)
{
    if (engine_run_until(r->engine, until, &r->msg) != ERR_OK)
        bail_out("the engine failed: %s", r->msg.text);
}

static void mark_done(struct request *q)
{
    *(bool *)q->owner = true;
}

/* Submits and ticks until it is answered; the present stays where it is. */
void rig_request(struct rig *r, struct request *q)
{
    bool done = false;
    q->done = mark_done;
    q->owner = &done;
    if (!engine_submit(r->engine, q))
        bail_out("the queue is full");
    for (int i = 0; i < 100000 && !done; i++) {
        int64_t wait;
        if (engine_tick(r->engine, &wait, &r->msg) != ERR_OK)
            bail_out("the engine failed: %s", r->msg.text);
        struct pollfd commit = {.fd = engine_fd(r->engine), .events = POLLIN};
        if (!done && wait != 0)
            poll(&commit, 1, (int)wait);
    }
    if (!done)
        bail_out("a request is not answered");
}

struct input_result rig_input(struct rig *r, const char *json)
{
    struct input_options o = {.country_code = "+86", .allow_at = true};
    struct input_parser *p = input_parser_new(&o);
    struct input in;
    struct input_fault fault;
    struct input_result result;
    size_t n = strlen(json), used;
    char *arena = mem_alloc(2 * n + 64);
    if (input_parse(p, json, n, &in, arena, &used, &fault) != ERR_OK)
        bail_out("%s: %s", json, fault.text);
    in.at = INSTANT_NONE;
    rig_request(r, &(struct request){.kind = REQUEST_INPUTS, .inputs = &in, .results = &result, .n_inputs = 1});
    free(arena);
    input_parser_free(p);
    return result;
}

static size_t lines_in(const char *ndjson)
{
    size_t n = 0;
    for (; *ndjson; ndjson++)
        n += *ndjson == '\n';
    return n;
}

void rig_inputs(struct rig *r, const char *ndjson, lc_instant until)
{
    struct input_options o = {.country_code = "+86", .allow_at = true};
    struct input_parser *p = input_parser_new(&o);
    size_t n = 0, cap = 0, total = strlen(ndjson);
    struct input *inputs = NULL;
    char *arena = mem_alloc(2 * total + 64 * lines_in(ndjson)), *at = arena;
    for (const char *line = ndjson; *line;) {
        const char *end = memchr(line, '\n', (size_t)(ndjson + total - line)); /* AddressSanitizer has strchr read on */
        size_t used;
        struct input_fault fault;
        if (n == cap)
            inputs = mem_resize(inputs, cap = cap ? 2 * cap : 1024, sizeof *inputs);
        if (input_parse(p, line, (size_t)(end - line), &inputs[n], at, &used, &fault) != ERR_OK)
            bail_out("%.*s: %s", (int)(end - line), line, fault.text);
        at += used;
        n++;
        line = end + 1;
    }
    struct input_result *results = mem_zalloc(n, sizeof *results);
    bool done = false;
    struct request q = {.kind = REQUEST_INPUTS, .inputs = inputs, .results = results, .n_inputs = (uint32_t)n,
                        .done = mark_done, .owner = &done};
    r->options.queue_inputs = 0;
    if (n && !engine_submit(r->engine, &q))
        bail_out("the queue is full");
    rig_until(r, until);
    if (n && !done)
        bail_out("inputs are left over");
    free(results);
    free(inputs);
    free(arena);
    input_parser_free(p);
}

static const char *answer(struct rig *r, struct request *q)
{
    rig_request(r, q);
    buf_done(&r->body);
    r->body = q->body;
    if (q->err != ERR_OK) {
        r->msg = q->msg;
        return NULL;
    }
    *buf_room(&r->body, 1) = '\0';
    return r->body.p;
}

const char *rig_ask(struct rig *r, enum request_kind kind, const char *id)
{
    return answer(r, &(struct request){.kind = kind, .id = str_of(id)});
}

const char *rig_period(struct rig *r, lc_month period, const char *policy)
{
    struct request q = {.kind = REQUEST_SCAN, .scan = {.kind = SCAN_PERIOD, .period = period}};
    q.scan.policy = policy ? str_of(policy) : STR_NONE;
    buf_clear(&r->body);
    do {
        rig_request(r, &q);
        if (q.err != ERR_OK)
            bail_out("a period fails: %s", q.msg.text);
        buf_addstr(&r->body, buf_str(&q.body));
        buf_clear(&q.body);
    } while (q.scan.id);
    buf_done(&q.body);
    *buf_room(&r->body, 1) = '\0';
    return r->body.p;
}

enum err rig_place(struct rig *r, enum scope_kind kind, const char *name, const char *until)
{
    struct request q = {.kind = REQUEST_HOLD_PLACE};
    q.hold.scope = (struct scope){kind, str_of(name)};
    q.hold.why = STR_LIT("a test");
    q.hold.by = STR_LIT("tester");
    if (!date_parse(until, strlen(until), &q.hold.until))
        bail_out("%s is no date", until);
    answer(r, &q);
    return q.err;
}

enum err rig_lift(struct rig *r, const char *name)
{
    struct request q = {.kind = REQUEST_HOLD_LIFT};
    q.hold.name = str_of(name);
    q.hold.why = STR_LIT("looked at");
    q.hold.by = STR_LIT("tester");
    answer(r, &q);
    return q.err;
}

enum err rig_reload(struct rig *r, const char *conf)
{
    struct config *c = load(r, conf);
    struct request q = {.kind = REQUEST_CONFIG, .config = c};
    answer(r, &q);
    if (q.err != ERR_OK)
        config_free(c);
    return q.err;
}

unsigned rig_count(const struct rig *r, const char *text)
{
    unsigned n = 0;
    size_t length = strlen(text);
    for (const char *p = r->lines.p, *end = p + r->lines.n; p && p < end; n++) {
        p = memmem(p, (size_t)(end - p), text, length);
        if (!p)
            break;
        p += length;
    }
    return n;
}

unsigned rig_count_stored(const struct rig *r, const char *text)
{
    struct store_options options = {.simulated = r->simulated};
    struct store_opened opened;
    struct store *store;
    struct store_reader *reader;
    struct errmsg msg;
    struct str line;
    uint64_t seq;
    unsigned n = 0;
    if (store_open(r->options.uri, STORE_READ, &options, &store, &opened, &msg) != ERR_OK ||
        store_reader_open(store, 0, &reader, &msg) != ERR_OK)
        bail_out("the store cannot be read: %s", msg.text);
    while (store_reader_next(reader, &seq, &line, &msg) == ERR_OK)
        n += memmem(line.p, line.n, text, strlen(text)) != NULL;
    store_reader_close(reader);
    store_close(store);
    return n;
}
