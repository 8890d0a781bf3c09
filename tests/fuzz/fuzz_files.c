/* The small files of a store. The first character chooses which: m meta.json, s the stamp, a archived.json, i an index, h
 * a line of a folded history, c a checkpoint. Checksums that stand in the way of a look are set right. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "codec/history_json.h"
#include "store/archive/archived.h"
#include "store/checkpoint/checkpoint_file.h"
#include "store/crc32c.h"
#include "store/folder.h"
#include "store/le.h"
#include "store/log/segment.h"
#include "tests/fuzz/fuzz.h"
#include "tests/lib/tap.h"

const unsigned fuzz_runs = 10000;

#define CHECKPOINT "checkpoint/00000000000000000007.ckpt"

static void put(const char *name, struct str bytes)
{
    char path[300];
    snprintf(path, sizeof path, "%s/%s", tap_tmpdir(), name);
    FILE *f = fopen(path, "wb");
    MUST(f && fwrite(bytes.p, 1, bytes.n, f) == bytes.n && fclose(f) == 0);
}

/* ERR_OK, or an error with a sentence. */
static bool read_well(enum err e, const struct errmsg *msg)
{
    MUST(e == ERR_OK || ((e == ERR_DAMAGED || e == ERR_VERSION || e == ERR_INVALID || e == ERR_FULL) && msg->text[0]));
    return e == ERR_OK;
}

static void read_meta(int folder, struct str bytes)
{
    struct meta m;
    struct errmsg msg = {""};
    put(META_NAME, bytes);
    if (read_well(meta_load(folder, "store", &m, &msg), &msg))
        MUST(strlen(m.incarnation) == 32);
}

static void read_stamp(int folder, struct str bytes)
{
    struct buf b = BUF_INIT, out = BUF_INIT;
    struct errmsg msg = {""};
    uint64_t durable;
    buf_printf(&b, "{\"lifecertd\":\"stamp\",\"version\":1,\"durable\":9,\"crc32c\":\"%08" PRIx32 "\"}\n",
               crc32c(9, bytes.p, bytes.n));
    buf_addstr(&b, bytes);
    put("stamp", bytes.n % 2 ? buf_str(&b) : bytes);
    if (read_well(stamp_load(folder, &durable, &out, &msg), &msg) && bytes.n % 2)
        MUST(durable == 9 && str_eq(buf_str(&out), bytes));
    buf_done(&b);
    buf_done(&out);
}

static void read_archived(int folder, struct str bytes)
{
    struct archived a = {.runs = NULL};
    struct buf b = BUF_INIT;
    struct errmsg msg = {""};
    buf_addstr(&b, bytes);
    buf_printf(&b, ",\"crc32c\":\"%08" PRIx32 "\"}\n", crc32c(0, bytes.p, bytes.n));
    put(ARCHIVED_NAME, buf_str(&b));
    if (read_well(archived_load(folder, &a, &msg), &msg)) {
        MUST(a.seal.seq > 0);
        (void)!archived_gone(&a, 1, &msg);
    }
    archived_done(&a);
    buf_done(&b);
}

static void read_index(int folder, struct str bytes)
{
    struct segment s = {.bytes = 4000};
    struct buf b = BUF_INIT;
    buf_addstr(&b, bytes);
    le32_add(&b, crc32c(0, b.p, b.n));
    put("00000000000000000100.idx", buf_str(&b));
    index_start(&s.index, 100, 100);
    if (index_load(folder, &s))
        MUST(s.index.n == (s.end.seq - 100) / INDEX_STEP + 1 && s.index.next == s.end.seq + 1);
    index_done(&s.index);
    buf_done(&b);
}

static void read_history(struct str line)
{
    struct history h;
    struct buf text = BUF_INIT, again = BUF_INIT;
    struct str id;
    uint64_t seq;
    size_t where = 0;
    history_init(&h);
    enum err e = history_read(line, &h, &text, &where);
    MUST(e == ERR_OK || (e == ERR_INVALID && where <= line.n));
    if (e == ERR_OK) {
        buf_clear(&text);
        MUST(history_read_head(line, &seq, &id, &text));
        history_write(&again, seq, id, &h); /* it has one form only */
        size_t n = line.n && line.p[line.n - 1] == '\n' ? line.n : line.n + 1;
        MUST(again.n == n && memcmp(again.p, line.p, n - 1) == 0);
    }
    history_done(&h);
    buf_done(&text);
    buf_done(&again);
}

/* The header fits; of the slices each one whose length byte has its lowest bit set has a checksum that does. */
static void read_checkpoint(struct str bytes)
{
    char header[CHECKPOINT_HEADER], frame[SLICE_FRAME];
    struct buf b = BUF_INIT;
    struct checkpoint_reader *r;
    struct seal seal;
    struct str slice;
    struct errmsg msg = {""};
    size_t slices = 0;
    buf_room(&b, CHECKPOINT_HEADER);
    b.n = CHECKPOINT_HEADER;
    for (size_t at = 0; at < bytes.n; slices++) {
        size_t said = (unsigned char)bytes.p[at++], n = said < bytes.n - at ? said : bytes.n - at;
        frame_put(frame, said & 1 ? n : said, said & 1 ? crc32c(0, bytes.p + at, n) : 0);
        buf_add(&b, frame, sizeof frame);
        buf_add(&b, bytes.p + at, n);
        at += n;
    }
    struct checkpoint_header h = {.seal = {.seq = 7}, .slices = slices, .bytes = b.n};
    checkpoint_header_put(header, &h);
    memcpy(b.p, header, sizeof header);
    put(CHECKPOINT, buf_str(&b));
    if (read_well(dir_checkpoint_open(tap_tmpdir(), NULL, 0, &r, &seal, &msg), &msg)) {
        enum err e;
        while ((e = dir_checkpoint_next(r, &slice, &msg)) == ERR_OK)
            MUST(slice.n < 256 && slices-- > 0);
        MUST(e == ERR_END || e == ERR_DAMAGED);
        dir_checkpoint_close(r);
    }
    buf_done(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static int folder = -1;
    if (folder < 0) {
        char path[300];
        snprintf(path, sizeof path, "%s/checkpoint", tap_tmpdir());
        MUST(mkdir(path, 0700) == 0);
        folder = open(tap_tmpdir(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    }
    struct str rest = {(const char *)data + 1, n ? n - 1 : 0};
    switch (n ? data[0] : 0) {
    case 'm': read_meta(folder, rest); break;
    case 's': read_stamp(folder, rest); break;
    case 'a': read_archived(folder, rest); break;
    case 'i': read_index(folder, rest); break;
    case 'h': read_history(rest); break;
    case 'c': read_checkpoint(rest); break;
    default: break;
    }
    return 0;
}
