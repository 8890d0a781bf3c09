/* What a kind of store provides: one table of functions each. store.c picks the table by the URI's scheme and checks
 * what holds for every kind, so that a backend may rely on it. */
#ifndef STORE_BACKEND_H
#define STORE_BACKEND_H

#include "store/store.h"

/* A commit's lines, and what they hold between two seals on the disk, are bounded: whoever reads may keep a whole
 * batch in memory. */
#define COMMIT_MAX_BYTES ((size_t)64 << 20)
#define STAMP_MAX_BYTES ((size_t)64 << 10)

struct backend {
    const char *scheme; /* "dir" */
    bool whole_uri; /* open and checkpoint_open get the whole URI; schemes with a dash behind this one are its, too */
    bool streams;   /* inputs may come from streams of the store (struct consumed) */
    enum err (*open)(const char *place, enum store_mode mode, const struct store_options *options, struct store **out,
                     struct store_opened *opened, struct errmsg *msg);
    void (*close)(struct store *s);
    void (*info)(const struct store *s, struct store_info *out);
    bool (*held)(const struct store *s, int64_t ms); /* NULL: by a lock, for as long as it is open */
    enum err (*commit)(struct store *s, const struct commit *c, struct errmsg *msg);
    enum err (*commit_poll)(struct store *s, bool wait, struct errmsg *msg);
    int (*fd)(const struct store *s);
    const char *(*delivery_folder)(const struct store *s); /* where the delivery state has its file; NULL: in memory */
    enum err (*get)(struct store *s, uint64_t seq, struct buf *out, struct errmsg *msg);
    enum err (*where)(const struct store *s, uint64_t seq, struct buf *out, struct errmsg *msg);
    /* NULL: nothing is ever archived */
    enum err (*history)(struct store *s, uint64_t seq, struct buf *out, struct errmsg *msg);
    enum err (*tidy)(struct store *s, bool compress, struct errmsg *msg); /* NULL: there is nothing that can wait */
    enum err (*contact)(struct store *s, uint32_t number, struct str id, struct buf *out, struct contact *contact,
                        struct errmsg *msg);
    enum err (*unit_contact)(struct store *s, struct str unit, struct buf *out, struct contact *contact,
                             struct errmsg *msg);
    enum err (*key_find)(struct store *s, const unsigned char key[KEY_HASH], int64_t now, struct key_row *out,
                         struct errmsg *msg);
    enum err (*stamp)(struct store *s, struct buf *out, struct errmsg *msg);
    /* NULL: such a store is never copied */
    enum err (*each_contact)(struct store *s, contact_each_fn *each, void *arg, struct errmsg *msg);
    enum err (*each_key)(struct store *s, key_each_fn *each, void *arg, struct errmsg *msg);
    void (*set_segment)(struct store *s, uint64_t bytes);
    enum err (*set_taken)(struct store *s, uint64_t taken, struct errmsg *msg);
    enum err (*reader_open)(const struct store *s, uint64_t after, struct store_reader **out, struct errmsg *msg);
    enum err (*reader_next)(struct store_reader *r, uint64_t *seq, struct str *line, struct errmsg *msg);
    enum err (*reader_seal)(const struct store_reader *r, struct seal *out);
    void (*reader_close)(struct store_reader *r);
    enum err (*checkpoint_begin)(struct store *s, struct errmsg *msg);
    enum err (*checkpoint_slice)(struct store *s, struct str slice, struct errmsg *msg);
    enum err (*checkpoint_poll)(struct store *s, bool wait, struct errmsg *msg);
    enum err (*checkpoint_finish)(struct store *s, const struct seal *seal, struct errmsg *msg);
    void (*checkpoint_abort)(struct store *s);
    enum err (*checkpoint_open)(const char *place, const struct store_options *options, unsigned which,
                                struct checkpoint_reader **out, struct seal *seal, struct errmsg *msg);
    enum err (*checkpoint_next)(struct checkpoint_reader *r, struct str *slice, struct errmsg *msg);
    void (*checkpoint_close)(struct checkpoint_reader *r);
};

/* The first member of every backend's own structures. */
struct store {
    const struct backend *backend;
    enum store_mode mode;
    bool busy;       /* a commit is in flight */
    enum err failed; /* what the first failed commit came to: no further one is taken */
    struct errmsg why;
};

struct store_reader {
    const struct backend *backend;
};

struct checkpoint_reader {
    const struct backend *backend;
};

extern const struct backend backend_dir;
extern const struct backend backend_memory;
extern const struct backend backend_redis;

#endif
