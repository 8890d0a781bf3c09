/* lifecertctl events: the log as it stands in the store; with --url, as the daemon tells it (events_remote.h). */
#include "codec/event_json.h"
#include "ctl/events_remote.h"
#include "ctl/options.h"
#include "ctl/out.h"
#include "store/store.h"

#include <fnmatch.h>
#include <poll.h>

#define FOLLOW_MS 100
#define FROM_START UINT64_MAX /* no --after */

struct filter {
    const char *type; /* a glob, or NULL */
    struct str subject;
    lc_instant since; /* INT64_MIN: all */
};

struct events {
    const struct store *store;
    struct store_reader *reader;
    struct filter filter;
    struct event_arena arena;
    struct out out;
    struct errmsg msg;
};

static int unreadable(const struct events *ev)
{
    return fail(EXIT_UNREADABLE, "%s", ev->msg.text);
}

/* The first number with a time at or after `since`, less one: times never go back along the log. */
static enum err find_since(struct events *ev, uint64_t after, uint64_t durable, uint64_t *out)
{
    uint64_t low = after, high = durable;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2, seq;
        struct store_reader *r;
        struct str line;
        struct event head;
        enum err e = store_reader_open(ev->store, middle, &r, &ev->msg);
        if (e)
            return e;
        e = store_reader_next(r, &seq, &line, &ev->msg);
        if (e == ERR_OK && (e = event_read_head(line, &head, &ev->arena)) != ERR_OK)
            err_set(&ev->msg, e, "event %llu cannot be read", (unsigned long long)seq);
        store_reader_close(r);
        if (e)
            return e;
        if (head.time < ev->filter.since)
            low = middle + 1;
        else
            high = middle;
    }
    *out = low;
    return ERR_OK;
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
    struct str line;
    bool yes;
    for (;;) {
        enum err e = store_reader_next(ev->reader, &seq, &line, &ev->msg);
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

/* Says which events were archived, where that of number seq is one. */
static void say_archived(struct events *ev, uint64_t seq, uint64_t first)
{
    struct buf place = BUF_INIT;
    if (store_where(ev->store, seq, &place, &ev->msg) == ERR_ARCHIVED)
        say("%s; the log begins with event %llu, and --archive FOLDER reads what is there before it", ev->msg.text,
            (unsigned long long)first);
    buf_done(&place);
}

/* Where to begin. Nothing that was asked for is left out without a word: ERR_ARCHIVED, and it was said, when it would
 * be. From the start whatever is there is meant. */
static enum err find_start(struct events *ev, uint64_t *after)
{
    struct store_info info;
    bool all = *after == FROM_START && ev->filter.since == INT64_MIN;
    store_info(ev->store, &info);
    uint64_t gone = info.first - 1, from = *after == FROM_START ? gone : *after;
    enum err e = ERR_OK;
    if (from < gone)
        e = ERR_ARCHIVED;
    else if (ev->filter.since != INT64_MIN)
        e = find_since(ev, from, info.durable, &from);
    if (!e && from == gone && *after == FROM_START && !all && gone && ev->filter.since <= info.archived_at)
        e = ERR_ARCHIVED;
    if (gone && (all || e == ERR_ARCHIVED))
        say_archived(ev, all ? 1 : *after == FROM_START ? gone : *after + 1, info.first);
    *after = from;
    return e;
}

static int read_store(struct events *ev, const char *uri, const char *archive, uint64_t after, bool follow)
{
    struct store *store;
    const struct store_options with = {.archive = archive};
    enum err e = store_open(uri, STORE_READ, &with, &store, NULL, &ev->msg);
    if (e == ERR_ABSENT)
        return fail(EXIT_UNREADABLE, "%s; lifecertctl init makes the store", ev->msg.text);
    if (e)
        return unreadable(ev);
    ev->store = store;
    e = find_start(ev, &after);
    bool archived = e == ERR_ARCHIVED;
    if (!e)
        e = store_reader_open(store, after, &ev->reader, &ev->msg);
    int status = archived ? EXIT_NO : e ? unreadable(ev) : print_events(ev, follow);
    if (!e)
        store_reader_close(ev->reader);
    store_close(store);
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
    uint64_t after = FROM_START;
    const char *since = NULL, *subject = NULL, *archive = NULL;
    bool follow = false;
    const struct option_row options[] = {
        {OPTION_NUMBER, 0, "after", "SEQ", "begin behind this event's number", &after},
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
        return events_remote(ctl, &(struct events_wanted){after == FROM_START ? 0 : after, since, ev.filter.type,
                                                          subject, follow, after == FROM_START && !since});
    ev.filter.subject = str_of(subject);
    status = ctl_config(ctl, &config);
    if (status)
        return status;
    if (since && !option_instant("since", since, config->tz, false, &ev.filter.since))
        status = EXIT_MISUSE;
    else
        status = read_store(&ev, config->store, archive, after, follow);
    out_done(&ev.out);
    event_arena_done(&ev.arena);
    config_free(config);
    return status;
}
