/* For the tests of backups: a store whose content is also noted in a book, so that a copy of it can be held against
 * what it was as of any event. */
#ifndef TESTS_STORE_BACKUP_HELP_H
#define TESTS_STORE_BACKUP_HELP_H

#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>

#include "store/backup/backup.h"
#include "tests/store/events.h"

#define PERSONS 12
#define UNITS 3
#define KEYS_FROM INT64_C(1780000000)
#define KINDS (PERSONS + UNITS)

/* As of event seq the contact of `who` (persons, then units) is that; "": erased. */
struct fact {
    uint64_t seq;
    unsigned who;
    char name[24];
};

struct book {
    pthread_mutex_t lock;
    struct rng rng;
    struct fact *facts;
    size_t n_facts;
    uint64_t *keys; /* the last events of the commits that had one */
    size_t n_keys;
    uint64_t checkpoint; /* the last one's */
};

static const struct store_options small = {.segment_bytes = 6000};

static inline void book_init(struct book *b, uint64_t seed)
{
    memset(b, 0, sizeof *b);
    pthread_mutex_init(&b->lock, NULL);
    b->rng = rng_seed(seed);
}

static inline void book_done(struct book *b)
{
    free(b->facts);
    free(b->keys);
}

/* Back to that event: what came behind it never was. */
static inline void book_cut(struct book *b, uint64_t seq)
{
    while (b->n_facts && b->facts[b->n_facts - 1].seq > seq)
        b->n_facts--;
    while (b->n_keys && b->keys[b->n_keys - 1] > seq)
        b->n_keys--;
}

static inline struct key_row book_key(uint64_t seq)
{
    struct key_row k = {.at = KEYS_FROM, .seq = seq, .first_seq = seq, .n_events = 1, .result = RESULT_APPLIED};
    memcpy(k.key, &seq, sizeof seq);
    memset(k.body, 'b', sizeof k.body);
    return k;
}

static inline const char *who_id(unsigned who, char out[16])
{
    snprintf(out, 16, "%c%u", who < PERSONS ? 'p' : 'u', who < PERSONS ? who : who - PERSONS);
    return out;
}

static inline struct fact *book_note(struct book *b, uint64_t seq, unsigned who)
{
    b->facts = mem_resize(b->facts, b->n_facts + 1, sizeof *b->facts);
    struct fact *f = &b->facts[b->n_facts++];
    *f = (struct fact){seq, who, ""};
    if (rng_below(&b->rng, 6) != 0)
        snprintf(f->name, sizeof f->name, "name-%u-%" PRIu64 "-", who, seq);
    return f;
}

/* A commit of up to so many events, with some contacts and a key, noted before it is begun. */
static inline enum err book_commit(struct book *b, struct store *s, unsigned most, struct errmsg *msg)
{
    struct contact_change changes[4];
    char ids[4][16];
    struct store_info info;
    store_info(s, &info);
    pthread_mutex_lock(&b->lock);
    uint64_t n = rng_below(&b->rng, most + 1), first = info.durable + 1, last = info.durable + n;
    size_t n_changes = n ? rng_below(&b->rng, n < 4 ? n + 1 : 5) : 0;
    size_t before = b->n_facts;
    bool key = n && rng_below(&b->rng, 2);
    for (size_t i = 0; i < n_changes; i++)
        book_note(b, first + i * n / n_changes, (unsigned)rng_below(&b->rng, KINDS));
    for (size_t i = 0; i < n_changes; i++) {
        const struct fact *f = &b->facts[before + i];
        struct str name = *f->name ? str_of(f->name) : STR_NONE;
        changes[i] = (struct contact_change){
            f->seq, f->who, str_of(who_id(f->who, ids[i])), f->who >= PERSONS, {name, name, STR_NONE}};
    }
    struct key_row row = book_key(last);
    if (key) {
        b->keys = mem_resize(b->keys, b->n_keys + 1, sizeof *b->keys);
        b->keys[b->n_keys++] = last;
    }
    struct buf lines = events_make(first, last), stamp = BUF_INIT;
    if (rng_below(&b->rng, 8) == 0)
        buf_printf(&stamp, "stamp of %" PRIu64, last);
    /* the facts may move once the lock is open, but not before the commit is done: this thread alone adds to them */
    struct commit c = {.first = first,
                       .last = last,
                       .lines = n ? buf_str(&lines) : STR_NONE,
                       .contacts = changes,
                       .n_contacts = n_changes,
                       .keys = &row,
                       .n_keys = key,
                       .stamp = buf_str(&stamp)};
    pthread_mutex_unlock(&b->lock);
    enum err e = store_commit(s, &c, msg);
    if (e == ERR_MORE)
        e = store_commit_poll(s, true, msg);
    buf_done(&lines);
    buf_done(&stamp);
    return e;
}

static inline bool book_checkpoint(struct book *b, struct store *s)
{
    struct store_info info;
    struct errmsg msg;
    store_info(s, &info);
    enum err e = store_checkpoint_begin(s, &msg);
    if (!e && (e = store_checkpoint_slice(s, STR_LIT("a slice"), &msg)) == ERR_MORE)
        e = store_checkpoint_poll(s, true, &msg);
    if (!e && (e = store_checkpoint_finish(s, &info.seal, &msg)) == ERR_MORE)
        e = store_checkpoint_poll(s, true, &msg);
    store_checkpoint_abort(s);
    b->checkpoint = e ? b->checkpoint : info.seal.seq;
    return e == ERR_OK;
}

/* What it was as of that event; NULL: nothing was ever told. */
static inline const struct fact *book_fact(const struct book *b, unsigned who, uint64_t seq)
{
    const struct fact *found = NULL;
    for (size_t i = 0; i < b->n_facts && b->facts[i].seq <= seq; i++)
        if (b->facts[i].who == who)
            found = &b->facts[i];
    return found;
}

static inline bool contact_holds(struct book *b, struct store *s, unsigned who, uint64_t seq)
{
    char id[16];
    struct buf out = BUF_INIT;
    struct contact c;
    struct errmsg msg = {""};
    const struct fact *want = book_fact(b, who, seq);
    enum err e = who < PERSONS ? store_contact(s, who, str_of(who_id(who, id)), &out, &c, &msg)
                               : store_unit_contact(s, str_of(who_id(who, id)), &out, &c, &msg);
    bool there = want && *want->name;
    bool good = there ? e == ERR_OK && str_is(c.name, want->name) && str_is(c.phone, want->name) : e == ERR_ABSENT;
    if (!good)
        diag("the contact of %s as of event %" PRIu64 ": %s, not \"%s\" %s", id, seq, err_text(e),
             want ? want->name : "none", msg.text);
    buf_done(&out);
    return good;
}

static inline bool key_holds(struct store *s, uint64_t key, uint64_t seq)
{
    struct key_row want = book_key(key), got;
    struct errmsg msg;
    enum err e = store_key_find(s, want.key, KEYS_FROM, &got, &msg);
    if (e == (key <= seq ? ERR_OK : ERR_ABSENT))
        return true;
    diag("the key of event %" PRIu64 " as of event %" PRIu64 ": %s", key, seq, err_text(e));
    return false;
}

/* An open store is what the book says as of that event. */
static inline bool book_holds(struct book *b, struct store *s, uint64_t seq)
{
    struct store_info info;
    struct errmsg msg = {""};
    store_info(s, &info);
    int64_t lines = read_all(s, 0, NULL, &msg);
    bool good = info.durable == seq && lines == (int64_t)seq;
    if (!good)
        diag("%" PRIi64 " lines, durable are %" PRIu64 ", expected were %" PRIu64 ": %s", lines, info.durable, seq,
             msg.text);
    pthread_mutex_lock(&b->lock);
    for (unsigned who = 0; who < KINDS; who++)
        good = contact_holds(b, s, who, seq) && good;
    for (size_t i = 0; i < b->n_keys; i++)
        good = key_holds(s, b->keys[i], seq) && good;
    pthread_mutex_unlock(&b->lock);
    return good;
}

/* --- copies --- */

static inline void run_shell(const char *format, ...) __attribute__((format(printf, 1, 2)));

static inline void run_shell(const char *format, ...)
{
    char command[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(command, sizeof command, format, args);
    va_end(args);
    if (system(command) != 0)
        bail_out("%s", command);
}

static inline void show_nothing(void *arg, uint64_t done, uint64_t total, uint64_t event)
{
    (void)arg, (void)done, (void)total, (void)event;
}

static const struct backup_watch nobody = {.show = show_nothing};

/* As an operator restores: the folder is copied back, and opened. NULL: *e and msg say why it cannot be. */
static inline struct store *restore(const char *folder, const char *to, enum err *e, struct errmsg *msg)
{
    char uri[512];
    struct store *s = NULL;
    run_shell("rm -rf '%s' && cp -a '%s' '%s'", to, folder, to);
    snprintf(uri, sizeof uri, "dir:%s", to);
    *e = store_open(uri, STORE_WRITE, &small, &s, NULL, msg);
    return *e ? NULL : s;
}

#endif
