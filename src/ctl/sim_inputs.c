#include "ctl/sim_inputs.h"

#include "ctl/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_BYTES ((size_t)1 << 20)

/* --- the file --- */

static enum err read_all(struct sim_inputs *s, int fd, struct errmsg *msg)
{
    for (;;) {
        ssize_t n = read(fd, buf_room(&s->read, READ_BYTES), READ_BYTES);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_set(msg, ERR_IO, "%s: %s", s->file, strerror(errno));
        if (n == 0)
            break;
        s->read.n += (size_t)n;
    }
    s->text = s->read.p;
    s->n = s->read.n;
    return ERR_OK;
}

static enum err load(struct sim_inputs *s, int fd, struct errmsg *msg)
{
    struct stat st;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0) {
        void *p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (p != MAP_FAILED) {
            s->text = p;
            s->n = (size_t)st.st_size;
            s->mapped = true;
            return ERR_OK;
        }
    }
    return read_all(s, fd, msg);
}

static enum err open_file(struct sim_inputs *s, struct errmsg *msg)
{
    bool is_stdin = strcmp(s->file, "-") == 0;
    int fd = is_stdin ? STDIN_FILENO : open(s->file, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_set(msg, ERR_IO, "%s: %s", s->file, strerror(errno));
    enum err e = load(s, fd, msg);
    if (!is_stdin)
        close(fd);
    return e;
}

/* --- its lines --- */

static void add_line(struct sim_inputs *s, const struct sim_line *l)
{
    /* Room is doubled whenever it is used up: at 0 and at every power of two from 1,024 on. */
    if (s->n_lines == 0 || (s->n_lines >= 1024 && (s->n_lines & (s->n_lines - 1)) == 0))
        s->lines = mem_resize(s->lines, s->n_lines ? 2 * (size_t)s->n_lines : 1024, sizeof *s->lines);
    s->lines[s->n_lines++] = *l;
}

static enum err find_lines(struct sim_inputs *s, struct errmsg *msg)
{
    static const char mark[] = "\xef\xbb\xbf";
    size_t at = s->n >= 3 && memcmp(s->text, mark, 3) == 0 ? 3 : 0;
    for (uint64_t number = 1; at < s->n; number++) {
        const char *p = s->text + at, *newline = memchr(p, '\n', s->n - at);
        size_t n = newline ? (size_t)(newline - p) : s->n - at;
        if (s->n_lines == UINT32_MAX)
            return err_set(msg, ERR_FULL, "%s has more than %u lines", s->file, UINT32_MAX);
        if (!line_is_blank((struct str){p, n}))
            add_line(s, &(struct sim_line){.at = INSTANT_NONE,
                                           .offset = at,
                                           .n = (uint32_t)(n < LINE_KEPT ? n : LINE_KEPT),
                                           .order = s->n_lines,
                                           .number = number});
        at += n + 1;
    }
    return ERR_OK;
}

enum err sim_inputs_parse(struct sim_inputs *s, const struct sim_line *l, struct input *in, char *arena, size_t *used,
                          struct input_fault *fault)
{
    enum err e = input_parse(s->parser, s->text + l->offset, l->n, in, arena, used, fault);
    if (e || in->at != INSTANT_NONE)
        return e;
    snprintf(fault->member, sizeof fault->member, "at");
    snprintf(fault->text, sizeof fault->text, "missing; expected a time such as 2026-06-16T09:00:00+08:00");
    return ERR_INVALID;
}

enum err sim_inputs_open(struct sim_inputs *s, const char *file, const char *country_code,
                         void (*fault)(void *arg, const struct sim_line *l, const struct input_fault *f), void *arg,
                         struct errmsg *msg)
{
    struct input_options options = {.allow_at = true};
    snprintf(options.country_code, sizeof options.country_code, "%s", country_code);
    *s = (struct sim_inputs){.file = file};
    enum err e = open_file(s, msg);
    if (e == ERR_OK)
        e = find_lines(s, msg);
    if (e)
        return e;
    s->parser = input_parser_new(&options);
    s->arena = mem_alloc(2 * (size_t)LINE_KEPT + 64);
    for (uint32_t i = 0; i < s->n_lines; i++) {
        struct input in;
        struct input_fault f;
        size_t used;
        if (sim_inputs_parse(s, &s->lines[i], &in, s->arena, &used, &f) == ERR_OK) {
            s->lines[i].at = in.at;
            s->n_inputs++;
        } else {
            fault(arg, &s->lines[i], &f);
        }
    }
    return ERR_OK;
}

void sim_inputs_close(struct sim_inputs *s)
{
    if (s->mapped)
        munmap((void *)(uintptr_t)s->text, s->n);
    buf_done(&s->read);
    if (s->parser)
        input_parser_free(s->parser);
    free(s->arena);
    free(s->lines);
}

/* --- their order --- */

static int by_instant(const void *a, const void *b)
{
    const struct sim_line *x = a, *y = b;
    if (x->at != y->at)
        return x->at < y->at ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

static int by_order(const void *a, const void *b)
{
    const struct sim_line *x = a, *y = b;
    return x->order < y->order ? -1 : x->order > y->order;
}

static void sort(struct sim_inputs *s, int (*compare)(const void *, const void *))
{
    uint32_t i = 1;
    while (i < s->n_lines && compare(&s->lines[i - 1], &s->lines[i]) < 0)
        i++;
    if (i < s->n_lines) /* most files stand in order already */
        qsort(s->lines, s->n_lines, sizeof *s->lines, compare);
}

void sim_inputs_sort(struct sim_inputs *s)
{
    sort(s, by_instant);
}

void sim_inputs_unsort(struct sim_inputs *s)
{
    sort(s, by_order);
}
