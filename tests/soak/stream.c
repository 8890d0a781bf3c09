#include "tests/soak/stream.h"

#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define MS INT64_C(1000000)
#define PAGE 1000

void stream_start(struct stream *s)
{
    s->options[0] = "--dir"; /* so that it finds again what it has acknowledged */
    s->options[1] = tap_tmpdir();
    s->options[2] = NULL;
    s->server = (struct redis_server){.options = s->options};
    s->halted = false;
    redis_server_start(&s->server);
}

void stream_calm(struct stream *s)
{
    if (s->halted)
        redis_server_go_on(&s->server);
    s->halted = false;
}

void stream_unsettle(struct stream *s, struct rng *rng)
{
    if (s->halted && clock_monotonic_ns() < s->go_on_at)
        return;
    stream_calm(s);
    if (rng_below(rng, 3) == 0) {
        redis_server_kill(&s->server);
        redis_server_start(&s->server);
        return;
    }
    redis_server_halt(&s->server);
    s->halted = true;
    s->go_on_at = clock_monotonic_ns() + (200 + (int64_t)rng_below(rng, 2500)) * MS;
}

void stream_done(struct stream *s)
{
    redis_server_kill(&s->server);
}

/* --- what it has --- */

/* A field's value in an entry's list of names and values; "" when it is not there. */
static const char *field(const redisReply *entry, const char *name)
{
    const redisReply *list = entry->element[1];
    for (size_t i = 0; i + 1 < list->elements; i += 2)
        if (strcmp(list->element[i]->str, name) == 0)
            return list->element[i + 1]->str;
    return "";
}

/* An entry's own id begins with the time, in milliseconds. */
static void write_entry(FILE *f, const redisReply *entry)
{
    const char *mark = strstr(field(entry, "data"), "\"gap\":true") ? "gap" : "-";
    fprintf(f, "%lld\tevent\t%s\t-\t%s\t%s\t1\t200\t-\t%s\n", strtoll(entry->element[0]->str, NULL, 10) * MS,
            field(entry, "id"), field(entry, "subject"), field(entry, "type"), mark);
}

/* The entries behind one; its id becomes the last one's. false: there are none. */
static bool write_page(redisContext *c, FILE *f, char last[64])
{
    redisReply *r = redisCommand(c, "XRANGE " STREAM_KEY " (%s + COUNT %d", last, PAGE);
    if (!r || r->type != REDIS_REPLY_ARRAY)
        bail_out("the stream cannot be read: %s", r ? r->str : c->errstr);
    size_t n = r->elements;
    for (size_t i = 0; i < n; i++)
        write_entry(f, r->element[i]);
    if (n)
        snprintf(last, 64, "%s", r->element[n - 1]->element[0]->str);
    freeReplyObject(r);
    return n > 0;
}

void stream_record(struct stream *s, const char *path)
{
    char last[64] = "0-0";
    FILE *f = fopen(path, "w");
    redisContext *c = redisConnect("127.0.0.1", s->server.port);
    if (!f || !c || c->err)
        bail_out("the stream cannot be read, or %s written", path);
    while (write_page(c, f, last))
        continue;
    redisFree(c);
    fclose(f);
}
