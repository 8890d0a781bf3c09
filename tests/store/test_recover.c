/* What opening makes of a log that is torn or damaged: every byte of the last commit missing, every byte altered,
 * files missing, lines swapped. A torn end is cut off and said; anything else is refused with its place. */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/crc32c.h"
#include "tests/lib/tap.h"
#include "tests/store/events.h"

/* --- files --- */

static char folder[256], uri[272];

static const char *path_of(const char *name)
{
    static char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static struct buf file_get(const char *name)
{
    struct buf b = BUF_INIT;
    FILE *f = fopen(path_of(name), "rb");
    if (!f)
        bail_out("cannot read %s", path_of(name));
    size_t n;
    while ((n = fread(buf_room(&b, 65536), 1, 65536, f)) > 0)
        b.n += n;
    fclose(f);
    return b;
}

static void file_put(const char *name, const char *p, size_t n)
{
    FILE *f = fopen(path_of(name), "wb");
    if (!f || (n && fwrite(p, 1, n, f) != n) || fclose(f) != 0)
        bail_out("cannot write %s", path_of(name));
}

static void file_remove(const char *name)
{
    unlink(path_of(name));
}

static void use_folder(const char *name)
{
    snprintf(folder, sizeof folder, "%s/%s", tap_tmpdir(), name);
    snprintf(uri, sizeof uri, "dir:%s", folder);
}

/* --- a small log --- */

#define FIRST "log/00000000000000000001.ndjson"

static struct store *open_or_bail(enum store_mode mode, uint64_t segment_bytes)
{
    struct store_options o = {.segment_bytes = segment_bytes};
    struct store *s;
    struct errmsg msg;
    if (store_open(uri, mode, &o, &s, NULL, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    return s;
}

/* A store of n commits of four events each; starts[i] is where commit i begins in its file, when there is only one. */
static void make_log(const char *name, int n, uint64_t segment_bytes, uint64_t *starts)
{
    struct errmsg msg;
    struct stat st = {.st_size = 0};
    use_folder(name);
    struct store *s = open_or_bail(STORE_INIT, segment_bytes);
    for (int i = 0; i < n; i++) {
        if (starts)
            starts[i] = stat(path_of(FIRST), &st) == 0 ? (uint64_t)st.st_size : 0;
        if (commit_events(s, 4 * (uint64_t)(i + 1), &msg) != ERR_OK)
            bail_out("%s", msg.text);
    }
    store_close(s);
}

struct found {
    enum err e;
    int64_t events; /* read back, all as they must be; -1: one was not */
    struct store_opened opened;
    struct errmsg msg;
};

static struct found look(enum store_mode mode)
{
    struct found f = {.events = 0, .msg = {""}};
    struct store *s;
    f.e = store_open(uri, mode, NULL, &s, &f.opened, &f.msg);
    if (f.e == ERR_OK) {
        f.events = read_all(s, 0, NULL, &f.msg);
        store_close(s);
    }
    return f;
}

/* Nobody but the log itself knows how far it goes. */
static void forget_witnesses(void)
{
    file_remove("synced");
    file_remove("stamp");
}

static uint64_t line_of(const struct buf *b, uint64_t offset)
{
    uint64_t line = 1;
    for (uint64_t i = 0; i < offset; i++)
        line += b->p[i] == '\n';
    return line;
}

static bool names_line(const struct errmsg *m, uint64_t low, uint64_t high)
{
    uint64_t line;
    return sscanf(m->text, FIRST " line %" SCNu64 ":", &line) == 1 && line >= low && line <= high;
}

/* --- torn --- */

enum { COMMITS = 6 };

/* Under valgrind, where a second takes a minute, only every so many bytes are tried. */
static uint64_t step(void)
{
    const char *suite = getenv("TEST_SUITE");
    return suite && strcmp(suite, "valgrind") == 0 ? 37 : 1;
}

static void test_torn_tail(void)
{
    uint64_t starts[COMMITS], bad = 0, refused = 0, tries = 0;
    make_log("torn", COMMITS, 0, starts);
    struct buf whole = file_get(FIRST), synced = file_get("synced");
    uint64_t from = starts[COMMITS - 1];
    for (uint64_t cut = from; cut < whole.n; cut += step(), tries++) {
        file_put(FIRST, whole.p, cut);
        refused += look(STORE_READ).e == ERR_DAMAGED;
        forget_witnesses();
        struct found f = look(STORE_READ);
        bad += f.e != ERR_OK || f.events != 4 * (COMMITS - 1) || f.opened.torn_bytes != cut - from;
        file_put("synced", synced.p, synced.n);
    }
    is_int(bad, 0, "a tail torn at any byte of the last commit is known for torn, with its length");
    is_int(refused, tries, "and refused at any byte when somebody knows the last event");
    struct found f = look(STORE_READ);
    ok(strstr(f.msg.text, "event 20 ") && strstr(f.msg.text, "event 24"), "the message names both numbers: %s",
       f.msg.text);
    file_put(FIRST, whole.p, whole.n - 1);
    forget_witnesses();
    f = look(STORE_WRITE);
    ok(f.e == ERR_OK && f.events == 20 && f.opened.torn_bytes == whole.n - 1 - from, "a writer cuts it off");
    is_str(f.opened.torn_file, FIRST, "and says where");
    f = look(STORE_WRITE);
    ok(f.e == ERR_OK && f.events == 20 && f.opened.torn_bytes == 0, "once");
    struct store *s = open_or_bail(STORE_WRITE, 0);
    is_int(commit_events(s, 24, &f.msg), ERR_OK, "and goes on there");
    store_close(s);
    struct buf again = file_get(FIRST);
    ok(str_eq(buf_str(&again), buf_str(&whole)), "the same events give the same bytes");
    buf_done(&whole);
    buf_done(&synced);
    buf_done(&again);
}

/* Blocks of the last commit that never got to the disk read as zeros. */
static void test_missing_blocks(void)
{
    uint64_t starts[COMMITS], bad = 0;
    struct rng r = rng_seed(11);
    make_log("blocks", COMMITS, 0, starts);
    forget_witnesses();
    struct buf whole = file_get(FIRST);
    uint64_t from = starts[COMMITS - 1];
    for (int i = 0; i < 300; i++) {
        struct buf b = BUF_INIT;
        buf_add(&b, whole.p, whole.n);
        uint64_t at = from + rng_below(&r, whole.n - from), n = 1 + rng_below(&r, whole.n - at);
        memset(b.p + at, 0, n);
        file_put(FIRST, b.p, b.n);
        struct found f = look(STORE_READ);
        bad += f.e != ERR_OK || f.events != 4 * (COMMITS - 1);
        buf_done(&b);
    }
    is_int(bad, 0, "zeros anywhere in the last commit are a torn tail");
    buf_done(&whole);
}

/* --- altered --- */

static void test_every_byte(void)
{
    uint64_t starts[COMMITS], silent = 0, misplaced = 0, last = 0, refused = 0, in_last = 0, tries = 0;
    make_log("flip", COMMITS, 0, starts);
    struct buf b = file_get(FIRST), synced = file_get("synced");
    for (uint64_t at = 0; at < b.n; at += step()) {
        static const char masks[] = {1, 0x20, (char)0x80};
        int commit = COMMITS - 1;
        while (starts[commit] > at)
            commit--;
        uint64_t end = commit + 1 < COMMITS ? starts[commit + 1] : b.n;
        for (size_t m = 0; m < sizeof masks; m++) {
            b.p[at] ^= masks[m];
            file_put(FIRST, b.p, b.n);
            b.p[at] ^= masks[m];
            struct found f = look(STORE_READ);
            refused += f.e != ERR_OK;
            tries++;
            forget_witnesses();
            f = look(STORE_READ);
            file_put("synced", synced.p, synced.n);
            if (commit == COMMITS - 1) {
                in_last++;
                last += (f.e == ERR_OK && f.events == 4 * (COMMITS - 1)) || f.e == ERR_DAMAGED;
            } else if (f.e != ERR_DAMAGED && f.e != ERR_VERSION) {
                silent++;
                diag("byte %" PRIu64 ", mask %x: not noticed", at, (unsigned char)masks[m]);
            } else if (f.e == ERR_DAMAGED && !names_line(&f.msg, line_of(&b, starts[commit]), line_of(&b, end))) {
                misplaced++;
                diag("byte %" PRIu64 ", mask %x: %s", at, (unsigned char)masks[m], f.msg.text);
            }
        }
    }
    is_int(refused, tries, "any byte altered is noticed when somebody knows the last event");
    is_int(silent, 0, "any byte altered before the last commit is noticed anyway");
    is_int(misplaced, 0, "and the message names a line of the commit that it is in");
    is_int(last, in_last, "in the last commit it is damage or a torn tail");
    buf_done(&b);
    buf_done(&synced);
}

static void test_swapped_lines(void)
{
    uint64_t starts[COMMITS];
    make_log("swap", COMMITS, 0, starts);
    struct buf b = file_get(FIRST), swapped = BUF_INIT;
    const char *first = b.p + starts[2], *second = (const char *)memchr(first, '\n', 300) + 1;
    const char *third = (const char *)memchr(second, '\n', 300) + 1;
    buf_add(&swapped, b.p, starts[2]);
    buf_add(&swapped, second, (size_t)(third - second));
    buf_add(&swapped, first, (size_t)(second - first));
    buf_add(&swapped, third, (size_t)(b.p + b.n - third));
    file_put(FIRST, swapped.p, swapped.n);
    struct found f = look(STORE_WRITE);
    is_int(f.e, ERR_DAMAGED, "two lines that are swapped are damage");
    uint64_t line = line_of(&b, starts[2]);
    ok(names_line(&f.msg, line, line), "at the first of them: %s", f.msg.text);
    struct buf now = file_get(FIRST);
    ok(str_eq(buf_str(&now), buf_str(&swapped)), "and nothing is cut off");
    buf_done(&b);
    buf_done(&swapped);
    buf_done(&now);
}

/* --- segments --- */

/* The names of the segments in order. */
static int segments(char names[][64], int max)
{
    struct dirent **list;
    int n = 0, all = scandir(path_of("log"), &list, NULL, alphasort);
    for (int i = 0; i < all; i++) {
        if (strstr(list[i]->d_name, ".ndjson") && n < max)
            snprintf(names[n++], 64, "log/%.50s", list[i]->d_name);
        free(list[i]);
    }
    free(list);
    return n;
}

static void expect_damage(const char *what, const char *file)
{
    struct found f = look(STORE_WRITE);
    ok(f.e == ERR_DAMAGED && strstr(f.msg.text, file), "%s: %s", what, f.msg.text);
}

static void test_segments(void)
{
    char names[32][64], index[64];
    make_log("segments", 40, 1000, NULL);
    int n = segments(names, 32);
    ok(n >= 5, "a log of %d files", n);
    is_int(look(STORE_WRITE).events, 160, "is read from end to end");

    struct buf b = file_get(names[2]), next = file_get(names[3]);
    file_remove(names[2]);
    expect_damage("a file in the middle is missing", names[3]);
    file_put(names[2], b.p, 0);
    expect_damage("or empty", names[2]);
    file_put(names[2], b.p, b.n - 1);
    expect_damage("or cut short", names[2]);
    file_put(names[2], next.p, next.n);
    expect_damage("or another's", names[2]);
    file_put(names[2], b.p, b.n);
    char *version = strstr(b.p, "\"version\":1") + 10;
    *version = '2';
    file_put(names[2], b.p, b.n);
    is_int(look(STORE_WRITE).e, ERR_VERSION, "a later version is refused");
    *version = '1';
    file_put(names[2], b.p, b.n);
    is_int(look(STORE_WRITE).events, 160, "put back, it is whole again");
    buf_done(&b);
    buf_done(&next);

    b = file_get(names[0]);
    file_remove(names[0]);
    expect_damage("the first file is missing", names[1]);
    file_put(names[0], b.p, b.n);
    buf_done(&b);
    b = file_get(names[n - 1]);
    file_remove(names[n - 1]);
    expect_damage("the last file is missing", "synced");
    file_put(names[n - 1], b.p, b.n);
    buf_done(&b);

    snprintf(index, sizeof index, "%.24s.idx", names[1]);
    b = file_get(index);
    for (size_t at = 0; at < b.n; at += 7) {
        b.p[at] ^= 4;
        file_put(index, b.p, b.n);
        b.p[at] ^= 4;
        if (look(STORE_READ).events != 160)
            break;
    }
    is_int(look(STORE_READ).events, 160, "a damaged index does no harm");
    is_int(look(STORE_WRITE).events, 160, "for a writer neither");
    struct buf again = file_get(index);
    ok(str_eq(buf_str(&again), buf_str(&b)), "which makes it again");
    buf_done(&b);
    buf_done(&again);
}

/* A crash right after a new file was begun. */
static void test_torn_new_segment(void)
{
    char names[32][64];
    make_log("roll", 40, 1000, NULL);
    int n = segments(names, 32);
    forget_witnesses();
    struct buf b = file_get(names[n - 1]);
    uint64_t first = strtoull(names[n - 1] + 4, NULL, 10);
    for (int i = 0; i < 3; i++) {
        file_put(names[n - 1], b.p, (size_t)i * 60);
        struct found f = look(i < 2 ? STORE_READ : STORE_WRITE);
        ok(f.e == ERR_OK && f.events == (int64_t)first - 1 && f.opened.torn_bytes == (uint64_t)i * 60,
           "a last file of %d bytes is a torn tail", i * 60);
    }
    ok(access(path_of(names[n - 1]), F_OK) < 0, "it is removed");
    struct store *s = open_or_bail(STORE_WRITE, 1000);
    struct errmsg msg = {""};
    ok(commit_events(s, 200, &msg) == ERR_OK && read_all(s, 0, NULL, &msg) == 200, "and the log goes on: %s", msg.text);
    store_close(s);
    buf_done(&b);
}

/* --- who knows more --- */

static void cut_last_commit(const uint64_t *starts, int n)
{
    struct buf b = file_get(FIRST);
    file_put(FIRST, b.p, starts[n - 1] + 10);
    buf_done(&b);
}

static void test_witnesses(void)
{
    uint64_t starts[COMMITS];
    struct errmsg msg;
    struct store_info info;
    make_log("stamped", COMMITS, 0, starts);
    struct store *s = open_or_bail(STORE_WRITE, 0);
    struct commit stamp = {.first = 25, .last = 24, .stamp = STR_LIT("x")};
    ok(store_commit(s, &stamp, &msg) == ERR_MORE && store_commit_poll(s, true, &msg) == ERR_OK, "a stamp");
    store_close(s);
    cut_last_commit(starts, COMMITS);
    file_remove("synced");
    expect_damage("is a witness", "stamp");

    make_log("checked", COMMITS, 0, starts);
    s = open_or_bail(STORE_WRITE, 0);
    store_info(s, &info);
    ok(store_checkpoint_begin(s, &msg) == ERR_OK && store_checkpoint_finish(s, &info.seal, &msg) == ERR_MORE &&
           store_checkpoint_poll(s, true, &msg) == ERR_OK,
       "a checkpoint");
    store_close(s);
    cut_last_commit(starts, COMMITS);
    file_remove("synced");
    expect_damage("is a witness", "checkpoint");

    make_log("contacts", COMMITS, 0, starts);
    s = open_or_bail(STORE_WRITE, 0);
    struct buf b = events_make(25, 25);
    struct contact_change change = {.seq = 25, .id = STR_LIT("a"), .contact = {STR_LIT("Wang"), STR_NONE, STR_NONE}};
    struct commit c = {.first = 25, .last = 25, .lines = buf_str(&b), .contacts = &change, .n_contacts = 1};
    ok(store_commit(s, &c, &msg) == ERR_MORE && store_commit_poll(s, true, &msg) == ERR_OK, "a contact");
    store_close(s);
    cut_last_commit(starts, COMMITS);
    forget_witnesses();
    expect_damage("is a witness", "contacts.db");
    buf_done(&b);
}

/* --- checkpoints --- */

static enum err read_checkpoint(unsigned which, struct errmsg *msg)
{
    struct checkpoint_reader *r;
    struct seal seal;
    struct str slice;
    enum err e = checkpoint_open(uri, which, &r, &seal, msg);
    if (e)
        return e;
    while ((e = checkpoint_next(r, &slice, msg)) == ERR_OK)
        ;
    checkpoint_close(r);
    return e;
}

static void test_checkpoints(void)
{
    is_int(crc32c(0, "123456789", 9), 0xe3069283, "CRC-32C is the one of RFC 3720");
    static const char name[] = "checkpoint/00000000000000000008.ckpt";
    struct errmsg msg;
    struct store_info info;
    uint64_t silent = 0;
    make_log("checkpoint", 2, 0, NULL);
    struct store *s = open_or_bail(STORE_WRITE, 0);
    store_info(s, &info);
    ok(store_checkpoint_begin(s, &msg) == ERR_OK, "a checkpoint");
    for (int i = 0; i < 3; i++)
        if (store_checkpoint_slice(s, STR_LIT("some slice of it"), &msg) != ERR_MORE ||
            store_checkpoint_poll(s, true, &msg) != ERR_OK)
            bail_out("%s", msg.text);
    ok(store_checkpoint_finish(s, &info.seal, &msg) == ERR_MORE && store_checkpoint_poll(s, true, &msg) == ERR_OK,
       "of three slices");
    store_close(s);
    is_int(read_checkpoint(0, &msg), ERR_END, "is read to its end");
    struct buf b = file_get(name);
    for (size_t at = 0; at < b.n; at += step()) {
        b.p[at] ^= 1;
        file_put(name, b.p, b.n);
        b.p[at] ^= 1;
        enum err e = read_checkpoint(0, &msg);
        silent += e != ERR_DAMAGED && e != ERR_VERSION;
    }
    is_int(silent, 0, "any byte of it altered is noticed");
    for (size_t n = 0; n < b.n; n += step()) {
        file_put(name, b.p, n);
        silent += read_checkpoint(0, &msg) != ERR_DAMAGED;
    }
    is_int(silent, 0, "and any byte missing");
    file_put(name, b.p, b.n - 1);
    s = open_or_bail(STORE_WRITE, 0);
    is_int(commit_events(s, 20, &msg), ERR_OK, "the store itself does not mind");
    store_close(s);
    buf_done(&b);
}

/* --- erasure --- */

/* Whether the bytes stand anywhere in the folder's own files. */
static bool is_on_disk(const char *text)
{
    static const char *const files[] = {"contacts.db", "contacts.db-wal", FIRST, "stamp"};
    bool found = false;
    for (size_t i = 0; i < sizeof files / sizeof files[0] && !found; i++) {
        if (access(path_of(files[i]), F_OK) < 0)
            continue;
        struct buf b = file_get(files[i]);
        found = b.n && memmem(b.p, b.n, text, strlen(text));
        buf_done(&b);
    }
    return found;
}

static void commit_contact(struct store *s, uint32_t number, const char *name)
{
    struct errmsg msg;
    struct store_info info;
    char id[16];
    snprintf(id, sizeof id, "p%" PRIu32, number);
    store_info(s, &info);
    struct buf b = events_make(info.durable + 1, info.durable + 1);
    struct contact_change change = {
        .seq = info.durable + 1, .number = number, .id = str_of(id), .contact = {str_of(name), STR_NONE, STR_NONE}};
    struct commit c = {.first = info.durable + 1,
                       .last = info.durable + 1,
                       .lines = buf_str(&b),
                       .contacts = &change,
                       .n_contacts = 1};
    if (store_commit(s, &c, &msg) != ERR_MORE || store_commit_poll(s, true, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    buf_done(&b);
}

static void test_erasure(void)
{
    use_folder("erase");
    struct store *s = open_or_bail(STORE_INIT, 0);
    char name[64];
    for (uint32_t i = 0; i < 60; i++) {
        snprintf(name, sizeof name, "Neighbour %" PRIu32, i);
        commit_contact(s, i, name);
    }
    commit_contact(s, 30, "Ouyang Xiaoming");
    commit_contact(s, 30, "Ouyang Daming, renamed");
    ok(is_on_disk("Ouyang Daming"), "a name is on the disk");
    commit_contact(s, 30, NULL);
    ok(!is_on_disk("Ouyang"), "once it is erased, no byte of it nor of the name before is");
    ok(is_on_disk("Neighbour 29") && is_on_disk("Neighbour 31"), "the others are");
    store_close(s);
    ok(!is_on_disk("Ouyang"), "nor after the store is closed");
}

/* Names "<N>", N never given twice, of lengths that make rows move from page to page. */
static void rename_many(struct store *s, struct rng *r, char (*names)[200], uint32_t persons, uint64_t round)
{
    enum { CHANGES = 300 };
    struct errmsg msg;
    struct contact_change changes[CHANGES];
    char ids[CHANGES][16];
    struct buf b = events_make(round + 1, round + 1);
    for (uint64_t i = 0; i < CHANGES; i++) {
        uint32_t number = (uint32_t)(round * CHANGES + i < persons ? round * CHANGES + i : rng_below(r, persons));
        int n = snprintf(names[number], sizeof names[number], "<%" PRIu64 ">", round * CHANGES + i);
        memset(names[number] + n, 'x', sizeof names[number] - (size_t)n);
        names[number][n + (int)rng_below(r, 150)] = '\0';
        snprintf(ids[i], sizeof ids[i], "p%" PRIu32, number);
        changes[i] = (struct contact_change){.seq = round + 1,
                                             .number = number,
                                             .id = str_of(ids[i]),
                                             .contact = {str_of(names[number]), STR_NONE, STR_NONE}};
    }
    struct commit c = {
        .first = round + 1, .last = round + 1, .lines = buf_str(&b), .contacts = changes, .n_contacts = CHANGES};
    if (store_commit(s, &c, &msg) != ERR_MORE || store_commit_poll(s, true, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    buf_done(&b);
}

/* SQLite moves rows between pages; no copy of a name may stay where a row once was. */
static void test_no_copies(void)
{
    enum { PERSONS = 6000 };
    const uint64_t rounds = step() > 1 ? 30 : 150; /* 300 changes each: everybody is changed at least once */
    char(*names)[200] = mem_zalloc(PERSONS, sizeof *names);
    struct rng r = rng_seed(5);
    use_folder("copies");
    struct store *s = open_or_bail(STORE_INIT, 0);
    for (uint64_t round = 0; round < rounds; round++)
        rename_many(s, &r, names, PERSONS, round);
    store_close(s);
    s = open_or_bail(STORE_WRITE, 0); /* the last names that were replaced go at opening */
    store_close(s);
    struct buf b = file_get("contacts.db");
    int copies = 0;
    for (size_t i = 0; i + 1 < b.n; i++)
        copies += b.p[i] == '<' && b.p[i + 1] >= '0' && b.p[i + 1] <= '9';
    is_int(copies, PERSONS, "after %" PRIu64 " changes each of %d persons' names is on the disk once", rounds * 300, PERSONS);
    buf_done(&b);
    free(names);
}

int main(void)
{
    plan(0);
    test_torn_tail();
    test_missing_blocks();
    test_every_byte();
    test_swapped_lines();
    test_segments();
    test_torn_new_segment();
    test_witnesses();
    test_checkpoints();
    test_erasure();
    test_no_copies();
    return tap_end();
}
