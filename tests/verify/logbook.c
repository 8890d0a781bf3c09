#include "tests/verify/logbook.h"

#include <dirent.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/folder.h"
#include "store/log/logline.h"
#include "store/log/segment.h"
#include "tests/lib/tap.h"

static struct str copy(struct str s)
{
    return (struct str){mem_strndup(s.p, s.n), s.n};
}

/* --- reading and writing --- */

static bool begins_segment(const char *folder, uint64_t seq)
{
    static const char *const suffixes[] = {"ndjson", "ndjson.zst"};
    bool there = false;
    for (int i = 0; i < 2; i++) {
        char name[SEGMENT_NAME], path[1024];
        segment_name(seq, suffixes[i], name);
        snprintf(path, sizeof path, "%s/log/%s", folder, name);
        there = there || access(path, F_OK) == 0;
    }
    return there;
}

void logbook_read(struct logbook *b, const char *folder)
{
    char uri[1024];
    struct store *s;
    struct store_reader *r;
    struct errmsg msg;
    struct seal seal;
    struct str line;
    uint64_t seq;
    *b = (struct logbook){.n = 0};
    snprintf(uri, sizeof uri, "dir:%s", folder);
    if (store_open(uri, STORE_READ, NULL, &s, NULL, &msg) != ERR_OK || store_reader_open(s, 0, &r, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    while (store_reader_next(r, &seq, &line, &msg) == ERR_OK) {
        b->v = mem_resize(b->v, b->n + 1, sizeof *b->v);
        b->v[b->n++] =
            (struct logbook_line){copy(line), store_reader_seal(r, &seal) == ERR_OK, begins_segment(folder, seq + 1)};
    }
    store_reader_close(r);
    store_close(s);
}

static void remove_files(const char *folder, const char *sub, const char *ending)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", folder, sub);
    DIR *dir = opendir(path);
    for (struct dirent *e; dir && (e = readdir(dir));)
        if (strstr(e->d_name, ending))
            unlinkat(dirfd(dir), e->d_name, 0);
    if (dir)
        closedir(dir);
}

static void write_segment(const char *folder, uint64_t first, const struct buf *text)
{
    char name[SEGMENT_NAME], path[1024];
    segment_name(first, "ndjson", name);
    snprintf(path, sizeof path, "%s/log/%s", folder, name);
    FILE *f = fopen(path, "w");
    if (!f || fwrite(text->p, 1, text->n, f) != text->n || fclose(f) != 0)
        bail_out("cannot write %s", path);
}

/* folder NULL: only the seals are reckoned. */
static struct seal write_all(const struct logbook *b, const char *folder)
{
    struct seal_hasher *h = seal_hasher_new();
    struct seal seal = {.seq = 0};
    struct buf text = BUF_INIT;
    size_t hashed = 0;
    uint64_t first = 0;
    for (size_t i = 0; i < b->n; i++) {
        uint64_t seq = logbook_number(b, i, "seq");
        if (text.n == 0) {
            struct log_header header = {.first = first = seq};
            memcpy(header.previous, seal.hash, SEAL_HASH);
            log_header_add(&text, &header);
        }
        buf_addstr(&text, b->v[i].text);
        buf_addc(&text, '\n');
        if (!b->v[i].ends_commit && i + 1 < b->n && !b->v[i].ends_segment)
            continue;
        seal_begin(h, seal.hash);
        seal_add(h, text.p + hashed, text.n - hashed);
        seal_end(h, seal.hash);
        seal.seq = seq;
        log_seal_add(&text, &seal);
        hashed = text.n;
        if (!b->v[i].ends_segment && i + 1 < b->n)
            continue;
        if (folder)
            write_segment(folder, first, &text);
        buf_clear(&text);
        hashed = 0;
    }
    buf_done(&text);
    seal_hasher_free(h);
    return seal;
}

void logbook_write(const struct logbook *b, const char *folder)
{
    remove_files(folder, "log", ".ndjson");
    remove_files(folder, "log", ".idx");
    write_all(b, folder);
}

static void settle_contacts(const char *folder, uint64_t end)
{
    char path[1024], sql[200];
    sqlite3 *db;
    snprintf(path, sizeof path, "%s/contacts.db", folder);
    snprintf(sql, sizeof sql, "UPDATE state SET durable = %llu, last = %llu; PRAGMA wal_checkpoint(TRUNCATE)",
             (unsigned long long)end, (unsigned long long)end);
    if (sqlite3_open(path, &db) != SQLITE_OK || sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        bail_out("%s: %s", path, sqlite3_errmsg(db));
    sqlite3_close(db);
}

void logbook_settle(const char *folder, uint64_t end)
{
    struct buf stamp = BUF_INIT;
    struct synced *synced;
    struct errmsg msg;
    uint64_t durable;
    int fd = open(folder, O_RDONLY | O_DIRECTORY);
    if (fd < 0 || synced_map(fd, true, &synced, &msg) != ERR_OK)
        bail_out("%s cannot be opened", folder);
    synced->seq = end;
    synced_unmap(synced, true);
    if (stamp_load(fd, &durable, &stamp, &msg) == ERR_OK && stamp_write(fd, end, buf_str(&stamp), &msg) != ERR_OK)
        bail_out("%s", msg.text);
    buf_done(&stamp);
    settle_contacts(folder, end);
    unlinkat(fd, "delivery.db", 0);
    close(fd);
    remove_files(folder, "checkpoint", ".ckpt");
}

struct seal logbook_seal(const struct logbook *b)
{
    return write_all(b, NULL);
}

void logbook_done(struct logbook *b)
{
    logbook_cut(b, 0);
    free(b->v);
}

/* --- changes --- */

void logbook_set(struct logbook *b, size_t i, struct str text)
{
    struct str old = b->v[i].text;
    b->v[i].text = copy(text);
    free((char *)old.p);
}

void logbook_remove(struct logbook *b, size_t i)
{
    free((char *)b->v[i].text.p);
    if (i > 0 && b->v[i].ends_commit)
        b->v[i - 1].ends_commit = true;
    if (i > 0 && b->v[i].ends_segment)
        b->v[i - 1].ends_segment = true;
    memmove(b->v + i, b->v + i + 1, (b->n - i - 1) * sizeof *b->v);
    b->n--;
}

void logbook_insert(struct logbook *b, size_t i, struct str text)
{
    b->v = mem_resize(b->v, b->n + 1, sizeof *b->v);
    memmove(b->v + i + 1, b->v + i, (b->n - i) * sizeof *b->v);
    b->v[i] = (struct logbook_line){copy(text), false, false};
    b->n++;
    if (i + 1 == b->n)
        b->v[i].ends_commit = true;
}

void logbook_swap(struct logbook *b, size_t i, size_t k)
{
    struct str text = b->v[i].text;
    b->v[i].text = b->v[k].text;
    b->v[k].text = text;
}

void logbook_cut(struct logbook *b, size_t n)
{
    for (size_t i = n; i < b->n; i++)
        free((char *)b->v[i].text.p);
    b->n = n < b->n ? n : b->n;
}

/* --- members --- */

static const char *find_member(struct str line, const char *member, size_t *n)
{
    char name[80];
    *n = (size_t)snprintf(name, sizeof name, "\"%s\":", member);
    const char *p = memmem(line.p, line.n, name, *n);
    return p ? p + *n : NULL;
}

uint64_t logbook_number(const struct logbook *b, size_t i, const char *member)
{
    size_t n;
    const char *p = find_member(b->v[i].text, member, &n);
    return p ? strtoull(p, NULL, 10) : 0;
}

struct str logbook_text(const struct logbook *b, size_t i, const char *member)
{
    size_t n;
    struct str line = b->v[i].text;
    const char *p = find_member(line, member, &n);
    if (!p || *p != '"')
        return STR_NONE;
    const char *end = memchr(p + 1, '"', (size_t)(line.p + line.n - p - 1));
    return end ? (struct str){p + 1, (size_t)(end - p - 1)} : STR_NONE;
}

static void set_number(struct logbook *b, size_t i, const char *member, uint64_t value)
{
    size_t n;
    struct str line = b->v[i].text;
    const char *p = find_member(line, member, &n);
    if (!p)
        return;
    const char *end = p + strspn(p, "0123456789");
    struct buf out = BUF_INIT;
    buf_add(&out, line.p, (size_t)(p - line.p));
    buf_add_u64(&out, value);
    buf_add(&out, end, (size_t)(line.p + line.n - end));
    logbook_set(b, i, buf_str(&out));
    buf_done(&out);
}

/* Of the same person the line before i; b->n: there is none. */
static size_t last_of(const struct logbook *b, size_t i, struct str subject)
{
    for (size_t k = i; subject.p && k-- > 0;)
        if (str_eq(logbook_text(b, k, "subject"), subject))
            return k;
    return b->n;
}

/* The termination that a reinstatement undoes: that person's last one. */
static void point_to_termination(struct logbook *b, size_t i)
{
    size_t k = last_of(b, i, logbook_text(b, i, "subject"));
    while (k < b->n && !str_is(logbook_text(b, k, "type"), "benefit.terminated"))
        k = last_of(b, k, logbook_text(b, i, "subject"));
    if (k < b->n)
        set_number(b, i, "undoes", k + 1);
}

void logbook_renumber(struct logbook *b)
{
    for (size_t i = 0; i < b->n; i++)
        set_number(b, i, "seq", i + 1);
    for (size_t i = 0; i < b->n; i++) {
        size_t before = last_of(b, i, logbook_text(b, i, "subject"));
        set_number(b, i, "prev", before == b->n ? 0 : before + 1);
        if (str_is(logbook_text(b, i, "type"), "benefit.reinstated"))
            point_to_termination(b, i);
    }
}
