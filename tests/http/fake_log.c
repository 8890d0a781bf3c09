#include "tests/http/fake_log.h"

#include <stdlib.h>

#include "codec/event_json.h"
#include "tests/lib/tap.h"

#define TIME 1767196800 /* 2026-01-01T00:00:00+08:00 */

static void check(enum err e, const struct errmsg *msg)
{
    if (e != ERR_OK)
        bail_out("%s", msg->text);
}

struct store *fake_log_new(void)
{
    struct store_options o = {.simulated = false};
    struct store *s;
    struct errmsg msg;
    check(store_open("memory:", STORE_INIT, &o, &s, NULL, &msg), &msg);
    return s;
}

uint64_t fake_log_end(const struct store *log)
{
    struct store_info info;
    store_info(log, &info);
    return info.durable;
}

void fake_log_line(struct buf *out, uint64_t seq, enum event_type type, const char *subject)
{
    struct event e = {.seq = seq, .time = TIME + (lc_instant)seq, .offset = 28800, .type = type};
    e.subject = str_of(subject);
    e.today = 46022;
    event_write(out, &e);
}

static void commit(struct store *log, uint64_t n, struct buf *lines)
{
    uint64_t end = fake_log_end(log);
    struct commit c = {.first = end + 1, .last = end + n, .lines = buf_str(lines)};
    struct errmsg msg;
    check(store_commit(log, &c, &msg), &msg);
    buf_done(lines);
}

void fake_log_add(struct store *log, uint64_t n, enum event_type type, const char *subject)
{
    struct buf lines = BUF_INIT;
    uint64_t end = fake_log_end(log);
    for (uint64_t i = 1; i <= n; i++)
        fake_log_line(&lines, end + i, type, subject);
    commit(log, n, &lines);
}

void fake_log_add_long(struct store *log, size_t n)
{
    struct buf lines = BUF_INIT;
    char *why = mem_alloc(n + 1);
    memset(why, 'w', n);
    why[n] = '\0';
    struct event e = {.seq = fake_log_end(log) + 1, .time = TIME, .offset = 28800, .type = EV_HOLD_PLACED};
    e.u.hold.why = str_of(why);
    e.u.hold.by = STR_LIT("by");
    e.u.hold.until = 46022;
    e.u.hold.due = e.u.hold.limit = -1;
    event_write(&lines, &e);
    commit(log, 1, &lines);
    free(why);
}

void fake_log_story(const struct store *log, struct str subject, struct buf *out)
{
    struct event_arena arena = {.text = BUF_INIT};
    struct store_reader *r;
    struct str line;
    uint64_t seq;
    struct errmsg msg;
    struct event head;
    check(store_reader_open(log, 0, &r, &msg), &msg);
    while (store_reader_next(r, &seq, &line, &msg) == ERR_OK) {
        if (event_read_head(line, &head, &arena) != ERR_OK || !str_eq(head.subject, subject))
            continue;
        buf_addstr(out, line);
        buf_addc(out, '\n');
    }
    store_reader_close(r);
    event_arena_done(&arena);
}
