/* lifecertctl verify: the store held against itself (engine/verify/verify.h). */
#include "engine/verify/verify.h"

#include "ctl/options.h"
#include "ctl/progress.h"
#include "ctl/store_args.h"
#include "ctl/text.h"
#include "shards/set.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static void show(void *arg, uint64_t bytes, uint64_t total, uint64_t events)
{
    struct progress *p = arg;
    p->total = total;
    progress_show(p, bytes, events);
}

/* --- for people --- */

static void add_count(struct buf *b, const char *between, uint64_t n, const char *one, const char *many)
{
    char text[TEXT_COUNT];
    if (n)
        buf_printf(b, "%s%s %s", b->n ? between : "", text_count(n, text), n == 1 ? one : many);
}

/* shard: of which of several; NULL: there is one. */
static void print_good(const struct verify_report *r, double seconds, const char *shard)
{
    char events[TEXT_COUNT], decided[TEXT_COUNT], people[TEXT_COUNT], rate[TEXT_COUNT];
    struct buf b = BUF_INIT;
    printf("%s%s%sgood: %s events decided again, of %s beneficiaries; %.1f s, %s/s\n", shard ? "shard " : "",
           shard ? shard : "", shard ? ": " : "", text_count(r->decided, decided), text_count(r->people, people),
           seconds, text_count((uint64_t)((double)r->events / seconds), rate));
    if (r->events > r->decided)
        printf("%s events in all; the others were not decided again\n", text_count(r->events, events));
    add_count(&b, ", ", r->checkpoints, "checkpoint", "checkpoints");
    add_count(&b, ", ", r->contacts, "contact", "contacts");
    add_count(&b, ", ", r->keys, "idempotency key", "idempotency keys");
    add_count(&b, ", ", r->deliveries, "row of deliveries", "rows of deliveries");
    add_count(&b, ", ", r->indexes, "index", "indexes");
    if (b.n)
        printf("compared: %.*s\n", (int)b.n, b.p);
    buf_clear(&b);
    seal_text_add(&b, &r->last);
    printf("%.*slast seal %s%s%.*s\n", (int)r->notes.n, r->notes.p ? r->notes.p : "", shard ? shard : "",
           shard ? "/" : "", (int)b.n, b.p);
    buf_done(&b);
}

/* "log/....ndjson line 17: event 16, benefit.suspended of ID: ..." */
static void print_difference(const struct difference *d, const char *shard)
{
    struct buf b = BUF_INIT;
    if (shard)
        buf_printf(&b, "shard %s: ", shard);
    if (d->place[0])
        buf_printf(&b, "%s: ", d->place);
    if (d->seq)
        buf_printf(&b, "event %" PRIu64 ", %s%s%s: ", d->seq, d->type, d->subject[0] ? " of " : "", d->subject);
    buf_adds(&b, d->text);
    printf("not good: %.*s\n", (int)b.n, b.p);
    if (d->expected.n)
        printf("expected %.*s\n", (int)d->expected.n, d->expected.p);
    if (d->found.n)
        printf("found    %.*s\n", (int)d->found.n, d->found.p);
    buf_done(&b);
}

/* --- for machines --- */

static void add_text(struct buf *b, const char *name, struct str s)
{
    buf_printf(b, ",\"%s\":", name);
    buf_add_json(b, s.n ? s : STR_NONE);
}

static void add_difference(struct buf *b, const struct difference *d)
{
    BUF_LIT(b, "{\"place\":");
    buf_add_json(b, d->place[0] ? str_of(d->place) : STR_NONE);
    if (d->seq)
        buf_printf(b, ",\"seq\":%" PRIu64, d->seq);
    else
        BUF_LIT(b, ",\"seq\":null");
    add_text(b, "type", str_of(d->type));
    add_text(b, "subject", str_of(d->subject));
    add_text(b, "member", str_of(d->member));
    add_text(b, "text", str_of(d->text));
    add_text(b, "expected", buf_str(&d->expected));
    add_text(b, "found", buf_str(&d->found));
    buf_addc(b, '}');
}

static void add_report(struct buf *b, const struct verify_report *r, double seconds)
{
    buf_printf(b,
               "{\"good\":%s,\"live\":%s,\"first\":%" PRIu64 ",\"events\":%" PRIu64 ",\"decided\":%" PRIu64
               ",\"people\":%" PRIu64,
               r->good ? "true" : "false", r->live ? "true" : "false", r->first, r->events, r->decided, r->people);
    buf_printf(b,
               ",\"checkpoints\":%u,\"contacts\":%" PRIu64 ",\"keys\":%" PRIu64 ",\"deliveries\":%" PRIu64
               ",\"indexes\":%u,\"seconds\":%.3f,\"seal\":",
               r->checkpoints, r->contacts, r->keys, r->deliveries, r->indexes, seconds);
    if (r->good) {
        buf_addc(b, '"');
        seal_text_add(b, &r->last);
        buf_addc(b, '"');
    } else
        BUF_LIT(b, "null");
    add_text(b, "notes", buf_str(&r->notes));
    BUF_LIT(b, ",\"difference\":");
    if (r->good)
        BUF_LIT(b, "null");
    else
        add_difference(b, &r->difference);
    buf_addc(b, '}');
}

/* --- the command --- */

#define SEALS_MAX OPTION_TEXTS_MAX

struct expected_seal {
    unsigned shard;
    struct seal seal;
};

struct verification {
    const struct ctl *ctl;
    const char *uri, *archive;
    struct store_options store;
    bool asked; /* progress */
    bool set;
    uint64_t shard; /* the only one of a set; UINT64_MAX: all */
    struct expected_seal seals[SEALS_MAX];
    unsigned n_seals;
    struct shard_set about;
    unsigned now; /* the shard in hand */
    struct buf json;
};

static const struct seal *seal_of(const struct verification *v, unsigned shard)
{
    for (unsigned i = 0; i < v->n_seals; i++)
        if (v->seals[i].shard == shard)
            return &v->seals[i].seal;
    return NULL;
}

static bool belongs(void *arg, struct str id)
{
    const struct verification *v = arg;
    return shard_of(id, v->about.n) == v->now;
}

static void tell(struct verification *v, const struct verify_report *r, double seconds, const char *shard)
{
    if (v->ctl->json) {
        if (v->json.n)
            buf_addc(&v->json, ',');
        add_report(&v->json, r, seconds);
    } else if (r->good)
        print_good(r, seconds, shard);
    else
        print_difference(&r->difference, shard);
}

static int verify_one(struct verification *v, const char *uri, unsigned shard, const char *name)
{
    struct progress progress;
    struct verify_report report;
    struct errmsg msg;
    v->now = shard;
    const struct verify_options o = {
        .uri = uri,
        .archive = v->archive,
        .store = v->store,
        .sharded = v->set,
        .expect = seal_of(v, shard),
        .belongs = v->set ? belongs : NULL,
        .progress = show,
        .arg = &progress,
        .belongs_arg = v,
    };
    progress_begin(&progress, 0, v->asked);
    progress.noun = "events";
    enum err e = verify_store(&o, &report, &msg);
    double seconds = progress_seconds(&progress);
    progress_clear(&progress);
    int status =
        e ? fail(EXIT_UNREADABLE, "%s%s%s%s", name ? "shard " : "", name ? name : "", name ? ": " : "", msg.text)
        : report.good ? EXIT_DONE
                      : EXIT_NO;
    if (!e)
        tell(v, &report, seconds, name);
    verify_report_done(&report);
    return status;
}

static int verify_shard(struct verification *v, unsigned shard)
{
    char uri[SHARD_URI_MAX], name[16];
    shard_uri(v->uri, shard, uri);
    snprintf(name, sizeof name, "%u", shard);
    return verify_one(v, uri, shard, name);
}

/* Up to the first that is not good. */
static int verify_set(struct verification *v)
{
    struct errmsg msg;
    enum err e = shard_set_read(v->uri, &v->store, &v->about, &msg);
    if (e)
        return fail(EXIT_UNREADABLE, "%s", msg.text);
    if (v->shard != UINT64_MAX && v->shard >= v->about.n)
        return fail(EXIT_MISUSE, "--shard %" PRIu64 ": there are the shards 0 to %u", v->shard, v->about.n - 1);
    for (unsigned i = 0; i < v->n_seals; i++)
        if (v->seals[i].shard >= v->about.n)
            return fail(EXIT_MISUSE, "--expect-seal: there are the shards 0 to %u", v->about.n - 1);
    if (v->shard != UINT64_MAX)
        return verify_shard(v, (unsigned)v->shard);
    int status = EXIT_DONE;
    for (unsigned i = 0; i < v->about.n && status == EXIT_DONE; i++)
        status = verify_shard(v, i);
    if (status == EXIT_DONE && !v->ctl->json && v->about.n > 1)
        printf("good: %u shards, everybody in the shard where they belong\n", v->about.n);
    return status;
}

static int verify(struct verification *v)
{
    int status = v->set ? verify_set(v) : verify_one(v, v->uri, 0, NULL);
    if (v->json.n && v->set)
        printf("{\"good\":%s,\"shards\":[%.*s]}\n", status == EXIT_DONE ? "true" : "false", (int)v->json.n, v->json.p);
    else if (v->json.n)
        printf("%.*s\n", (int)v->json.n, v->json.p);
    buf_done(&v->json);
    return status;
}

/* "SEQ:HASH", or with a shard's number and a slash in front. */
static bool read_seals(struct verification *v, const struct option_texts *texts)
{
    for (; v->n_seals < texts->n; v->n_seals++) {
        struct expected_seal *to = &v->seals[v->n_seals];
        const char *text = texts->v[v->n_seals], *slash = strchr(text, '/');
        char *end = NULL;
        unsigned long shard = slash ? strtoul(text, &end, 10) : 0;
        if ((slash && (end != slash || end == text || shard >= SHARDS_MAX)) ||
            !seal_text_read(slash ? slash + 1 : text, &to->seal)) {
            say("--expect-seal: expected a number, a colon and 64 digits, as verify prints a last seal; of one of "
                "several shards with its number and a slash in front");
            return false;
        }
        to->shard = (unsigned)shard;
    }
    return true;
}

int cmd_verify(struct ctl *ctl, int argc, char **argv)
{
    const char *store = NULL;
    struct verification v = {.ctl = ctl, .shard = UINT64_MAX};
    struct option_texts seals = {.n = 0};
    struct config *config = NULL;
    const struct option_row options[] = {
        {OPTION_TEXT, 0, "store", "URI", "that store instead of the configuration's, such as dir:/backup", &store},
        {OPTION_TEXT, 0, "archive", "FOLDER", "verify what was archived there, too", &v.archive},
        {OPTION_TEXTS, 0, "expect-seal", "[SHARD/]SEQ:HASH",
         "fail unless the log has that very seal, noted down before", &seals},
        {OPTION_NUMBER, 0, "shard", "NUMBER", "this one of a set of shards alone", &v.shard},
        {OPTION_FLAG, 0, "progress", NULL, "tell how far it is where stderr is no terminal", &v.asked},
        OPTIONS_END,
    };
    int status = options_read(ctl, options, &argc, argv, 0, 0);
    if (status != OPTIONS_READ)
        return status;
    if (!read_seals(&v, &seals))
        return EXIT_MISUSE;
    status = store && !ctl->config_file ? EXIT_DONE : ctl_config(ctl, &config);
    if (status)
        return status;
    v.uri = store ? store : config->store;
    v.set = shard_set_is(v.uri);
    store_args_options(config, &v.store);
    if (v.shard != UINT64_MAX && !v.set)
        status = fail(EXIT_MISUSE, "--shard: that store is none of several shards");
    else if (v.set && v.archive)
        status =
            fail(EXIT_MISUSE, "--archive: what daemons moved out of Redis is in the configuration's `archive`, and is "
                              "read from there");
    else
        status = verify(&v);
    config_free(config);
    return status;
}
