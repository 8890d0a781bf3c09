/* A commit, in its order: contacts and keys, lines and seal, stamp. A small one is run by the engine's thread
 * itself: it costs one fdatasync and little else; a larger one by the store's own thread. */
#include "store/dir/dir.h"

#include "store/file.h"

#include <stdatomic.h>

#define SMALL ((size_t)64 << 10)

static enum err commit_lines(struct dir_store *d, struct commit_job *job)
{
    const struct commit *c = &job->commit;
    enum err e = log_append(&d->end, c->lines, c->first, c->last, &job->appended, &job->msg);
    if (!e && job->appended.fresh && d->n_segments)
        index_save(d->log_folder, &d->segments[d->n_segments - 1]); /* the one before is closed by that */
    return e;
}

static void run_commit(void *arg)
{
    struct dir_store *d = arg;
    struct commit_job *job = &d->job;
    const struct commit *c = &job->commit;
    bool rows = c->n_contacts || c->n_keys;
    enum err e = rows ? contacts_write(d->contacts, c, &job->msg) : ERR_OK;
    if (!e && c->lines.n)
        e = commit_lines(d, job);
    if (!e && (rows || c->stamp.p)) /* every minute, also for what an erasure before could not do */
        e = contacts_sealed(d->contacts, &job->msg);
    if (!e && c->stamp.p)
        e = stamp_write(d->folder, c->last, c->stamp, &job->msg);
    job->result = e;
}

static struct segment *add_segment(struct dir_store *d, uint64_t first)
{
    if (d->n_segments)
        index_trim(&d->segments[d->n_segments - 1].index);
    if (d->n_segments == d->cap_segments) {
        d->cap_segments = d->cap_segments ? 2 * d->cap_segments : 16;
        d->segments = mem_resize(d->segments, d->cap_segments, sizeof *d->segments);
    }
    struct segment *s = &d->segments[d->n_segments++];
    memset(s, 0, sizeof *s);
    index_start(&s->index, first, first);
    return s;
}

/* Lets everybody see what is durable now. */
static void publish(struct dir_store *d, struct appended *a)
{
    pthread_mutex_lock(&d->guard);
    struct segment *s = a->fresh ? add_segment(d, a->index.first) : &d->segments[d->n_segments - 1];
    index_append(&s->index, &a->index);
    s->bytes = s->disk = a->bytes;
    s->end = a->seal;
    d->seal = a->seal;
    d->log_bytes += a->written;
    d->disk_bytes += a->written;
    pthread_mutex_unlock(&d->guard);
    index_done(&a->index);
    atomic_store(&d->synced->seq, a->seal.seq); /* first: what delivery notes of it, others find durable too */
    atomic_store(&d->durable, a->seal.seq);
}

static enum err conclude(struct dir_store *d, struct errmsg *msg)
{
    struct commit_job *job = &d->job;
    if (job->result) {
        index_done(&job->appended.index); /* the lines may be there, and something after them failed */
        return err_set(msg, job->result, "%s", job->msg.text);
    }
    if (job->commit.lines.n)
        publish(d, &job->appended);
    return ERR_OK;
}

enum err dir_commit(struct store *s, const struct commit *c, struct errmsg *msg)
{
    struct dir_store *d = dir_of(s);
    d->job.commit = *c;
    memset(&d->job.appended, 0, sizeof d->job.appended);
    if (c->lines.n < SMALL && c->n_contacts == 0 && c->n_keys == 0 && !c->stamp.p) {
        run_commit(d);
        return conclude(d, msg);
    }
    if (!worker_give(&d->committer, run_commit, d))
        return file_error(msg, "cannot start a thread for", d->path);
    return ERR_MORE;
}

enum err dir_commit_poll(struct store *s, bool wait, struct errmsg *msg)
{
    struct dir_store *d = dir_of(s);
    return worker_collect(&d->committer, wait) ? conclude(d, msg) : ERR_MORE;
}
