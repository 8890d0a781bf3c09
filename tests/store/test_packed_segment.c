/* Compressed segments by themselves: any text comes back from any place, zstd knows the file for one of its own, and
 * not one bit of it can change unnoticed. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "store/crc32c.h"
#include "store/le.h"
#include "store/packed/packed_segment.h"
#include "tests/lib/tap.h"
#include "tests/store/events.h"

enum { FIRST = 4711 };

/* --- files --- */

static int file_make(const char *name, struct str bytes)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", tap_tmpdir(), name);
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, bytes.p, bytes.n) != (ssize_t)bytes.n)
        bail_out("cannot write %s", path);
    return fd;
}

static struct buf file_get(int fd)
{
    struct buf b = BUF_INIT;
    struct stat st;
    if (fstat(fd, &st) < 0 || pread(fd, buf_room(&b, (size_t)st.st_size + 1), (size_t)st.st_size, 0) != st.st_size)
        bail_out("cannot read a file back");
    b.n = (size_t)st.st_size;
    return b;
}

/* Lines such as the log has, n bytes of them. */
static struct buf text_of(size_t n)
{
    struct buf b = BUF_INIT;
    for (uint64_t seq = FIRST; b.n < n; seq++)
        event_add(&b, seq);
    b.n = n;
    return b;
}

static enum err write_from(int plain, uint64_t bytes, int fd, struct errmsg *msg)
{
    atomic_bool stop = false;
    struct packed_source from = {plain, "plain", FIRST, bytes};
    return packed_segment_write(&from, fd, "packed", &stop, msg);
}

/* The compressed file of a text, still open. */
static int pack(struct str text)
{
    struct errmsg msg;
    int plain = file_make("plain", text), fd = file_make("packed", STR_LIT(""));
    if (write_from(plain, text.n, fd, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    close(plain);
    return fd;
}

/* --- reading back --- */

static bool reads(struct packed_segment *p, struct str text, size_t n, size_t at)
{
    struct buf b = BUF_INIT;
    struct errmsg msg = {""};
    BUF_LIT(&b, "kept");
    enum err e = packed_segment_read(p, &b, n, at, &msg);
    size_t there = at >= text.n ? 0 : text.n - at < n ? text.n - at : n;
    bool good = !e && b.n == 4 + there && memcmp(b.p, "kept", 4) == 0 &&
                (there == 0 || memcmp(b.p + 4, text.p + at, there) == 0);
    if (!good)
        diag("%zu bytes at %zu: %s", n, at, msg.text);
    buf_done(&b);
    return good;
}

/* zstd's own reading of the file, skippable frames and all. */
static bool zstd_reads(int fd, struct str text)
{
    struct buf file = file_get(fd);
    char *out = mem_alloc(text.n + 1);
    ZSTD_DCtx *d = ZSTD_createDCtx();
    ZSTD_inBuffer in = {file.p, file.n, 0};
    ZSTD_outBuffer to = {out, text.n + 1, 0};
    size_t left = 1;
    while (in.pos < in.size && !ZSTD_isError(left))
        left = ZSTD_decompressStream(d, &to, &in);
    bool good = left == 0 && to.pos == text.n && memcmp(out, text.p, text.n) == 0;
    ZSTD_freeDCtx(d);
    free(out);
    buf_done(&file);
    return good;
}

static void test_sizes(void)
{
    static const size_t sizes[] = {1, 2, 1000, PACKED_FRAME - 1, PACKED_FRAME, PACKED_FRAME + 1, 5 * PACKED_FRAME + 77};
    bool whole = true, by_zstd = true, size = true, random = true, past = true;
    struct rng r = rng_seed(3);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct buf text = text_of(sizes[i]);
        struct packed_segment *p;
        struct errmsg msg;
        int fd = pack(buf_str(&text));
        if (packed_segment_open(fd, "packed", FIRST, &p, &msg) != ERR_OK)
            bail_out("%s", msg.text);
        size = size && packed_segment_bytes(p) == text.n;
        whole = whole && reads(p, buf_str(&text), text.n, 0);
        by_zstd = by_zstd && zstd_reads(fd, buf_str(&text));
        past = past && reads(p, buf_str(&text), 100, text.n) && reads(p, buf_str(&text), 100, text.n + 7) &&
               reads(p, buf_str(&text), 100, text.n - 1) && reads(p, buf_str(&text), 0, 0);
        for (int k = 0; k < 300; k++)
            random = random &&
                     reads(p, buf_str(&text), rng_below(&r, k % 2 ? 300 : 3 * PACKED_FRAME), rng_below(&r, text.n));
        packed_segment_close(p);
        close(fd);
        buf_done(&text);
    }
    ok(size, "a compressed segment knows how much text it has");
    ok(whole, "and gives it back as a whole");
    ok(random, "and any part of it, from any place");
    ok(past, "and nothing from behind its end");
    ok(by_zstd, "zstd reads it as it reads any file of its own");
}

/* --- the seek table, as others read it --- */

static void test_seek_table(void)
{
    struct buf text = text_of(2 * PACKED_FRAME + 5);
    int fd = pack(buf_str(&text));
    struct buf file = file_get(fd);
    const char *footer = file.p + file.n - 9, *table = footer - 4 * 12 - 8;
    is_int(le32_get(footer + 5), 0x8F92EAB1, "the file ends in the seek table's magic number");
    is_int(le32_get(footer), 4, "there are four frames: three of text, and our own");
    is_int((unsigned char)footer[4], 0x80, "with checksums");
    ok(le32_get(table) == 0x184D2A5E && le32_get(table + 4) == 4 * 12 + 9, "in a frame that zstd skips");
    static const size_t sizes[] = {PACKED_FRAME, PACKED_FRAME, 5, 0};
    size_t at = 0;
    bool good = true;
    for (int i = 0; i < 4; i++) {
        const char *entry = table + 8 + 12 * i;
        size_t n = le32_get(entry);
        good = good && le32_get(entry + 4) == sizes[i] && ZSTD_findFrameCompressedSize(file.p + at, n) == n;
        good = good && (i == 3 || le32_get(entry + 8) == le32_get(file.p + at + n - 4));
        at += n;
    }
    ok(good && file.p + at == table, "each entry has its frame's sizes and checksum, and together they are the file");
    const char *own = table - le32_get(table + 8 + 3 * 12);
    char want[200];
    snprintf(want, sizeof want, "{\"lifecertd\":\"packed\",\"version\":1,\"first\":%d,\"bytes\":%zu,\"frames\":3}\n",
             FIRST, text.n);
    ok(le32_get(own) == 0x184D2A5D && memcmp(own + 8, want, strlen(want)) == 0, "our own says what it is: %s", want);
    buf_done(&file);
    buf_done(&text);
    close(fd);
}

/* --- damage --- */

/* What opening and reading all of a file comes to. */
static enum err look(struct str file, struct str text, struct errmsg *msg)
{
    struct packed_segment *p;
    struct buf b = BUF_INIT;
    int fd = file_make("damaged", file);
    enum err e = packed_segment_open(fd, "damaged", FIRST, &p, msg);
    if (!e) {
        e = packed_segment_read(p, &b, text.n + 1, 0, msg);
        if (!e && !str_eq(buf_str(&b), text))
            e = ERR_N; /* it was given out */
        packed_segment_close(p);
    }
    buf_done(&b);
    close(fd);
    return e;
}

static bool names_place(const struct errmsg *m)
{
    return strncmp(m->text, "log/damaged: ", 13) == 0 && (strstr(m->text, "bytes ") || strstr(m->text, "its end"));
}

/* Under valgrind only every so many are tried. */
static size_t step(void)
{
    const char *suite = getenv("TEST_SUITE");
    return suite && strcmp(suite, "valgrind") == 0 ? 41 : 1;
}

static void test_every_bit(void)
{
    struct buf text = text_of(3000);
    int fd = pack(buf_str(&text));
    struct buf file = file_get(fd);
    size_t refused = 0, named = 0, tries = 0;
    for (size_t bit = 0; bit < 8 * file.n; bit += step(), tries++) {
        struct errmsg msg = {""};
        file.p[bit / 8] ^= (char)(1 << bit % 8);
        refused += look(buf_str(&file), buf_str(&text), &msg) == ERR_DAMAGED;
        named += names_place(&msg);
        file.p[bit / 8] ^= (char)(1 << bit % 8);
    }
    is_int(refused, tries, "any bit that is turned over is noticed");
    is_int(named, tries, "and its place is named");
    struct errmsg msg;
    is_int(look(buf_str(&file), buf_str(&text), &msg), ERR_OK, "the file itself is good");
    buf_done(&file);
    buf_done(&text);
    close(fd);
}

static void test_cut(void)
{
    struct buf text = text_of(3000);
    int fd = pack(buf_str(&text));
    struct buf file = file_get(fd);
    size_t refused = 0, longer = 0;
    for (size_t n = 0; n < file.n; n++) {
        struct errmsg msg;
        refused += look((struct str){file.p, n}, buf_str(&text), &msg) == ERR_DAMAGED;
        longer += look((struct str){file.p + n + 1, file.n - n - 1}, buf_str(&text), &msg) == ERR_DAMAGED;
    }
    is_int(refused, file.n, "a file that is cut off at any byte is refused");
    is_int(longer, file.n, "and one that lacks its beginning");
    struct errmsg msg;
    buf_addc(&file, '\0');
    is_int(look(buf_str(&file), buf_str(&text), &msg), ERR_DAMAGED, "and one with a byte too many");
    buf_done(&file);
    buf_done(&text);
    close(fd);
}

/* A frame's damage is its own: what lies in others is given out. */
static void test_one_frame(void)
{
    struct buf text = text_of(3 * PACKED_FRAME);
    int fd = pack(buf_str(&text));
    struct packed_segment *p;
    struct errmsg msg = {""};
    struct buf file = file_get(fd), b = BUF_INIT;
    const char *table = file.p + file.n - 9 - 4 * 12 - 8;
    size_t first = le32_get(table + 8), second = le32_get(table + 20);
    char room[128];
    if (pwrite(fd, "?", 1, (off_t)(first + second / 2)) != 1 ||
        packed_segment_open(fd, "packed", FIRST, &p, &msg) != ERR_OK)
        bail_out("cannot damage a frame");
    ok(reads(p, buf_str(&text), PACKED_FRAME, 0), "the frame before a damaged one is read");
    ok(reads(p, buf_str(&text), PACKED_FRAME, 2 * PACKED_FRAME), "and the one behind it");
    is_int(packed_segment_read(p, &b, 10, PACKED_FRAME - 5, &msg), ERR_DAMAGED, "what reaches into it is not");
    is_int(b.n, 0, "not even in part");
    snprintf(room, sizeof room, "bytes %zu to %zu of the file, with the text from its byte %zu on", first,
             first + second - 1, PACKED_FRAME);
    ok(strstr(msg.text, room), "its place is named: %s", msg.text);
    ok(reads(p, buf_str(&text), 5, PACKED_FRAME - 5), "and still what does not");
    packed_segment_close(p);
    buf_done(&b);
    buf_done(&file);
    buf_done(&text);
    close(fd);
}

/* --- later versions, other files --- */

/* Makes the end's checksum fit again. */
static void mend(struct buf *file)
{
    char *table = file->p + file->n - 9 - 12 * le32_get(file->p + file->n - 9) - 8;
    uint32_t own = le32_get(file->p + file->n - 9 - 12);
    uint32_t crc = crc32c(0, table - own, own - 4);
    crc = crc32c(crc, table, (size_t)(file->p + file->n - table));
    for (int i = 0; i < 4; i++)
        table[i - 4] = (char)(crc >> 8 * i);
}

static void test_versions(void)
{
    struct buf text = text_of(3000);
    int fd = pack(buf_str(&text));
    struct buf file = file_get(fd);
    struct errmsg msg;
    char *version = memmem(file.p, file.n, "\"version\":1", 11);
    version[10] = '2';
    is_int(look(buf_str(&file), buf_str(&text), &msg), ERR_DAMAGED, "a version that changed by itself is damage");
    mend(&file);
    is_int(look(buf_str(&file), buf_str(&text), &msg), ERR_VERSION, "a later version's file is refused: %s", msg.text);
    version[10] = '0';
    mend(&file);
    is_int(look(buf_str(&file), buf_str(&text), &msg), ERR_DAMAGED, "there is no version 0");
    version[10] = '1';
    mend(&file);
    is_int(look(buf_str(&file), buf_str(&text), &msg), ERR_OK, "the version that there is, is read");
    struct packed_segment *p;
    is_int(packed_segment_open(fd, "packed", FIRST + 1, &p, &msg), ERR_DAMAGED,
           "a file with another one's name is refused");
    buf_done(&file);
    buf_done(&text);
    close(fd);
}

/* Whoever makes the checksums fit can put anything there; it is refused all the same. */
static void test_made_up(void)
{
    struct buf text = text_of(3000);
    int fd = pack(buf_str(&text));
    struct buf file = file_get(fd);
    struct rng r = rng_seed(5);
    size_t table = file.n - 9 - 2 * 12 - 8, own = table - le32_get(file.p + file.n - 9 - 12);
    size_t accepted = 0, other = 0;
    for (int i = 0; i < 20000; i++) {
        struct errmsg msg;
        size_t at = own + rng_below(&r, file.n - 9 - own);
        char before = file.p[at];
        if (at >= table - 4 && at < table)
            continue;
        file.p[at] = (char)rng_next(&r);
        if (file.p[at] != before && at < file.n - 9 - 12) {
            mend(&file);
            enum err e = look(buf_str(&file), buf_str(&text), &msg);
            accepted += e == ERR_OK;
            other += e != ERR_OK && e != ERR_DAMAGED && e != ERR_VERSION;
        }
        file.p[at] = before;
        mend(&file);
    }
    is_int(accepted, 0, "an end that was made up is not accepted");
    is_int(other, 0, "nor anything given out by it");
    buf_done(&file);
    buf_done(&text);
    close(fd);
}

/* --- writing --- */

static void test_refusals(void)
{
    struct buf text = text_of(2 * PACKED_FRAME);
    struct errmsg msg = {""};
    int plain = file_make("plain", buf_str(&text)), fd = file_make("packed", STR_LIT(""));
    is_int(write_from(plain, 0, fd, &msg), ERR_INVALID, "an empty text is not compressed");
    is_int(write_from(plain, text.n + 1, fd, &msg), ERR_DAMAGED, "nor one that is shorter than it was: %s", msg.text);
    atomic_bool stop = true;
    struct packed_source from = {plain, "plain", FIRST, text.n};
    is_int(packed_segment_write(&from, fd, "packed", &stop, &msg), ERR_MORE, "one who is told to stop stops");
    int read_only = open("/dev/null", O_RDONLY | O_CLOEXEC);
    is_int(write_from(plain, text.n, read_only, &msg), ERR_IO, "what cannot be written is an error: %s", msg.text);
    close(read_only);
    close(plain);
    close(fd);
    buf_done(&text);
}

int main(void)
{
    plan(0);
    test_sizes();
    test_seek_table();
    test_every_bit();
    test_cut();
    test_one_frame();
    test_versions();
    test_made_up();
    test_refusals();
    return tap_end();
}
