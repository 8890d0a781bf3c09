/* Each call that recovery, a reader, a search and an append make of the system fails once, in turn, with EIO: it is said,
 * or it did not matter; nothing else ever comes of it, and least of all that the log is damaged. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/log/ahead.h"
#include "store/log/log_files.h"
#include "tests/store/bare_log.h"
#include "tests/store/events.h"
#include "tests/store/failing.h"

enum { EVENTS = 700 }; /* in five segments */

/* Segments: compressed, plain, a long one (its index has more than one place), one without an index, and the last with
 * a torn end. */
static void make(struct bare_log *b, const char *name, struct seal *twenty)
{
    struct seal seal = {.seq = 0};
    struct errmsg msg;
    struct store_opened opened;
    const struct recovery_plan plan = {.cut = true};
    bare_make(b, name);
    bare_segment(b, &seal, 1, (const uint64_t[]){4, 10, 0});
    bare_segment(b, &seal, 11, (const uint64_t[]){20, 0});
    *twenty = seal;
    bare_segment(b, &seal, 21, (const uint64_t[]){200, 300, 0});
    bare_segment(b, &seal, 301, (const uint64_t[]){500, 0});
    bare_segment(b, &seal, 501, (const uint64_t[]){600, EVENTS, 0});
    if (recover_log(&b->d, &plan, &opened, &msg) != ERR_OK) /* which writes the indexes */
        bail_out("%s", msg.text);
    bare_reset(b);
    bare_pack(b, 1);
    bare_append(b, 501, STR_LIT("{\"seq\":701,\"prev\":0,\"ty"));
    if (unlinkat(b->d.log_folder, "00000000000000000301.idx", 0) < 0)
        bail_out("there is no index");
    bare_keep(b);
}

struct trial {
    struct bare_log *b;
    struct seal archived; /* that of event 20 */
    enum err e;           /* what run() came to */
    struct errmsg msg;
};

/* What is tried: run() says what it found wrong, or NULL, and leaves in t->e what it came to. before() comes ahead of it,
 * with nothing that fails; it may be NULL. */
struct step {
    void (*before)(struct trial *t);
    const char *(*run)(struct trial *t);
};

static const char *try_once(struct trial *t, const struct step *s, int at, int *calls)
{
    bare_restore(t->b);
    if (s->before)
        s->before(t);
    failing_begin(at, EIO);
    const char *fault = s->run(t);
    *calls = failing_end();
    if (!fault && t->e != ERR_OK && t->e != ERR_IO)
        fault = err_text(t->e);
    if (!fault && t->e == ERR_IO && !strstr(t->msg.text, strerror(EIO)))
        fault = "it is not said why";
    if (fault)
        diag("call %d: %s: %s", at, fault, t->msg.text);
    bare_reset(t->b);
    return fault;
}

/* Until none of its calls is left to fail. */
static void each_call_fails(struct bare_log *b, const struct seal *twenty, const struct step *s, const char *what)
{
    unsigned said = 0, wrong = 0;
    int at = 0, calls = 0;
    do {
        struct trial t = {.b = b, .archived = *twenty, .msg = {""}};
        wrong += try_once(&t, s, ++at, &calls) != NULL;
        said += t.e == ERR_IO;
    } while (calls >= at);
    ok(wrong == 0 && said > 0, "%s: of %d calls that failed %u are told, the others do no harm", what, at - 1, said);
}

/* --- recovery --- */

static const char *recover_with(struct trial *t, const struct recovery_plan *plan, size_t n_segments, uint64_t last)
{
    struct store_opened opened = {.torn_bytes = 0};
    t->e = recover_log(&t->b->d, plan, &opened, &t->msg);
    if (t->e)
        return NULL;
    if (t->b->d.seal.seq != last || t->b->d.n_segments != n_segments)
        return "not all of it was found";
    return opened.torn_bytes ? NULL : "the torn end was not seen";
}

static const char *recover(struct trial *t)
{
    return recover_with(t, &(struct recovery_plan){.cut = true}, 5, EVENTS);
}

/* As by whoever only reads: nothing is changed, and closed segments are looked at from outside. */
static const char *recover_to_read(struct trial *t)
{
    return recover_with(t, &(struct recovery_plan){.only_last = true}, 5, EVENTS);
}

/* Of the last segment nothing is whole: it goes altogether. */
static void spoil_last(struct trial *t)
{
    char path[400];
    snprintf(path, sizeof path, "%s/00000000000000000501.ndjson", t->b->path);
    if (truncate(path, 70) < 0)
        bail_out("%s", path);
}

static const char *recover_without_last(struct trial *t)
{
    return recover_with(t, &(struct recovery_plan){.cut = true}, 4, 500);
}

/* Events up to 20 were archived, and those from 11 were put back. */
static void archive_some(struct trial *t)
{
    unlinkat(t->b->d.log_folder, "00000000000000000001.ndjson.zst", 0);
    bare_archived(t->b, &t->archived);
}

static const char *recover_archived(struct trial *t)
{
    return recover_with(t, &(struct recovery_plan){.cut = true}, 4, EVENTS);
}

/* --- reading --- */

static void open_first(struct trial *t)
{
    const struct recovery_plan plan = {.cut = true};
    struct store_opened opened;
    struct errmsg msg;
    if (recover_log(&t->b->d, &plan, &opened, &msg) != ERR_OK)
        bail_out("%s", msg.text);
}

static void open_to_read(struct trial *t)
{
    open_first(t);
    t->b->d.base.mode = STORE_READ;
}

static const char *read_from(struct trial *t, uint64_t after)
{
    struct cursor c;
    struct batch batch;
    cursor_init(&c, &t->b->d, after);
    while ((t->e = cursor_next(&c, EVENTS, &batch, &t->msg)) == ERR_OK)
        continue;
    bool all = c.passed == EVENTS;
    cursor_done(&c);
    if (t->e == ERR_END)
        t->e = ERR_OK;
    return t->e || all ? NULL : "it ended early";
}

static const char *read_all_of_it(struct trial *t)
{
    return read_from(t, 0);
}

static const char *read_on_from_the_middle(struct trial *t)
{
    return read_from(t, 290);
}

static const char *read_ahead(struct trial *t)
{
    struct cursor c;
    struct run run;
    cursor_init(&c, &t->b->d, 0);
    struct ahead *a = ahead_new(&c, EVENTS);
    if (!a) { /* whoever reads does without */
        cursor_done(&c);
        return NULL;
    }
    while ((t->e = ahead_next(a, &run, &t->msg)) == ERR_OK)
        continue;
    ahead_free(a);
    bool all = c.passed == EVENTS;
    cursor_done(&c);
    if (t->e == ERR_END)
        t->e = ERR_OK;
    return t->e || all ? NULL : "it ended early";
}

/* --- places --- */

static const char *find_places(struct trial *t)
{
    static const struct {
        uint64_t seq;
        const char *place;
    } events[] = {{5, "log/00000000000000000001.ndjson.zst line 7"},
                  {250, "log/00000000000000000021.ndjson line 232"},
                  {700, "log/00000000000000000501.ndjson line 202"}};
    struct buf out = BUF_INIT;
    const char *fault = NULL;
    for (size_t i = 0; i < sizeof events / sizeof *events && !t->e && !fault; i++) {
        buf_clear(&out);
        t->e = dir_where(&t->b->d.base, events[i].seq, &out, &t->msg);
        if (!t->e && !str_is(buf_str(&out), events[i].place))
            fault = "it stands somewhere else";
    }
    buf_done(&out);
    return fault;
}

/* A place is named for people: where it cannot be reckoned it is left at the file's beginning. */
static const char *name_damage(struct trial *t)
{
    char *end = NULL;
    enum err e = damage_at(t->b->d.log_folder, 21, 3000, &t->msg, "it is %s", "odd");
    const char *line = strstr(t->msg.text, " line ");
    t->e = line && strtoul(line + 6, &end, 10) > 1 ? ERR_OK : ERR_IO;
    const char *fault = e != ERR_DAMAGED || !line || !strstr(t->msg.text, "it is odd") ? "it is not told" : NULL;
    if (t->e == ERR_IO)
        snprintf(t->msg.text, sizeof t->msg.text, "%s", strerror(EIO));
    return fault;
}

/* --- writing --- */

/* A commit that is larger than what is written at once, and begins a segment. */
static const char *append(struct trial *t)
{
    enum { LAST = EVENTS + 40000 };
    struct log_end end;
    struct appended out;
    struct buf lines = events_make(EVENTS + 1, LAST);
    log_end_init(&end, t->b->d.log_folder, SEGMENT_MAX);
    end.seal = t->b->d.seal;
    t->e = log_append(&end, buf_str(&lines), EVENTS + 1, LAST, &out, &t->msg);
    const char *fault = !t->e && (out.seal.seq != LAST || out.bytes <= lines.n) ? "not all of it was written" : NULL;
    if (!t->e)
        index_done(&out.index);
    log_end_done(&end);
    buf_done(&lines);
    return fault;
}

int main(void)
{
    static const struct {
        const char *what;
        struct step step;
    } steps[] = {
        {"recovery", {NULL, recover}},
        {"recovery by whoever only reads", {NULL, recover_to_read}},
        {"recovery of a log whose last file has nothing whole", {spoil_last, recover_without_last}},
        {"recovery of a log with archived files put back", {archive_some, recover_archived}},
        {"reading from the beginning", {open_first, read_all_of_it}},
        {"reading on from the middle", {open_first, read_on_from_the_middle}},
        {"the same by whoever only reads", {open_to_read, read_on_from_the_middle}},
        {"reading ahead", {open_first, read_ahead}},
        {"looking for an event's place", {open_first, find_places}},
        {"the same by whoever only reads", {open_to_read, find_places}},
        {"naming a damaged place", {open_first, name_damage}},
        {"an append", {open_first, append}},
    };
    struct bare_log b;
    struct seal twenty;
    make(&b, "log", &twenty);
    plan(sizeof steps / sizeof *steps);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        each_call_fails(&b, &twenty, &steps[i].step, steps[i].what);
    bare_done(&b);
    return tap_end();
}
