/* A segment's index: places of events, kept in a file beside it that is believed only when all of it fits. */
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/crc32c.h"
#include "store/file.h"
#include "store/le.h"
#include "store/log/logline.h"
#include "store/log/segment.h"
#include "tests/lib/tap.h"
#include "tests/store/events.h"

enum { FIRST = 100, EVENTS = 2 * INDEX_STEP + 1, LAST = FIRST + EVENTS - 1 };
#define NAME "00000000000000000100.idx"

static int folder;

static void places(void)
{
    struct index ix, more;
    struct buf lines = events_make(FIRST, LAST);
    const char *bad = NULL;
    index_start(&ix, FIRST, FIRST);
    index_trim(&ix);
    ok(ix.n == 0 && ix.cap == 0, "an empty index has nothing to trim");
    is_int(index_lines(&ix, buf_str(&lines), 1000, &bad), ERR_OK, "events that follow each other are taken in");
    ok(ix.n == 3 && ix.place[0] == 1000 && ix.next == LAST + 1, "every so many has a place");
    is_int(log_event_number(lines.p + ix.place[2] - 1000, 40), FIRST + 2 * INDEX_STEP, "which is where it stands");
    ix.place = mem_resize(ix.place, ix.cap = 8, sizeof *ix.place);
    index_trim(&ix);
    is_int(ix.cap, 3, "what is kept for long has no spare room");
    index_trim(&ix);
    is_int(ix.cap, 3, "and is left alone");
    index_start(&more, FIRST, LAST + 1);
    index_append(&ix, &more);
    is_int(ix.n, 3, "a commit that has no place adds none");
    index_done(&ix);

    index_start(&ix, FIRST, FIRST);
    is_int(index_lines(&ix, (struct str){lines.p, lines.n - 1}, 0, &bad), ERR_DAMAGED,
           "a line without its end is none");
    ok(ix.next == LAST && log_event_number(bad, 40) == LAST, "and it is said which");
    index_done(&ix);
    index_start(&ix, FIRST, FIRST + 1);
    is_int(index_lines(&ix, buf_str(&lines), 0, &bad), ERR_DAMAGED, "nor is an event out of its turn");
    ok(bad == lines.p, "which is the first");
    index_done(&ix);
    buf_done(&lines);
}

/* --- the file --- */

static void make_segment(struct segment *s)
{
    struct buf lines = events_make(FIRST, LAST);
    const char *bad;
    *s = (struct segment){.bytes = lines.n, .end = {.seq = LAST}};
    for (int i = 0; i < SEAL_HASH; i++)
        s->end.hash[i] = (unsigned char)(i + 1);
    index_start(&s->index, FIRST, FIRST);
    if (index_lines(&s->index, buf_str(&lines), 0, &bad) != ERR_OK)
        bail_out("the events are not in order");
    buf_done(&lines);
}

static void write_raw(struct str bytes)
{
    struct iovec part = {(void *)(uintptr_t)bytes.p, bytes.n};
    int fd = file_open(folder, NAME, O_WRONLY | O_CREAT | O_TRUNC);
    if (fd < 0 || file_write(fd, NAME, &part, 1, 0, NULL) != ERR_OK)
        bail_out("the index cannot be written");
    close(fd);
}

/* The file with that header and those places, its checksum as it must be. */
static void write_with(const char *header, unsigned places)
{
    struct buf b = BUF_INIT;
    buf_adds(&b, header);
    for (unsigned i = 0; i < places; i++)
        le32_add(&b, i);
    le32_add(&b, crc32c(0, b.p, b.n));
    write_raw(buf_str(&b));
    buf_done(&b);
}

static bool loads(uint64_t bytes)
{
    struct segment s = {.bytes = bytes};
    index_start(&s.index, FIRST, FIRST);
    bool good = index_load(folder, &s);
    index_done(&s.index);
    return good;
}

static void saved(void)
{
    struct segment s, back = {.bytes = 0};
    make_segment(&s);
    index_save(folder, &s);
    back.bytes = s.bytes;
    index_start(&back.index, FIRST, FIRST);
    ok(index_load(folder, &back), "an index is loaded as it was saved");
    ok(back.end.seq == LAST && memcmp(back.end.hash, s.end.hash, SEAL_HASH) == 0, "with the segment's last seal");
    ok(back.index.n == s.index.n && memcmp(back.index.place, s.index.place, s.index.n * sizeof(uint32_t)) == 0 &&
           back.index.next == s.index.next,
       "and its places");
    ok(!loads(s.bytes + 1), "it is not that of a segment that has another size");

    struct buf file = BUF_INIT;
    struct errmsg msg;
    if (file_load(folder, NAME, 1 << 20, &file, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    unsigned believed = 0;
    for (size_t i = 0; i < file.n; i++) {
        file.p[i] ^= 4;
        write_raw(buf_str(&file));
        believed += loads(s.bytes);
        file.p[i] ^= 4;
    }
    for (size_t n = 0; n < file.n; n++) {
        write_raw((struct str){file.p, n});
        believed += loads(s.bytes);
    }
    is_int(believed, 0, "none that is cut short or has a bit turned is believed");
    buf_done(&file);
    index_done(&s.index);
    index_done(&back.index);
}

/* Whole files, by their checksum, that say what cannot be. */
static void lies(void)
{
    enum { BYTES = 5000 };
    static const struct {
        uint64_t first, last, bytes;
        unsigned said, places;
        const char *what;
    } files[] = {
        {FIRST + 1, LAST, BYTES, 3, 3, "of another segment"},
        {FIRST, LAST, BYTES + 1, 3, 3, "of a segment of another size"},
        {FIRST, FIRST - 1, BYTES, 1, 1, "that ends before it begins"},
        {FIRST, LAST, BYTES, 4, 4, "with more places than its events have"},
        {FIRST, LAST, BYTES, 3, 2, "with fewer places than it says"},
        {FIRST, LAST, BYTES, 3, 4, "with more places than it says"},
    };
    char header[400], hash[2 * SEAL_HASH + 1];
    snprintf(hash, sizeof hash, "%064d", 7);
    static const char format[] = "{\"lifecertd\":\"index\",\"version\":1,\"first\":%" PRIu64 ",\"last\":%" PRIu64
                                 ",\"bytes\":%" PRIu64 ",\"places\":%u,\"sha256\":\"%s\"}\n";
    snprintf(header, sizeof header, format, (uint64_t)FIRST, (uint64_t)LAST, (uint64_t)BYTES, 3u, hash);
    write_with(header, 3);
    ok(loads(BYTES), "a file that says what is so is believed");
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(header, sizeof header, format, files[i].first, files[i].last, files[i].bytes, files[i].said, hash);
        write_with(header, files[i].places);
        ok(!loads(BYTES), "one %s is not", files[i].what);
    }
    snprintf(header, sizeof header, format, (uint64_t)FIRST, (uint64_t)LAST, (uint64_t)BYTES, 3u, hash + 1);
    write_with(header, 3);
    ok(!loads(BYTES), "one with a short hash is not");
    hash[5] = 'g';
    snprintf(header, sizeof header, format, (uint64_t)FIRST, (uint64_t)LAST, (uint64_t)BYTES, 3u, hash);
    write_with(header, 3);
    ok(!loads(BYTES), "nor one whose hash is none");
    write_with("{\"lifecertd\":\"index\",\"version\":2,\"first\":100}\n", 3);
    ok(!loads(BYTES), "nor one of another version");
    write_with("{\"lifecertd\":\"index\",\"version\":1,\"first\":100,\"last\":612,\"bytes\":5000,\"places\":3}\n", 3);
    ok(!loads(BYTES), "nor one that ends before its hash");
    write_with("no line at all", 0);
    ok(!loads(BYTES), "nor one without a line");
    memset(header, 'x', sizeof header);
    snprintf(header + 380, 20, "\n");
    write_with(header, 3);
    ok(!loads(BYTES), "nor one with a line that is far too long");
}

/* An index only spares time: that it cannot be written is no error, and leaves nothing behind. */
static void not_saved(void)
{
    struct segment s;
    make_segment(&s);
    unlinkat(folder, NAME, 0);
    if (mkdirat(folder, NAME ".new", 0700) < 0)
        bail_out("mkdir");
    index_save(folder, &s);
    ok(faccessat(folder, NAME, F_OK, 0) < 0, "where its file cannot be made there is none");
    unlinkat(folder, NAME ".new", AT_REMOVEDIR);
    if (mkdirat(folder, NAME, 0700) < 0)
        bail_out("mkdir");
    index_save(folder, &s);
    ok(faccessat(folder, NAME ".new", F_OK, 0) < 0, "where it cannot get its name nothing is left beside it");
    unlinkat(folder, NAME, AT_REMOVEDIR);
    index_done(&s.index);
}

int main(void)
{
    plan(0);
    folder = open(tap_tmpdir(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        bail_out("no folder");
    places();
    saved();
    lies();
    not_saved();
    close(folder);
    return tap_end();
}
