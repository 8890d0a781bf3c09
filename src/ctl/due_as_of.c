/* The due list of an earlier time, out of the store's log: what was known then, and what came in since about the same
 * people. Reads the store as lifecertctl events does, with or without a daemon. */
#include "ctl/due_as_of.h"

#include <stdio.h>
#include <stdlib.h>

#include "ctl/due_fold.h"
#include "ctl/json.h"
#include "ctl/options.h"
#include "ctl/progress.h"
#include "ctl/store_args.h"
#include "ctl/table.h"
#include "ctl/text.h"
#include "engine/past/past.h"
#include "shards/set.h"

static const char *const headings[] = {"on", "what", ">due", ">late", ">since"};
static const char *const kinds[] = {"reminder", "grace", "suspension", "lapse"};

/* --- for people --- */

static int64_t number(const struct json *row, const char *group, const char *kind)
{
    char path[40];
    snprintf(path, sizeof path, "%s.%s", group, kind);
    return json_number(row, path, 0);
}

static void add_row(struct table *t, const struct json *row)
{
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        int64_t due = json_number(row, kinds[k], 0);
        if (!due)
            continue;
        table_add(t, json_text(row, "on"));
        table_add(t, kinds[k]);
        table_add_count(t, due);
        table_add_count(t, number(row, "late", kinds[k]));
        table_add_count(t, number(row, "since", kinds[k]));
    }
}

static void print_rows(const struct json *rows)
{
    struct table t;
    table_init(&t, headings, sizeof headings / sizeof *headings);
    for (size_t i = 0; i < json_count(rows); i++)
        add_row(&t, json_item(rows, i));
    table_print(&t, "");
    table_done(&t);
}

static void print_held(const struct json *j)
{
    char n[TEXT_COUNT], late[TEXT_COUNT], since[TEXT_COUNT];
    int64_t held = json_number(j, "held", 0);
    if (held)
        printf("\n%s suspensions were due and held back: late %s, since %s.\n", text_count((uint64_t)held, n),
               text_count((uint64_t)json_number(j, "held_late", 0), late),
               text_count((uint64_t)json_number(j, "held_since", 0), since));
}

static void print_due(const struct json *j)
{
    char at[TEXT_COUNT], known[TEXT_COUNT], end[TEXT_COUNT];
    const char *as_of = json_text(j, "as_of");
    const struct json *rows = json_get(j, "rows");
    printf("As known at %s, by event %s of %s:\n\n", text_time(as_of, at),
           text_count(json_position(j, "position"), known), text_count(json_position(j, "end"), end));
    if (json_count(rows))
        print_rows(rows);
    else
        printf("Nothing fell due in that time.\n");
    print_held(j);
    if (json_count(rows) || json_number(j, "held", 0))
        printf("\nlate: of these, certified on %.10s or before, which came in only later.\n"
               "since: certified after that day.\n",
               as_of ? as_of : "");
}

/* --- reading --- */

static void show_progress(void *arg, uint64_t events, uint64_t total)
{
    struct progress *p = arg;
    p->total = total;
    progress_show(p, events, events);
}

static enum err read_past(const struct past_options *o, struct config *config, const struct due_wanted *wanted,
                          struct buf *out, struct errmsg *msg)
{
    struct past *past;
    struct request r = {.kind = REQUEST_DUE, .from = wanted->from, .to = wanted->to, .by_month = wanted->by_month};
    enum err err = past_open(o, config, &past, msg);
    if (err != ERR_OK)
        return err;
    err = past_due(past, &r, out, msg);
    past_close(past);
    return err;
}

static int tell(enum err err, const struct errmsg *msg)
{
    if (err == ERR_INVALID)
        return fail(EXIT_MISUSE, "--as-of: %s", msg->text);
    if (err == ERR_ABSENT || err == ERR_ARCHIVED)
        return fail(EXIT_NO, "%s", msg->text);
    return fail(EXIT_UNREADABLE, "%s", msg->text);
}

static void print(const struct ctl *ctl, struct buf *due)
{
    buf_addc(due, '\0');
    if (ctl->json) {
        printf("%s\n", due->p);
        return;
    }
    struct json *j = json_parse(due->p);
    print_due(j);
    json_free(j);
}

/* One store's, or one shard's. config: handed over. */
static enum err read_one(struct past_options *o, struct config *config, const struct due_wanted *wanted,
                         struct buf *due, struct errmsg *msg)
{
    struct progress progress;
    progress_begin(&progress, 0, false);
    progress.noun = "events";
    progress.counted = true;
    o->progress = show_progress;
    o->arg = &progress;
    enum err err = read_past(o, config, wanted, due, msg);
    progress_clear(&progress);
    return err;
}

static enum err fold_one(struct due_fold *f, unsigned shard, struct past_options *o, struct config *config,
                         const struct due_wanted *wanted, struct errmsg *msg)
{
    struct buf due = BUF_INIT;
    enum err err = read_one(o, config, wanted, &due, msg);
    buf_addc(&due, '\0');
    struct json *j = err == ERR_OK ? json_parse(due.p) : NULL;
    if (j)
        due_fold_add(f, shard, j);
    json_free(j);
    buf_done(&due);
    return err;
}

/* A shard after the other: the memory is that of one. Each takes a configuration of its own. */
static enum err read_set(const struct ctl *ctl, struct past_options *o, const char *uri,
                         const struct due_wanted *wanted, struct buf *due, struct errmsg *msg)
{
    struct shard_set set;
    struct due_fold f;
    enum err err = shard_set_read(uri, &o->store, &set, msg);
    if (err != ERR_OK)
        return err;
    due_fold_init(&f, set.n);
    for (unsigned i = 0; i < set.n && err == ERR_OK; i++) {
        char one[SHARD_URI_MAX];
        struct config *config;
        shard_uri(uri, i, one);
        o->uri = one;
        if (ctl_config(ctl, &config) != EXIT_DONE)
            err = err_set(msg, ERR_IO, "the configuration cannot be read any more");
        else
            err = fold_one(&f, i, o, config, wanted, msg);
        err = err == ERR_ABSENT ? ERR_OK : err; /* of some of them nothing may be known yet */
    }
    if (err == ERR_OK && !f.as_of[0])
        err = ERR_ABSENT;
    if (err == ERR_OK)
        due_fold_write(&f, due);
    due_fold_done(&f);
    return err;
}

/* config: handed over. */
static int read_and_print(const struct ctl *ctl, struct past_options *o, struct config *config,
                          const struct due_wanted *wanted)
{
    struct buf due = BUF_INIT;
    struct errmsg msg = {""};
    char *uri = mem_strdup(config->store),
         *password = config->redis_password ? mem_strdup(config->redis_password) : NULL;
    char *moved = config->archive ? mem_strdup(config->archive) : NULL;
    bool several = shard_set_is(uri);
    store_args_options(config, &o->store);
    o->store.password = password;
    o->store.moved = moved;
    o->uri = uri;
    if (several)
        config_free(config);
    enum err err = several ? read_set(ctl, o, uri, wanted, &due, &msg) : read_one(o, config, wanted, &due, &msg);
    int status = err == ERR_OK ? EXIT_DONE : tell(err, &msg);
    if (err == ERR_OK)
        print(ctl, &due);
    if (password)
        explicit_bzero(password, strlen(password));
    free(password);
    free(moved);
    free(uri);
    buf_done(&due);
    return status;
}

int due_as_of(struct ctl *ctl, const char *as_of, const struct due_wanted *wanted)
{
    struct past_options o = {.day = DATE_NONE};
    struct config *config;
    if (ctl->url)
        return fail(EXIT_MISUSE, "due --as-of reads the store itself, where that is: it cannot go with --url");
    int status = ctl_config(ctl, &config);
    if (status)
        return status;
    if (!date_parse(as_of, strlen(as_of), &o.day) && !option_instant("as-of", as_of, config->tz, true, &o.at)) {
        config_free(config);
        return EXIT_MISUSE;
    }
    return read_and_print(ctl, &o, config, wanted);
}
