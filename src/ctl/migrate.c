/* lifecertctl migrate and reshard: everything of a store into another (shards/move/move.h). */
#include "ctl/options.h"
#include "ctl/progress.h"
#include "ctl/sides.h"
#include "ctl/store_args.h"
#include "ctl/text.h"
#include "engine/verify/verify.h"
#include "shards/move/move.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct migration {
    const struct ctl *ctl;
    const char *from_uri, *to_uri;
    uint64_t shards; /* 0: not given */
    struct option_texts forget;
    bool asked, unverified;
    struct store_options options;
    struct side from, to;
    struct progress progress;
    struct move_report report;
    struct errmsg msg;
};

static int told(const struct migration *m, enum err e)
{
    bool no = e == ERR_EXISTS || e == ERR_INVALID || e == ERR_LOCKED;
    return fail(no ? EXIT_NO : EXIT_UNREADABLE, "%s", m->msg.text);
}

/* --- verification, before and after --- */

static void show_verified(void *arg, uint64_t bytes, uint64_t total, uint64_t events)
{
    struct progress *p = arg;
    p->total = total;
    progress_show(p, bytes, events);
}

static enum err verify_one(struct migration *m, const struct side *side, unsigned shard)
{
    char uri[SHARD_URI_MAX];
    struct verify_report r;
    side_uri(side, shard, uri);
    const struct verify_options o = {
        .uri = uri,
        .store = m->options,
        .sharded = side->set,
        .progress = show_verified,
        .arg = &m->progress,
    };
    progress_begin(&m->progress, 0, m->asked);
    m->progress.noun = "events verified";
    enum err e = verify_store(&o, &r, &m->msg);
    progress_clear(&m->progress);
    if (!e && !r.good)
        e = err_set(&m->msg, ERR_DAMAGED, "verification is not content with %s: %s%s%s", uri, r.difference.place,
                    r.difference.place[0] ? ": " : "", r.difference.text);
    verify_report_done(&r);
    return e;
}

static enum err verify_all(struct migration *m, const struct side *side)
{
    enum err e = ERR_OK;
    for (unsigned i = 0; i < side->n && !e; i++)
        e = verify_one(m, side, i);
    return e;
}

/* --- the move --- */

static void show_moved(void *arg, const char *what, uint64_t done, uint64_t total)
{
    struct progress *p = arg;
    p->noun = what;
    p->total = total;
    progress_show(p, done, done);
}

static enum err move(struct migration *m)
{
    const struct move_order o = {
        .from = m->from.stores,
        .to = m->to.stores,
        .n_from = m->from.n,
        .n_to = m->to.n,
        .alone = m->from.set && !m->to.set,
        .forget = m->forget.v,
        .n_forget = m->forget.n,
        .now = time(NULL),
        .progress = show_moved,
        .arg = &m->progress,
    };
    progress_begin(&m->progress, 0, m->asked);
    m->progress.counted = true;
    enum err e = move_stores(&o, &m->report, &m->msg);
    progress_clear(&m->progress);
    return e;
}

static unsigned wanted_shards(const struct migration *m)
{
    if (m->shards)
        return (unsigned)m->shards;
    if (!shard_set_is(m->to_uri))
        return 1;
    if (m->from.set)
        return m->from.n;
    return store_args_shards(m->to_uri);
}

static enum err fill(struct migration *m)
{
    enum err e = side_make(&m->to, m->to_uri, &m->options, &m->from, wanted_shards(m), &m->msg);
    if (!e)
        e = move(m);
    side_let_go(&m->to);
    if (!e)
        e = verify_all(m, &m->to);
    return e ? e : side_finish(&m->to, &m->msg);
}

static enum err run(struct migration *m)
{
    enum err e = side_look(&m->from, m->from_uri, &m->options, &m->msg);
    if (!e && !m->unverified)
        e = verify_all(m, &m->from);
    if (!e)
        e = side_hold(&m->from, &m->msg);
    if (!e)
        e = fill(m);
    side_let_go(&m->from);
    return e;
}

/* --- what is told --- */

static void print_for_people(const struct migration *m)
{
    char events[TEXT_COUNT], people[TEXT_COUNT];
    const struct move_report *r = &m->report;
    printf("%s: %s events of %s beneficiaries, in %u %s, %s\n", m->to_uri, text_count(r->written, events),
           text_count(r->people, people), m->to.n, m->to.n == 1 ? "log" : "logs",
           r->same ? "byte for byte as they were" : "written anew");
    printf("verified; %s is as it was: put the new one into the configuration, and never start a daemon on the old one "
           "again\n",
           m->from_uri);
}

static void print_json(const struct migration *m)
{
    const struct move_report *r = &m->report;
    struct buf b = BUF_INIT;
    BUF_LIT(&b, "{\"to\":");
    buf_add_json(&b, str_of(m->to_uri));
    buf_printf(&b,
               ",\"shards\":%u,\"same\":%s,\"read\":%" PRIu64 ",\"written\":%" PRIu64 ",\"people\":%" PRIu64
               ",\"contacts\":%" PRIu64 ",\"keys\":%" PRIu64 "}\n",
               m->to.n, r->same ? "true" : "false", r->read, r->written, r->people, r->contacts, r->keys);
    fwrite(b.p, 1, b.n, stdout);
    buf_done(&b);
}

static int migrate(struct migration *m)
{
    enum err e = run(m);
    if (e)
        return told(m, e);
    (m->ctl->json ? print_json : print_for_people)(m);
    return EXIT_DONE;
}

/* --- the commands --- */

static bool check_shards(const struct migration *m)
{
    if (m->shards > SHARDS_MAX || (m->shards > 1 && !shard_set_is(m->to_uri))) {
        say("--shards: 1 to %d, and 1 for a folder", SHARDS_MAX);
        return false;
    }
    if (strcmp(m->from_uri, m->to_uri) == 0) {
        say("a store cannot be moved to where it is: give the new one another prefix, or another folder");
        return false;
    }
    return true;
}

static int with_config(struct migration *m, bool from_config, char **words)
{
    struct config *config;
    int status = ctl_config(m->ctl, &config);
    if (status)
        return status;
    m->from_uri = from_config ? config->store : words[0];
    m->to_uri = words[from_config ? 0 : 1];
    store_args_options(config, &m->options);
    status = check_shards(m) ? migrate(m) : EXIT_MISUSE;
    config_free(config);
    return status;
}

#define OPTIONS_OF(m)                                                                                   \
    {OPTION_TEXTS, 0, "forget", "ENDPOINT", "leave behind how far this endpoint has got", &(m).forget}, \
        {OPTION_FLAG, 0, "unverified", NULL, "do not verify first what is moved", &(m).unverified},     \
        {OPTION_FLAG, 0, "progress", NULL, "tell how far it is where stderr is no terminal", &(m).asked}, OPTIONS_END

int cmd_migrate(struct ctl *ctl, int argc, char **argv)
{
    struct migration m = {.ctl = ctl};
    const struct option_row options[] = {
        {OPTION_NUMBER, 0, "shards", "N",
         "how many shards TO has (default: as many as FROM; of a folder 1, into a "
         "cluster 16)",
         &m.shards},
        OPTIONS_OF(m),
    };
    int status = options_read(ctl, options, &argc, argv, 2, 2);
    return status == OPTIONS_READ ? with_config(&m, false, argv) : status;
}

int cmd_reshard(struct ctl *ctl, int argc, char **argv)
{
    struct migration m = {.ctl = ctl};
    const struct option_row options[] = {
        {OPTION_NUMBER, 0, "shards", "N", "how many shards there will be", &m.shards},
        OPTIONS_OF(m),
    };
    int status = options_read(ctl, options, &argc, argv, 1, 1);
    if (status != OPTIONS_READ)
        return status;
    if (!m.shards)
        return fail(EXIT_MISUSE, "--shards N is missing: how many there will be");
    return with_config(&m, true, argv);
}
