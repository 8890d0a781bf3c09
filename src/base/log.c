#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_BYTES 2048 /* a longer line is cut: below PIPE_BUF, so that a pipe takes it whole */

static _Atomic int threshold = LOG_LEVEL_INFO;

void log_set_level(enum log_level level)
{
    atomic_store(&threshold, (int)level);
}

/* $JOURNAL_STREAM is inherited; it speaks of this stderr only when it names its device and inode. */
bool log_for_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    unsigned long long device, inode;
    struct stat st;
    if (!stream || sscanf(stream, "%llu:%llu", &device, &inode) != 2 || fstat(STDERR_FILENO, &st) != 0)
        return false;
    return st.st_dev == device && st.st_ino == inode;
}

/* One line stays one line, whatever was put into it. */
static void blank_controls(char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)p[i] < ' ' || p[i] == 0x7f)
            p[i] = ' ';
}

/* What snprintf() came to, within the room it had. */
static size_t written(int n, size_t room)
{
    return n < 0 ? 0 : (size_t)n < room ? (size_t)n : room - 1;
}

void log_line(enum log_level level, const char *event, const char *format, ...)
{
    char line[LINE_BYTES];
    size_t room = sizeof line - 1, n = 0; /* the end of the line has its place for sure */
    va_list args;
    if ((int)level > atomic_load(&threshold))
        return;
    int saved = errno;
    if (log_for_journal())
        n = written(snprintf(line, room, "<%d>", (int)level), room);
    n += written(snprintf(line + n, room - n, "event=%s", event), room - n);
    if (format[0] && n + 1 < room)
        line[n++] = ' ';
    va_start(args, format);
    errno = saved; /* for %m */
    n += written(vsnprintf(line + n, room - n, format, args), room - n);
    va_end(args);
    blank_controls(line, n);
    line[n++] = '\n';
    ssize_t ignored = write(STDERR_FILENO, line, n); /* whom could a failure be told? */
    (void)ignored;
    errno = saved;
}

static bool stands_bare(const char *value)
{
    if (!value[0])
        return false;
    for (const unsigned char *p = (const unsigned char *)value; *p; p++)
        if (*p <= ' ' || *p == 0x7f || *p == '"' || *p == '\\' || *p == '=')
            return false;
    return true;
}

/* The bytes that stand for c in quotes: 1 to 4. */
static size_t escape(unsigned char c, char out[5])
{
    if (c == '"' || c == '\\')
        return (size_t)snprintf(out, 5, "\\%c", c);
    if (c == '\n')
        return (size_t)snprintf(out, 5, "\\n");
    if (c < ' ' || c == 0x7f)
        return (size_t)snprintf(out, 5, "\\x%02x", c);
    out[0] = (char)c;
    return 1;
}

const char *log_quote(const char *value, char *out, unsigned long size)
{
    if (size < 3)
        return size ? memset(out, 0, size) : "";
    if (stands_bare(value) && strlen(value) < size)
        return strcpy(out, value);
    size_t n = 0;
    out[n++] = '"';
    for (; *value; value++) {
        char escaped[5];
        size_t length = escape((unsigned char)*value, escaped);
        if (n + length + 2 > size)
            break;
        memcpy(out + n, escaped, length);
        n += length;
    }
    out[n++] = '"';
    out[n] = '\0';
    return out;
}
