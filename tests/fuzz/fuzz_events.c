/* A line of the log, as it may stand there when a disk has altered it: what is accepted is just what is written. */
#include "codec/event_json.h"
#include "tests/fuzz/fuzz.h"

const unsigned fuzz_runs = 20000;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct str line = {(const char *)data, n};
    struct event_arena arena = {.n_pays = 0};
    struct event e;
    size_t where = 0;
    bool head = event_read_head(line, &e, &arena) == ERR_OK;
    enum err err = event_read(line, &e, &arena, &where);
    MUST(err == ERR_OK || (err == ERR_INVALID && where <= n));
    if (err == ERR_OK) {
        struct buf again = BUF_INIT;
        MUST(head);
        event_write(&again, &e);
        again.n -= n && data[n - 1] == '\n' ? 0 : 1;
        MUST(str_eq(buf_str(&again), line));
        buf_done(&again);
    }
    event_arena_done(&arena);
    return 0;
}
