#include "ctl/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK_BYTES ((size_t)1 << 20) /* holds a line of LINE_KEPT and more */

static bool is_stdin(const char *file)
{
    return strcmp(file, "-") == 0;
}

uint64_t lines_file_size(const char *file)
{
    struct stat st;
    int failed = is_stdin(file) ? fstat(STDIN_FILENO, &st) : stat(file, &st);
    return failed || !S_ISREG(st.st_mode) ? 0 : (uint64_t)st.st_size;
}

enum err lines_open(struct lines *l, const char *file, struct errmsg *msg)
{
    int fd = is_stdin(file) ? STDIN_FILENO : open(file, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_set(msg, ERR_IO, "%s: %s", file, strerror(errno));
    *l = (struct lines){.file = file, .fd = fd, .block = mem_alloc(BLOCK_BYTES)};
    posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    return ERR_OK;
}

void lines_close(struct lines *l)
{
    if (l->fd > STDIN_FILENO)
        close(l->fd);
    free(l->block);
    *l = (struct lines){.fd = -1};
}

/* Reads more behind what is there, which is moved to the front first. */
static enum err fill(struct lines *l, struct errmsg *msg)
{
    memmove(l->block, l->block + l->start, l->end - l->start);
    l->end -= l->start;
    l->start = 0;
    ssize_t n;
    do {
        n = read(l->fd, l->block + l->end, BLOCK_BYTES - l->end);
    } while (n < 0 && errno == EINTR);
    if (n < 0)
        return err_set(msg, ERR_IO, "%s: %s", l->file, strerror(errno));
    l->end += (size_t)n;
    l->ended = n == 0;
    return ERR_OK;
}

static bool skip_mark(struct lines *l)
{
    static const char mark[] = "\xef\xbb\xbf";
    if (l->taken || l->end < 3 || memcmp(l->block, mark, 3) != 0)
        return false;
    l->start = l->taken = 3;
    return true;
}

/* Drops the rest of a line that is too long, but for what is kept of it at the block's start. */
static enum err drop_rest(struct lines *l, struct errmsg *msg)
{
    char *newline = NULL;
    while (!newline && !l->ended) {
        l->taken += l->end - LINE_KEPT;
        l->end = LINE_KEPT;
        l->start = 0;
        enum err e = fill(l, msg);
        if (e)
            return e;
        newline = memchr(l->block + LINE_KEPT, '\n', l->end - LINE_KEPT);
    }
    l->start = newline ? (size_t)(newline + 1 - l->block) : l->end;
    l->taken += l->start - LINE_KEPT;
    return ERR_OK;
}

/* The line at the block's start goes on to its end: all of it that will be kept is there. */
static enum err long_line(struct lines *l, struct str *line, struct errmsg *msg)
{
    *line = (struct str){l->block, LINE_KEPT};
    l->taken += LINE_KEPT;
    l->number++;
    return drop_rest(l, msg);
}

enum err lines_next(struct lines *l, struct str *line, struct errmsg *msg)
{
    size_t searched = 0;
    for (;;) {
        char *from = l->block + l->start, *newline = memchr(from + searched, '\n', l->end - l->start - searched);
        if (newline || (l->ended && l->end > l->start)) {
            size_t n = newline ? (size_t)(newline - from) : l->end - l->start;
            size_t whole = n + (newline != NULL);
            *line = (struct str){from, n < LINE_KEPT ? n : LINE_KEPT};
            l->start += whole;
            l->taken += whole;
            l->number++;
            return ERR_OK;
        }
        if (l->ended)
            return ERR_END;
        searched = l->end - l->start;
        if (searched == BLOCK_BYTES)
            return long_line(l, line, msg);
        enum err e = fill(l, msg);
        if (e)
            return e;
        if (skip_mark(l))
            searched = 0;
    }
}
