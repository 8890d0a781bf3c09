/* Reading a log that was whole when it was opened, and is not any more; listings of a folder that changes meanwhile; and
 * places in long files. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/log/cursor.h"
#include "store/log/log_files.h"
#include "store/log/logline.h"
#include "tests/store/bare_log.h"
#include "tests/store/events.h"
#include "tests/store/failing.h"

static void refused(enum err got, enum err e, const struct errmsg *msg, const char *why, const char *what)
{
    if (!ok(got == e && strstr(msg->text, why), "%s", what))
        diag("%s: %s", err_text(got), msg->text);
}

static void path_of(const struct bare_log *b, uint64_t first, char out[400])
{
    snprintf(out, 400, "%s/%020" PRIu64 ".ndjson", b->path, first);
}

/* Two segments, of 200 and of 10 events, found by recovery and kept beside. */
static void make(struct bare_log *b, const char *name)
{
    struct seal seal = {.seq = 0};
    struct store_opened opened;
    struct errmsg msg;
    bare_make(b, name);
    bare_segment(b, &seal, 1, (const uint64_t[]){100, 200, 0});
    bare_segment(b, &seal, 201, (const uint64_t[]){210, 0});
    if (recover_log(&b->d, &(struct recovery_plan){.cut = true}, &opened, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    bare_keep(b);
}

/* Reads from behind after to bound; what ended it. */
static enum err read_from(struct bare_log *b, uint64_t after, uint64_t bound, struct errmsg *msg)
{
    struct cursor c;
    struct batch batch;
    enum err e;
    cursor_init(&c, &b->d, after);
    while ((e = cursor_next(&c, bound, &batch, msg)) == ERR_OK)
        continue;
    cursor_done(&c);
    return e;
}

static void cut(const struct bare_log *b, uint64_t first, uint64_t bytes)
{
    char path[400];
    path_of(b, first, path);
    if (truncate(path, (off_t)bytes) < 0)
        bail_out("%s", path);
}

/* Whoever only reads begins where the last segment does: it has no index yet. */
static void first_lines(void)
{
    struct bare_log b;
    struct errmsg msg = {""};
    make(&b, "first lines");
    b.d.base.mode = STORE_READ;
    is_int(read_from(&b, 200, 210, &msg), ERR_END, "a whole segment is read to its end");
    cut(&b, 201, 0);
    refused(read_from(&b, 200, 210, &msg), ERR_DAMAGED, &msg, "not the first line of this log file",
            "an empty file is damage");
    bare_restore(&b);
    cut(&b, 201, 20);
    refused(read_from(&b, 200, 210, &msg), ERR_DAMAGED, &msg, "not the first line", "so is one with half a line");
    bare_restore(&b);
    bare_overwrite(&b, 201, 0, STR_LIT("{\"lifecertd\":\"log\",\"version\":2"));
    refused(read_from(&b, 200, 210, &msg), ERR_VERSION, &msg, "a later version",
            "one of a later version is told as such");
    bare_restore(&b);
    bare_overwrite(&b, 201, 0, STR_LIT("{\"lifecertd\":\"log\",\"version\":1,\"first\":202"));
    refused(read_from(&b, 200, 210, &msg), ERR_DAMAGED, &msg, "not the first line",
            "one that begins elsewhere is damage");
    bare_done(&b);
}

static void what_is_gone(void)
{
    struct bare_log b;
    struct errmsg msg = {""};
    make(&b, "gone");
    cut(&b, 201, 400);
    refused(read_from(&b, 200, 210, &msg), ERR_DAMAGED, &msg, "no whole commit follows, though more events are durable",
            "where a durable commit is not whole that is damage");
    bare_restore(&b);
    struct index *ix = &b.d.segments[0].index;
    cut(&b, 1, ix->place[2]);
    refused(read_from(&b, 130, 210, &msg), ERR_DAMAGED, &msg, "no whole commit follows",
            "and so it is where the file ends at the very place where reading began");
    bare_archived(&b, &(struct seal){.seq = 200});
    refused(read_from(&b, 130, 210, &msg), ERR_ARCHIVED, &msg, "/old", "unless it was archived");
    bare_restore(&b);
    refused(read_from(&b, 0, 50, &msg), ERR_DAMAGED, &msg, "goes past the last durable event, 50",
            "a commit goes past the last durable event");
    bare_done(&b);
}

/* --- what changes meanwhile --- */

static struct {
    struct bare_log *b;
    unsigned listings;
    const char *vanish;
} changing;

static void rename_one(const char *call, const char *file)
{
    char from[400], to[400];
    if (strcmp(call, "openat") != 0 || !file || strcmp(file, ".") != 0)
        return;
    path_of(changing.b, changing.listings % 2 ? 500 : 600, from);
    path_of(changing.b, changing.listings % 2 ? 600 : 500, to);
    changing.listings++;
    rename(from, to);
}

static void add_one(const char *call, const char *file)
{
    if (strcmp(call, "openat") != 0 || !file || strcmp(file, ".") != 0 || changing.listings++ != 1)
        return;
    struct seal seal = {.seq = 699};
    bare_segment(changing.b, &seal, 700, (const uint64_t[]){710, 0});
}

static void vanish(const char *call, const char *file)
{
    char path[400];
    if (strcmp(call, "openat") != 0 || !file || strcmp(file, changing.vanish) != 0)
        return;
    snprintf(path, sizeof path, "%s/%s", changing.b->path, changing.vanish);
    unlink(path);
}

static void finding(void)
{
    struct bare_log b, empty;
    struct seal seal = {.seq = 0};
    struct errmsg msg = {""};
    uint64_t first = 0, offset = 0;
    make(&b, "finding");
    b.d.base.mode = STORE_READ;
    is_int(cursor_find(&b.d, 150, &first, &offset, &msg), ERR_OK, "an event in a closed segment is found by its index");
    ok(first == 1 && offset > 0, "behind the segment's beginning");
    char path[400];
    path_of(&b, 201, path);
    unlink(path);
    seal.seq = 300;
    bare_segment(&b, &seal, 301, (const uint64_t[]){310, 0});
    is_int(cursor_find(&b.d, 250, &first, &offset, &msg), ERR_OK,
           "one that no segment has is looked for in the one before");
    ok(first == 1 && offset == 0, "from its beginning");
    changing = (typeof(changing)){.b = &b, .vanish = "00000000000000000001.ndjson"};
    failing_watch(vanish);
    refused(cursor_find(&b.d, 50, &first, &offset, &msg), ERR_DAMAGED, &msg, "holds event 50 is missing",
            "a segment that goes away between being listed and being opened is missing");
    failing_watch(NULL);
    bare_done(&b);
    bare_make(&empty, "nothing");
    empty.d.base.mode = STORE_READ;
    refused(cursor_find(&empty.d, 1, &first, &offset, &msg), ERR_DAMAGED, &msg, "is missing",
            "where there is no segment none is found");
    bare_done(&empty);
}

/* --- places --- */

static void places(void)
{
    enum { LAST = 40000 };
    struct bare_log b;
    struct seal seal = {.seq = 0};
    struct store_opened opened;
    struct errmsg msg = {""};
    struct buf out = BUF_INIT;
    bare_make(&b, "places");
    bare_segment(&b, &seal, 1, (const uint64_t[]){LAST, 0});
    if (recover_log(&b.d, &(struct recovery_plan){.cut = false}, &opened, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    is_int(dir_where(&b.d.base, LAST, &out, &msg), ERR_OK, "an event some megabytes into a file is found");
    buf_addc(&out, '\0');
    is_str(out.p, "log/00000000000000000001.ndjson line 40001", "by counting lines");
    refused(dir_where(&b.d.base, 0, &out, &msg), ERR_ABSENT, &msg, "no event 0", "there is no event 0");
    refused(dir_where(&b.d.base, LAST + 1, &out, &msg), ERR_ABSENT, &msg, "no event 40001", "nor one after the last");
    is_int(damage_at(b.d.log_folder, 1, UINT64_C(1) << 40, &msg, "odd"), ERR_DAMAGED,
           "a place behind the end of a file");
    ok(strstr(msg.text, " line 40003: odd"), "is its last line");
    damage_at(b.d.log_folder, 77, 100, &msg, "odd");
    ok(strstr(msg.text, "77.ndjson line 1: odd"), "one in a file that is not there is the first");
    cut(&b, 1, 2 << 20);
    refused(dir_where(&b.d.base, LAST, &out, &msg), ERR_DAMAGED, &msg, "does not have event 40000",
            "an event that was cut off has no place");
    cut(&b, 1, b.d.segments[0].index.place[3]);
    refused(dir_where(&b.d.base, LAST, &out, &msg), ERR_DAMAGED, &msg, "does not have event 40000",
            "nor where the file ends in a whole line");
    char path[400];
    path_of(&b, 1, path);
    unlink(path);
    refused(dir_where(&b.d.base, LAST, &out, &msg), ERR_DAMAGED, &msg, "is missing", "nor where there is no file");
    buf_done(&out);
    bare_done(&b);
}

static void short_lines(void)
{
    struct bare_log b;
    struct seal seal = {.seq = 0};
    struct store_opened opened;
    struct errmsg msg = {""};
    bare_make(&b, "short");
    bare_segment(&b, &seal, 1, (const uint64_t[]){10, 0});
    bare_append(&b, 1, STR_LIT("\nabcd\n{\"sea\":1,\n"));
    is_int(recover_log(&b.d, &(struct recovery_plan){.cut = false}, &opened, &msg), ERR_OK,
           "lines too short for a seal, and such as only look like one, are no commit");
    is_int(opened.torn_bytes, 16, "but the torn end of one");
    bare_done(&b);
}

/* --- listings --- */

static void listings(void)
{
    struct bare_log b;
    struct errmsg msg = {""};
    uint64_t *firsts;
    size_t n;
    make(&b, "listings");
    struct seal seal = {.seq = 599};
    bare_segment(&b, &seal, 600, (const uint64_t[]){610, 0});
    changing = (typeof(changing)){.b = &b};
    failing_watch(rename_one);
    enum err e = list_firsts(b.d.log_folder, &firsts, &n, &msg);
    failing_watch(NULL);
    refused(e, ERR_IO, &msg, "it keeps changing", "a folder of which no two looks are alike is not listed");
    ok(changing.listings > 100, "though it was looked at %u times", changing.listings);

    changing = (typeof(changing)){.b = &b};
    failing_watch(add_one);
    e = list_firsts(b.d.log_folder, &firsts, &n, &msg);
    failing_watch(NULL);
    ok(e == ERR_OK && n == 4 && firsts[3] == 700 && changing.listings == 3,
       "a segment that appears meanwhile is there, once two looks agree");
    free(firsts);

    struct segment *segments;
    size_t there;
    changing = (typeof(changing)){.b = &b, .vanish = "00000000000000000201.ndjson"};
    failing_watch(vanish);
    e = list_segments(b.d.log_folder, &segments, &there, &msg);
    failing_watch(NULL);
    ok(e == ERR_OK && there == 3 && segments[0].index.first == 1 && segments[1].index.first >= 500,
       "a segment that goes away between being listed and being looked at is left out");
    free(segments);

    bare_append(&b, 1, STR_LIT("\n"));
    int fd = openat(b.d.log_folder, "00000000000000000001.ndjson.zst.new", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    close(fd);
    failing_begin(1, EIO);
    remove_leftovers(b.d.log_folder);
    failing_end();
    ok(faccessat(b.d.log_folder, "00000000000000000001.ndjson.zst.new", F_OK, 0) == 0,
       "what a crash left stays where the folder cannot be listed");
    remove_leftovers(b.d.log_folder);
    ok(faccessat(b.d.log_folder, "00000000000000000001.ndjson.zst.new", F_OK, 0) < 0, "and goes when it can");
    bare_done(&b);
}

/* Compressing was cut short before the plain file was removed; and there are many. */
static void both_forms(void)
{
    enum { SEGMENTS = 40 };
    struct bare_log b;
    struct seal seal = {.seq = 0};
    struct errmsg msg = {""};
    uint64_t *firsts;
    size_t n;
    bare_make(&b, "forms");
    for (uint64_t i = 0; i < SEGMENTS; i++)
        bare_segment(&b, &seal, i + 1, (const uint64_t[]){i + 1, 0});
    bare_keep(&b);
    bare_pack(&b, 7);
    bare_pack(&b, 8);
    bare_restore_one(&b, 7);
    bool all = list_firsts(b.d.log_folder, &firsts, &n, &msg) == ERR_OK && n == SEGMENTS;
    for (size_t i = 0; all && i < n; i++)
        all = firsts[i] == i + 1;
    ok(all, "each segment is listed once, in order, in whatever forms it is there");
    free(firsts);
    remove_leftovers(b.d.log_folder);
    ok(faccessat(b.d.log_folder, "00000000000000000007.ndjson.zst", F_OK, 0) < 0,
       "of a segment that is there in both the compressed one is what a crash left");
    ok(faccessat(b.d.log_folder, "00000000000000000008.ndjson.zst", F_OK, 0) == 0, "and else it is the segment");
    bare_done(&b);
}

/* What a large commit took is given back as soon as it is read. */
static void large_commits(void)
{
    enum { LAST = 70000 };
    struct bare_log b;
    struct seal seal = {.seq = 0};
    struct store_opened opened;
    struct errmsg msg = {""};
    struct cursor c;
    struct batch batch;
    bare_make(&b, "large");
    bare_segment(&b, &seal, 1, (const uint64_t[]){LAST, 0});
    if (recover_log(&b.d, &(struct recovery_plan){.cut = false}, &opened, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    cursor_init(&c, &b.d, 0);
    ok(cursor_next(&c, LAST, &batch, &msg) == ERR_OK && batch.seal.seq == LAST,
       "a commit of some megabytes is read at once");
    ok(c.scan.data.cap > 4 << 20, "into as much memory");
    is_int(cursor_next(&c, LAST, &batch, &msg), ERR_END, "behind it there is nothing");
    is_int(c.scan.data.cap, 0, "and the memory is given back");
    cursor_done(&c);
    bare_done(&b);
}

/* --- appending --- */

static void appending(void)
{
    struct bare_log b;
    struct log_end end;
    struct appended out;
    struct errmsg msg = {""};
    struct buf lines = events_make(211, 213);
    make(&b, "appending");
    log_end_init(&end, b.d.log_folder, SEGMENT_MAX);
    end.seal = b.d.seal;
    refused(log_append(&end, buf_str(&lines), 211, 214, &out, &msg), ERR_INVALID, &msg, "are not the events 211 to 214",
            "fewer lines than a commit says are refused");
    refused(log_append(&end, buf_str(&lines), 210, 213, &out, &msg), ERR_INVALID, &msg, "are not the events 210 to 213",
            "and so are other ones");
    struct buf again = events_make(201, 203);
    refused(log_append(&end, buf_str(&again), 201, 203, &out, &msg), ERR_IO, &msg, "cannot make log file",
            "a segment that is there already is never written over");
    buf_done(&again);
    buf_done(&lines);
    log_end_done(&end);
    bare_done(&b);
}

int main(void)
{
    plan(0);
    first_lines();
    what_is_gone();
    finding();
    places();
    short_lines();
    listings();
    both_forms();
    large_commits();
    appending();
    return tap_end();
}
