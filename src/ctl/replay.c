/* lifecertctl replay: the log's inputs under other policies. */
#include "codec/event_json.h"
#include "ctl/options.h"
#include "ctl/out.h"
#include "ctl/progress.h"
#include "ctl/scratch.h"
#include "ctl/store_args.h"
#include "ctl/text.h"
#include "ctl/what_if_report.h"
#include "shards/logs.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define LIMIT 50 /* people told of, for people */

struct replay {
    bool json;
    const char *below; /* where the scratch folder goes */
    uint64_t limit;
    struct what_if_options o;
    struct what_if *w, *kept;   /* of the shard in hand, and of the first that has a log */
    struct what_if_result *sum; /* over all shards */
    struct scratch scratch;
    struct progress progress;
    struct table people;
    struct out out;
    uint64_t told;
    struct errmsg msg;
};

static int unreadable(const struct replay *r, enum err err)
{
    if (err == ERR_INVALID)
        return fail(EXIT_MISUSE, "%s", r->msg.text);
    return fail(EXIT_UNREADABLE, "%s", r->msg.text);
}

static void on_progress(void *arg, uint64_t bytes, uint64_t inputs)
{
    struct replay *r = arg;
    progress_show(&r->progress, bytes, inputs);
}

static bool on_stop(void *arg)
{
    (void)arg;
    return scratch_interrupted();
}

static void on_person(void *arg, const struct what_if_person *who)
{
    struct replay *r = arg;
    r->told++;
    if (!r->json) {
        report_people_add(&r->people, who);
        return;
    }
    report_json_person(&r->out.block, who);
    if (r->out.block.n >= OUT_BLOCK)
        out_flush(&r->out);
}

/* --- the run --- */

/* Two logs, as long as the one that is read or nearly so; what they have beside them is small. */
static uint64_t room_for(const struct what_if_result *result)
{
    return 2 * (result->bytes + result->bytes / 8) + ((uint64_t)32 << 20);
}

static enum err run(struct replay *r)
{
    progress_begin(&r->progress, what_if_result(r->w)->bytes, false);
    enum err err = what_if_run(r->w, &r->msg);
    progress_clear(&r->progress);
    return err;
}

static lc_instant earlier(lc_instant a, lc_instant b)
{
    return a == INSTANT_NONE || (b != INSTANT_NONE && b < a) ? b : a;
}

static lc_instant later(lc_instant a, lc_instant b)
{
    return a == INSTANT_NONE || (b != INSTANT_NONE && b > a) ? b : a;
}

static void add_months(struct what_if_result *to, const struct what_if_result *r)
{
    if (r->month_first == MONTH_NONE)
        return;
    if (to->month_first == MONTH_NONE || r->month_first < to->month_first)
        to->month_first = r->month_first;
    if (to->month_last == MONTH_NONE || r->month_last > to->month_last)
        to->month_last = r->month_last;
}

static void add_run(struct what_if_sums *to, const struct what_if_sums *r)
{
    for (int i = 0; i < EV_N; i++)
        to->events[i] += r->events[i];
    to->people_suspended += r->people_suspended;
    to->still_suspended += r->still_suspended;
    to->months_withheld += r->months_withheld;
    to->paid_later += r->paid_later;
    to->unknown += r->unknown;
    for (int i = 0; i <= MONTH_MAX; i++)
        to->suspensions[i] += r->suspensions[i];
}

static void add_inputs(struct what_if_inputs *to, const struct what_if_inputs *r)
{
    to->taken += r->taken;
    for (int i = 0; i < WHAT_IF_RUNS; i++)
        to->rejected[i] += r->rejected[i];
    to->now_applied += r->now_applied;
    to->now_rejected += r->now_rejected;
}

/* Another shard's, into the sum of all; what changes is the same in all of them. */
static void add_result(struct what_if_result *to, const struct what_if_result *r)
{
    to->first = earlier(to->first, r->first);
    to->last = later(to->last, r->last);
    to->until = later(to->until, r->until);
    add_months(to, r);
    to->bytes += r->bytes;
    to->people += r->people;
    to->differ += r->differ;
    to->differ_from_log += r->differ_from_log;
    for (int i = 0; i < EV_N; i++)
        to->recorded[i] += r->recorded[i];
    for (int i = 0; i < OP_N; i++)
        add_inputs(&to->inputs[i], &r->inputs[i]);
    for (int i = 0; i < WHAT_IF_RUNS; i++)
        add_run(&to->runs[i], &r->runs[i]);
}

static enum err run_in_scratch(struct replay *r)
{
    char bytes[TEXT_COUNT];
    uint64_t room = room_for(what_if_result(r->w)), most = r->json ? UINT64_MAX : r->limit - r->told;
    enum err err = scratch_make(&r->scratch, r->below, room, &r->msg);
    if (err != ERR_OK)
        return ERR_IO;
    say("up to %s are written below %s, and removed in the end", text_bytes(room, bytes), r->scratch.path);
    err = run(r);
    if (err == ERR_OK)
        add_result(r->sum, what_if_result(r->w));
    if (err == ERR_OK && most)
        err = what_if_people(r->w, most, on_person, r, &r->msg);
    return err;
}

static int nothing_differs(struct replay *r)
{
    if (r->json) {
        report_json_summary(&r->out.block, r->sum, r->o.since, NULL, false);
        out_flush(&r->out);
    } else
        printf("Nothing would differ: the policies have these parameters already.\n");
    return EXIT_DONE;
}

/* Policies that are only in the file. */
static void tell_unused(const struct replay *r, const struct config *now)
{
    for (unsigned i = 0; now && i < r->o.wanted->n_policies; i++)
        if (config_policy(now, str_of(r->o.wanted->policies[i].name)) < 0)
            say("policy \"%s\" was never adopted, or is no more: nobody is under it", r->o.wanted->policies[i].name);
}

/* What changes is told by the first that has a log, and asked of it again in the end. */
static void keep_first(struct replay *r)
{
    if (r->kept)
        return;
    r->kept = r->w;
    tell_unused(r, what_if_config(r->w));
    r->sum->changes = what_if_result(r->w)->changes;
    if (!r->json && r->sum->changes.n) {
        report_changes(&r->sum->changes);
        fflush(stdout);
    }
}

static enum err one_shard(struct replay *r, struct store *source)
{
    r->o.source = source;
    r->w = NULL;
    enum err err = what_if_open(&r->o, &r->w, &r->msg);
    if (err != ERR_OK)
        return err;
    if (what_if_config(r->w))
        keep_first(r);
    if (what_if_result(r->w)->changes.n)
        err = run_in_scratch(r);
    if (r->w != r->kept)
        what_if_free(r->w);
    scratch_remove(&r->scratch);
    return err;
}

static int report(struct replay *r)
{
    const struct config *now = r->kept ? what_if_config(r->kept) : NULL;
    if (!r->sum->changes.n)
        return nothing_differs(r);
    if (r->json) {
        report_json_summary(&r->out.block, r->sum, r->o.since, now ? now->tz : NULL, true);
        out_flush(&r->out);
    } else {
        report_sums(r->sum);
        report_people_end(&r->people, r->sum, r->told);
    }
    return EXIT_DONE;
}

/* Of several, all clocks stop where the last of them does. */
static enum err find_until(struct replay *r, const struct logs *l)
{
    struct buf line = BUF_INIT;
    struct event_arena arena = {.text = BUF_INIT};
    enum err err = ERR_OK;
    for (unsigned i = 0; i < logs_n(l) && logs_n(l) > 1 && err == ERR_OK; i++) {
        struct store_info info;
        struct event head;
        store_info(logs_store(l, i), &info);
        buf_clear(&line);
        if (!info.durable)
            continue;
        err = store_get(logs_store(l, i), info.durable, &line, &r->msg);
        if (err == ERR_OK && event_read_head(buf_str(&line), &head, &arena) == ERR_OK)
            r->o.until = later(r->o.until, head.time);
    }
    event_arena_done(&arena);
    buf_done(&line);
    return err;
}

static int what_if(struct replay *r, const struct logs *l)
{
    r->o.scratch = r->scratch.path;
    r->o.progress = on_progress;
    r->o.stop = on_stop;
    r->o.arg = r;
    r->sum = mem_zalloc(1, sizeof *r->sum);
    r->sum->first = r->sum->last = r->sum->until = INSTANT_NONE;
    if (!r->json)
        report_people_begin(&r->people);
    enum err err = r->o.until == INSTANT_NONE ? find_until(r, l) : ERR_OK;
    for (unsigned i = 0; i < logs_n(l) && err == ERR_OK; i++)
        err = one_shard(r, logs_store(l, i));
    int status = err == ERR_OK ? report(r) : unreadable(r, err);
    if (!r->json && (err != ERR_OK || !r->sum->changes.n))
        table_done(&r->people);
    what_if_free(r->kept);
    free(r->sum);
    return status;
}

/* --- the command --- */

static int load_wanted(const char *file, struct config **out)
{
    struct buf faults = BUF_INIT;
    enum err err = config_load(file, out, &faults);
    if (err != ERR_OK) {
        fwrite(faults.p, 1, faults.n, stderr);
        say("cannot use the configuration %s", file);
    }
    buf_done(&faults);
    return err == ERR_OK ? EXIT_DONE : EXIT_UNREADABLE;
}

static int replay(struct replay *r, const struct config *config, const char *file)
{
    struct config *wanted;
    struct store_options with;
    struct logs *l;
    int status = load_wanted(file, &wanted);
    if (status)
        return status;
    r->o.wanted = wanted;
    store_args_options(config, &with);
    enum err err = logs_open(config->store, &with, &l, &r->msg);
    if (err == ERR_OK) {
        scratch_hold_signals();
        status = what_if(r, l);
        scratch_remove(&r->scratch);
        logs_close(l);
        out_done(&r->out);
        scratch_let_go(); /* the end, if one has come */
    } else
        status = unreadable(r, ERR_IO);
    config_free(wanted);
    return status;
}

static bool read_times(struct replay *r, const char *since, const char *until, const struct tz *tz)
{
    r->o.since = r->o.until = INSTANT_NONE;
    return (!since || option_instant("since", since, tz, false, &r->o.since)) &&
           (!until || option_instant("until", until, tz, true, &r->o.until));
}

int cmd_replay(struct ctl *ctl, int argc, char **argv)
{
    struct replay r = {.limit = LIMIT};
    struct config *config;
    const char *file = NULL, *since = NULL, *until = NULL;
    const struct option_row options[] = {
        {OPTION_TEXT, 0, "what-if", "FILE", "a configuration whose policies are tried", &file},
        {OPTION_TEXT, 0, "since", "TIME", "when they take hold (default: from the beginning on)", &since},
        {OPTION_TEXT, 0, "until", "TIME", "where the clock stops (default: at the last event)", &until},
        {OPTION_NUMBER, 0, "limit", "N", "how many people are listed (default 50; with --json all are)", &r.limit},
        {OPTION_TEXT, 0, "scratch", "FOLDER", "where there is room for twice the log (default $TMPDIR, or /var/tmp)",
         &r.below},
        OPTIONS_END,
    };
    int status = options_read(ctl, options, &argc, argv, 0, 0);
    if (status != OPTIONS_READ)
        return status;
    if (!file)
        return fail(EXIT_MISUSE, "--what-if FILE is missing: the configuration whose policies are tried");
    r.json = ctl->json;
    status = ctl_config(ctl, &config);
    if (status)
        return status;
    status = read_times(&r, since, until, config->tz) ? replay(&r, config, file) : EXIT_MISUSE;
    config_free(config);
    return status;
}
