#include "tests/receiver/record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"

#define FLUSH_BYTES ((size_t)64 << 10)

struct record {
    int fd;
    struct buf b;
};

enum err record_open(const char *path, struct record **out, struct errmsg *msg)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_set(msg, ERR_IO, "%s cannot be written: %s", path, strerror(errno));
    *out = mem_zalloc(1, sizeof **out);
    (*out)->fd = fd;
    return ERR_OK;
}

void record_flush(struct record *r)
{
    for (size_t at = 0; r && at < r->b.n;) {
        ssize_t n = write(r->fd, r->b.p + at, r->b.n - at);
        if (n < 0 && errno != EINTR) {
            fprintf(stderr, "receiver: the record cannot be written: %s\n", strerror(errno));
            exit(1);
        }
        at += n > 0 ? (size_t)n : 0;
    }
    if (r)
        buf_clear(&r->b);
}

void record_close(struct record *r)
{
    if (!r)
        return;
    record_flush(r);
    close(r->fd);
    buf_done(&r->b);
    free(r);
}

static void add_char(struct buf *b, unsigned char c)
{
    switch (c) {
    case '\t': BUF_LIT(b, "\\t"); break;
    case '\n': BUF_LIT(b, "\\n"); break;
    case '\\': BUF_LIT(b, "\\\\"); break;
    default:
        if (c < 0x20 || c == 0x7f)
            buf_printf(b, "\\x%02x", c);
        else
            buf_addc(b, (char)c);
    }
}

static void add_field(struct buf *b, struct str s)
{
    buf_addc(b, '\t');
    if (s.n == 0)
        buf_addc(b, '-');
    for (size_t i = 0; i < s.n; i++)
        add_char(b, (unsigned char)s.p[i]);
}

static void add_number(struct buf *b, uint64_t v)
{
    buf_addc(b, '\t');
    if (v)
        buf_add_u64(b, v);
    else
        buf_addc(b, '-');
}

void record_add(struct record *r, const struct record_line *l)
{
    if (!r)
        return;
    buf_add_i64(&r->b, l->time_ns);
    add_field(&r->b, str_of(l->kind));
    add_field(&r->b, l->id);
    add_number(&r->b, l->seq);
    add_field(&r->b, l->subject);
    add_field(&r->b, l->type);
    add_number(&r->b, l->attempt);
    add_field(&r->b, str_of(l->answer));
    add_field(&r->b, l->number);
    add_field(&r->b, l->text);
    buf_addc(&r->b, '\n');
    if (r->b.n >= FLUSH_BYTES)
        record_flush(r);
}
