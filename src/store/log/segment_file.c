#include "store/log/segment_file.h"

#include "store/file.h"
#include "store/packed/packed_segment.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* Compression puts the one form there before it takes the other away, and so does whoever undoes it: two looks find one
 * of them, three when it is undone in between. */
static const char *const forms[] = {"ndjson", "ndjson.zst", "ndjson"};

static enum err take(struct segment_file *f, uint64_t first, bool packed, struct errmsg *msg)
{
    struct stat st;
    if (fstat(f->fd, &st) < 0)
        return file_error(msg, "cannot look at log file", f->name);
    f->disk = f->bytes = (uint64_t)st.st_size;
    enum err e = packed ? packed_segment_open(f->fd, f->name, first, &f->packed, msg) : ERR_OK;
    if (e)
        return e;
    if (packed)
        f->bytes = packed_segment_bytes(f->packed);
    f->first = first;
    return ERR_OK;
}

enum err segment_file_open(struct segment_file *f, int log_folder, uint64_t first, struct errmsg *msg)
{
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        segment_name(first, forms[i], f->name);
        f->fd = file_open(log_folder, f->name, O_RDONLY);
        if (f->fd >= 0) {
            enum err e = take(f, first, i == 1, msg);
            if (e)
                segment_file_close(f);
            return e;
        }
        if (errno != ENOENT)
            return file_error(msg, "cannot open log file", f->name);
    }
    return err_set(msg, ERR_ABSENT, "log/%s is missing", f->name);
}

void segment_file_close(struct segment_file *f)
{
    packed_segment_close(f->packed);
    if (f->fd >= 0)
        close(f->fd);
    f->packed = NULL;
    f->fd = -1;
    f->first = f->bytes = f->disk = 0;
}

enum err segment_file_read(struct segment_file *f, struct buf *out, size_t n, uint64_t offset, struct errmsg *msg)
{
    if (f->packed)
        return packed_segment_read(f->packed, out, n, offset, msg);
    return file_read(f->fd, f->name, out, n, offset, msg);
}
