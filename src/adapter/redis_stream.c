/* redis-stream: each event becomes an entry of a stream,
 *
 *     XADD STREAM [MAXLEN ~ N] * id ID type TYPE timestamp TIME subject ID data {"subject":...,"seq":...,"event":...}
 *
 * with the same data as a webhook carries; the subject of a system event is empty.
 *
 * XADD is not idempotent. When a reply is lost the event is added again, with the same id: consumers leave out an id
 * that they have seen, as the receivers of webhooks do. The entry's own number cannot serve for that, for it has to
 * grow, and the events of different people overtake each other while one waits for its retry. */
#include <stdio.h>
#include <stdlib.h>

#include "adapter/table.h"

#define SCHEME "redis://"

struct adapter_state {
    const struct endpoint *endpoint;
};

static enum err check(const struct endpoint *e, struct errmsg *msg)
{
    size_t n = strlen(SCHEME);
    /* The URL is not shown: somebody may have put a password into it. */
    if (strncmp(e->url, SCHEME, n) != 0 || !e->url[n])
        return err_set(msg, ERR_INVALID, "url: expected redis://[USER@]HOST:PORT[/DB]");
    if (!e->stream || !e->stream[0])
        return err_set(msg, ERR_INVALID, "stream is missing: expected the key of a stream");
    if (e->secret_files.n > 1)
        return err_set(msg, ERR_INVALID, "secret_file has %u values: a Redis server takes one password",
                       e->secret_files.n);
    return ERR_OK;
}

static enum err state_new(const struct endpoint *e, struct adapter_state **out, struct errmsg *msg)
{
    (void)msg;
    *out = mem_alloc(sizeof **out);
    (*out)->endpoint = e;
    return ERR_OK;
}

static void state_free(struct adapter_state *s)
{
    free(s);
}

static void add_field(struct call *c, const char *name, struct str value)
{
    call_arg(c, str_of(name));
    call_arg(c, value.p ? value : STR_LIT(""));
}

/* Written in its place: its length is known behind it. */
static void add_data(struct call *c, const struct notice *v)
{
    size_t at = c->args.n;
    call_arg(c, STR_LIT(""));
    write_webhook_data(&c->args, v);
    uint32_t n = (uint32_t)(c->args.n - at - sizeof n);
    memcpy(c->args.p + at, &n, sizeof n);
}

static void add_bound(struct call *c, uint64_t max_length)
{
    char digits[24];
    int n = snprintf(digits, sizeof digits, "%llu", (unsigned long long)max_length);
    call_arg(c, STR_LIT("MAXLEN"));
    call_arg(c, STR_LIT("~")); /* whole nodes at a time, which costs next to nothing */
    call_arg(c, (struct str){digits, (size_t)n});
}

static enum err render(struct adapter_state *s, const struct notice *v, unsigned n, const struct sms *sms, int64_t now,
                       const unsigned char nonce[16], struct call *out, struct errmsg *msg)
{
    (void)n, (void)sms, (void)now, (void)nonce, (void)msg;
    call_arg(out, STR_LIT("XADD"));
    call_arg(out, str_of(s->endpoint->stream));
    if (s->endpoint->max_length > 0)
        add_bound(out, s->endpoint->max_length);
    call_arg(out, STR_LIT("*"));
    add_field(out, "id", v->id);
    add_field(out, "type", v->type);
    add_field(out, "timestamp", v->time);
    add_field(out, "subject", v->subject);
    call_arg(out, STR_LIT("data"));
    add_data(out, v);
    return ERR_OK;
}

/* The words of error replies that say how the server is, and not what is wrong with this command. All others (NOAUTH,
 * NOPERM, WRONGTYPE) may be a mistake in somebody's configuration, here or there, and are worth a retry, too. */
static const char *const patience[] = {"OOM", "LOADING", "BUSY", "READONLY", "CLUSTERDOWN", "MASTERDOWN", "TRYAGAIN"};

static bool asks_for_patience(struct str word)
{
    for (size_t i = 0; i < sizeof patience / sizeof *patience; i++)
        if (str_is(word, patience[i]))
            return true;
    return false;
}

/* What stands behind the word may show arguments of ours. */
static struct str first_word(struct str reply)
{
    size_t n = 0;
    while (n < reply.n && ((reply.p[n] >= 'A' && reply.p[n] <= 'Z') || reply.p[n] == '_'))
        n++;
    return n > 0 ? (struct str){reply.p, n} : STR_LIT("an error");
}

static void judge(struct adapter_state *s, const struct answer *a, struct verdict *out)
{
    (void)s;
    if (a->carried != CARRIED) {
        verdict_set(out, OUTCOME_RETRY, -1, "%s", a->error);
        return;
    }
    if (a->status == 200) {
        verdict_set(out, OUTCOME_DELIVERED, -1, "added");
        return;
    }
    struct str word = first_word(a->body);
    verdict_set(out, asks_for_patience(word) ? OUTCOME_THROTTLED : OUTCOME_RETRY, -1, "the server says %.*s",
                (int)word.n, word.p);
}

const struct adapter adapter_redis_stream = {
    .check = check,
    .open = state_new,
    .close = state_free,
    .render = render,
    .judge = judge,
};
