#include "tests/shards/office_help.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct redis_server server;

void office_uri(const char *prefix, char out[128])
{
    snprintf(out, 128, "redis://127.0.0.1:%d/%s", server.port, prefix);
}

static void count_change(void *arg)
{
    struct post *p = arg;
    atomic_fetch_add(&p->changes, 1);
}

static void keep_warning(void *arg, const char *text)
{
    struct post *p = arg;
    pthread_mutex_lock(&p->lock);
    buf_printf(&p->warnings, "%s\n", text);
    pthread_mutex_unlock(&p->lock);
}

void rules_of(char kind, unsigned char out[32])
{
    memset(out, kind, 32);
}

enum err post_open(struct post *p, const char *prefix, const struct shard_set *set, const struct post_options *o)
{
    char uri[128];
    static const struct store_options store = {.lease_ms = OFFICE_LEASE_MS};
    struct office_options options = {
        .uri = uri,
        .store = &store,
        .set = set,
        .name = o->name,
        .revision = o->revision,
        .brake = o->brake,
        .changed = count_change,
        .warn = keep_warning,
        .arg = p,
    };
    *p = (struct post){.office = NULL};
    pthread_mutex_init(&p->lock, NULL);
    office_uri(prefix, uri);
    rules_of(o->rules ? o->rules : 'a', options.rules);
    return office_open(&options, &p->office, &p->msg);
}

void post_close(struct post *p)
{
    office_close(p->office);
    p->office = NULL;
    buf_done(&p->warnings);
    p->warnings = BUF_INIT;
}

bool post_warned(struct post *p, const char *text)
{
    pthread_mutex_lock(&p->lock);
    bool warned = p->warnings.n && memmem(p->warnings.p, p->warnings.n, text, strlen(text));
    pthread_mutex_unlock(&p->lock);
    return warned;
}

unsigned shards_of(const struct post *p, unsigned n)
{
    unsigned mine = 0;
    for (unsigned i = 0; i < n; i++)
        mine += office_assigned(p->office, i);
    return mine;
}

bool members_have(const struct post *p, const char *text)
{
    struct buf json = BUF_INIT;
    office_write_members(p->office, &json);
    bool has = memmem(json.p, json.n, text, strlen(text));
    buf_done(&json);
    return has;
}

void report(const struct engine_office *h, lc_instant now, int64_t due, int64_t applied, uint64_t ordered)
{
    struct office_report r = {
        .now = now, .day = 46000, .due = due, .applied = applied, .drawing = 1000, .ordered = ordered};
    h->report(h->arg, &r);
}

static redisReply *run(const char *format, va_list args)
{
    redisContext *c = redisConnect("127.0.0.1", server.port);
    redisReply *reply = c && !c->err ? redisvCommand(c, format, args) : NULL;
    if (!reply || reply->type == REDIS_REPLY_ERROR)
        bail_out("%s: %s", format, reply ? reply->str : "no answer");
    redisFree(c);
    return reply;
}

redisReply *by_hand(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    redisReply *reply = run(format, args);
    va_end(args);
    return reply;
}

int64_t number_by_hand(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    redisReply *reply = run(format, args);
    va_end(args);
    int64_t n = reply->type == REDIS_REPLY_INTEGER  ? reply->integer
                : reply->type == REDIS_REPLY_STRING ? strtoll(reply->str, NULL, 10)
                                                    : -1;
    freeReplyObject(reply);
    return n;
}
