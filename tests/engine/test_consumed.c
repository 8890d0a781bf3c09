/* Inputs that come from streams of a shard in Redis: decided over several commits, each of which says how far it got and
 * answers; and over crashes, none twice. */
#include <poll.h>
#include <stdio.h>

#include "codec/input_json.h"
#include "store/redis/streams.h"
#include "tests/engine/rig.h"
#include "tests/store/redis_help.h"

#define NOON rig_at("2026-03-10T12:00:00+08:00")
#define PEOPLE 40u

static struct redis_help help;

/* An entry of a stream in the engine's hands. */
struct entry_request {
    struct request request;
    struct source source;
    struct input inputs[PEOPLE];
    struct input_result results[PEOPLE];
    char arena[16384];
    bool done;
};

static void on_done(struct request *r)
{
    struct entry_request *e = (struct entry_request *)r->owner;
    e->done = true;
}

/* "FIRST+N ": which of the entry's inputs were decided. */
static void write_reply(const struct request *r, uint32_t first, uint32_t n, struct buf *out)
{
    uint32_t applied = 0;
    for (uint32_t i = first; i < first + n; i++)
        applied += r->results[i].result == RESULT_APPLIED;
    buf_printf(out, "%u+%u/%u ", r->source->skip + first, n, applied);
}

static struct streams *open_streams(const char *uri)
{
    struct streams *st;
    struct errmsg msg;
    if (streams_open(uri, NULL, 5000, &st, &msg) != ERR_OK)
        bail_out("%s: %s", uri, msg.text);
    return st;
}

static size_t entries_of(struct streams *st, const char *stream, const struct stream_entry **entries)
{
    struct stream_from from = {stream, {0, 0}};
    struct errmsg msg;
    size_t n;
    if (streams_read(st, &from, 1, 0, 1000, entries, &n, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    return n;
}

/* What it says does not matter here. Returns its id. */
static struct stream_id add_entry(struct streams *st, const char *stream)
{
    const struct stream_entry *entries;
    struct stream_field f = {STR_LIT("i"), STR_LIT("x")};
    struct errmsg msg;
    streams_add(st, &(struct stream_add){.stream = stream, .fields = &f, .n_fields = 1});
    if (streams_send(st, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    size_t n = entries_of(st, stream, &entries);
    return entries[n - 1].id;
}

/* Enrolments of p-SKIP and those behind it, n in all; n 0: nothing is to be decided. */
static void fill(struct entry_request *e, const char *stream, struct stream_id id, uint32_t skip, uint32_t n)
{
    struct input_options o = {.country_code = "+86"};
    struct input_parser *p = input_parser_new(&o);
    size_t at = 0, used;
    memset(e, 0, sizeof *e);
    for (uint32_t i = 0; i < n; i++) {
        char json[256];
        struct input_fault fault;
        snprintf(json, sizeof json,
                 "{\"op\":\"enrol\",\"id\":\"p-%u\",\"policy\":\"national\",\"approved_on\":\"2026-01-10\"}", skip + i);
        if (input_parse(p, json, strlen(json), &e->inputs[i], e->arena + at, &used, &fault) != ERR_OK)
            bail_out("%s: %s", json, fault.text);
        at += used;
        e->inputs[i].at = INSTANT_NONE;
    }
    input_parser_free(p);
    e->source = (struct source){.stream = str_of(stream), .ms = id.ms, .n = id.n, .skip = skip,
                                .reply_to = STR_LIT("out:test"), .reply = write_reply};
    e->request = (struct request){.kind = REQUEST_INPUTS, .inputs = e->inputs, .results = e->results, .n_inputs = n,
                                  .source = &e->source, .done = on_done, .owner = e};
}

static void submit(struct rig *r, struct entry_request *e)
{
    if (!engine_submit(r->engine, &e->request))
        bail_out("the queue is full");
}

static void tick(struct rig *r)
{
    int64_t wait;
    if (engine_tick(r->engine, &wait, &r->msg) != ERR_OK)
        bail_out("the engine failed: %s", r->msg.text);
    if (wait)
        poll(&(struct pollfd){.fd = engine_fd(r->engine), .events = POLLIN}, 1, (int)wait);
}

static void run(struct rig *r, const struct entry_request *e)
{
    for (int i = 0; i < 10000 && !e->done; i++)
        tick(r);
    ok(e->done, "the request is answered");
}

static void open_shard(struct rig *r, const char *prefix, char uri[128], uint32_t batch_bytes)
{
    help_uri(&help, prefix, uri);
    *r = (struct rig){.options = {.batch_bytes = batch_bytes, .store = {.lease_ms = HELP_LEASE_MS}}};
    rig_open(r, uri, rig_conf, NOON);
}

/* All replies behind each other. */
static void replies(struct streams *st, char out[1024])
{
    const struct stream_entry *entries;
    size_t n = entries_of(st, "out:test", &entries), at = 0;
    out[0] = '\0';
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < entries[i].n_fields; k++) {
            struct str one = entries[i].fields[k].value;
            at += (size_t)snprintf(out + at, 1024 - at, "%.*s", (int)one.n, one.p);
        }
}

static void test_whole(void)
{
    struct rig r;
    static struct entry_request e, empty;
    char uri[128], told[1024];
    const struct stream_entry *entries;
    open_shard(&r, "whole", uri, 0);
    struct streams *st = open_streams(uri);
    fill(&e, "in", add_entry(st, "in"), 0, 3);
    submit(&r, &e);
    run(&r, &e);
    is_int((int64_t)entries_of(st, "in", &entries), 0, "an entry is removed by the commit that decides it");
    replies(st, told);
    is_str(told, "0+3/3 ", "which answers");

    fill(&empty, "in:face", add_entry(st, "in:face"), 0, 0);
    empty.source.reply = NULL;
    submit(&r, &empty);
    run(&r, &empty);
    is_int((int64_t)entries_of(st, "in:face", &entries), 0, "one with nothing in it is removed, by a commit of its own");
    replies(st, told);
    is_str(told, "0+3/3 ", "and nobody is told");

    fill(&e, "in", add_entry(st, "in"), 0, 3);
    submit(&r, &e);
    run(&r, &e);
    is_int((int64_t)entries_of(st, "in", &entries), 0, "so is one that changes nothing");
    replies(st, told);
    is_str(told, "0+3/3 0+3/0 ", "with its answer");
    is_int(rig_count(&r, "\"beneficiary.enrolled\""), 3, "there are three events");
    streams_close(st);
    rig_close(&r);
}

/* The engine dies when part of the entry is decided; the next one goes on behind it. */
static void test_parts(void)
{
    struct rig r;
    static struct entry_request e, rest;
    char uri[128], told[1024], expected[64];
    const struct stream_entry *entries;
    struct stream_partial partial = {.done = 0};
    struct errmsg msg;
    open_shard(&r, "parts", uri, 2048);
    struct streams *st = open_streams(uri);
    struct stream_id id = add_entry(st, "in");
    fill(&e, "in", id, 0, PEOPLE);
    submit(&r, &e);
    for (int i = 0; i < 1000 && streams_partial(st, &partial, &msg) != ERR_OK; i++)
        tick(&r);
    ok(partial.done > 0 && partial.done < PEOPLE && partial.id.ms == id.ms, "a commit decides %u of forty", partial.done);
    ok(!e.done, "which is not an answer yet");
    is_int((int64_t)entries_of(st, "in", &entries), 1, "and the entry stays");
    engine_abandon(r.engine);
    if (rig_try(&r, uri, rig_conf, NOON) != ERR_OK)
        bail_out("the engine does not open again: %s", r.msg.text);
    /* What was in flight when it died may have become durable. */
    if (streams_partial(st, &partial, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    fill(&rest, "in", id, partial.done, PEOPLE - partial.done);
    submit(&r, &rest);
    run(&r, &rest);
    is_int((int64_t)entries_of(st, "in", &entries), 0, "whoever goes on removes it");
    is_int(streams_partial(st, &partial, &msg), ERR_ABSENT, "and what was noted");
    replies(st, told);
    unsigned first, n, applied, sum = 0, parts = 0;
    int used;
    for (const char *p = told; sscanf(p, "%u+%u/%u %n", &first, &n, &applied, &used) == 3; p += used, parts++) {
        if (first != sum || n != applied)
            break;
        sum += n;
    }
    is_int(sum, PEOPLE, "each input was answered once, and applied (%s)", told);
    ok(parts > 2, "in %u parts", parts);
    is_int(rig_count_stored(&r, "\"beneficiary.enrolled\""), PEOPLE, "everybody is enrolled once");
    snprintf(expected, sizeof expected, "\"p-%u\"", PEOPLE - 1);
    is_int(rig_count_stored(&r, expected), 1, "to the last");
    streams_close(st);
    rig_close(&r);
}

/* Inputs that wait for their time: one entry after the other, since the store remembers how far one of them is. */
static void test_one_at_a_time(void)
{
    struct rig r;
    static struct entry_request a, b;
    char uri[128], told[1024];
    open_shard(&r, "turns", uri, 0);
    struct streams *st = open_streams(uri);
    fill(&a, "in", add_entry(st, "in"), 0, 2);
    fill(&b, "in:face", add_entry(st, "in:face"), 10, 1);
    a.inputs[0].at = NOON;
    a.inputs[1].at = NOON + 20;
    b.inputs[0].at = NOON + 10;
    submit(&r, &a);
    submit(&r, &b);
    rig_until(&r, NOON + 30);
    ok(a.done && b.done, "both entries are decided");
    replies(st, told);
    is_str(told, "0+1/1 1+1/1 10+1/1 ", "the second when the first is whole");
    streams_close(st);
    rig_close(&r);
}

int main(void)
{
    plan(0);
    help_start(&help);
    test_whole();
    test_parts();
    test_one_at_a_time();
    redis_server_kill(&help.server);
    return tap_end();
}
