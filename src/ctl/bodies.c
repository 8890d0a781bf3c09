#include "ctl/bodies.h"
#include "ctl/csv_rows.h"
#include "ctl/lines.h"

#include <pthread.h>
#include <stdlib.h>
#include <strings.h>

/* One is sent, one is ready, one is being filled. */
#define SLOTS 3

struct bodies {
    char *const *files;
    int n_files;
    uint32_t max_lines;
    /* the reading thread's own */
    int at_file; /* -1: before the first */
    bool open;
    struct lines lines;
    struct csv_rows *csv; /* NULL: the file is NDJSON */
    /* shared: slots [taken, filled) are ready, taken - 1 is with the sender */
    struct body slots[SLOTS];
    uint64_t filled, taken;
    bool stop;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    pthread_t thread;
};

/* --- one body --- */

static void body_clear(struct body *b)
{
    for (uint32_t i = 0; i < b->n_faults; i++)
        free(b->faults[i].text);
    buf_clear(&b->text);
    b->n_lines = b->n_marks = b->n_faults = 0;
    b->file_bytes = 0;
    b->last = false;
    b->err = ERR_OK;
}

static void body_done(struct body *b)
{
    body_clear(b);
    buf_done(&b->text);
    free(b->marks);
    free(b->faults);
}

/* line: the number that the body's next line has in its file. */
static void mark_line(struct body *b, uint64_t line)
{
    const struct body_mark *m = b->n_marks ? &b->marks[b->n_marks - 1] : NULL;
    if (m && m->line + (b->n_lines - m->index) == line)
        return;
    if (b->n_marks == b->cap_marks) {
        b->cap_marks = b->cap_marks ? 2 * b->cap_marks : 16;
        b->marks = mem_resize(b->marks, b->cap_marks, sizeof *b->marks);
    }
    b->marks[b->n_marks++] = (struct body_mark){b->n_lines, line};
}

static void add_line(struct body *b, struct str text, uint64_t line)
{
    mark_line(b, line);
    buf_addstr(&b->text, text);
    buf_addc(&b->text, '\n');
    b->n_lines++;
}

static void add_fault(struct body *b, const char *text, uint64_t line)
{
    if (b->n_faults == b->cap_faults) {
        b->cap_faults = b->cap_faults ? 2 * b->cap_faults : 16;
        b->faults = mem_resize(b->faults, b->cap_faults, sizeof *b->faults);
    }
    b->faults[b->n_faults++] = (struct body_fault){b->n_lines, line, mem_strdup(text)};
}

/* --- reading --- */

static bool is_csv(const char *file)
{
    const char *dot = strrchr(file, '.');
    return dot && strcasecmp(dot, ".csv") == 0;
}

static enum err open_next(struct bodies *b, struct errmsg *msg)
{
    const char *file = b->files[++b->at_file];
    enum err e = lines_open(&b->lines, file, msg);
    if (e)
        return e;
    b->open = true;
    b->csv = is_csv(file) ? csv_rows_new() : NULL;
    return ERR_OK;
}

static void close_file(struct bodies *b)
{
    if (b->open)
        lines_close(&b->lines);
    b->open = false;
    csv_rows_free(b->csv);
    b->csv = NULL;
}

static enum err add_csv(struct bodies *b, struct body *body, enum csv_got got)
{
    uint64_t first = b->lines.number - csv_rows_lines(b->csv) + 1;
    if (got == CSV_GOT_ROW)
        add_line(body, csv_rows_json(b->csv), first);
    else if (got == CSV_GOT_FAULT)
        add_fault(body, csv_rows_fault(b->csv), first);
    else if (got == CSV_GOT_HEADER_FAULT)
        return err_set(&body->msg, ERR_INVALID, "%s:%llu: %s", b->lines.file, (unsigned long long)first,
                       csv_rows_fault(b->csv));
    return ERR_OK;
}

/* Lines of the open file until the body is full. ERR_END: the file is over. */
static enum err fill_body(struct bodies *b, struct body *body)
{
    struct str line;
    while (body->n_lines < b->max_lines && body->n_faults < b->max_lines &&
           body->text.n < BODY_BYTES_MAX - LINE_KEPT - 1) {
        enum err e = lines_next(&b->lines, &line, &body->msg);
        if (e == ERR_END && b->csv) {
            enum err bad = add_csv(b, body, csv_rows_end(b->csv));
            return bad ? bad : ERR_END;
        }
        if (e)
            return e;
        if (b->csv)
            e = add_csv(b, body, csv_rows_feed(b->csv, line));
        else if (!line_is_blank(line))
            add_line(body, line, b->lines.number);
        if (e)
            return e;
    }
    return ERR_OK;
}

static void read_body(struct bodies *b, struct body *body)
{
    body_clear(body);
    if (!b->open) {
        body->err = open_next(b, &body->msg);
        body->file = b->files[b->at_file];
        if (body->err)
            return;
    }
    body->file = b->lines.file;
    uint64_t before = b->lines.taken;
    enum err e = fill_body(b, body);
    body->file_bytes = b->lines.taken - before;
    if (e == ERR_OK)
        return;
    close_file(b);
    body->last = e == ERR_END && b->at_file + 1 == b->n_files;
    body->err = e == ERR_END ? ERR_OK : e;
}

static void *read_all(void *arg)
{
    struct bodies *b = arg;
    bool over = false;
    while (!over) {
        pthread_mutex_lock(&b->lock);
        /* The slot before `taken` is still with the sender. */
        while (!b->stop && b->filled - b->taken >= SLOTS - 1)
            pthread_cond_wait(&b->changed, &b->lock);
        struct body *body = &b->slots[b->filled % SLOTS];
        over = b->stop;
        pthread_mutex_unlock(&b->lock);
        if (over)
            break;
        read_body(b, body);
        over = body->last || body->err;
        pthread_mutex_lock(&b->lock);
        b->filled++;
        pthread_cond_broadcast(&b->changed);
        pthread_mutex_unlock(&b->lock);
    }
    close_file(b);
    return NULL;
}

/* --- for the sender --- */

struct bodies *bodies_open(char *const *files, int n, uint32_t max_lines)
{
    struct bodies *b = mem_zalloc(1, sizeof *b);
    b->files = files;
    b->n_files = n;
    b->at_file = -1;
    b->max_lines = max_lines;
    pthread_mutex_init(&b->lock, NULL);
    pthread_cond_init(&b->changed, NULL);
    if (pthread_create(&b->thread, NULL, read_all, b) != 0)
        abort(); /* as for memory: nothing was begun */
    return b;
}

const struct body *bodies_next(struct bodies *b)
{
    pthread_mutex_lock(&b->lock);
    while (b->taken == b->filled)
        pthread_cond_wait(&b->changed, &b->lock);
    const struct body *body = &b->slots[b->taken++ % SLOTS];
    pthread_cond_broadcast(&b->changed);
    pthread_mutex_unlock(&b->lock);
    return body;
}

void bodies_close(struct bodies *b)
{
    pthread_mutex_lock(&b->lock);
    b->stop = true;
    pthread_cond_broadcast(&b->changed);
    pthread_mutex_unlock(&b->lock);
    pthread_join(b->thread, NULL);
    for (unsigned i = 0; i < SLOTS; i++)
        body_done(&b->slots[i]);
    pthread_mutex_destroy(&b->lock);
    pthread_cond_destroy(&b->changed);
    free(b);
}
