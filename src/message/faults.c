#include "message/faults.h"

#include <stdarg.h>
#include <stdio.h>

void faults_add(struct faults *f, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    for (char *p = text; *p; p++) /* a fault stays one line, whatever it quotes */
        if ((unsigned char)*p < ' ')
            *p = ' ';
    buf_printf(f->lines, "%s%s%s \"%s\": %s\n", f->place ? f->place : "", f->place ? ": " : "", f->section, f->name,
               text);
    f->n++;
}
