/* Memory: allocation that does not return NULL, and a growable run of bytes.
 * Out of memory ends the process with a message: whatever was not committed is not answered, and
 * what is in memory is rebuilt from the log (HACKING.md, "Crash only"). */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/str.h"

void *mem_alloc(size_t size);               /* uninitialised */
void *mem_zalloc(size_t count, size_t size); /* zeroed; checks the product */
void *mem_resize(void *old, size_t count, size_t size);
char *mem_strdup(const char *s);
char *mem_strndup(const char *s, size_t n); /* adds a terminator */
/* Where a library has run out of memory: ends the process in the same way, with a message that says what it cannot do. */
_Noreturn void mem_none(const char *what);

struct buf {
    char *p; /* owned; not terminated */
    size_t n, cap;
};

#define BUF_INIT ((struct buf){NULL, 0, 0})

void buf_done(struct buf *b);
void buf_grow(struct buf *b, size_t extra); /* after it, extra more bytes fit */
void buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

static inline char *buf_room(struct buf *b, size_t extra)
{
    if (b->cap - b->n < extra)
        buf_grow(b, extra);
    return b->p + b->n;
}

static inline void buf_add(struct buf *b, const void *p, size_t n)
{
    if (n)
        memcpy(buf_room(b, n), p, n);
    b->n += n;
}

static inline void buf_addc(struct buf *b, char c)
{
    *buf_room(b, 1) = c;
    b->n++;
}

static inline void buf_adds(struct buf *b, const char *s)
{
    buf_add(b, s, strlen(s));
}

static inline void buf_addstr(struct buf *b, struct str s)
{
    buf_add(b, s.p, s.n);
}

#define BUF_LIT(b, s) buf_add((b), (s), sizeof(s) - 1)

void buf_add_u64(struct buf *b, uint64_t v);
void buf_add_i64(struct buf *b, int64_t v);
/* A JSON string with its quotes; s.p == NULL gives null. s must be valid UTF-8. */
void buf_add_json(struct buf *b, struct str s);

static inline struct str buf_str(const struct buf *b)
{
    return (struct str){b->p, b->n};
}

static inline void buf_clear(struct buf *b)
{
    b->n = 0;
}

#endif
