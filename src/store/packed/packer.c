#include "store/packed/packer.h"

#include "store/file.h"
#include "store/packed/packed_segment.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

void packer_init(struct packer *p, struct bell *bell)
{
    memset(p, 0, sizeof *p);
    worker_init(&p->worker, bell);
}

void packer_done(struct packer *p)
{
    atomic_store(&p->stop, true);
    worker_done(&p->worker);
}

/* --- on the thread --- */

/* Only when nothing else wants the processor. Where that may not be said, it goes on as it is. */
static void step_back(void)
{
    const struct sched_param none = {0};
    (void)!sched_setscheduler(0, SCHED_IDLE, &none);
}

static enum err write_beside(struct packer *p, const char *plain, const char *beside)
{
    struct packed_source from = {.name = plain, .first = p->first, .bytes = p->bytes};
    struct stat st;
    enum err e;
    from.fd = file_open(p->folder, plain, O_RDONLY);
    if (from.fd < 0 && errno == ENOENT)
        return ERR_ABSENT;
    if (from.fd < 0)
        return file_error(&p->msg, "cannot open log file", plain);
    int fd = file_open(p->folder, beside, O_RDWR | O_CREAT | O_TRUNC);
    if (fd < 0)
        e = file_error(&p->msg, "cannot make", beside);
    else if (fstat(from.fd, &st) < 0)
        e = file_error(&p->msg, "cannot look at log file", plain);
    else if ((uint64_t)st.st_size != p->bytes)
        e = err_set(&p->msg, ERR_DAMAGED, "log/%s has %lld bytes: %llu were written", plain, (long long)st.st_size,
                    (unsigned long long)p->bytes);
    else
        e = packed_segment_write(&from, fd, beside, &p->stop, &p->msg);
    if (!e && fstat(fd, &st) < 0)
        e = file_error(&p->msg, "cannot look at", beside);
    if (!e)
        p->disk = (uint64_t)st.st_size;
    if (fd >= 0)
        close(fd);
    close(from.fd);
    return e;
}

/* The compressed file is taken back only while the plain one is there. */
static void take_back(struct packer *p, const char *plain, const char *packed)
{
    if (faccessat(p->folder, plain, F_OK, 0) == 0)
        unlinkat(p->folder, packed, 0);
}

static enum err take_its_place(struct packer *p, const char *plain, const char *beside, const char *packed)
{
    if (faccessat(p->folder, plain, F_OK, 0) < 0 && errno == ENOENT)
        return ERR_ABSENT;
    if (renameat(p->folder, beside, p->folder, packed) < 0)
        return file_error(&p->msg, "cannot rename to", packed);
    enum err e = file_sync_folder(p->folder, packed, &p->msg);
    if (!e && unlinkat(p->folder, plain, 0) < 0 && errno != ENOENT)
        e = file_error(&p->msg, "cannot remove", plain);
    if (e)
        take_back(p, plain, packed);
    return e;
}

static void pack(void *arg)
{
    struct packer *p = arg;
    char plain[SEGMENT_NAME], packed[SEGMENT_NAME], beside[SEGMENT_NAME];
    segment_name(p->first, "ndjson", plain);
    segment_name(p->first, "ndjson.zst", packed);
    segment_name(p->first, "ndjson.zst.new", beside);
    step_back();
    enum err e = write_beside(p, plain, beside);
    if (!e)
        e = take_its_place(p, plain, beside, packed);
    if (e)
        unlinkat(p->folder, beside, 0);
    p->result = e;
}

/* --- on the store's --- */

bool packer_begin(struct packer *p, int log_folder, uint64_t first, uint64_t bytes)
{
    p->folder = log_folder;
    p->first = first;
    p->bytes = bytes;
    p->busy = worker_give(&p->worker, pack, p);
    return p->busy;
}

enum err packer_poll(struct packer *p, struct errmsg *msg)
{
    if (!worker_collect(&p->worker, false))
        return ERR_MORE;
    p->busy = false;
    if (p->result && p->result != ERR_ABSENT)
        err_set(msg, p->result, "%s", p->msg.text);
    return p->result;
}
