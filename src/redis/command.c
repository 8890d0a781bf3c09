#include "redis/command.h"

#include <stdarg.h>

static void add_length(struct buf *b, char kind, uint64_t n)
{
    buf_addc(b, kind);
    buf_add_u64(b, n);
    BUF_LIT(b, "\r\n");
}

void redis_command_add(struct redis_command *c, struct str arg)
{
    add_length(&c->bulks, '$', arg.n);
    buf_addstr(&c->bulks, arg);
    BUF_LIT(&c->bulks, "\r\n");
    c->n++;
}

void redis_command_begin(struct redis_command *c, const char *name)
{
    buf_clear(&c->bulks);
    c->n = 0;
    redis_command_add(c, str_of(name));
}

void redis_command_add_u64(struct redis_command *c, uint64_t v)
{
    char room[24];
    struct buf digits = {room, 0, sizeof room};
    buf_add_u64(&digits, v);
    redis_command_add(c, buf_str(&digits));
}

void redis_command_set(struct redis_command *c, const char *name, ...)
{
    va_list args;
    redis_command_begin(c, name);
    va_start(args, name);
    for (const char *arg; (arg = va_arg(args, const char *));)
        redis_command_add(c, str_of(arg));
    va_end(args);
}

void redis_command_done(struct redis_command *c)
{
    buf_done(&c->bulks);
    c->n = 0;
}

void redis_command_write(const struct redis_command *c, struct buf *out)
{
    add_length(out, '*', c->n);
    buf_addstr(out, buf_str(&c->bulks));
}
