/* Recovery of logs that no daemon would leave: checkpoints of another log, archived files put back in part, files that
 * say what their seals confirm and their names do not, logs too large to be verified, and files that vanish or grow
 * while they are looked at. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "store/log/log_files.h"
#include "store/log/logline.h"
#include "tests/store/bare_log.h"
#include "tests/store/events.h"
#include "tests/store/failing.h"

struct recovered {
    enum err e;
    struct errmsg msg;
    struct store_opened opened;
};

/* What was found stays in b->d, until bare_reset(). */
static struct recovered recover(struct bare_log *b, const struct recovery_plan *plan)
{
    struct recovered r = {.e = ERR_OK, .msg = {""}, .opened = {.torn_bytes = 0}};
    r.e = recover_log(&b->d, plan, &r.opened, &r.msg);
    return r;
}

static struct recovered recover_whole(struct bare_log *b)
{
    return recover(b, &(struct recovery_plan){.cut = false});
}

static void refused(const struct recovered *r, enum err e, const char *why, const char *what)
{
    if (!ok(r->e == e && strstr(r->msg.text, why), "%s", what))
        diag("%s: %s", err_text(r->e), r->msg.text);
}

static void path_of(const struct bare_log *b, const char *name, char out[400])
{
    snprintf(out, 400, "%s/%s", b->path, name);
}

/* --- a checkpoint's seal --- */

static void checkpoints(void)
{
    struct bare_log b;
    struct seal seal = {.seq = 0}, ten, other;
    bare_make(&b, "checkpoints");
    bare_segment(&b, &seal, 1, (const uint64_t[]){10, 0});
    ten = seal;
    bare_segment(&b, &seal, 11, (const uint64_t[]){15, 20, 0});
    other = ten;
    other.hash[3] ^= 1;
    struct recovered r = recover(&b, &(struct recovery_plan){.from = &ten});
    is_int(r.e, ERR_OK, "a checkpoint whose seal the log has is one of it");
    bare_reset(&b);
    r = recover(&b, &(struct recovery_plan){.from = &other});
    refused(&r, ERR_DAMAGED, "the checkpoint was taken of another log", "one with another seal for that event is not");
    bare_reset(&b);
    other = (struct seal){.seq = 12};
    r = recover(&b, &(struct recovery_plan){.from = &other});
    refused(&r, ERR_DAMAGED, "the log has no seal at event 12", "nor one of an event that has none");
    bare_reset(&b);
    other = (struct seal){.seq = 0};
    r = recover(&b, &(struct recovery_plan){.from = &other});
    is_int(r.e, ERR_OK, "one of an empty log is of every log");
    bare_done(&b);
}

static void empty_log(void)
{
    struct bare_log b;
    bare_make(&b, "empty");
    struct recovery_plan plan = {.known = {{"the stamp", 3}}, .n_known = 1};
    struct recovered r = recover(&b, &plan);
    refused(&r, ERR_DAMAGED, "but the stamp knows event 3", "an empty log of which somebody knows an event is damaged");
    bare_done(&b);
}

/* A gigabyte takes no room where it is a hole. Nobody reads it: what is in it would not stand up to that. */
static void large_log(void)
{
    struct bare_log b;
    struct seal seal = {.seq = 0}, middle;
    struct segment s = {.bytes = (UINT64_C(1) << 30) + 5000};
    char path[400];
    const char *bad;
    bare_make(&b, "large");
    bare_segment(&b, &seal, 1, (const uint64_t[]){10, 0});
    path_of(&b, "00000000000000000001.ndjson", path);
    if (truncate(path, (off_t)s.bytes) < 0)
        bail_out("%s", path);
    struct buf lines = events_make(1, 10);
    index_start(&s.index, 1, 1);
    if (index_lines(&s.index, buf_str(&lines), 0, &bad) != ERR_OK)
        bail_out("no index");
    s.end = seal;
    index_save(b.d.log_folder, &s);
    index_done(&s.index);
    buf_done(&lines);
    bare_segment(&b, &seal, 11, (const uint64_t[]){20, 0});
    middle = seal;
    bare_segment(&b, &seal, 21, (const uint64_t[]){30, 0});

    struct recovered r = recover(&b, &(struct recovery_plan){.from = &middle});
    if (!ok(r.e == ERR_OK && b.d.seal.seq == 30, "of a large log what is older than the checkpoint is not read"))
        diag("%s", r.msg.text);
    is_int(b.d.n_segments, 3, "but known by its index");
    bare_reset(&b);
    struct seal early = {.seq = 5};
    r = recover(&b, &(struct recovery_plan){.from = &early});
    refused(&r, ERR_DAMAGED, "00000000000000000001.ndjson", "what the checkpoint's seal stands in is read");
    bare_reset(&b);
    r = recover_whole(&b);
    refused(&r, ERR_DAMAGED, "00000000000000000001.ndjson", "without a checkpoint all of it is");
    bare_done(&b);
}

/* --- archived files, put back --- */

/* Three segments of ten events; seals[i] is the one behind i of them. */
static void make_three(struct bare_log *b, const char *name, struct seal seals[4])
{
    bare_make(b, name);
    seals[0] = (struct seal){.seq = 0};
    for (uint64_t i = 0; i < 3; i++) {
        seals[i + 1] = seals[i];
        bare_segment(b, &seals[i + 1], 10 * i + 1, (const uint64_t[]){10 * i + 10, 0});
    }
}

static void remove_segment(struct bare_log *b, uint64_t first)
{
    char name[SEGMENT_NAME];
    segment_name(first, "ndjson", name);
    unlinkat(b->d.log_folder, name, 0);
}

static void archived_seals(void)
{
    struct bare_log b;
    struct seal seals[4], other;
    make_three(&b, "archived", seals);
    bare_archived(&b, &seals[1]);
    remove_segment(&b, 1);
    struct recovered r = recover(&b, &(struct recovery_plan){.from = &seals[1]});
    ok(r.e == ERR_OK && b.d.first == 11, "a checkpoint at the archived seal is one of the log that goes on from there");
    bare_reset(&b);
    other = seals[1];
    other.hash[0] ^= 1;
    r = recover(&b, &(struct recovery_plan){.from = &other});
    refused(&r, ERR_DAMAGED, "no seal at event 10", "with another seal it is not");
    bare_reset(&b);
    other = (struct seal){.seq = 5};
    r = recover(&b, &(struct recovery_plan){.from = &other});
    refused(&r, ERR_ARCHIVED, "/old", "an older one needs what was archived");
    bare_reset(&b);
    remove_segment(&b, 11);
    r = recover_whole(&b);
    refused(&r, ERR_DAMAGED, "from 11 to 20 are missing", "what is missing behind the archived seal is");
    bare_reset(&b);
    remove_segment(&b, 21);
    r = recover_whole(&b);
    refused(&r, ERR_DAMAGED, "behind event 10 are missing", "and so is everything, when nothing is left");
    bare_done(&b);
}

static void put_back(void)
{
    struct bare_log b;
    struct seal seals[4], other;
    make_three(&b, "put back", seals);
    bare_archived(&b, &seals[2]);
    struct recovered r = recover_whole(&b);
    ok(r.e == ERR_OK && b.d.first == 1, "archived files that are there again belong to the log");
    bare_reset(&b);
    remove_segment(&b, 1);
    r = recover(&b, &(struct recovery_plan){.from = &seals[1]});
    ok(r.e == ERR_OK && b.d.first == 11,
       "as far as they lead up to it; their first line says which seal is before them");
    bare_reset(&b);
    other = seals[1];
    other.hash[31] ^= 128;
    r = recover(&b, &(struct recovery_plan){.from = &other});
    refused(&r, ERR_DAMAGED, "no seal at event 10", "to which a checkpoint there is held");
    bare_reset(&b);
    bare_keep(&b);
    bare_overwrite(&b, 11, 0, STR_LIT("{\"lifecertd\":\"log\";"));
    r = recover_whole(&b);
    refused(&r, ERR_DAMAGED, "11.ndjson line 1", "one without a first line is damaged");
    bare_restore(&b);
    bare_reset(&b);
    char path[400];
    path_of(&b, "00000000000000000011.ndjson", path);
    if (truncate(path, 0) < 0)
        bail_out("%s", path);
    r = recover_whole(&b);
    refused(&r, ERR_DAMAGED, "the file is empty, though it was closed", "and so is one without anything");
    bare_done(&b);
}

static void put_back_of_another(void)
{
    struct bare_log b;
    struct seal seals[4], other;
    make_three(&b, "another", seals);
    other = seals[2];
    other.hash[7] ^= 1;
    bare_archived(&b, &other);
    struct recovered r = recover_whole(&b);
    refused(&r, ERR_DAMAGED, "is of another log", "files put back that come to another seal are of another log");
    bare_reset(&b);
    other = (struct seal){.seq = 15};
    bare_archived(&b, &other);
    r = recover_whole(&b);
    refused(&r, ERR_DAMAGED, "is of another log", "and so are those that have none there");
    bare_done(&b);
}

/* --- what seals confirm --- */

/* A file named after event first: a header line, lines, and a seal for seq that fits. */
static void craft(struct bare_log *b, uint64_t first, const struct seal *before, struct str header, struct str lines,
                  uint64_t seq)
{
    struct seal_hasher *h = seal_hasher_new();
    struct seal seal = {.seq = seq};
    struct buf text = BUF_INIT;
    char path[400], name[SEGMENT_NAME];
    seal_begin(h, before->hash);
    seal_add(h, header.p, header.n);
    seal_add(h, lines.p, lines.n);
    seal_end(h, seal.hash);
    seal_hasher_free(h);
    buf_addstr(&text, header);
    buf_addstr(&text, lines);
    log_seal_add(&text, &seal);
    segment_name(first, "ndjson", name);
    path_of(b, name, path);
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(text.p, 1, text.n, f) != text.n || fclose(f) != 0)
        bail_out("cannot write %s", path);
    buf_done(&text);
}

static struct buf header_of(uint64_t first, const struct seal *before)
{
    struct buf b = BUF_INIT;
    struct log_header h = {.first = first};
    memcpy(h.previous, before->hash, SEAL_HASH);
    log_header_add(&b, &h);
    return b;
}

static void crafted(void)
{
    struct bare_log b;
    struct seal seal = {.seq = 0}, other = {.seq = 0, .hash = {1}};
    struct buf lines = events_make(11, 14), first = events_make(11, 11), good = BUF_INIT, bad = BUF_INIT;
    bare_make(&b, "crafted");
    bare_segment(&b, &seal, 1, (const uint64_t[]){10, 0});
    good = header_of(11, &seal);
    craft(&b, 11, &seal, buf_str(&good), buf_str(&lines), 14);
    struct recovered r = recover_whole(&b);
    ok(r.e == ERR_OK && b.d.seal.seq == 14, "a file that is as it must be is taken");
    bare_reset(&b);
    craft(&b, 11, &seal, buf_str(&good), buf_str(&lines), 15);
    r = recover_whole(&b);
    refused(&r, ERR_DAMAGED, "line 6: the seal names another event", "a seal of another event than the last is not");
    bare_reset(&b);
    craft(&b, 11, &seal, buf_str(&good), (struct str){lines.p + first.n, lines.n - first.n}, 14);
    r = recover_whole(&b);
    refused(&r, ERR_DAMAGED, "line 2: event 11 was expected", "nor events out of their turn, whatever seals them");
    bare_reset(&b);
    craft(&b, 11, &seal, STR_LIT(""), STR_LIT(""), 10);
    r = recover_whole(&b);
    refused(&r, ERR_DAMAGED, "not the first line of a log file", "nor a seal alone");
    bare_reset(&b);
    bad = header_of(12, &seal);
    craft(&b, 11, &seal, buf_str(&bad), buf_str(&lines), 14);
    r = recover_whole(&b);
    refused(&r, ERR_DAMAGED, "begins with another event than its name says", "nor a file under another's name");
    bare_reset(&b);
    buf_done(&bad);
    bad = header_of(11, &other);
    craft(&b, 11, &seal, buf_str(&bad), buf_str(&lines), 14);
    r = recover_whole(&b);
    refused(&r, ERR_DAMAGED, "does not go on from the seal before", "nor one whose first line names another seal");
    buf_done(&bad);
    buf_done(&good);
    buf_done(&lines);
    buf_done(&first);
    bare_done(&b);
}

/* What is only looked at from outside is looked at in its first line; what that cannot be is read. */
static void looked_at_from_outside(void)
{
    struct bare_log b;
    struct seal seals[4];
    make_three(&b, "outside", seals);
    struct recovered r = recover(&b, &(struct recovery_plan){.cut = true});
    bare_reset(&b);
    bare_overwrite(&b, 11, 300, STR_LIT("?"));
    r = recover(&b, &(struct recovery_plan){.only_last = true});
    ok(r.e == ERR_OK && b.d.seal.seq == 30, "a closed file that has an index is not read by whoever only reads");
    bare_reset(&b);
    bare_overwrite(&b, 11, 0, STR_LIT("?"));
    r = recover(&b, &(struct recovery_plan){.only_last = true});
    refused(&r, ERR_DAMAGED, "11.ndjson line 1", "but its first line is");
    bare_done(&b);
}

static void packed_and_damaged(void)
{
    struct bare_log b;
    struct seal seal = {.seq = 0};
    char path[400];
    bare_make(&b, "packed");
    bare_segment(&b, &seal, 1, (const uint64_t[]){1500, 0}); /* some frames */
    bare_segment(&b, &seal, 1501, (const uint64_t[]){1510, 0});
    bare_pack(&b, 1);
    struct recovered r = recover_whole(&b);
    ok(r.e == ERR_OK && b.d.n_packed == 1, "a compressed segment is recovered as its text is");
    bare_reset(&b);
    path_of(&b, "00000000000000000001.ndjson.zst", path);
    FILE *f = fopen(path, "r+b");
    if (!f || fseek(f, 6000, SEEK_SET) != 0 || fputc('?', f) != '?' || fclose(f) != 0)
        bail_out("cannot write %s", path);
    r = recover_whole(&b);
    refused(&r, ERR_DAMAGED, "1.ndjson.zst", "one that is damaged is told with its own name");
    bare_done(&b);
}

/* As when everything was compressed before the daemon was stopped. */
static void packed_to_the_end(void)
{
    struct bare_log b;
    struct seal seal = {.seq = 0};
    bare_make(&b, "all packed");
    bare_segment(&b, &seal, 1, (const uint64_t[]){10, 0});
    bare_segment(&b, &seal, 11, (const uint64_t[]){20, 0});
    bare_pack(&b, 1);
    bare_pack(&b, 11);
    struct recovered r = recover(&b, &(struct recovery_plan){.cut = true});
    ok(r.e == ERR_OK && b.d.seal.seq == 20 && b.d.n_packed == 2,
       "a compressed last segment is whole, and nothing is cut");
    bare_done(&b);
}

/* --- the end --- */

static void swallowed_seal(void)
{
    struct bare_log b;
    struct seal seal = {.seq = 0}, none = {.seq = 0, .hash = {9}};
    bare_make(&b, "swallowed");
    struct buf header = header_of(1, &seal);
    struct str lines = STR_LIT("{\"seq\":1,\"sha256\":\"swallowed\"}\n");
    craft(&b, 1, &none, buf_str(&header), lines, 1);
    struct recovered r = recover_whole(&b);
    refused(&r, ERR_DAMAGED, "line 2: what stands there or before is altered",
            "a line that has swallowed a seal is named");
    buf_done(&header);
    bare_done(&b);
}

static void far_too_long_a_tail(void)
{
    struct bare_log b;
    struct seal seal = {.seq = 0};
    char path[400];
    bare_make(&b, "tail");
    bare_segment(&b, &seal, 1, (const uint64_t[]){10, 0});
    path_of(&b, "00000000000000000001.ndjson", path);
    if (truncate(path, (off_t)(COMMIT_MAX_BYTES + (2 << 20))) < 0)
        bail_out("%s", path);
    struct recovered r = recover_whole(&b);
    refused(&r, ERR_DAMAGED, "this is not the torn end of one", "more than one commit can be is no torn end");
    bare_done(&b);
}

/* --- while it is looked at --- */

static struct {
    struct bare_log *b;
    uint64_t vanish; /* this segment, and the ones behind it, when they are opened */
    unsigned opens, times;
    struct str late; /* what a writer appends */
} meanwhile;

/* A first opening only lists it. */
static void on_call(const char *call, const char *file)
{
    char name[SEGMENT_NAME];
    segment_name(meanwhile.vanish, "ndjson", name);
    if (strcmp(call, "openat") != 0 || !file || strcmp(file, name) != 0 || ++meanwhile.opens % 2)
        return;
    if (meanwhile.late.p) {
        failing_watch(NULL);
        bare_append(meanwhile.b, meanwhile.vanish, meanwhile.late);
        return;
    }
    char path[400];
    path_of(meanwhile.b, name, path);
    unlink(path);
    meanwhile.opens = 0;
    meanwhile.vanish += 10;
    if (--meanwhile.times == 0)
        failing_watch(NULL);
}

static void files_that_vanish(void)
{
    struct bare_log b;
    struct seal seals[4];
    make_three(&b, "vanishing", seals);
    bare_archived(&b, &seals[1]);
    meanwhile = (typeof(meanwhile)){.b = &b, .vanish = 1, .times = 1};
    failing_watch(on_call);
    struct recovered r = recover_whole(&b);
    if (!ok(r.e == ERR_OK && b.d.first == 11 && b.d.seal.seq == 30,
            "a file that is archived between being listed and being opened is not missed"))
        diag("%s", r.msg.text);
    bare_done(&b);

    make_three(&b, "vanishing all", seals);
    meanwhile = (typeof(meanwhile)){.b = &b, .vanish = 1, .times = 3};
    failing_watch(on_call);
    r = recover_whole(&b);
    failing_watch(NULL);
    ok(r.e == ERR_DAMAGED, "but not for ever: where files go on vanishing they are missing: %s", r.msg.text);
    bare_done(&b);
}

/* Only to read: the writer may be at work. */
static void file_that_grows(void)
{
    struct bare_log b, beside;
    struct seal seal = {.seq = 0}, same = {.seq = 0};
    struct buf late = BUF_INIT, whole = BUF_INIT;
    struct errmsg msg;
    bare_make(&b, "growing");
    bare_segment(&b, &seal, 1, (const uint64_t[]){10, 0});
    bare_make(&beside, "grown");
    bare_segment(&beside, &same, 1, (const uint64_t[]){10, 20, 0});
    struct segment_file f = SEGMENT_FILE_CLOSED, short_one = SEGMENT_FILE_CLOSED;
    if (segment_file_open(&f, beside.d.log_folder, 1, &msg) != ERR_OK ||
        segment_file_open(&short_one, b.d.log_folder, 1, &msg) != ERR_OK ||
        segment_file_read(&f, &whole, f.bytes, 0, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    buf_add(&late, whole.p + short_one.bytes, whole.n - short_one.bytes);
    BUF_LIT(&late, "{\"seq\":21,");
    segment_file_close(&f);
    segment_file_close(&short_one);
    meanwhile = (typeof(meanwhile)){.b = &b, .vanish = 1, .late = buf_str(&late)};
    failing_watch(on_call);
    struct recovered r = recover(&b, &(struct recovery_plan){.only_last = true});
    failing_watch(NULL);
    ok(r.e == ERR_OK && b.d.seal.seq == 20 && r.opened.torn_bytes == 0,
       "what a writer has begun since the file was listed is no torn end");
    buf_done(&late);
    buf_done(&whole);
    bare_done(&b);
    bare_done(&beside);
}

int main(void)
{
    plan(0);
    checkpoints();
    empty_log();
    large_log();
    archived_seals();
    put_back();
    put_back_of_another();
    crafted();
    looked_at_from_outside();
    packed_and_damaged();
    packed_to_the_end();
    swallowed_seal();
    far_too_long_a_tail();
    files_that_vanish();
    file_that_grows();
    return tap_end();
}
