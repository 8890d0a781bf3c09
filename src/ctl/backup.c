/* lifecertctl backup: a copy of the store, in a folder. */
#include "ctl/options.h"
#include "ctl/progress.h"
#include "ctl/store_args.h"
#include "ctl/text.h"
#include "shards/set.h"
#include "store/backup/backup.h"

#include <stdio.h>

struct showing {
    struct progress progress;
    uint64_t from; /* the backup before's last event */
};

static void show(void *arg, uint64_t done, uint64_t total, uint64_t event)
{
    struct showing *s = arg;
    s->progress.total = total;
    if (s->from == UINT64_MAX)
        s->from = event;
    progress_show(&s->progress, done, event - s->from);
}

static void print_for_people(const struct backup_report *r, const char *folder, double seconds)
{
    char all[TEXT_COUNT], fresh[TEXT_COUNT], copied[TEXT_COUNT], kept[TEXT_COUNT];
    struct buf seal = BUF_INIT;
    seal_text_add(&seal, &r->seal);
    printf("%s: %s events, %s of them new; %s copied, %s there already; %.1f s\nlast seal %.*s\n", folder,
           text_count(r->seal.seq, all), text_count(r->seal.seq - r->earlier, fresh), text_bytes(r->copied, copied),
           text_bytes(r->kept, kept), seconds, (int)seal.n, seal.p);
    buf_done(&seal);
}

static void print_json(const struct backup_report *r, const char *folder, double seconds)
{
    struct buf b = BUF_INIT;
    BUF_LIT(&b, "{\"folder\":");
    buf_add_json(&b, str_of(folder));
    buf_printf(&b, ",\"incarnation\":\"%s\",\"events\":", r->incarnation);
    buf_add_u64(&b, r->seal.seq);
    BUF_LIT(&b, ",\"new\":");
    buf_add_u64(&b, r->seal.seq - r->earlier);
    BUF_LIT(&b, ",\"bytes_copied\":");
    buf_add_u64(&b, r->copied);
    BUF_LIT(&b, ",\"bytes_there\":");
    buf_add_u64(&b, r->kept);
    buf_printf(&b, ",\"seconds\":%.3f,\"seal\":\"", seconds);
    seal_text_add(&b, &r->seal);
    BUF_LIT(&b, "\"}\n");
    fwrite(b.p, 1, b.n, stdout);
    buf_done(&b);
}

static int back_up(const struct ctl *ctl, const char *uri, const char *folder, bool asked)
{
    struct showing s = {.from = UINT64_MAX};
    const struct backup_watch watch = {show, &s};
    struct backup_report report;
    struct errmsg msg;
    progress_begin(&s.progress, 0, asked);
    s.progress.noun = "events";
    enum err e = store_backup(uri, folder, &watch, &report, &msg);
    progress_clear(&s.progress);
    if (e)
        return fail(e == ERR_EXISTS || e == ERR_INVALID ? EXIT_NO : EXIT_UNREADABLE, "%s", msg.text);
    (ctl->json ? print_json : print_for_people)(&report, folder, progress_seconds(&s.progress));
    return EXIT_DONE;
}

int cmd_backup(struct ctl *ctl, int argc, char **argv)
{
    bool progress = false;
    const struct option_row options[] = {
        {OPTION_FLAG, 0, "progress", NULL, "tell how far it is where stderr is no terminal", &progress},
        OPTIONS_END,
    };
    struct config *config;
    int status = options_read(ctl, options, &argc, argv, 1, 1);
    if (status != OPTIONS_READ)
        return status;
    status = ctl_config(ctl, &config);
    if (status)
        return status;
    if (shard_set_is(config->store))
        status = fail(
            EXIT_NO,
            "a store in Redis is backed up by Redis itself; with no daemon running lifecertctl migrate copies it into a "
            "folder");
    else
        status = back_up(ctl, config->store, argv[0], progress);
    config_free(config);
    return status;
}
