#include "config/reading.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "config/item.h"
#include "config/parse.h"
#include "config/source.h"

/* What is only needed while reading. */
struct reader {
    struct reading *r;
    struct {
        dev_t device;
        ino_t inode;
    } seen[READING_FILES_MAX];
};

void reading_fault(struct reading *r, unsigned file, unsigned line, const char *format, ...)
{
    struct errmsg m;
    va_list args;
    if (r->n_faults == READING_FAULTS_MAX)
        return;
    va_start(args, format);
    vsnprintf(m.text, sizeof m.text, format, args);
    va_end(args);
    for (char *p = m.text; *p; p++) /* an escape may have brought them in: a fault stays one line */
        if ((unsigned char)*p < ' ' || *p == 0x7f)
            *p = '?';
    r->faults = mem_resize(r->faults, r->n_faults + 1, sizeof *r->faults);
    r->faults[r->n_faults] = (struct fault){file, line, r->n_faults, mem_strdup(m.text)};
    r->n_faults++;
}

static int compare_faults(const void *a, const void *b)
{
    const struct fault *x = a, *y = b;
    if (x->file != y->file)
        return x->file < y->file ? -1 : 1;
    if (x->line != y->line)
        return x->line < y->line ? -1 : 1;
    return x->number < y->number ? -1 : 1;
}

void reading_report(struct reading *r, struct buf *out)
{
    if (r->n_faults == 0)
        return;
    bool full = r->n_faults == READING_FAULTS_MAX;
    struct fault last = r->faults[r->n_faults - 1];
    qsort(r->faults, r->n_faults, sizeof *r->faults, compare_faults);
    for (size_t i = 0; i < r->n_faults; i++)
        buf_printf(out, "%s:%u: %s\n", r->files[r->faults[i].file], r->faults[i].line, r->faults[i].text);
    if (full)
        buf_printf(out, "%s:%u: further faults are not shown: expected fewer than %d\n", r->files[last.file], last.line,
                   READING_FAULTS_MAX);
}

static struct statement *add_statement(struct reading *r, unsigned file, enum statement_kind kind,
                                       const struct item *it)
{
    if (r->n == r->cap) {
        r->cap = r->cap ? r->cap * 2 : 64;
        r->v = mem_resize(r->v, r->cap, sizeof *r->v);
    }
    struct statement *s = &r->v[r->n++];
    *s = (struct statement){.kind = kind, .file = file, .line = it->line, .within = -1};
    s->section = mem_strdup(it->section);
    s->title = mem_strdup(it->title);
    s->key = mem_strdup(it->key);
    return s;
}

static void add_values(struct statement *s, const struct item *it)
{
    s->values = mem_resize(s->values, s->n_values + it->n_values + 1, sizeof *s->values);
    for (unsigned i = 0; i < it->n_values; i++)
        s->values[s->n_values++] = mem_strdup(it->values[i]);
}

/* The statement of the section that an item stands in: the latest of that name and title in the file. */
static long section_of(const struct reading *r, unsigned file, const struct item *it)
{
    if (strcmp(it->section, "root") == 0)
        return -1;
    for (long i = (long)r->n - 1; i >= 0 && r->v[i].file == file; i--) {
        const struct statement *s = &r->v[i];
        if (s->kind == STATEMENT_SECTION && strcmp(s->section, it->section) == 0 && strcmp(s->title, it->title) == 0)
            return i;
    }
    return -1;
}

static bool continues(const struct statement *s, unsigned file, const struct item *it)
{
    return it->index > 1 && s->kind == STATEMENT_SET && s->file == file && strcmp(s->key, it->key) == 0 &&
           strcmp(s->section, it->section) == 0 && strcmp(s->title, it->title) == 0;
}

static void read_file(struct reader *rd, const char *path, unsigned from_file, unsigned from_line, const char *what);

/* path as it is seen from the file that includes it. Owned by the caller. */
static char *beside(const char *file, const char *path)
{
    struct buf b = BUF_INIT;
    const char *slash = strrchr(file, '/');
    if (path[0] != '/' && slash)
        buf_add(&b, file, (size_t)(slash + 1 - file));
    buf_adds(&b, path);
    buf_addc(&b, '\0');
    return b.p;
}

static void include(struct reader *rd, unsigned file, const struct item *it)
{
    struct errmsg what;
    if (it->n_values != 1 || !it->values[0][0]) {
        reading_fault(rd->r, file, it->line, "include(): expected one file's name");
        return;
    }
    char *path = beside(rd->r->files[file], it->values[0]);
    err_set(&what, ERR_OK, "include(\"%.256s\"): ", it->values[0]);
    read_file(rd, path, file, it->line, what.text);
    free(path);
}

static void take_item(struct reader *rd, unsigned file, const struct item *it)
{
    struct reading *r = rd->r;
    if (it->kind == ITEM_FAULT) {
        reading_fault(r, file, it->line, "%s", it->key);
        r->torn = true;
    } else if (it->kind == ITEM_CALL && strcmp(it->key, "include") == 0 && strcmp(it->section, "root") == 0) {
        include(rd, file, it);
    } else if (it->kind == ITEM_VALUE && r->n && continues(&r->v[r->n - 1], file, it)) {
        add_values(&r->v[r->n - 1], it);
    } else if (it->kind == ITEM_SECTION) {
        add_statement(r, file, STATEMENT_SECTION, it);
    } else {
        long within = section_of(r, file, it);
        struct statement *s = add_statement(r, file, it->kind == ITEM_CALL ? STATEMENT_CALL : STATEMENT_SET, it);
        s->within = within;
        add_values(s, it);
    }
}

static void take_items(struct reader *rd, unsigned file, struct str rest)
{
    struct item it;
    while (item_next(&rest, &it)) {
        if (it.kind == ITEM_END)
            return;
        if (rd->r->n == READING_STATEMENTS_MAX) {
            reading_fault(rd->r, file, it.line, "too many settings: expected at most %d", READING_STATEMENTS_MAX);
            rd->r->torn = true;
            return;
        }
        take_item(rd, file, &it);
    }
    reading_fault(rd->r, file, 1, "the parser did not finish: expected KEY = VALUE lines");
    rd->r->torn = true;
}

static bool seen_before(const struct reader *rd, const struct source *s)
{
    for (unsigned i = 0; i < rd->r->n_files; i++)
        if (rd->seen[i].device == s->device && rd->seen[i].inode == s->inode)
            return true;
    return false;
}

static void take_source(struct reader *rd, unsigned file, struct source *s)
{
    struct errmsg msg;
    struct buf items = BUF_INIT;
    unsigned line = 1;
    enum err e = source_clean(s, &line, &msg);
    if (e == ERR_OK) {
        line = 1;
        e = parse_text(s->text, s->lines, &items, &msg);
    }
    if (e == ERR_OK) {
        take_items(rd, file, buf_str(&items));
    } else {
        reading_fault(rd->r, file, line, "%s", msg.text);
        rd->r->torn = true;
    }
    buf_done(&items);
}

/* A file that cannot be read is a fault at the place that names it; what says how it is named there. */
static void read_file(struct reader *rd, const char *path, unsigned from_file, unsigned from_line, const char *what)
{
    struct reading *r = rd->r;
    struct source s = {0};
    struct errmsg msg;
    enum err e = source_read(path, &s, &msg);
    if (e == ERR_OK && seen_before(rd, &s))
        e = err_set(&msg, ERR_EXISTS, "it is read already: expected each file once");
    else if (e == ERR_OK && r->n_files == READING_FILES_MAX)
        e = err_set(&msg, ERR_FULL, "too many files: expected at most %d", READING_FILES_MAX);
    if (e != ERR_OK) {
        reading_fault(r, from_file, from_line, "%s%s", what, msg.text);
        r->torn = true;
        source_done(&s);
        return;
    }
    unsigned file = r->n_files++;
    r->files = mem_resize(r->files, r->n_files, sizeof *r->files);
    r->files[file] = mem_strdup(path);
    rd->seen[file].device = s.device;
    rd->seen[file].inode = s.inode;
    take_source(rd, file, &s);
    source_done(&s);
}

void reading_init(struct reading *r, const char *file)
{
    struct reader rd = {.r = r};
    *r = (struct reading){0};
    read_file(&rd, file, 0, 1, "");
    if (r->n_files == 0) { /* even so, its faults have a name */
        r->files = mem_alloc(sizeof *r->files);
        r->files[r->n_files++] = mem_strdup(file);
    }
}

void reading_done(struct reading *r)
{
    for (size_t i = 0; i < r->n; i++) {
        for (unsigned k = 0; k < r->v[i].n_values; k++)
            free(r->v[i].values[k]);
        free(r->v[i].values);
        free(r->v[i].section);
        free(r->v[i].title);
        free(r->v[i].key);
    }
    for (size_t i = 0; i < r->n_faults; i++)
        free(r->faults[i].text);
    for (unsigned i = 0; i < r->n_files; i++)
        free(r->files[i]);
    free(r->v);
    free(r->faults);
    free(r->files);
    *r = (struct reading){0};
}
