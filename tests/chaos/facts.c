#include "tests/chaos/facts.h"

#include <stdio.h>
#include <stdlib.h>

#include "codec/event_json.h"
#include "config/config.h"
#include "shards/logs.h"
#include "tests/e2e/process.h"

static struct fact *room(struct facts *f)
{
    if (f->n == f->cap)
        f->v = mem_resize(f->v, f->cap = 2 * f->cap + 4096, sizeof *f->v);
    return &f->v[f->n];
}

static void note_place(struct facts *f, const struct fact *e)
{
    size_t n = f->n_of[e->shard];
    if (e->seq != n + 1)
        bail_out("shard %u: event %" PRIu64 " follows event %zu", e->shard, e->seq, n);
    if (n == 0 || (n & (n - 1)) == 0)
        f->by_seq[e->shard] = mem_resize(f->by_seq[e->shard], n ? 2 * n : 1, sizeof *f->by_seq[0]);
    f->by_seq[e->shard][n] = f->n;
    f->n_of[e->shard]++;
}

static void note(struct facts *f, unsigned shard, struct str line, struct event_arena *arena)
{
    struct event e;
    size_t where;
    char key[KEY_MAX];
    line.n -= line.n && line.p[line.n - 1] == '\n';
    if (event_read(line, &e, arena, &where) != ERR_OK)
        bail_out("this event cannot be read: %.*s", (int)line.n, line.p);
    struct fact *fact = room(f);
    *fact = (struct fact){.seq = e.seq,
                          .prev = e.prev,
                          .time = e.time,
                          .person = person_of(e.subject),
                          .line = f->text.n,
                          .length = (uint32_t)line.n,
                          .shard = (uint8_t)shard,
                          .type = (uint8_t)e.type};
    if (fact->person != NOBODY && fact->person >= f->people)
        f->people = fact->person + 1;
    if (key_of_event(&e, key)) {
        fact->key = (uint32_t)f->keys.n + 1;
        buf_add(&f->keys, key, strlen(key) + 1);
    }
    buf_addstr(&f->text, line);
    buf_addc(&f->text, '\0');
    f->counts[e.type]++;
    note_place(f, fact);
    f->n++;
}

static void read_logs(struct facts *f, struct config *c)
{
    struct store_options options = {.lease_ms = 0};
    struct event_arena arena = {.n_pays = 0};
    struct logs *logs = NULL;
    struct errmsg msg;
    struct str line;
    unsigned shard;
    uint64_t seq;
    enum err err;
    config_store_options(c, &options);
    if (logs_open(c->store, &options, &logs, &msg) != ERR_OK)
        bail_out("the logs cannot be opened: %s", msg.text);
    while ((err = logs_next(logs, &shard, &seq, &line, &msg)) == ERR_OK)
        note(f, shard, line, &arena);
    if (err != ERR_END)
        bail_out("the logs cannot be read: %s", msg.text);
    logs_close(logs);
    event_arena_done(&arena);
}

void facts_read(struct facts *f, const char *config)
{
    struct buf faults = BUF_INIT;
    struct config *c = NULL;
    *f = (struct facts){.n = 0};
    if (config_load(config, &c, &faults) != ERR_OK)
        bail_out("%.*s", (int)faults.n, faults.p);
    read_logs(f, c);
    config_free(c);
    buf_done(&faults);
}

void facts_read_file(struct facts *f, const char *path)
{
    struct event_arena arena = {.n_pays = 0};
    struct buf text = BUF_INIT;
    *f = (struct facts){.n = 0};
    read_text(path, &text);
    for (char *p = text.p, *end = text.p + text.n, *newline; p < end; p = newline + 1) {
        newline = memchr(p, '\n', (size_t)(end - p));
        if (!newline)
            break;
        note(f, 0, (struct str){p, (size_t)(newline - p)}, &arena);
    }
    event_arena_done(&arena);
    buf_done(&text);
}

void facts_write(const struct facts *f, const char *path)
{
    FILE *to = fopen(path, "w");
    for (size_t i = 0; to && i < f->n; i++)
        fprintf(to, "%u %s\n", f->v[i].shard, f->text.p + f->v[i].line);
    if (!to || fclose(to) != 0)
        bail_out("cannot write %s", path);
}

void facts_done(struct facts *f)
{
    free(f->v);
    buf_done(&f->text);
    buf_done(&f->keys);
    for (unsigned i = 0; i < SHARDS; i++)
        free(f->by_seq[i]);
}

const struct fact *fact_at(const struct facts *f, unsigned shard, uint64_t seq)
{
    return shard < SHARDS && seq >= 1 && seq <= f->n_of[shard] ? &f->v[f->by_seq[shard][seq - 1]] : NULL;
}

const char *fact_key(const struct facts *f, const struct fact *e)
{
    return e->key ? f->keys.p + e->key - 1 : NULL;
}

void fact_essence(const struct facts *f, const struct fact *e, struct buf *out)
{
    const char *line = f->text.p + e->line, *from = strstr(line, "\"time\":"), *undoes = strstr(line, "\"undoes\":");
    buf_clear(out);
    if (undoes) {
        undoes += strlen("\"undoes\":");
        buf_add(out, from, (size_t)(undoes - from));
        from = undoes + strspn(undoes, "0123456789");
    }
    buf_adds(out, from);
    buf_addc(out, '\0');
    out->n--;
}
