#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>

const char *err_text(enum err e)
{
    static const char *const texts[ERR_N] = {
        [ERR_OK] = "ok",
        [ERR_MORE] = "not finished",
        [ERR_END] = "no more",
        [ERR_ABSENT] = "not there",
        [ERR_EXISTS] = "there already",
        [ERR_INVALID] = "invalid",
        [ERR_DAMAGED] = "damaged",
        [ERR_VERSION] = "written by a later version",
        [ERR_LOCKED] = "held by another process",
        [ERR_FULL] = "full",
        [ERR_ARCHIVED] = "moved to an archive",
        [ERR_IO] = "input/output error",
    };
    return (unsigned)e < ERR_N ? texts[e] : "unknown error";
}

enum err err_set(struct errmsg *m, enum err e, const char *format, ...)
{
    if (m) {
        va_list args;
        va_start(args, format);
        vsnprintf(m->text, sizeof m->text, format, args);
        va_end(args);
    }
    return e;
}
