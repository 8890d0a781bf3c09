#include "config/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/read_up_to.h"

static enum err read_whole(int fd, struct source *s, struct errmsg *msg)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return err_set(msg, ERR_IO, "%s: expected a file that can be read", strerror(errno));
    if (!S_ISREG(st.st_mode))
        return err_set(msg, ERR_INVALID, "%s: expected a regular file", S_ISDIR(st.st_mode) ? "a folder" : "no file");
    if (st.st_size > SOURCE_BYTES_MAX)
        return err_set(msg, ERR_INVALID, "%lld bytes: expected at most %d", (long long)st.st_size, SOURCE_BYTES_MAX);
    char *text = mem_alloc((size_t)st.st_size + 1);
    ssize_t n = read_up_to(fd, text, (size_t)st.st_size); /* less, where it has become shorter meanwhile */
    if (n < 0) {
        err_set(msg, ERR_IO, "%s: expected a file that can be read", strerror(errno));
        free(text);
        return ERR_IO;
    }
    text[n] = '\0';
    *s = (struct source){.text = text, .n = (size_t)n, .device = st.st_dev, .inode = st.st_ino};
    return ERR_OK;
}

enum err source_read(const char *path, struct source *s, struct errmsg *msg)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY); /* a FIFO must not keep us waiting */
    if (fd < 0)
        return err_set(msg, ERR_IO, "%s: expected a file that can be read", strerror(errno));
    enum err e = read_whole(fd, s, msg);
    close(fd);
    return e;
}

void source_done(struct source *s)
{
    free(s->text);
    *s = (struct source){0};
}

size_t source_character(const unsigned char *p)
{
    static const struct {
        unsigned char first_from, first_to, second_from, second_to, length;
    } forms[] = {
        {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
        {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4},
        {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
    };
    if (p[0] < 0x80)
        return 1;
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        if (p[0] < forms[i].first_from || p[0] > forms[i].first_to)
            continue;
        if (p[1] < forms[i].second_from || p[1] > forms[i].second_to)
            return 0;
        for (size_t k = 2; k < forms[i].length; k++)
            if ((p[k] & 0xc0) != 0x80)
                return 0;
        return forms[i].length;
    }
    return 0;
}

static bool is_control(unsigned char c)
{
    return (c < ' ' && c != '\t' && c != '\n' && c != '\r') || c == 0x7f;
}

static enum err check_text(struct source *s, unsigned *line, struct errmsg *msg)
{
    *line = 1;
    for (size_t i = 0; i < s->n;) {
        const unsigned char *p = (const unsigned char *)s->text + i;
        size_t length = source_character(p);
        if (length == 0 || is_control(*p))
            return err_set(msg, ERR_INVALID, "the byte 0x%02x: expected text in UTF-8", *p);
        *line += *p == '\n';
        i += length;
    }
    s->lines = *line;
    return ERR_OK;
}

/* Where the string that opens at p ends: at its closing quote, or NULL when it does not on its line. */
static char *string_end(char *p)
{
    char quote = *p++;
    while (*p != quote) {
        if (*p == '\\' && p[1] && p[1] != '\n')
            p++;
        if (!*p || *p == '\n')
            return NULL;
        p++;
    }
    return p;
}

static bool between_words(char c)
{
    return c == '\0' || strchr(" \t\r\n={}()+,\"'", c);
}

/* What opens at p: '#' to the end of the line, '*' to the next "*" and "/", 0 no comment. before: the byte before p. */
static char comment_kind(const char *p, char before)
{
    if (*p == '#')
        return '#';
    if (*p != '/' || !between_words(before))
        return 0; /* "dir://x" is a word */
    return p[1] == '/' ? '#' : p[1] == '*' ? '*' : 0;
}

/* Blanks a comment out, its line ends aside; where it ends, NULL when it does not. */
static char *blank_comment(char *p, char kind)
{
    char *end = kind == '#' ? p + strcspn(p, "\n") : strstr(p + 2, "*/");
    if (!end)
        return NULL;
    if (kind == '*')
        end += 2;
    for (; p < end; p++)
        if (*p != '\n')
            *p = ' ';
    return end;
}

/* The library counts a comment's lines twice and takes one inside a list for a value: it gets to see none. */
static enum err blank_comments(char *text, unsigned *line, struct errmsg *msg)
{
    char before = '\0';
    *line = 1;
    for (char *p = text; *p;) {
        char kind = comment_kind(p, before);
        char *end = kind ? blank_comment(p, kind) : *p == '"' || *p == '\'' ? string_end(p) : p;
        if (!end && kind)
            return err_set(msg, ERR_INVALID, "a comment that does not end: expected */ behind it");
        if (!end)
            return err_set(msg, ERR_INVALID, "a string that does not end: expected %c on the same line", *p);
        before = kind ? ' ' : *end;
        if (!kind)
            end++;
        for (; p < end; p++)
            *line += *p == '\n';
    }
    return ERR_OK;
}

enum err source_clean(struct source *s, unsigned *line, struct errmsg *msg)
{
    enum err e = check_text(s, line, msg);
    return e == ERR_OK ? blank_comments(s->text, line, msg) : e;
}
