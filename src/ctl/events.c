/* lifecertctl events: the log as it stands in the store; with --url, as the daemon tells it (events_remote.h). */
#include "codec/event_json.h"
#include "ctl/events_remote.h"
#include "ctl/options.h"
#include "ctl/out.h"
#include "ctl/store_args.h"
#include "shards/logs.h"

#include <fnmatch.h>
#include <poll.h>

#define FOLLOW_MS 100

struct filter {
    const char *type; /* a glob, or NULL */
    struct str subject;
    lc_instant since; /* INT64_MIN: all */
};

struct events {
    struct logs *logs;
    const char *after; /* a position; NULL: from the start */
    struct filter filter;
    struct event_arena arena;
    struct out out;
    struct errmsg msg;
};

static int unreadable(const struct events *ev)
{
    return fail(EXIT_UNREADABLE, "%s", ev->msg.text);
}

static enum err passes(struct events *ev, struct str line, uint64_t seq, bool *yes)
{
    const struct filter *f = &ev->filter;
    struct event head;
    *yes = true;
    if (!f->type && !f->subject.p && f->since == INT64_MIN)
        return ERR_OK;
    enum err e = event_read_head(line, &head, &ev->arena);
    if (e)
        return err_set(&ev->msg, e, "event %llu cannot be read: written by another version?", (unsigned long long)seq);
    *yes = head.time >= f->since && (!f->subject.p || str_eq(head.subject, f->subject)) &&
           (!f->type || fnmatch(f->type, event_type_text(head.type), 0) == 0);
    return ERR_OK;
}

/* Everything that is there now. ERR_END: and no more; ERR_OK: nobody reads it any more. */
static enum err print_durable(struct events *ev)
{
    uint64_t seq;
    unsigned shard;
    struct str line;
    bool yes;
    for (;;) {
        enum err e = logs_next(ev->logs, &shard, &seq, &line, &ev->msg);
        if (e == ERR_OK)
            e = passes(ev, line, seq, &yes);
        if (e)
            return e;
        if (yes && !out_line(&ev->out, line))
            return ERR_OK;
    }
}

static int print_events(struct events *ev, bool follow)
{
    for (;;) {
        enum err e = print_durable(ev);
        if (!out_flush(&ev->out) || e == ERR_OK)
            return EXIT_DONE;
        if (e != ERR_END)
            return unreadable(ev);
        if (!follow)
            return EXIT_DONE;
        /* A reader of a pipe that has gone is noticed here, not only with the next event. */
        struct pollfd out = {.fd = 1};
        if (poll(&out, 1, FOLLOW_MS) > 0 && (out.revents & (POLLERR | POLLNVAL)))
            return EXIT_DONE;
    }
}

/* Says which events were archived, where that of number seq is one. Only a folder's ever are: what daemons move out of
 * Redis is read on. */
static void say_archived(struct events *ev, uint64_t seq, uint64_t first)
{
    struct buf place = BUF_INIT;
    if (store_where(logs_store(ev->logs, 0), seq, &place, &ev->msg) == ERR_ARCHIVED)
        say("%s; the log begins with event %llu, and --archive FOLDER reads what is there before it", ev->msg.text,
            (unsigned long long)first);
    buf_done(&place);
}

static enum err seek(struct events *ev, const struct position *after)
{
    enum err e = logs_seek(ev->logs, after, &ev->msg);
    return e || ev->filter.since == INT64_MIN ? e : logs_seek_time(ev->logs, ev->filter.since, &ev->msg);
}

/* Nothing that was asked for is left out without a word: ERR_ARCHIVED, and it was said, when it would be. From the
 * start whatever is there is meant. */
static enum err seek_in_one(struct events *ev, struct position *after)
{
    struct store_info info;
    store_info(logs_store(ev->logs, 0), &info);
    const bool all = !ev->after && ev->filter.since == INT64_MIN;
    const uint64_t gone = info.first - 1, wanted = after->v[0];
    if (!ev->after)
        after->v[0] = gone;
    enum err e = after->v[0] < gone ? ERR_ARCHIVED : seek(ev, after);
    if (!e && !ev->after && !all && gone && logs_position(ev->logs)->v[0] == gone &&
        ev->filter.since <= info.archived_at)
        e = ERR_ARCHIVED;
    if (gone && (all || e == ERR_ARCHIVED))
        say_archived(ev, all ? 1 : !ev->after ? gone : wanted + 1, info.first);
    return e;
}

static int print_from(struct events *ev, bool follow)
{
    struct position after;
    position_init(&after, logs_n(ev->logs));
    enum err e;
    if (ev->after && !position_read(&after, str_of(ev->after))) {
        position_done(&after);
        return fail(EXIT_MISUSE, "--after \"%s\": expected %s", ev->after,
                    logs_n(ev->logs) == 1 ? "an event's number" : "a position as the daemon tells it, or 0");
    }
    e = logs_n(ev->logs) == 1 ? seek_in_one(ev, &after) : seek(ev, &after);
    position_done(&after);
    return e == ERR_ARCHIVED ? EXIT_NO : e ? unreadable(ev) : print_events(ev, follow);
}

static int read_store(struct events *ev, const struct config *config, const char *archive, bool follow)
{
    struct store_options with;
    store_args_options(config, &with);
    with.archive = archive;
    enum err e = logs_open(config->store, &with, &ev->logs, &ev->msg);
    if (e)
        return unreadable(ev);
    int status = print_from(ev, follow);
    logs_close(ev->logs);
    return status;
}

static bool known_type(const char *glob)
{
    for (int t = 0; t < EV_N; t++) {
        if (fnmatch(glob, event_type_text((enum event_type)t), 0) == 0)
            return true;
    }
    return false;
}

int cmd_events(struct ctl *ctl, int argc, char **argv)
{
    struct events ev = {.filter = {.since = INT64_MIN}};
    const char *since = NULL, *subject = NULL, *archive = NULL;
    bool follow = false;
    const struct option_row options[] = {
        {OPTION_TEXT, 0, "after", "POSITION", "begin behind this position: on one shard an event's number", &ev.after},
        {OPTION_TEXT, 0, "since", "TIME", "begin at this date or time", &since},
        {OPTION_TEXT, 0, "type", "GLOB", "these types only, as in 'benefit.*'", &ev.filter.type},
        {OPTION_TEXT, 0, "subject", "ID", "those of this beneficiary only", &subject},
        {OPTION_FLAG, 0, "follow", NULL, "wait for what comes", &follow},
        {OPTION_TEXT, 0, "archive", "FOLDER", "read what was archived there, too", &archive},
        OPTIONS_END,
    };
    struct config *config;
    int status = options_read(ctl, options, &argc, argv, 0, 0);
    if (status != OPTIONS_READ)
        return status;
    if (ev.filter.type && !known_type(ev.filter.type))
        return fail(EXIT_MISUSE, "--type \"%s\" matches no type of event; 'benefit.*' would", ev.filter.type);
    if (ctl->url && archive)
        return fail(EXIT_MISUSE, "--archive reads the store itself: it does not go with --url");
    if (ctl->url)
        return events_remote(ctl, &(struct events_wanted){ev.after ? ev.after : "0", since, ev.filter.type, subject,
                                                          follow, !ev.after && !since});
    ev.filter.subject = str_of(subject);
    status = ctl_config(ctl, &config);
    if (status)
        return status;
    if (since && !option_instant("since", since, config->tz, false, &ev.filter.since))
        status = EXIT_MISUSE;
    else
        status = read_store(&ev, config, archive, follow);
    out_done(&ev.out);
    event_arena_done(&ev.arena);
    config_free(config);
    return status;
}
