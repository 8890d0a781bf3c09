#include "tests/store/archive_help.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "codec/history_json.h"
#include "store/log/segment_file.h"

struct place place_of(const char *name)
{
    struct place p;
    snprintf(p.path, sizeof p.path, "%.200s/%.20s", tap_tmpdir(), name);
    snprintf(p.uri, sizeof p.uri, "dir:%.200s/%.20s", tap_tmpdir(), name);
    snprintf(p.folder, sizeof p.folder, "%.200s/%.20s-archive", tap_tmpdir(), name);
    return p;
}

struct store *place_open(const struct place *p, enum store_mode mode)
{
    struct store *s;
    struct errmsg msg;
    enum err e = store_open(p->uri, mode, &SMALL_SEGMENTS, &s, NULL, &msg);
    if (e)
        bail_out("%s: %s", p->uri, msg.text);
    return s;
}

void place_fill(const struct place *p)
{
    struct town *t = town_new(SEED);
    struct store *s = place_open(p, STORE_INIT);
    while (t->seq < EVENTS)
        town_commit(t, s, t->seq % 2 + 1 < EVENTS - t->seq ? (unsigned)(t->seq % 2 + 1) : 1);
    store_close(s);
    town_free(t);
}

/* The local day on which event seq was decided. */
lc_date event_day(uint64_t seq)
{
    return (lc_date)((TOWN_START + (lc_instant)seq * 3600 + 8 * 3600) / 86400) + DATE_UNIX_EPOCH;
}

enum err archive_run(const struct place *p, lc_date before, struct archive_report *out, struct errmsg *msg)
{
    struct archive_order o = {
        .uri = p->uri, .folder = p->folder, .before = before, .covered = {UINT64_MAX, UINT64_MAX}, .buckets = 3};
    return store_archive(&o, out, msg);
}

struct store_info info_of(const struct store *s)
{
    struct store_info info;
    store_info(s, &info);
    return info;
}

/* --- what must hold --- */

static bool has_line(const char *folder, const struct archive_list *list, uint64_t seq)
{
    struct segment_file f = SEGMENT_FILE_CLOSED;
    struct buf text = BUF_INIT, line = BUF_INIT;
    int fd = open(folder, O_RDONLY | O_DIRECTORY);
    bool found = false;
    for (size_t i = 0; i < list->n; i++) {
        if (seq < list->v[i].first || seq > list->v[i].end.seq)
            continue;
        buf_printf(&line, "\n{\"seq\":%" PRIu64 ",", seq);
        found = segment_file_open(&f, fd, list->v[i].first, NULL) == ERR_OK &&
                segment_file_read(&f, &text, f.bytes, 0, NULL) == ERR_OK && memmem(text.p, text.n, line.p, line.n);
        segment_file_close(&f);
    }
    buf_done(&text);
    buf_done(&line);
    close(fd);
    return found;
}

void archive_list_of(const struct place *p, struct archive_list *list)
{
    struct errmsg msg;
    int fd = open(p->folder, O_RDONLY | O_DIRECTORY);
    *list = (struct archive_list){.n = 0};
    if (fd >= 0 && archive_list_load(fd, p->folder, list, &msg) != ERR_OK)
        *list = (struct archive_list){.n = 0};
    if (fd >= 0)
        close(fd);
}

/* Every event is in the log, or said to be archived, and is. */
unsigned archive_lost(const struct place *p, struct store *s)
{
    struct archive_list list;
    struct errmsg msg;
    struct buf line = BUF_INIT;
    unsigned lost = 0;
    archive_list_of(p, &list);
    for (uint64_t seq = 1; seq <= EVENTS; seq++) {
        buf_clear(&line);
        enum err e = store_get(s, seq, &line, &msg);
        bool there =
            e == ERR_OK || (e == ERR_ARCHIVED && strstr(msg.text, p->folder) && has_line(p->folder, &list, seq));
        if (!there && !lost++)
            diag("event %" PRIu64 ": %s", seq, msg.text);
    }
    archive_list_done(&list);
    buf_done(&line);
    return lost;
}

/* Everyone's history as of the last archived event, as folded in memory. */
unsigned archive_wrong_histories(struct store *s)
{
    struct town *t = town_new(SEED);
    struct buf text = BUF_INIT, want = BUF_INIT, got = BUF_INIT;
    struct errmsg msg;
    unsigned wrong = 0;
    (void)!store_history(s, 1, &got, &msg); /* a writer learns now of what was archived while it ran */
    while (t->seq < info_of(s).archived.seq) {
        buf_clear(&text);
        town_event(t, &text);
    }
    for (int i = 0; i < TOWN_PEOPLE; i++) {
        if (!t->last[i])
            continue;
        buf_clear(&want);
        buf_clear(&got);
        history_write(&want, t->last[i], str_of(t->ids[i]), &t->histories[i]);
        enum err e = store_history(s, t->last[i], &got, &msg);
        if ((e || got.n + 1 != want.n || memcmp(got.p, want.p, got.n) != 0) && !wrong++)
            diag("%s, up to event %" PRIu64 ": %s", t->ids[i], t->seq, e ? msg.text : "another history");
    }
    buf_done(&text);
    buf_done(&want);
    buf_done(&got);
    town_free(t);
    return wrong;
}

bool store_reads_to_end(struct store *s)
{
    struct store_reader *r;
    struct str line;
    struct errmsg msg;
    uint64_t seq = 0, first = info_of(s).first, last = 0;
    enum err e = store_reader_open(s, first - 1, &r, &msg);
    if (e)
        return false;
    while ((e = store_reader_next(r, &seq, &line, &msg)) == ERR_OK)
        last = seq;
    store_reader_close(r);
    return e == ERR_END && last == info_of(s).durable;
}

void copy_tree(const char *from, const char *to)
{
    char command[1024];
    snprintf(command, sizeof command, "rm -rf %.240s && cp -a %.240s %.240s", to, from, to);
    if (system(command) != 0)
        bail_out("cannot copy %s", from);
}
