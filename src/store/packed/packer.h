/* Compresses closed segments, one at a time, on a thread of its own that takes what time others leave.
 *
 * The steps: NAME.ndjson.zst.new is written, synced and read back; it becomes NAME.ndjson.zst; the folder is synced;
 * NAME.ndjson goes. A crash leaves one of: the plain file and something unfinished, both forms, the compressed one. Of
 * both the plain one counts. */
#ifndef STORE_PACKER_H
#define STORE_PACKER_H

#include <stdatomic.h>

#include "store/dir/worker.h"
#include "store/log/segment.h"

struct packer {
    struct worker worker;
    int folder;            /* of the log; borrowed */
    bool busy;             /* what follows is the thread's */
    uint64_t first, bytes; /* the segment in hand, as text */
    uint64_t disk;         /* what it takes now */
    enum err result;
    struct errmsg msg;
    atomic_bool stop;
};

void packer_init(struct packer *p, struct bell *bell);
void packer_done(struct packer *p); /* gives up what is under way */

/* Must not be busy. false: no thread could be had; errno says why. */
bool packer_begin(struct packer *p, int log_folder, uint64_t first, uint64_t bytes);
/* ERR_MORE: not done yet. Else what came of it. ERR_OK: the compressed file is there instead of the plain one;
 * ERR_ABSENT, without a message: somebody took the plain one away meanwhile; anything else: it is as it was. */
enum err packer_poll(struct packer *p, struct errmsg *msg);

#endif
