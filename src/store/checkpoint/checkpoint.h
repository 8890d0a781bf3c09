/* The checkpoints of a dir store: files checkpoint/NUMBER.ckpt, the two newest kept.
 *
 * A file is a header line of CHECKPOINT_HEADER bytes (JSON, padded with blanks), then slices, each as its length
 * (uint64) and CRC-32C (uint32), little-endian, and its bytes. The header, which says how many slices and bytes there
 * are and carries a CRC-32C of itself, is written last; the file gets its name when all of it is synced. */
#ifndef STORE_CHECKPOINT_H
#define STORE_CHECKPOINT_H

#include "store/dir/worker.h"
#include "store/store.h"

#define CHECKPOINT_VERSION 1
#define CHECKPOINT_HEADER 256

/* One is written at a time, by a thread of its own. */
struct checkpoint_writer {
    int folder; /* owned */
    struct worker worker;
    bool open, finishing;
    int fd;
    uint64_t slices, bytes;
    struct str slice; /* under way */
    struct seal seal;
    enum err result; /* of the last job */
    struct errmsg msg;
};

void checkpoint_writer_init(struct checkpoint_writer *w, struct bell *bell);
enum err checkpoint_writer_open(struct checkpoint_writer *w, int store_folder, struct errmsg *msg) ERR_MUSTCHECK;
void checkpoint_writer_done(struct checkpoint_writer *w);

enum err checkpoint_writer_begin(struct checkpoint_writer *w, struct errmsg *msg) ERR_MUSTCHECK;
enum err checkpoint_writer_slice(struct checkpoint_writer *w, struct str slice, struct errmsg *msg) ERR_MUSTCHECK;
enum err checkpoint_writer_poll(struct checkpoint_writer *w, bool wait, struct errmsg *msg) ERR_MUSTCHECK;
enum err checkpoint_writer_finish(struct checkpoint_writer *w, const struct seal *seal,
                                  struct errmsg *msg) ERR_MUSTCHECK;
void checkpoint_writer_abort(struct checkpoint_writer *w);

/* The number of the newest one whose header is whole; 0: there is none. */
uint64_t checkpoint_newest(int store_folder);

enum err dir_checkpoint_open(const char *place, const struct store_options *options, unsigned which,
                             struct checkpoint_reader **out, struct seal *seal, struct errmsg *msg);
enum err dir_checkpoint_next(struct checkpoint_reader *r, struct str *slice, struct errmsg *msg);
void dir_checkpoint_close(struct checkpoint_reader *r);

#endif
