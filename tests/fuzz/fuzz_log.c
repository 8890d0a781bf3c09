/* A log of one file. The first character says whether its seals are set right: an odd one's are. What recovery takes, a
 * reader reads, in order and to its end. */
#include <stdio.h>
#include <string.h>

#include "store/log/cursor.h"
#include "store/log/logline.h"
#include "tests/fuzz/fuzz.h"
#include "tests/lib/tap.h"
#include "tests/store/bare_log.h"

const unsigned fuzz_runs = 4000;

/* Each line that begins as a seal does becomes the one that fits there, of that event. */
static void set_seals_right(struct str in, struct buf *out)
{
    struct seal seal = {.seq = 0};
    struct seal_hasher *h = seal_hasher_new();
    const char *end = in.p + in.n;
    seal_begin(h, seal.hash);
    for (const char *p = in.p, *next; p < end; p = next) {
        const char *nl = log_line_end(p, end);
        next = nl ? nl + 1 : end;
        if (nl && sscanf(p, "{\"seal\":%20" SCNu64, &seal.seq) == 1) {
            seal_end(h, seal.hash);
            log_seal_add(out, &seal);
            seal_begin(h, seal.hash);
        } else {
            seal_add(h, p, (size_t)(next - p));
            buf_add(out, p, (size_t)(next - p));
        }
    }
    seal_hasher_free(h);
}

static void write_file(const struct bare_log *b, struct str bytes)
{
    char path[400];
    snprintf(path, sizeof path, "%s/00000000000000000001.ndjson", b->path);
    FILE *f = fopen(path, "wb");
    MUST(f && (bytes.n == 0 || fwrite(bytes.p, 1, bytes.n, f) == bytes.n) && fclose(f) == 0);
}

static void read_it(struct bare_log *b)
{
    struct cursor c;
    struct batch batch;
    struct errmsg msg = {""};
    uint64_t last = 0, durable = b->d.seal.seq;
    enum err e;
    cursor_init(&c, &b->d, 0);
    while ((e = cursor_next(&c, durable, &batch, &msg)) == ERR_OK) {
        MUST(batch.seal.seq >= last);
        last = batch.seal.seq;
    }
    MUST(e == ERR_END && last == durable);
    cursor_done(&c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct bare_log b;
    static bool made;
    struct store_opened opened;
    struct errmsg msg = {""};
    struct buf text = BUF_INIT;
    char *copy = mem_strndup((const char *)data, n); /* for sscanf() */
    struct str rest = {copy + (n > 0), n ? n - 1 : 0};
    if (!made)
        bare_make(&b, "log");
    made = true;
    if (n && data[0] & 1)
        set_seals_right(rest, &text);
    else
        buf_addstr(&text, rest);
    write_file(&b, buf_str(&text));
    enum err e = recover_log(&b.d, &(struct recovery_plan){.cut = false}, &opened, &msg);
    MUST(e == ERR_OK || ((e == ERR_DAMAGED || e == ERR_VERSION) && strstr(msg.text, "00000000000000000001.ndjson")));
    if (e == ERR_OK)
        read_it(&b);
    bare_reset(&b);
    buf_done(&text);
    free(copy);
    return 0;
}
