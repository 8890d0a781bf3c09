/* lifecertctl replay: the log's inputs under other policies. */
#include "ctl/options.h"
#include "ctl/out.h"
#include "ctl/progress.h"
#include "ctl/scratch.h"
#include "ctl/text.h"
#include "ctl/what_if_report.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define LIMIT 50 /* people told of, for people */

struct replay {
    bool json;
    const char *below; /* where the scratch folder goes */
    uint64_t limit;
    struct what_if_options o;
    struct what_if *w;
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
    const struct what_if_result *result = what_if_result(r->w);
    progress_begin(&r->progress, result->bytes, false);
    enum err err = what_if_run(r->w, &r->msg);
    progress_clear(&r->progress);
    return err;
}

static enum err tell_people(struct replay *r)
{
    const struct what_if_result *result = what_if_result(r->w);
    report_people_begin(&r->people);
    enum err err = r->limit ? what_if_people(r->w, r->limit, on_person, r, &r->msg) : ERR_OK;
    report_people_end(&r->people, result, r->told);
    return err;
}

static const struct tz *what_if_tz(const struct replay *r)
{
    const struct config *now = what_if_config(r->w);
    return now ? now->tz : NULL;
}

static enum err report(struct replay *r)
{
    const struct what_if_result *result = what_if_result(r->w);
    if (!r->json) {
        report_sums(result);
        return tell_people(r);
    }
    enum err err = what_if_people(r->w, UINT64_MAX, on_person, r, &r->msg);
    if (err == ERR_OK) {
        report_json_summary(&r->out.block, result, r->o.since, what_if_tz(r), true);
        out_flush(&r->out);
    }
    return err;
}

static int run_in_scratch(struct replay *r)
{
    char bytes[TEXT_COUNT];
    uint64_t room = room_for(what_if_result(r->w));
    enum err err = scratch_make(&r->scratch, r->below, room, &r->msg);
    if (err != ERR_OK)
        return unreadable(r, ERR_IO);
    say("up to %s are written below %s, and removed in the end", text_bytes(room, bytes), r->scratch.path);
    err = run(r);
    if (err == ERR_OK)
        err = report(r);
    return err == ERR_OK ? EXIT_DONE : unreadable(r, err);
}

static int nothing_differs(struct replay *r)
{
    if (r->json) {
        report_json_summary(&r->out.block, what_if_result(r->w), r->o.since, what_if_tz(r), false);
        out_flush(&r->out);
    } else
        printf("Nothing would differ: the policies have these parameters already.\n");
    return EXIT_DONE;
}

/* Policies that are only in the file. */
static void tell_unused(const struct replay *r)
{
    const struct config *now = what_if_config(r->w);
    for (unsigned i = 0; now && i < r->o.wanted->n_policies; i++)
        if (config_policy(now, str_of(r->o.wanted->policies[i].name)) < 0)
            say("policy \"%s\" was never adopted, or is no more: nobody is under it", r->o.wanted->policies[i].name);
}

static int what_if(struct replay *r)
{
    r->o.scratch = r->scratch.path;
    r->o.progress = on_progress;
    r->o.stop = on_stop;
    r->o.arg = r;
    enum err err = what_if_open(&r->o, &r->w, &r->msg);
    if (err != ERR_OK)
        return unreadable(r, err);
    tell_unused(r);
    if (!what_if_result(r->w)->changes.n)
        return nothing_differs(r);
    if (!r->json) {
        report_changes(&what_if_result(r->w)->changes);
        fflush(stdout);
    }
    return run_in_scratch(r);
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

static int replay(struct replay *r, const char *uri, const char *file)
{
    struct config *wanted;
    int status = load_wanted(file, &wanted);
    if (status)
        return status;
    r->o.wanted = wanted;
    enum err err = store_open(uri, STORE_READ, NULL, &r->o.source, NULL, &r->msg);
    if (err == ERR_OK) {
        scratch_hold_signals();
        status = what_if(r);
        what_if_free(r->w);
        scratch_remove(&r->scratch);
        store_close(r->o.source);
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
    status = read_times(&r, since, until, config->tz) ? replay(&r, config->store, file) : EXIT_MISUSE;
    config_free(config);
    return status;
}
