/* A store in a folder: opening and closing it, and its table of functions. */
#include "store/dir/dir.h"

#include "store/archive/history_file.h"
#include "store/backup/backup_folder.h"
#include "store/file.h"
#include "store/log/log_files.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void dir_close(struct store *s);

static struct dir_store *new_store(const char *path)
{
    struct dir_store *d = mem_zalloc(1, sizeof *d);
    d->path = mem_strdup(path);
    d->folder = d->log_folder = d->archive_folder = d->lock = d->bell.fd = d->end.fd = -1;
    d->first = 1;
    pthread_mutex_init(&d->guard, NULL);
    worker_init(&d->committer, &d->bell);
    packer_init(&d->packer, &d->bell);
    get_init(d);
    checkpoint_writer_init(&d->checkpoint, &d->bell);
    return d;
}

static enum err open_log_folder(struct dir_store *d, struct errmsg *msg)
{
    d->log_folder = openat(d->folder, "log", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return d->log_folder < 0 ? file_error(msg, "cannot open the log folder of", d->path) : ERR_OK;
}

/* meta.json comes last: what has none is no store yet. */
static enum err make_store(struct dir_store *d, const struct store_options *o, struct errmsg *msg)
{
    struct stat st;
    if (fstatat(d->folder, META_NAME, &st, 0) == 0)
        return err_set(msg, ERR_EXISTS, "there is a store in %s already", d->path);
    d->meta = (struct meta){.simulated = o->simulated};
    unlinkat(d->folder, "contacts.db", 0); /* from an attempt that was cut short */
    enum err e = contacts_open(d->path, true, &d->contacts, msg);
    if (!e)
        e = meta_make(d->folder, o->incarnation, &d->meta, msg);
    contacts_close(d->contacts);
    d->contacts = NULL;
    return e;
}

static enum err check_options(const struct dir_store *d, const struct store_options *o, struct errmsg *msg)
{
    if (o->segment_bytes > SEGMENT_MAX)
        return err_set(msg, ERR_INVALID, "a segment of %" PRIu64 " bytes: at most %" PRIu64, o->segment_bytes,
                       SEGMENT_MAX);
    if (o->simulated != d->meta.simulated)
        return err_set(msg, ERR_INVALID, "the store in %s is %s simulated clock", d->path,
                       d->meta.simulated ? "one of a" : "not one of a");
    return ERR_OK;
}

/* Whoever knows a number has seen it durable; the log must reach there. */
static enum err gather_witnesses(struct dir_store *d, struct recovery_plan *plan, struct errmsg *msg)
{
    struct witness *out = plan->known;
    uint64_t stamp = 0;
    struct errmsg why;
    enum err e = stamp_load(d->folder, &stamp, NULL, &why);
    if (e && e != ERR_ABSENT)
        return err_set(msg, e, "%s: %s", d->path, why.text);
    *out++ = (struct witness){"the stamp", stamp};
    *out++ = (struct witness){"a checkpoint", checkpoint_newest(d->folder)};
    if (d->synced)
        *out++ = (struct witness){"the file synced", atomic_load(&d->synced->seq)};
    if (d->contacts)
        *out++ = (struct witness){"contacts.db", contacts_known(d->contacts)};
    plan->n_known = (size_t)(out - plan->known);
    return ERR_OK;
}

/* New batches go behind the last segment. */
static enum err open_end(struct dir_store *d, uint64_t limit, struct errmsg *msg)
{
    char name[SEGMENT_NAME];
    log_end_init(&d->end, d->log_folder, limit ? limit : SEGMENT_DEFAULT);
    d->end.seal = d->seal;
    if (d->n_segments == 0)
        return ERR_OK;
    const struct segment *s = &d->segments[d->n_segments - 1];
    if (s->packed) /* closed: the next batch begins another */
        return ERR_OK;
    segment_name(s->index.first, "ndjson", name);
    d->end.first = s->index.first;
    d->end.bytes = s->bytes;
    d->end.fd = file_open(d->log_folder, name, O_WRONLY);
    return d->end.fd < 0 ? file_error(msg, "cannot open log file", name) : ERR_OK;
}

static enum err open_parts(struct dir_store *d, struct errmsg *msg)
{
    if (!bell_init(&d->bell))
        return file_error(msg, "cannot make an eventfd for", d->path);
    enum err e = synced_map(d->folder, true, &d->synced, msg);
    if (!e)
        e = contacts_open(d->path, false, &d->contacts, msg);
    if (!e)
        e = checkpoint_writer_open(&d->checkpoint, d->folder, msg);
    return e;
}

static enum err open_to_write(struct dir_store *d, const struct store_options *o, struct store_opened *opened,
                              struct errmsg *msg)
{
    struct recovery_plan plan = {.from = o->seal, .only_last = o->verify_later, .cut = true};
    enum err e = check_options(d, o, msg);
    if (!e && d->meta.copy)
        e = meta_make(d->folder, NULL, &d->meta, msg); /* before anything is written to it */
    if (!e)
        e = open_parts(d, msg);
    if (!e)
        e = gather_witnesses(d, &plan, msg);
    if (!e)
        e = recover_log(d, &plan, opened, msg);
    if (!e)
        remove_leftovers(d->log_folder);
    if (!e)
        e = contacts_recover(d->contacts, d->seal.seq, msg);
    if (!e)
        e = open_end(d, o->segment_bytes, msg);
    if (!e)
        atomic_store(&d->synced->seq, d->seal.seq);
    return e;
}

/* While a daemon writes, what it has synced may be read. Else the log's last whole commit is looked for and made
 * durable. */
static enum err open_to_read(struct dir_store *d, struct store_opened *opened, struct errmsg *msg)
{
    struct recovery_plan plan = {.only_last = true};
    struct errmsg why;
    enum err e = synced_map(d->folder, false, &d->synced, &why);
    if (e && e != ERR_ABSENT)
        return err_set(msg, e, "%s: %s", d->path, why.text);
    if (d->synced && lock_is_held(d->folder))
        return dir_find_first(d, msg);
    e = gather_witnesses(d, &plan, msg);
    return e ? e : recover_log(d, &plan, opened, msg);
}

/* Before a lock is left in what is no store. A backup that was cut short may become one. */
static enum err expect_store(struct dir_store *d, struct errmsg *msg)
{
    enum err e = meta_load(d->folder, d->path, &d->meta, msg);
    return e == ERR_ABSENT && backup_is_settled(d->folder, d->path, NULL) != ERR_OK ? ERR_OK : e;
}

static enum err open_folder(struct dir_store *d, enum store_mode mode, const struct store_options *o,
                            struct store_opened *opened, struct errmsg *msg)
{
    enum err e = folder_open(d->path, mode == STORE_INIT, &d->folder, msg);
    if (!e)
        e = mode == STORE_WRITE ? expect_store(d, msg) : backup_is_settled(d->folder, d->path, msg);
    if (!e && mode != STORE_READ)
        e = lock_take(d->folder, d->path, &d->lock, msg);
    if (!e && mode == STORE_WRITE)
        e = backup_settle(d->folder, d->path, msg);
    if (!e && mode == STORE_INIT)
        e = make_store(d, o, msg);
    if (!e)
        e = meta_load(d->folder, d->path, &d->meta, msg);
    if (!e)
        e = open_log_folder(d, msg);
    if (e)
        return e;
    if (mode != STORE_READ)
        return open_to_write(d, o, opened, msg);
    e = open_to_read(d, opened, msg);
    return !e && o->archive ? dir_open_archive(d, o->archive, msg) : e;
}

static enum err dir_open(const char *place, enum store_mode mode, const struct store_options *options,
                         struct store **out, struct store_opened *opened, struct errmsg *msg)
{
    struct dir_store *d = new_store(place);
    d->base.mode = mode;
    enum err e = open_folder(d, mode, options, opened, msg);
    if (e)
        dir_close(&d->base);
    else
        *out = &d->base;
    return e;
}

/* After a clean end everybody who knows a number knows the last one. */
static void write_last_words(struct dir_store *d)
{
    struct buf stamp = BUF_INIT;
    uint64_t then;
    if (d->end.hasher && !d->base.failed && stamp_load(d->folder, &then, &stamp, NULL) == ERR_OK && then < d->seal.seq)
        (void)!stamp_write(d->folder, d->seal.seq, buf_str(&stamp), NULL); /* only a witness less */
    buf_done(&stamp);
}

static void dir_close(struct store *s)
{
    struct dir_store *d = dir_of(s);
    struct errmsg ignored;
    if (s->busy)
        (void)!dir_commit_poll(s, true, &ignored);
    packer_done(&d->packer);
    worker_done(&d->committer);
    checkpoint_writer_done(&d->checkpoint);
    write_last_words(d);
    log_end_done(&d->end);
    contacts_close(d->contacts);
    get_done(d);
    archived_done(&d->archived);
    history_file_close(d->history);
    for (size_t i = 0; i < d->n_segments; i++)
        index_done(&d->segments[i].index);
    free(d->segments);
    synced_unmap(d->synced, s->mode != STORE_READ);
    pthread_mutex_destroy(&d->guard);
    bell_done(&d->bell);
    int fds[] = {d->archive_folder, d->log_folder, d->folder, d->lock}; /* the lock goes last */
    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    free(d->path);
    free(d);
}

static void dir_info(const struct store *s, struct store_info *out)
{
    struct dir_store *d = dir_of(s);
    memset(out, 0, sizeof *out);
    out->durable = dir_durable(d);
    out->simulated = d->meta.simulated;
    out->taken = d->meta.taken;
    memcpy(out->incarnation, d->meta.incarnation, sizeof out->incarnation);
    pthread_mutex_lock(&d->guard);
    out->seal = d->seal;
    out->log_bytes = d->log_bytes;
    out->disk_bytes = d->disk_bytes;
    out->n_segments = d->n_segments;
    out->n_packed = d->n_packed;
    out->first = d->first;
    out->archived = d->archived.seal;
    out->archived_at = d->archived.last_at;
    pthread_mutex_unlock(&d->guard);
    if (out->durable != out->seal.seq)
        out->seal = (struct seal){.seq = out->durable};
}

static int dir_fd(const struct store *s)
{
    return dir_of(s)->bell.fd;
}

static const char *dir_delivery_folder(const struct store *s)
{
    return dir_of(s)->path;
}

static enum err dir_contact(struct store *s, uint32_t number, struct str id, struct buf *out, struct contact *contact,
                            struct errmsg *msg)
{
    struct dir_store *d = dir_of(s);
    if (!d->contacts)
        return err_set(msg, ERR_INVALID, "the store was opened for reading its log only");
    return contacts_get(d->contacts, number, id, out, contact, msg);
}

static enum err dir_unit_contact(struct store *s, struct str unit, struct buf *out, struct contact *contact,
                                 struct errmsg *msg)
{
    struct dir_store *d = dir_of(s);
    if (!d->contacts)
        return err_set(msg, ERR_INVALID, "the store was opened for reading its log only");
    return contacts_get_unit(d->contacts, unit, out, contact, msg);
}

static enum err dir_key_find(struct store *s, const unsigned char key[KEY_HASH], int64_t now, struct key_row *out,
                             struct errmsg *msg)
{
    struct dir_store *d = dir_of(s);
    if (!d->contacts)
        return err_set(msg, ERR_INVALID, "the store was opened for reading its log only");
    return contacts_find_key(d->contacts, key, now, out, msg);
}

static enum err dir_each_contact(struct store *s, contact_each_fn *each, void *arg, struct errmsg *msg)
{
    return contacts_each(dir_of(s)->contacts, each, arg, msg);
}

static enum err dir_each_key(struct store *s, key_each_fn *each, void *arg, struct errmsg *msg)
{
    return contacts_each_key(dir_of(s)->contacts, each, arg, msg);
}

static void dir_set_segment(struct store *s, uint64_t bytes)
{
    dir_of(s)->end.limit = bytes;
}

static enum err dir_set_taken(struct store *s, uint64_t taken, struct errmsg *msg)
{
    struct dir_store *d = dir_of(s);
    struct meta m = d->meta;
    m.taken = taken;
    enum err e = meta_write(d->folder, &m, msg);
    if (!e)
        d->meta = m;
    return e;
}

static enum err dir_stamp(struct store *s, struct buf *out, struct errmsg *msg)
{
    uint64_t durable;
    return stamp_load(dir_of(s)->folder, &durable, out, msg);
}

static enum err dir_checkpoint_begin(struct store *s, struct errmsg *msg)
{
    return checkpoint_writer_begin(&dir_of(s)->checkpoint, msg);
}

static enum err dir_checkpoint_slice(struct store *s, struct str slice, struct errmsg *msg)
{
    return checkpoint_writer_slice(&dir_of(s)->checkpoint, slice, msg);
}

static enum err dir_checkpoint_poll(struct store *s, bool wait, struct errmsg *msg)
{
    return checkpoint_writer_poll(&dir_of(s)->checkpoint, wait, msg);
}

static enum err dir_checkpoint_finish(struct store *s, const struct seal *seal, struct errmsg *msg)
{
    return checkpoint_writer_finish(&dir_of(s)->checkpoint, seal, msg);
}

static void dir_checkpoint_abort(struct store *s)
{
    checkpoint_writer_abort(&dir_of(s)->checkpoint);
}

const struct backend backend_dir = {
    .scheme = "dir",
    .open = dir_open,
    .close = dir_close,
    .info = dir_info,
    .commit = dir_commit,
    .commit_poll = dir_commit_poll,
    .fd = dir_fd,
    .delivery_folder = dir_delivery_folder,
    .get = dir_get,
    .where = dir_where,
    .history = dir_history,
    .tidy = dir_tidy,
    .contact = dir_contact,
    .unit_contact = dir_unit_contact,
    .key_find = dir_key_find,
    .stamp = dir_stamp,
    .each_contact = dir_each_contact,
    .each_key = dir_each_key,
    .set_segment = dir_set_segment,
    .set_taken = dir_set_taken,
    .reader_open = dir_reader_open,
    .reader_next = dir_reader_next,
    .reader_seal = dir_reader_seal,
    .reader_close = dir_reader_close,
    .checkpoint_begin = dir_checkpoint_begin,
    .checkpoint_slice = dir_checkpoint_slice,
    .checkpoint_poll = dir_checkpoint_poll,
    .checkpoint_finish = dir_checkpoint_finish,
    .checkpoint_abort = dir_checkpoint_abort,
    .checkpoint_open = dir_checkpoint_open,
    .checkpoint_next = dir_checkpoint_next,
    .checkpoint_close = dir_checkpoint_close,
};
