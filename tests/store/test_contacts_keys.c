/* Rows of idempotency keys in contacts.db: files of before there were any, rows that a crash leaves behind, and the
 * bound on their number. */
#include "store/contacts/contacts_db.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lib/tap.h"
#include "tests/store/events.h"

#define NOW INT64_C(1780000000)

static struct key_row row_of(uint64_t i, uint64_t seq)
{
    struct key_row r = {.at = NOW, .seq = seq, .result = RESULT_APPLIED};
    memcpy(r.key, &i, sizeof i);
    return r;
}

static const char *folder(const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", tap_tmpdir(), name);
    if (mkdir(path, 0700) != 0)
        bail_out("%s cannot be made", path);
    return path;
}

static struct contacts *open_contacts(const char *path, bool make)
{
    struct contacts *c;
    struct errmsg msg;
    if (contacts_open(path, make, &c, &msg) != ERR_OK)
        bail_out("%s: %s", path, msg.text);
    return c;
}

static void must(enum err e, const struct errmsg *msg)
{
    if (e)
        bail_out("%s", msg->text);
}

/* A transaction with rows first..first + n - 1 for the events after `durable`, one each. */
static void write_rows(struct contacts *c, uint64_t first, size_t n, uint64_t durable, bool sealed)
{
    struct key_row *rows = mem_alloc(n * sizeof *rows);
    struct errmsg msg;
    for (size_t i = 0; i < n; i++)
        rows[i] = row_of(first + i, durable + 1 + i);
    const struct commit commit = {.first = durable + 1, .last = durable + n, .keys = rows, .n_keys = n};
    must(contacts_write(c, &commit, &msg), &msg);
    if (sealed)
        must(contacts_sealed(c, &msg), &msg);
    free(rows);
}

static bool has(struct contacts *c, uint64_t i)
{
    struct key_row want = row_of(i, 0), got;
    struct errmsg msg;
    enum err e = contacts_find_key(c, want.key, NOW, &got, &msg);
    if (e && e != ERR_ABSENT)
        bail_out("%s", msg.text);
    return e == ERR_OK;
}

static uint64_t count_from(struct contacts *c, uint64_t first, uint64_t last)
{
    uint64_t n = 0;
    for (uint64_t i = first; i <= last; i++)
        n += has(c, i);
    return n;
}

static void run_sql(const char *path, const char *sql)
{
    char file[300];
    sqlite3 *db;
    snprintf(file, sizeof file, "%s/contacts.db", path);
    if (sqlite3_open(file, &db) != SQLITE_OK || sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        bail_out("%s: %s", sql, sqlite3_errmsg(db));
    sqlite3_close(db);
}

/* --- versions --- */

static void test_versions(void)
{
    const char *path = folder("versions");
    struct errmsg msg;
    struct contacts *c = open_contacts(path, true);
    struct buf text = BUF_INIT;
    struct contact contact;
    const struct contact_change change = {
        .seq = 1, .number = 0, .id = STR_LIT("a"), .contact = {STR_LIT("Wang"), STR_NONE, STR_NONE}};
    const struct commit commit = {.first = 1, .last = 1, .contacts = &change, .n_contacts = 1};
    must(contacts_write(c, &commit, &msg), &msg);
    must(contacts_sealed(c, &msg), &msg);
    contacts_close(c);
    run_sql(path, "DROP TABLE idempotency; PRAGMA user_version = 1;");
    c = open_contacts(path, false);
    must(contacts_recover(c, 1, &msg), &msg);
    is_int(contacts_get(c, 0, STR_LIT("a"), &text, &contact, &msg), ERR_OK,
           "a file without keys opens, with its contacts");
    ok(!has(c, 1), "and knows no key");
    write_rows(c, 1, 3, 1, true);
    ok(has(c, 3), "it takes keys");
    contacts_close(c);
    c = open_contacts(path, false);
    must(contacts_recover(c, 4, &msg), &msg);
    ok(has(c, 1), "which are there when it is opened again");
    contacts_close(c);
    run_sql(path, "PRAGMA user_version = 3;");
    is_int(contacts_open(path, false, &c, &msg), ERR_VERSION, "a file of a later version is refused");
    run_sql(path, "PRAGMA user_version = 2; UPDATE idempotency SET result = 'eaten';");
    c = open_contacts(path, false);
    must(contacts_recover(c, 4, &msg), &msg);
    struct key_row want = row_of(1, 0), got;
    is_int(contacts_find_key(c, want.key, NOW, &got, &msg), ERR_DAMAGED, "a row with an unknown word is damage");
    contacts_close(c);
    buf_done(&text);
}

/* --- recovery --- */

static void test_recovery(void)
{
    const char *path = folder("recovery");
    struct errmsg msg;
    struct contacts *c = open_contacts(path, true);
    write_rows(c, 1, 100, 0, true);
    write_rows(c, 101, 50, 100, false);
    ok(has(c, 100) && !has(c, 101), "a row whose event is not sealed is not found");
    contacts_close(c);
    c = open_contacts(path, false);
    must(contacts_recover(c, 100, &msg), &msg);
    is_int(count_from(c, 1, 100), 100, "without its seal a transaction is taken back: older rows stay");
    write_rows(c, 1001, 60, 100, true);
    is_int(count_from(c, 101, 150), 0, "and its own are gone, also when those numbers come again");
    is_int(count_from(c, 1001, 1060), 60, "whose rows are there");
    write_rows(c, 2001, 5, 160, false);
    contacts_close(c);
    c = open_contacts(path, false);
    must(contacts_recover(c, 165, &msg), &msg);
    is_int(count_from(c, 2001, 2005), 5, "with its seal a transaction stays");
    contacts_close(c);
}

/* --- the bound --- */

static void test_bound(void)
{
    struct errmsg msg;
    struct contacts *c = open_contacts(folder("bound"), true);
    uint64_t durable = 0, most = 0;
    c->keys_max = 1000;
    for (int i = 0; i < 60; i++, durable += 100) {
        write_rows(c, durable + 1, 100, durable, true);
        uint64_t n = count_from(c, 1, durable + 100);
        most = n > most ? n : most;
    }
    is_int(most, 1000, "no more rows are kept than may be");
    is_int(count_from(c, durable - 999, durable), 1000, "they are the newest");
    c->keys_max = 10;
    write_rows(c, durable + 1, 1, durable, true);
    is_int(count_from(c, 1, durable + 1), 1001 - 66, "a few of what is too much are dropped at a time");
    for (int i = 1; i < 20; i++)
        write_rows(c, durable + 1 + (uint64_t)i, 1, durable + (uint64_t)i, true);
    is_int(count_from(c, 1, durable + 20), 10, "until none is");
    must(contacts_sealed(c, &msg), &msg);
    contacts_close(c);
}

int main(void)
{
    plan(6 + 5 + 4);
    test_versions();
    test_recovery();
    test_bound();
    return tap_end();
}
