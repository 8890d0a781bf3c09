#include "store/checkpoint/checkpoint.h"

#include "store/backend.h"
#include "store/checkpoint/checkpoint_file.h"
#include "store/crc32c.h"
#include "store/file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define BESIDE "new"
#define KEPT 2

void checkpoint_writer_init(struct checkpoint_writer *w, struct bell *bell)
{
    memset(w, 0, sizeof *w);
    w->fd = w->folder = -1;
    worker_init(&w->worker, bell);
}

enum err checkpoint_writer_open(struct checkpoint_writer *w, int store_folder, struct errmsg *msg)
{
    w->folder = openat(store_folder, "checkpoint", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return w->folder < 0 ? file_error(msg, "cannot open the folder", "checkpoint") : ERR_OK;
}

void checkpoint_writer_done(struct checkpoint_writer *w)
{
    checkpoint_writer_abort(w);
    worker_done(&w->worker);
    if (w->folder >= 0)
        close(w->folder);
}

enum err checkpoint_writer_begin(struct checkpoint_writer *w, struct errmsg *msg)
{
    if (w->open)
        return err_set(msg, ERR_INVALID, "a checkpoint is being written already");
    w->fd = file_open(w->folder, BESIDE, O_WRONLY | O_CREAT | O_TRUNC);
    if (w->fd < 0)
        return file_error(msg, "cannot make a file in", "checkpoint");
    w->open = true;
    w->finishing = false;
    w->slices = 0;
    w->bytes = CHECKPOINT_HEADER;
    w->result = ERR_OK;
    return ERR_OK;
}

/* Written through at once, so that the sync at the end finds little to do and a commit's sync never waits for it. */
static void write_slice(void *arg)
{
    struct checkpoint_writer *w = arg;
    char frame[SLICE_FRAME];
    struct iovec parts[2] = {{frame, sizeof frame}, {(void *)(uintptr_t)w->slice.p, w->slice.n}};
    frame_put(frame, w->slice.n, crc32c(0, w->slice.p, w->slice.n));
    w->result = file_write(w->fd, "checkpoint/" BESIDE, parts, 2, w->bytes, &w->msg);
    sync_file_range(w->fd, (off_t)w->bytes, (off_t)(sizeof frame + w->slice.n),
                    SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER);
    w->bytes += sizeof frame + w->slice.n;
    w->slices++;
}

static enum err give(struct checkpoint_writer *w, void (*job)(void *), struct errmsg *msg)
{
    if (!worker_give(&w->worker, job, w))
        return file_error(msg, "cannot start a thread for", "checkpoint");
    return ERR_MORE;
}

static enum err check_ready(struct checkpoint_writer *w, struct errmsg *msg)
{
    if (!w->open || w->finishing)
        return err_set(msg, ERR_INVALID, "no checkpoint is being written");
    enum err e = checkpoint_writer_poll(w, false, msg);
    return e == ERR_MORE ? err_set(msg, ERR_INVALID, "a checkpoint's slice is under way already") : e;
}

enum err checkpoint_writer_slice(struct checkpoint_writer *w, struct str slice, struct errmsg *msg)
{
    enum err e = check_ready(w, msg);
    if (e)
        return e;
    w->slice = slice;
    return give(w, write_slice, msg);
}

/* All but the newest ones go; a failure here leaves a file too many. */
static void drop_older(int folder)
{
    uint64_t *seqs;
    size_t n = checkpoint_list(folder, &seqs);
    char name[CHECKPOINT_NAME];
    for (size_t i = KEPT; i < n; i++) {
        checkpoint_name(seqs[i], name);
        unlinkat(folder, name, 0);
    }
    free(seqs);
}

static enum err put_in_place(struct checkpoint_writer *w, struct errmsg *msg)
{
    char name[CHECKPOINT_NAME], header[CHECKPOINT_HEADER];
    struct checkpoint_header h = {.seal = w->seal, .slices = w->slices, .bytes = w->bytes};
    struct iovec part = {header, sizeof header};
    checkpoint_header_put(header, &h);
    checkpoint_name(w->seal.seq, name);
    enum err e = file_write(w->fd, "checkpoint/" BESIDE, &part, 1, 0, msg);
    if (!e && fdatasync(w->fd) < 0)
        e = file_error(msg, "cannot sync", "checkpoint/" BESIDE);
    if (!e && renameat(w->folder, BESIDE, w->folder, name) < 0)
        e = file_error(msg, "cannot rename to", name);
    return e ? e : file_sync_folder(w->folder, name, msg);
}

static void finish(void *arg)
{
    struct checkpoint_writer *w = arg;
    w->result = put_in_place(w, &w->msg);
    if (w->result == ERR_OK)
        drop_older(w->folder);
}

enum err checkpoint_writer_finish(struct checkpoint_writer *w, const struct seal *seal, struct errmsg *msg)
{
    enum err e = check_ready(w, msg);
    if (e)
        return e;
    w->seal = *seal;
    w->finishing = true;
    return give(w, finish, msg);
}

static void close_file(struct checkpoint_writer *w)
{
    if (w->fd >= 0)
        close(w->fd);
    w->fd = -1;
    w->open = false;
}

enum err checkpoint_writer_poll(struct checkpoint_writer *w, bool wait, struct errmsg *msg)
{
    if (!w->open)
        return ERR_OK;
    if (!worker_collect(&w->worker, wait))
        return ERR_MORE;
    enum err e = w->result;
    if (e && msg)
        *msg = w->msg;
    if (e)
        unlinkat(w->folder, BESIDE, 0);
    if (e || w->finishing)
        close_file(w);
    return e;
}

void checkpoint_writer_abort(struct checkpoint_writer *w)
{
    if (!w->open)
        return;
    worker_collect(&w->worker, true);
    close_file(w);
    unlinkat(w->folder, BESIDE, 0);
}
