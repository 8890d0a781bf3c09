/* What readers see of a log that was archived from; archived files put back, in part or damaged; and what is not moved. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/archive/archived.h"
#include "store/file.h"
#include "tests/store/archive_help.h"
#include "tests/store/delivery_help.h"

/* --- readers --- */

static enum err read_from(const struct store *s, uint64_t after, struct errmsg *msg)
{
    struct store_reader *r;
    struct str line;
    uint64_t seq;
    enum err e = store_reader_open(s, after, &r, msg);
    if (!e) {
        e = store_reader_next(r, &seq, &line, msg);
        store_reader_close(r);
    }
    return e;
}

static void test_readers(void)
{
    struct place p = place_of("readers");
    struct errmsg msg = {""};
    struct archive_report report;
    struct buf line = BUF_INIT;
    place_fill(&p);
    struct store *writer = place_open(&p, STORE_WRITE), *reader = place_open(&p, STORE_READ);
    struct store_reader *slow;
    struct str text;
    uint64_t seq = 0;
    if (store_reader_open(writer, 0, &slow, &msg) != ERR_OK || store_reader_next(slow, &seq, &text, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    ok(store_get(writer, 2, &line, &msg) == ERR_OK, "an event is there");
    is_int(archive_run(&p, event_day(EVENTS - 30), &report, &msg), ERR_OK,
           "events 1 to %" PRIu64 " are archived meanwhile", report.to);
    enum err e;
    while ((e = store_reader_next(slow, &seq, &text, &msg)) == ERR_OK)
        continue;
    is_int(e, ERR_ARCHIVED, "a reader in the middle of them is told");
    ok(strstr(msg.text, p.folder), "where they are: %s", msg.text);
    store_reader_close(slow);
    is_int(read_from(writer, 0, &msg), ERR_ARCHIVED, "one that begins there, too");
    is_int(read_from(reader, 0, &msg), ERR_ARCHIVED, "also beside the writer");
    is_int(read_from(reader, report.to, &msg), ERR_OK, "what is behind them is read");
    is_int(store_get(writer, report.to / 2, &line, &msg), ERR_ARCHIVED, "single events are gone");
    is_int(store_get(reader, report.to / 2, &line, &msg), ERR_ARCHIVED, "for others, too");
    is_int(store_where(writer, report.to / 2, &line, &msg), ERR_ARCHIVED, "and so are their places");
    buf_clear(&line);
    ok(store_get(writer, report.to + 1, &line, &msg) == ERR_OK, "those behind are not");
    store_close(reader);
    reader = place_open(&p, STORE_READ);
    is_int(info_of(reader).first, report.to + 1, "whoever opens it now knows where the log begins");
    is_int(info_of(reader).archived.seq, report.to, "and what was archived");
    is_int(info_of(writer).first, report.to + 1, "and so does the writer, now that it has missed something");
    is_int(archive_wrong_histories(reader), 0, "histories are there for readers");
    store_close(reader);
    struct town *t = town_new(SEED);
    while (t->seq < EVENTS) {
        buf_clear(&line);
        town_event(t, &line);
    }
    town_commit(t, writer, 5);
    ok(store_reads_to_end(writer), "the log goes on");
    town_free(t);
    buf_done(&line);
    store_close(writer);
}

/* The archive and the log read as one. */
static void test_view(void)
{
    struct place p = place_of("view");
    struct errmsg msg = {""};
    struct archive_report report;
    struct buf line = BUF_INIT;
    struct store *s;
    struct store_options with = {.archive = p.folder};
    place_fill(&p);
    is_int(store_open(p.uri, STORE_READ, &with, &s, NULL, &msg), ERR_INVALID,
           "a folder that is not there is no archive");
    if (archive_run(&p, event_day(EVENTS / 2), &report, &msg) != ERR_OK ||
        archive_run(&p, event_day(EVENTS - 30), &report, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    for (int live = 0; live < 2; live++) {
        struct store *writer = live ? place_open(&p, STORE_WRITE) : NULL;
        const char *how = live ? "beside a writer" : "alone";
        unsigned wrong = 0;
        enum err e = store_open(p.uri, STORE_READ, &with, &s, NULL, &msg);
        if (e)
            bail_out("%s", msg.text);
        is_int(info_of(s).first, 1, "%s, with its archive a log begins at its beginning", how);
        ok(store_reads_to_end(s), "%s, and is read from there to its end", how);
        for (uint64_t seq = 1; seq <= EVENTS; seq += 7) {
            buf_clear(&line);
            wrong += store_get(s, seq, &line, &msg) != ERR_OK || strtoull(line.p + 7, NULL, 10) != seq;
        }
        is_int(wrong, 0, "%s, single events are found", how);
        buf_clear(&line);
        ok(store_where(s, 3, &line, &msg) == ERR_OK && line.n > 10, "%s, and where they are", how);
        is_int(archive_wrong_histories(s), 0, "%s, and histories", how);
        store_close(s);
        store_close(writer);
    }
    char path[600];
    snprintf(path, sizeof path, "%.250s/%020" PRIu64 ".ndjson", p.folder, UINT64_C(1));
    if (unlink(path) < 0)
        bail_out("cannot remove %s", path);
    if (store_open(p.uri, STORE_READ, &with, &s, NULL, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    ok(!store_reads_to_end(s) || info_of(s).first > 1, "a file that is missing there is missed");
    store_close(s);
    buf_done(&line);
}

/* --- put back --- */

static void put_back(const struct place *p, uint64_t first)
{
    char command[1024];
    snprintf(command, sizeof command, "cp %.250s/%020" PRIu64 ".ndjson* %.250s/log/", p->folder, first, p->path);
    if (system(command) != 0)
        bail_out("cannot put %" PRIu64 " back", first);
}

static enum err try_open(const struct place *p, enum store_mode mode, uint64_t *first, struct errmsg *msg)
{
    struct store *s;
    enum err e = store_open(p->uri, mode, &SMALL_SEGMENTS, &s, NULL, msg);
    if (e)
        return e;
    *first = info_of(s).first;
    if (!store_reads_to_end(s))
        e = err_set(msg, ERR_DAMAGED, "it cannot be read to its end");
    store_close(s);
    return e;
}

static void edit_file(const struct place *p, const char *folder, uint64_t first, size_t at)
{
    char path[600];
    snprintf(path, sizeof path, "%.250s/%.250s%020" PRIu64 ".ndjson", p->path, folder, first);
    int fd = open(path, O_RDWR);
    char c = 0;
    if (fd < 0 || pread(fd, &c, 1, (off_t)at) != 1)
        bail_out("cannot read %s", path);
    c = (char)(c ^ 1);
    if (pwrite(fd, &c, 1, (off_t)at) != 1)
        bail_out("cannot write %s", path);
    close(fd);
}

static void test_put_back(void)
{
    struct place p = place_of("back");
    struct archive_report report;
    struct archive_list list;
    struct errmsg msg = {""};
    uint64_t first = 0;
    place_fill(&p);
    if (archive_run(&p, event_day(EVENTS - 30), &report, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    archive_list_of(&p, &list);
    ok(list.n > 3 && list.v[0].first == 1 && list.v[list.n - 1].end.seq == report.to, "%zu segments are listed",
       list.n);
    put_back(&p, list.v[list.n - 1].first);
    is_int(try_open(&p, STORE_WRITE, &first, &msg), ERR_OK, "the last archived segment alone may be put back");
    is_int(first, list.v[list.n - 1].first, "the log begins with it");
    put_back(&p, list.v[0].first);
    is_int(try_open(&p, STORE_WRITE, &first, &msg), ERR_OK, "one that does not lead up to it");
    is_int(first, list.v[list.n - 1].first, "is left out");
    is_int(try_open(&p, STORE_READ, &first, &msg), ERR_OK, "by readers");
    is_int(first, list.v[list.n - 1].first, "too");
    struct store *writer = place_open(&p, STORE_WRITE);
    is_int(try_open(&p, STORE_READ, &first, &msg), ERR_OK, "and beside a writer");
    is_int(first, list.v[list.n - 1].first, "too");
    store_close(writer);
    for (size_t i = 0; i < list.n; i++)
        put_back(&p, list.v[i].first);
    is_int(try_open(&p, STORE_WRITE, &first, &msg), ERR_OK, "with all of them back");
    is_int(first, 1, "the log begins at its beginning");
    edit_file(&p, "log/", list.v[0].first, 900);
    is_int(try_open(&p, STORE_WRITE, &first, &msg), ERR_DAMAGED, "what is put back is verified: %s", msg.text);
    put_back(&p, list.v[0].first);
    is_int(archive_run(&p, event_day(EVENTS - 30), &report, &msg), ERR_OK, "and it is moved again");
    is_int(try_open(&p, STORE_WRITE, &first, &msg), ERR_OK, "as before");
    is_int(first, report.to + 1, "to the last");
    archive_list_done(&list);
}

/* --- damage --- */

static void remove_in(const struct place *p, const char *what)
{
    char command[600];
    snprintf(command, sizeof command, "rm %.250s/%s", p->path, what);
    if (system(command) != 0)
        bail_out("cannot remove %s", what);
}

static void test_damage(void)
{
    struct place whole = place_of("dwhole"), p = place_of("damaged");
    struct archive_report report;
    struct errmsg msg = {""};
    uint64_t first = 0;
    place_fill(&whole);
    copy_tree(whole.path, p.path);
    if (archive_run(&p, event_day(EVENTS / 2), &report, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    copy_tree(p.path, whole.path);
    char name[64];
    snprintf(name, sizeof name, "log/%020" PRIu64 ".ndjson", report.to + 1);
    remove_in(&p, name);
    is_int(try_open(&p, STORE_WRITE, &first, &msg), ERR_DAMAGED, "a segment that was not archived is missed");
    snprintf(name, sizeof name, "the events from %" PRIu64, report.to + 1);
    ok(strstr(msg.text, name), "by its numbers: %s", msg.text);
    remove_in(&p, "log/*.ndjson");
    is_int(try_open(&p, STORE_WRITE, &first, &msg), ERR_DAMAGED, "and so are all of them");
    copy_tree(whole.path, p.path);
    remove_in(&p, "log/archived.json");
    is_int(try_open(&p, STORE_WRITE, &first, &msg), ERR_DAMAGED, "without archived.json the beginning is missing");

    copy_tree(whole.path, p.path);
    remove_in(&p, "log/history-*");
    struct buf line = BUF_INIT;
    struct store *s = place_open(&p, STORE_WRITE);
    is_int(store_history(s, report.to, &line, &msg), ERR_DAMAGED, "histories that are missing are damage: %s",
           msg.text);
    store_close(s);
    buf_done(&line);
}

/* A copy in the archive that is not what was written keeps the log where it is. */
static void test_bad_copy(void)
{
    struct place p = place_of("copies");
    struct archive_report report;
    struct archive_list list;
    struct errmsg msg = {""};
    uint64_t first = 0;
    char path[600];
    place_fill(&p);
    if (archive_run(&p, event_day(EVENTS / 2), &report, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    archive_list_of(&p, &list);
    put_back(&p, list.v[list.n - 1].first);
    snprintf(path, sizeof path, "../copies-archive/");
    edit_file(&p, path, list.v[list.n - 1].first, 700);
    is_int(archive_run(&p, event_day(EVENTS - 30), &report, &msg), ERR_DAMAGED, "a damaged copy is noticed");
    ok(strstr(msg.text, p.folder) && strstr(msg.text, "untouched"), "and named: %s", msg.text);
    is_int(try_open(&p, STORE_WRITE, &first, &msg), ERR_OK, "the log is as it was");
    is_int(first, list.v[list.n - 1].first, "with all that was in it");
    archive_list_done(&list);
}

/* --- archived.json --- */

static void test_file(void)
{
    char path[300];
    struct errmsg msg;
    struct archived a = {.seal = {.seq = 77, .hash = {1, 2, 3}}, .last_at = 1790000000}, b = {.runs = NULL};
    struct archive_run run = {.from = 1,
                              .to = 50,
                              .at = "2026-07-01T10:00:00Z",
                              .folder = (char[]){"../\"old\""},
                              .path = (char[]){"/mnt/\xe6\xa1\xa3"}};
    snprintf(path, sizeof path, "%.200s/file", tap_tmpdir());
    mkdir(path, 0700);
    int fd = open(path, O_RDONLY | O_DIRECTORY);
    is_int(archived_load(fd, &b, &msg), ERR_ABSENT, "a log that nothing was moved from has no such file");
    archived_add(&a, &run);
    run.from = 51;
    run.to = 77;
    archived_add(&a, &run);
    ok(archived_save(fd, &a, &msg) == ERR_OK && archived_load(fd, &b, &msg) == ERR_OK, "it is written and read");
    ok(b.seal.seq == 77 && b.seal.hash[2] == 3 && b.last_at == 1790000000 && b.n_runs == 2, "with what it says");
    ok(b.runs[1].from == 51 && b.runs[1].to == 77 && strcmp(b.runs[0].folder, run.folder) == 0 &&
           strcmp(b.runs[0].path, run.path) == 0 && strcmp(b.runs[0].at, run.at) == 0,
       "and its runs");
    is_int(archived_gone(&b, 60, &msg), ERR_ARCHIVED, "an event's run is found");
    ok(strstr(msg.text, "51 to 77") && strstr(msg.text, "2026-07-01"), "%s", msg.text);
    archived_done(&b);

    struct buf file = BUF_INIT;
    unsigned accepted = 0, left = 0;
    if (file_load(fd, ARCHIVED_NAME, 100000, &file, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    for (size_t i = 0; i < file.n; i++) {
        file.p[i] = (char)(file.p[i] ^ 1 << i % 8);
        if (file_replace(fd, ARCHIVED_NAME, buf_str(&file), &msg) != ERR_OK)
            bail_out("%s", msg.text);
        enum err e = archived_load(fd, &b, &msg);
        accepted += e != ERR_DAMAGED && e != ERR_VERSION;
        left += b.runs != NULL || b.n_runs || b.seal.seq;
        file.p[i] = (char)(file.p[i] ^ 1 << i % 8);
    }
    is_int(accepted, 0, "a bit turned anywhere is noticed");
    is_int(left, 0, "and leaves nothing behind");
    char *version = memmem(file.p, file.n, "\"version\":1", 11);
    version[10] = '2';
    ok(file_replace(fd, ARCHIVED_NAME, buf_str(&file), &msg) == ERR_OK && archived_load(fd, &b, &msg) == ERR_VERSION,
       "a later version is refused");
    buf_done(&file);
    archived_done(&a);
    close(fd);
}

/* --- what still needs the events --- */

static enum err archive_for(const struct place *p, const char *name, uint64_t from, struct errmsg *msg)
{
    struct archive_reader reader = {name, from};
    struct archive_report report;
    struct archive_order o = {.uri = p->uri,
                              .folder = p->folder,
                              .before = event_day(EVENTS / 2),
                              .covered = {UINT64_MAX, UINT64_MAX},
                              .readers = &reader,
                              .n_readers = 1};
    return store_archive(&o, &report, msg);
}

static void apply(struct delivery_store *d, struct delivery_change c)
{
    struct errmsg msg;
    if (delivery_commit_all(d, &c, 1, &msg) != ERR_OK)
        bail_out("%s", msg.text);
}

static void test_needs(void)
{
    struct place p = place_of("needs");
    struct errmsg msg = {""};
    struct delivery_store *d;
    place_fill(&p);
    is_int(archive_for(&p, "new", 5, &msg), ERR_INVALID, "a new endpoint that begins among them needs them: %s",
           msg.text);
    struct store *s = place_open(&p, STORE_WRITE);
    if (delivery_open(s, &d, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    apply(d, change_endpoint("slow", 10));
    is_int(archive_for(&p, "slow", 0, &msg), ERR_INVALID, "an endpoint that is behind needs them: %s", msg.text);
    apply(d, change_endpoint("slow", EVENTS));
    static const enum delivery_state needing[] = {DELIVERY_RETRY, DELIVERY_WAIT, DELIVERY_SENDING, DELIVERY_UNKNOWN,
                                                  DELIVERY_DEAD};
    for (size_t i = 0; i < sizeof needing / sizeof needing[0]; i++) {
        apply(d, change_put("slow", 12, needing[i]));
        ok(archive_for(&p, "slow", 0, &msg) == ERR_INVALID && strstr(msg.text, delivery_state_text(needing[i])),
           "a delivery may: %s", msg.text);
    }
    apply(d, change_put("slow", 12, DELIVERY_SENT));
    apply(d, change_put("slow redelivery", 12, DELIVERY_RETRY));
    is_int(archive_for(&p, "slow", 0, &msg), ERR_INVALID, "so may one that is sent once more");
    apply(d, change_clear("slow redelivery"));
    apply(d, change_redelivery("slow", REDELIVERY_RUNNING, 3));
    is_int(archive_for(&p, "slow", 0, &msg), ERR_INVALID, "and those still to be sent once more: %s", msg.text);
    apply(d, change_redelivery("slow", REDELIVERY_DONE, 3));
    apply(d, change_endpoint("gone", 3));
    delivery_close(d);
    store_close(s);
    is_int(archive_for(&p, "slow", 0, &msg), ERR_OK, "then nothing does: of endpoints that are no more nobody asks");
}

int main(void)
{
    plan(0);
    test_file();
    test_readers();
    test_view();
    test_put_back();
    test_damage();
    test_bad_copy();
    test_needs();
    return tap_end();
}
