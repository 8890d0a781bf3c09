/* A slice of a checkpoint: everybody's records as bytes, behind a checksum that somebody set right. What is taken is a
 * roster that can be walked through. */
#include "roster/roster.h"
#include "tests/fuzz/fuzz.h"

const unsigned fuzz_runs = 500;

enum { LOOKED_AT = 2000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct roster *r = roster_new();
    struct errmsg msg = {""};
    char room[ID_MAX];
    struct entry e;
    enum err err = roster_load(r, data, n, &msg);
    MUST(err == ERR_OK || ((err == ERR_DAMAGED || err == ERR_VERSION) && msg.text[0]));
    for (uint32_t i = 0; !err && i < roster_count(r) && i < LOOKED_AT; i++) {
        struct str id = roster_id(r, i, room);
        MUST(id.n > 0 && id.n <= ID_MAX && roster_find(r, id) == i);
        roster_get(r, i, &e);
        MUST(e.rec.status < STATUS_N);
    }
    roster_free(r);
    return 0;
}
