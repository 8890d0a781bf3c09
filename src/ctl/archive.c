/* lifecertctl archive: old closed files of the log moved to another folder. */
#include "ctl/options.h"
#include "ctl/progress.h"
#include "ctl/store_args.h"
#include "ctl/text.h"
#include "engine/engine.h"
#include "shards/set.h"
#include "store/archive/archive.h"

#include <inttypes.h>
#include <stdio.h>

static void show(void *arg, uint64_t done, uint64_t total, uint64_t event)
{
    struct progress *p = arg;
    p->total = total;
    progress_show(p, done, event);
}

static void print_for_people(const struct archive_report *r)
{
    char from[TEXT_COUNT], to[TEXT_COUNT], bytes[TEXT_COUNT], next[TEXT_COUNT];
    struct buf seal = BUF_INIT;
    seal_text_add(&seal, &r->seal);
    printf("%s: events %s to %s, in %" PRIu64 " %s of %s; the log begins with event %s now\nlast seal there %.*s\n",
           r->path, text_count(r->from, from), text_count(r->to, to), r->segments, r->segments == 1 ? "file" : "files",
           text_bytes(r->bytes, bytes), text_count(r->to + 1, next), (int)seal.n, seal.p);
    buf_done(&seal);
}

static void print_json(const struct archive_report *r)
{
    struct buf b = BUF_INIT;
    BUF_LIT(&b, "{\"folder\":");
    buf_add_json(&b, str_of(r->path));
    buf_printf(&b, ",\"from\":%" PRIu64 ",\"to\":%" PRIu64 ",\"files\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"seal\":\"",
               r->from, r->to, r->segments, r->bytes);
    seal_text_add(&b, &r->seal);
    BUF_LIT(&b, "\"}\n");
    fwrite(b.p, 1, b.n, stdout);
    buf_done(&b);
}

/* What a start does without, by either checkpoint; one that is not there, or not whole, spares nothing. */
static void look_at_checkpoints(struct archive_order *o)
{
    struct errmsg ignored;
    for (unsigned i = 0; i < 2; i++)
        if (engine_checkpoint_covers(o->uri, i, &o->covered[i], &ignored) != ERR_OK)
            o->covered[i] = 0;
}

static int archive(const struct ctl *ctl, struct archive_order *o, bool asked)
{
    struct progress progress;
    struct archive_report report;
    struct errmsg msg;
    look_at_checkpoints(o);
    progress_begin(&progress, 0, asked);
    progress.noun = "events";
    o->show = show;
    o->arg = &progress;
    enum err e = store_archive(o, &report, &msg);
    progress_clear(&progress);
    if (e == ERR_END) {
        say("%s", msg.text);
        return EXIT_DONE;
    }
    if (e)
        return fail(e == ERR_INVALID || e == ERR_EXISTS || e == ERR_LOCKED ? EXIT_NO : EXIT_UNREADABLE, "%s", msg.text);
    (ctl->json ? print_json : print_for_people)(&report);
    return EXIT_DONE;
}

static int archive_store(const struct ctl *ctl, const struct config *config, struct archive_order *o, bool asked)
{
    struct archive_reader readers[ENDPOINTS_MAX];
    o->uri = config->store;
    for (unsigned i = 0; i < config->endpoints->n; i++) {
        const struct endpoint *e = &config->endpoints->v[i];
        readers[i] = (struct archive_reader){e->name, e->from_given ? (e->from ? e->from : 1) : 0};
    }
    o->readers = readers;
    o->n_readers = config->endpoints->n;
    return archive(ctl, o, asked);
}

int cmd_archive(struct ctl *ctl, int argc, char **argv)
{
    struct archive_order o = {.before = DATE_NONE};
    const char *before = NULL;
    bool progress = false;
    const struct option_row options[] = {
        {OPTION_TEXT, 0, "before", "DATE", "files whose events are all from before that day", &before},
        {OPTION_TEXT, 0, "to", "FOLDER", "where they go; it is made when it is not there", &o.folder},
        {OPTION_FLAG, 0, "progress", NULL, "tell how far it is where stderr is no terminal", &progress},
        OPTIONS_END,
    };
    struct config *config;
    int status = options_read(ctl, options, &argc, argv, 0, 0);
    if (status != OPTIONS_READ)
        return status;
    if (!before || !o.folder)
        return fail(EXIT_MISUSE, "archive: --before DATE and --to FOLDER must be given");
    if (!option_date("before", before, &o.before))
        return EXIT_MISUSE;
    status = ctl_config(ctl, &config);
    if (status)
        return status;
    if (shard_set_is(config->store))
        status =
            fail(EXIT_NO, "the log of a store in Redis is moved by the daemons themselves, into the folder that the "
                          "configuration's `archive` names");
    else
        status = archive_store(ctl, config, &o, progress);
    config_free(config);
    return status;
}
