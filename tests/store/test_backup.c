/* Backups: of a store that is written to meanwhile, again and again into one folder; and what is no backup's place. */
#include <fcntl.h>
#include <poll.h>
#include <semaphore.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/archive/history_file.h"
#include "store/contacts/contacts.h"
#include "store/delivery/delivery.h"
#include "store/dir/dir.h"
#include "store/folder.h"
#include "tests/store/backup_help.h"

struct place {
    char path[256], uri[272];
};

static struct place place(const char *name)
{
    struct place p;
    snprintf(p.path, sizeof p.path, "%s/%s", tap_tmpdir(), name);
    snprintf(p.uri, sizeof p.uri, "dir:%s", p.path);
    return p;
}

static struct store *open_as(const struct place *p, enum store_mode mode, const struct store_options *o)
{
    struct store *s;
    struct errmsg msg;
    if (store_open(p->uri, mode, o, &s, NULL, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    return s;
}

static void must_commit(struct book *b, struct store *s, unsigned times, unsigned most)
{
    struct errmsg msg;
    for (unsigned i = 0; i < times; i++)
        if (book_commit(b, s, most, &msg) != ERR_OK)
            bail_out("%s", msg.text);
}

static void must_change(struct store *s, unsigned number, const char *name, struct str stamp)
{
    struct store_info info;
    struct errmsg msg;
    char id[16];
    store_info(s, &info);
    uint64_t n = info.durable + 1;
    struct buf lines = events_make(n, n);
    struct contact_change change = {n, number, str_of(who_id(number, id)), false, {str_of(name), STR_NONE, STR_NONE}};
    struct commit c = {.first = n,
                       .last = n,
                       .lines = buf_str(&lines),
                       .contacts = &change,
                       .n_contacts = stamp.p ? 0 : 1,
                       .stamp = stamp};
    enum err e = store_commit(s, &c, &msg);
    if ((e == ERR_MORE ? store_commit_poll(s, true, &msg) : e) != ERR_OK)
        bail_out("%s", msg.text);
    buf_done(&lines);
}

static struct backup_report must_backup(const struct place *from, const char *to)
{
    struct backup_report r;
    struct errmsg msg;
    if (store_backup(from->uri, to, &nobody, &r, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    return r;
}

/* The copy, restored, is the store as of the event that the backup ended with; and goes on. */
static bool restores(struct book *b, const char *folder, const struct backup_report *r)
{
    struct errmsg msg = {""};
    struct store_info info;
    struct seal seal;
    struct place to = place("restored");
    enum err e;
    struct store *s = restore(folder, to.path, &e, &msg);
    if (!s) {
        diag("%s", msg.text);
        return false;
    }
    store_info(s, &info);
    bool good = book_holds(b, s, r->seal.seq) && memcmp(&info.seal, &r->seal, sizeof r->seal) == 0 &&
                strcmp(info.incarnation, r->incarnation) != 0;
    struct checkpoint_reader *c;
    e = checkpoint_open(to.uri, 0, &c, &seal, &msg);
    good = good && (e == ERR_ABSENT || (e == ERR_OK && seal.seq <= r->seal.seq));
    if (!e)
        checkpoint_close(c);
    good = good && commit_events(s, info.durable + 7, &msg) == ERR_OK;
    store_close(s);
    return good;
}

/* --- while it is written to --- */

#define ROUNDS 25
#define COMMITS 60 /* a round: more than a backup takes */

/* It commits as fast as it can while a backup goes on, and waits for the next one. */
struct writer {
    struct book *book;
    struct store *store;
    pthread_t thread;
    sem_t wanted; /* commits */
    atomic_bool stop;
    unsigned commits;
    struct errmsg msg; /* "": nothing went wrong */
};

static void *write_on(void *arg)
{
    struct writer *w = arg;
    struct errmsg ignored;
    while (sem_wait(&w->wanted) == 0 && !atomic_load(&w->stop) &&
           book_commit(w->book, w->store, 30, &w->msg) == ERR_OK) {
        w->commits++;
        if (w->commits % 10 == 0)
            (void)!store_tidy(w->store, w->commits % 200 > 100, &ignored);
        if (w->commits % 16 == 0)
            book_checkpoint(w->book, w->store);
    }
    return NULL;
}

static void test_live(void)
{
    struct place from = place("live"), again = place("live-again"), fresh = place("live-fresh");
    struct book b;
    book_init(&b, 1);
    struct writer w = {.book = &b, .store = open_as(&from, STORE_INIT, &small)};
    must_commit(&b, w.store, 20, 30);
    sem_init(&w.wanted, 0, 0);
    if (pthread_create(&w.thread, NULL, write_on, &w) != 0)
        bail_out("no thread");
    unsigned bad = 0, grown = 0;
    uint64_t last = 0;
    for (int i = 0; i < ROUNDS; i++) {
        for (int k = 0; k < COMMITS; k++)
            sem_post(&w.wanted);
        struct backup_report r = must_backup(&from, again.path);
        if (!restores(&b, again.path, &r) || r.earlier != last)
            bad++;
        grown += r.seal.seq > last;
        last = r.seal.seq;
        if (i % 3 == 0) {
            run_shell("rm -rf '%s'", fresh.path);
            r = must_backup(&from, fresh.path);
            bad += !restores(&b, fresh.path, &r);
        }
    }
    atomic_store(&w.stop, true);
    sem_post(&w.wanted);
    pthread_join(w.thread, NULL);
    sem_destroy(&w.wanted);
    store_close(w.store);
    is_int(bad, 0, "every backup of a store that is written to is the store as of one event, contacts and keys too");
    ok(grown >= ROUNDS / 2 && w.commits > 10 * ROUNDS, "and each goes on behind the one before (%u commits meanwhile)",
       w.commits);
    is_str(w.msg.text, "", "the writer noticed nothing");
    struct backup_report r = must_backup(&from, again.path);
    ok(restores(&b, again.path, &r), "and so is one of a store that nobody has open");
    struct store *s = open_as(&from, STORE_WRITE, &small);
    ok(book_holds(&b, s, r.seal.seq), "which the backups have left as it was");
    store_close(s);
    book_done(&b);
}

/* --- what a commit that was never sealed has left --- */

static void test_in_flight(void)
{
    struct place from = place("in-flight"), to = place("in-flight-copy");
    struct book b;
    struct errmsg msg;
    struct store_info info;
    struct contacts *c;
    book_init(&b, 2);
    struct store *s = open_as(&from, STORE_INIT, &small);
    must_commit(&b, s, 30, 20);
    store_info(s, &info);
    store_close(s);
    struct contact_change changes[PERSONS];
    char ids[PERSONS][16];
    for (unsigned i = 0; i < PERSONS; i++)
        changes[i] = (struct contact_change){
            info.durable + 1 + i, i, str_of(who_id(i, ids[i])), false, {STR_LIT("never"), STR_NONE, STR_NONE}};
    struct key_row key = book_key(info.durable + PERSONS);
    struct commit commit = {.first = info.durable + 1,
                            .last = info.durable + PERSONS,
                            .contacts = changes,
                            .n_contacts = PERSONS,
                            .keys = &key,
                            .n_keys = 1};
    if (contacts_open(from.path, false, &c, &msg) != ERR_OK || contacts_write(c, &commit, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    contacts_close(c);
    struct backup_report r = must_backup(&from, to.path);
    is_int(r.seal.seq, info.durable, "contacts whose commit has no seal: the backup ends before that commit");
    ok(restores(&b, to.path, &r), "and has the contacts from before it");
    book_done(&b);
}

/* The stamp is written behind the seal, and before others hear of that. */
static void test_stamp_ahead(void)
{
    struct place from = place("stamp"), to = place("stamp-copy");
    struct errmsg msg;
    struct synced *synced;
    struct store_info info;
    struct store *s = open_as(&from, STORE_INIT, &small);
    struct book b;
    book_init(&b, 8);
    must_commit(&b, s, 10, 20);
    store_info(s, &info);
    must_change(s, 0, NULL, STR_LIT("now"));
    int folder = open(from.path, O_RDONLY | O_DIRECTORY);
    if (folder < 0 || synced_map(folder, true, &synced, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    atomic_store(&synced->seq, info.durable);
    struct backup_report r = must_backup(&from, to.path);
    ok(r.seal.seq == info.durable + 1 && restores(&b, to.path, &r),
       "a backup knows of all that its stamp knows of, though others do not yet");
    synced_unmap(synced, true);
    close(folder);
    store_close(s);
    book_done(&b);
}

/* --- again into the same folder --- */

static void test_incremental(void)
{
    struct place from = place("more"), to = place("more-copy");
    struct book b;
    book_init(&b, 3);
    struct store *s = open_as(&from, STORE_INIT, &small);
    struct backup_report r = must_backup(&from, to.path);
    ok(r.seal.seq == 0 && r.kept == 0 && restores(&b, to.path, &r), "an empty store can be backed up");
    must_commit(&b, s, 100, 30);
    r = must_backup(&from, to.path);
    struct store_info info;
    store_info(s, &info);
    ok(r.seal.seq == info.durable && r.earlier == 0 && r.copied > info.log_bytes && restores(&b, to.path, &r),
       "and what comes then is added");
    uint64_t whole = r.copied;
    must_commit(&b, s, 3, 30);
    book_checkpoint(&b, s);
    r = must_backup(&from, to.path);
    ok(r.earlier == info.durable && r.copied < whole && r.kept >= info.log_bytes && restores(&b, to.path, &r),
       "the third time only what is new is copied: %" PRIu64 " bytes, not %" PRIu64, r.copied, whole);
    uint64_t last = r.seal.seq;
    r = must_backup(&from, to.path);
    ok(r.seal.seq == last && r.earlier == last && restores(&b, to.path, &r), "and with nothing new it stays as it is");
    store_close(s);
    book_done(&b);
}

/* --- compressed segments --- */

static void compress_all(struct store *s)
{
    struct store_info info;
    struct errmsg msg;
    do {
        struct pollfd p = {.fd = store_fd(s), .events = POLLIN};
        if (store_tidy(s, true, &msg) != ERR_OK)
            bail_out("%s", msg.text);
        store_info(s, &info);
        poll(&p, 1, 10);
    } while (info.n_packed + 1 < info.n_segments);
}

static unsigned count_files(const char *folder, const char *pattern)
{
    char command[512];
    unsigned n = 0;
    snprintf(command, sizeof command, "find '%s' -name '%s' | wc -l", folder, pattern);
    FILE *f = popen(command, "r");
    if (!f || fscanf(f, "%u", &n) != 1)
        bail_out("%s", command);
    pclose(f);
    return n;
}

static void test_compressed(void)
{
    struct place from = place("packed"), first = place("packed-first"), then = place("packed-then");
    struct book b;
    struct store_info info;
    book_init(&b, 4);
    struct store *s = open_as(&from, STORE_INIT, &small);
    must_commit(&b, s, 60, 30);
    struct backup_report r = must_backup(&from, first.path);
    must_commit(&b, s, 60, 30);
    compress_all(s);
    store_info(s, &info);
    ok(info.n_packed > 3, "segments are compressed: %" PRIu64, info.n_packed);
    unsigned plain = count_files(first.path, "*.ndjson");
    r = must_backup(&from, first.path);
    ok(count_files(first.path, "*.ndjson") >= plain && count_files(first.path, "*.ndjson.zst") > 0 &&
           restores(&b, first.path, &r),
       "a backup goes on with what was compressed meanwhile, and keeps what it has");
    r = must_backup(&from, then.path);
    is_int(count_files(then.path, "*.ndjson.zst"), (int)info.n_packed, "a new backup takes them as they are");
    ok(restores(&b, then.path, &r), "and is the store");
    must_commit(&b, s, 40, 30);
    r = must_backup(&from, then.path);
    ok(restores(&b, then.path, &r), "also when it goes on behind them");
    store_close(s);
    book_done(&b);
}

/* --- after events were archived --- */

static bool refuses(const struct place *from, const char *to, enum err want, const char *why)
{
    struct backup_report r;
    struct errmsg msg = {""};
    enum err e = store_backup(from->uri, to, &nobody, &r, &msg);
    if (e == want && strstr(msg.text, why))
        return true;
    diag("%s: %s", err_text(e), msg.text);
    return false;
}

/* As an archive leaves it, but for what people were. */
static uint64_t archive_half(const struct place *p, struct store *s)
{
    struct dir_store *d = dir_of(s);
    struct archived a = {.seal = d->segments[d->n_segments / 2].end, .last_at = 1};
    char away[] = "/away";
    struct archive_run run = {.from = 1, .to = a.seal.seq, .at = "2026-01-01T00:00:00Z", .folder = away, .path = away};
    struct history_writer *w;
    struct errmsg msg;
    memcpy(run.hash, a.seal.hash, SEAL_HASH);
    archived_add(&a, &run);
    if (history_writer_new(d->log_folder, a.seal.seq, &w, &msg) != ERR_OK || history_writer_finish(w, &msg) != ERR_OK ||
        archived_save(d->log_folder, &a, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    history_writer_free(w);
    for (size_t i = 0; i <= d->n_segments / 2; i++)
        run_shell("rm '%s'/log/%020" PRIu64 ".*", p->path, d->segments[i].index.first);
    uint64_t end = a.seal.seq;
    archived_done(&a);
    return end;
}

static bool holds_rest(const char *folder, uint64_t archived, uint64_t end)
{
    struct errmsg msg = {""};
    enum err e;
    struct place to = place("restored");
    struct store *s = restore(folder, to.path, &e, &msg);
    int64_t lines = s ? read_all(s, archived, NULL, &msg) : -1;
    if (lines != (int64_t)(end - archived))
        diag("%" PRIi64 " lines: %s", lines, msg.text);
    bool good = lines == (int64_t)(end - archived) && read_all(s, 0, NULL, &msg) == -1;
    store_close(s);
    return good;
}

static void test_archived(void)
{
    struct place from = place("moved"), early = place("moved-early"), whole = place("moved-whole"),
                 fresh = place("moved-fresh");
    struct book b;
    book_init(&b, 9);
    struct store *s = open_as(&from, STORE_INIT, &small);
    must_commit(&b, s, 5, 20);
    (void)must_backup(&from, early.path);
    must_commit(&b, s, 70, 30);
    (void)must_backup(&from, whole.path);
    uint64_t archived = archive_half(&from, s);
    store_close(s);
    ok(refuses(&from, early.path, ERR_EXISTS, "have been archived since"),
       "a backup that ends before what was archived cannot go on");
    struct backup_report r = must_backup(&from, whole.path);
    ok(restores(&b, whole.path, &r), "one that has it keeps it");
    r = must_backup(&from, fresh.path);
    ok(holds_rest(fresh.path, archived, r.seal.seq), "a new one begins where the store does, behind event %" PRIu64,
       archived);
    s = open_as(&from, STORE_WRITE, &small);
    must_commit(&b, s, 20, 30);
    r = must_backup(&from, fresh.path);
    ok(holds_rest(fresh.path, archived, r.seal.seq), "and goes on");
    r = must_backup(&from, whole.path);
    ok(restores(&b, whole.path, &r), "and so does the other");
    store_close(s);
    book_done(&b);
}

/* --- what it refuses --- */

static void test_refusals(void)
{
    struct place from = place("one"), other = place("other"), empty = place("nothing-yet"), copy = place("one-copy"),
                 files = place("files"), none = place("none"), memory = {"", "memory:"};
    struct book b;
    char command[600];
    book_init(&b, 5);
    store_close(open_as(&empty, STORE_INIT, &small));
    struct store *s = open_as(&from, STORE_INIT, &small), *o = open_as(&other, STORE_INIT, &small);
    (void)must_backup(&from, copy.path);
    ok(refuses(&empty, copy.path, ERR_EXISTS, "the backup of another store"), "an empty store's backup is its own");
    must_commit(&b, s, 20, 20);
    struct errmsg msg;
    if (commit_events(o, 5, &msg) != ERR_OK || commit_events(o, 500, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    (void)must_backup(&from, copy.path);
    snprintf(command, sizeof command, "cp -a '%s' '%s-before'", copy.path, copy.path);
    run_shell("%s", command);
    ok(refuses(&other, copy.path, ERR_EXISTS, "it is another log"), "a backup of another store is left alone");
    ok(refuses(&from, other.path, ERR_EXISTS, "holds a store, not a backup"), "so is a store");
    ok(refuses(&from, from.path, ERR_EXISTS, "is the store itself"), "most of all its own");
    snprintf(command, sizeof command, "%s/inside", from.path);
    ok(refuses(&from, command, ERR_INVALID, "lies in the store's own folder"), "and a folder within it");
    ok(access(command, F_OK) != 0, "which is not even made");
    run_shell("mkdir '%s' && touch '%s/letter.txt'", files.path, files.path);
    ok(refuses(&from, files.path, ERR_EXISTS, "letter.txt"), "and a folder with other files");
    is_int(count_files(files.path, "*"), 2, "in which nothing is left behind");
    ok(refuses(&none, copy.path, ERR_ABSENT, "there is no store"), "a store that is not there cannot be backed up");
    ok(refuses(&memory, copy.path, ERR_INVALID, "not in a folder"), "nor one in memory");
    int fd = open(copy.path, O_RDONLY | O_DIRECTORY), lock;
    if (fd < 0 || lock_take(fd, copy.path, &lock, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    ok(refuses(&from, copy.path, ERR_LOCKED, "in use by process"), "two at once into one folder neither");
    close(lock);
    close(fd);
    run_shell("diff -r -x lock '%s' '%s-before'", copy.path, copy.path);
    ok(true, "all of which leaves the backup as it was");
    store_close(s);
    store_close(o);
    book_done(&b);
}

/* --- after a restore --- */

static void test_line(void)
{
    struct place from = place("line"), to = place("line-copy"), later = place("line-later"), back = place("line-back");
    struct book b;
    struct store_info info, again;
    struct errmsg msg;
    enum err e;
    book_init(&b, 6);
    struct store *s = open_as(&from, STORE_INIT, &small);
    must_commit(&b, s, 30, 20);
    struct backup_report r = must_backup(&from, to.path);
    must_commit(&b, s, 5, 20);
    (void)must_backup(&from, later.path);
    store_close(s);

    s = restore(to.path, back.path, &e, &msg);
    store_info(s, &info);
    ok(strcmp(info.incarnation, r.incarnation) != 0 && strlen(info.incarnation) == 32,
       "a restored store has an incarnation of its own");
    store_close(s);
    s = open_as(&back, STORE_WRITE, &small);
    store_info(s, &again);
    is_str(again.incarnation, info.incarnation, "which it keeps");
    store_close(restore(to.path, place("line-twice").path, &e, &msg));
    struct place twice = place("line-twice");
    struct store *t = open_as(&twice, STORE_READ, NULL);
    store_info(t, &again);
    store_close(t);
    ok(strcmp(again.incarnation, info.incarnation) != 0, "no two restores have the same");
    t = open_as(&to, STORE_READ, NULL);
    store_info(t, &again);
    store_close(t);
    is_str(again.incarnation, r.incarnation, "looking into a backup leaves it the store's");

    book_cut(&b, r.seal.seq);
    must_commit(&b, s, 20, 20);
    ok(refuses(&back, later.path, ERR_EXISTS, "it is another log"),
       "a backup that has events which the restored store lacks is not gone on with");
    r = must_backup(&back, to.path);
    store_info(s, &info);
    is_str(r.incarnation, info.incarnation, "but the one that it was restored from is");
    ok(r.earlier > 0 && restores(&b, to.path, &r), "and is the restored store's from then on");
    ok(refuses(&from, to.path, ERR_EXISTS, "it is another log"), "and no more that of the store before");
    store_close(s);
    book_done(&b);
}

/* --- personal data, and deliveries --- */

static bool holds_text(const char *folder, const char *text)
{
    char command[512];
    snprintf(command, sizeof command, "grep -rqa '%s' '%s'", text, folder);
    return system(command) == 0;
}

static void test_erased(void)
{
    struct place from = place("erased"), to = place("erased-copy");
    struct store *s = open_as(&from, STORE_INIT, &small);
    must_change(s, 2, "Li-erased", STR_NONE);
    must_change(s, 1, "Wang-before", STR_NONE);
    must_change(s, 1, "Wang-behind", STR_NONE); /* the row that it replaces is kept until the next commit */
    (void)must_backup(&from, to.path);
    ok(holds_text(to.path, "Wang-behind") && holds_text(to.path, "Li-erased") && !holds_text(to.path, "Wang-before"),
       "a backup has everybody's contact, and none that was replaced");

    char path[300];
    sqlite3 *reader;
    snprintf(path, sizeof path, "%s/contacts.db", from.path);
    if (sqlite3_open_v2(path, &reader, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK ||
        sqlite3_exec(reader, "BEGIN; SELECT count(*) FROM person", NULL, NULL, NULL) != SQLITE_OK)
        bail_out("%s", sqlite3_errmsg(reader));
    int64_t start = clock_monotonic_ns();
    must_change(s, 2, NULL, STR_NONE);
    must_change(s, 3, "Zhao", STR_NONE);
    must_change(s, 3, "Zhou", STR_NONE);
    ok(clock_monotonic_ns() - start < 2000000000, "while somebody reads the contacts, an erasure waits for nobody");
    ok(holds_text(from.path, "Li-erased"), "what was erased is left for that long");
    sqlite3_exec(reader, "COMMIT", NULL, NULL, NULL);
    must_change(s, 0, NULL, STR_LIT("a minute later"));
    ok(!holds_text(from.path, "Li-erased"), "and is gone with the next stamp");
    sqlite3_close(reader);

    (void)must_backup(&from, to.path);
    ok(!holds_text(to.path, "Li-erased") && holds_text(to.path, "Zhou"),
       "who was erased is in no backup that is made after it, not even where an earlier one had him");
    store_close(s);
}

static void note_pause(void *arg, const struct endpoint_row *row)
{
    char *out = arg;
    snprintf(out + strlen(out), 200 - strlen(out), "%.*s %" PRIu64 " %.*s;", (int)row->endpoint.n, row->endpoint.p,
             row->cursor, (int)row->paused.n, row->paused.p ? row->paused.p : "");
}

static void test_deliveries(void)
{
    struct place from = place("sent"), to = place("sent-copy"), back = place("sent-back");
    struct delivery_store *d;
    struct errmsg msg;
    enum err e;
    char text[200] = "";
    struct store *s = open_as(&from, STORE_INIT, &small);
    if (commit_events(s, 9, &msg) != ERR_OK || delivery_open(s, &d, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    struct delivery_change at = {.kind = CHANGE_ENDPOINT, .at = {.endpoint = STR_LIT("payroll"), .cursor = 7}};
    e = delivery_commit(d, &at, 1, &msg);
    if ((e == ERR_MORE ? delivery_poll(d, true, &msg) : e) != ERR_OK)
        bail_out("%s", msg.text);
    struct backup_report r = must_backup(&from, to.path);
    delivery_close(d);
    store_close(s);
    is_int(r.seal.seq, 9, "a store with a delivery state is backed up");
    s = restore(to.path, back.path, &e, &msg);
    if (!s || delivery_open(s, &d, &msg) != ERR_OK || delivery_endpoints(d, note_pause, text, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    is_str(text, "payroll 7 restored;", "and restored, its endpoints stand where they stood, paused");
    delivery_close(d);
    store_close(s);
}

static void test_simulated(void)
{
    struct place from = place("simulated"), to = place("simulated-copy");
    const struct store_options simulated = {.simulated = true};
    struct store *s = open_as(&from, STORE_INIT, &simulated);
    struct errmsg msg;
    (void)must_backup(&from, to.path);
    store_close(s);
    enum err e = store_open(to.uri, STORE_WRITE, NULL, &s, NULL, &msg);
    is_int(e, ERR_INVALID, "the copy of a simulated store is none of the real clock");
    s = open_as(&to, STORE_WRITE, &simulated);
    ok(s != NULL, "but one of a simulated");
    store_close(s);
    ok(refuses(&from, to.path, ERR_EXISTS, "holds a store"), "and after that a store, and no backup any more");
}

int main(void)
{
    plan(0);
    test_live();
    test_in_flight();
    test_stamp_ahead();
    test_incremental();
    test_compressed();
    test_archived();
    test_refusals();
    test_line();
    test_erased();
    test_deliveries();
    test_simulated();
    return tap_end();
}
