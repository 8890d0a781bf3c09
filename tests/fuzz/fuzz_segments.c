/* A compressed segment that somebody altered. The first character says which checksums fit nevertheless: none, the
 * end's, the frames', both. Behind it each three bytes are a place and what stands there; one or two left over say
 * where the file ends. Nothing but what was compressed may ever come out. */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zstd.h>

#include "store/crc32c.h"
#include "store/le.h"
#include "store/packed/packed_format.h"
#include "tests/fuzz/fuzz.h"
#include "tests/store/events.h"

const unsigned fuzz_runs = 20000;

enum { FRAMES = 5, TEXT = 700, FIRST = 12 };

struct file {
    struct buf text, bytes;
    struct packed_frames frames;
};

static void add_frame(struct file *f, ZSTD_CCtx *z, struct str text)
{
    size_t bound = ZSTD_compressBound(text.n);
    char *at = buf_room(&f->bytes, bound);
    size_t n = ZSTD_compress2(z, at, bound, text.p, text.n);
    MUST(!ZSTD_isError(n));
    packed_frames_add(&f->frames, (uint32_t)text.n, (uint32_t)n, le32_get(at + n - 4), crc32c(0, at, n));
    f->bytes.n += n;
}

/* Small frames: the reader takes them as they come. */
static void make(struct file *f)
{
    ZSTD_CCtx *z = ZSTD_createCCtx();
    *f = (struct file){.text = events_make(FIRST, FIRST + 60)};
    MUST(z && !ZSTD_isError(ZSTD_CCtx_setParameter(z, ZSTD_c_checksumFlag, 1)) && f->text.n >= FRAMES * TEXT);
    f->text.n = FRAMES * TEXT;
    for (size_t at = 0; at < f->text.n; at += TEXT)
        add_frame(f, z, (struct str){f->text.p + at, TEXT});
    packed_end_add(&f->bytes, FIRST, &f->frames);
    ZSTD_freeCCtx(z);
}

static void put32(char *p, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (char)(v >> 8 * i);
}

/* As whoever damaged the file would have to. */
static void mend(struct file *f, bool end, bool frames)
{
    size_t behind = f->frames.v[FRAMES].at, own = f->bytes.n - behind - (8 + 12 * (FRAMES + 1) + PACKED_FOOTER);
    char *crcs = f->bytes.p + behind + own - 4 - 4 * FRAMES;
    for (int i = 0; frames && i < FRAMES; i++) {
        const struct packed_place *p = &f->frames.v[i];
        put32(crcs + 4 * i, crc32c(0, f->bytes.p + p->at, (size_t)(p[1].at - p->at)));
    }
    if (end) {
        uint32_t crc = crc32c(0, f->bytes.p + behind, own - 4);
        put32(f->bytes.p + behind + own - 4, crc32c(crc, f->bytes.p + behind + own, f->bytes.n - behind - own));
    }
}

static void read_it(const struct file *f, size_t n)
{
    struct packed_segment *p;
    struct errmsg msg = {""};
    struct buf b = BUF_INIT;
    int fd = memfd_create("segment", MFD_CLOEXEC);
    MUST(fd >= 0 && write(fd, f->bytes.p, n) == (ssize_t)n);
    enum err e = packed_segment_open(fd, "fuzzed", FIRST, &p, &msg);
    MUST(e == ERR_OK || e == ERR_DAMAGED || e == ERR_VERSION);
    if (!e) {
        MUST(packed_segment_bytes(p) == f->text.n);
        for (size_t at = 0; at < f->text.n; at += 450) {
            buf_clear(&b);
            e = packed_segment_read(p, &b, 1000, at, &msg);
            size_t there = f->text.n - at < 1000 ? f->text.n - at : 1000;
            MUST(e == ERR_DAMAGED || (e == ERR_OK && b.n == there && memcmp(b.p, f->text.p + at, there) == 0));
        }
        packed_segment_close(p);
    }
    MUST(e == ERR_OK || msg.text[0]);
    buf_done(&b);
    close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct file f;
    make(&f);
    int mended = n ? data[0] & 3 : 0;
    size_t i = 1;
    for (; i + 3 <= n; i += 3)
        f.bytes.p[(data[i] << 8 | data[i + 1]) % f.bytes.n] = (char)data[i + 2];
    mend(&f, mended & 1, mended & 2);
    read_it(&f, i < n ? f.bytes.n - data[i] % f.bytes.n : f.bytes.n);
    packed_frames_done(&f.frames);
    buf_done(&f.text);
    buf_done(&f.bytes);
    return 0;
}
