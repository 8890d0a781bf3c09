#include "ctl/out.h"
#include "ctl/commands.h"

#include <errno.h>
#include <unistd.h>

bool out_flush(struct out *o)
{
    size_t at = 0;
    while (at < o->block.n && !o->closed) {
        ssize_t n = write(STDOUT_FILENO, o->block.p + at, o->block.n - at);
        if (n >= 0) {
            at += (size_t)n;
        } else if (errno != EINTR) {
            if (errno != EPIPE)
                say("cannot write the output: %s", strerror(errno));
            o->closed = true;
        }
    }
    buf_clear(&o->block);
    return !o->closed;
}

void out_done(struct out *o)
{
    out_flush(o);
    buf_done(&o->block);
}
