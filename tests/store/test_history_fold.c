/* Everyone's history folded by way of the disk, in however many buckets, is what folding it in memory gives; and the
 * file that it ends in is what was written, or refused. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "codec/history_json.h"
#include "store/archive/history_fold.h"
#include "store/file.h"
#include "tests/store/town_log.h"

static int new_folder(const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", tap_tmpdir(), name);
    if (mkdir(path, 0700) < 0)
        bail_out("cannot make %s", path);
    return open(path, O_RDONLY | O_DIRECTORY);
}

/* What a file must have: a line a person who has an event, as folded in memory. */
static unsigned differences(int folder, const struct town *t)
{
    struct history_file *f;
    struct errmsg msg;
    struct str line;
    unsigned wrong = 0, people = 0, lines = 0;
    uint64_t before = 0;
    if (history_file_open(folder, t->seq, &f, &msg) != ERR_OK) {
        diag("%s", msg.text);
        return 1000;
    }
    for (int i = 0; i < TOWN_PEOPLE; i++) {
        struct buf want = BUF_INIT, got = BUF_INIT;
        if (!t->last[i])
            continue;
        people++;
        history_write(&want, t->last[i], str_of(t->ids[i]), &t->histories[i]);
        wrong += history_file_find(f, t->last[i], &got, &msg) != ERR_OK || got.n + 1 != want.n ||
                 memcmp(got.p, want.p, got.n) != 0;
        buf_done(&want);
        buf_done(&got);
    }
    for (; history_file_next(f, &line, &msg) == ERR_OK; lines++) {
        uint64_t seq = strtoull(line.p + 7, NULL, 10);
        wrong += seq <= before;
        before = seq;
    }
    history_file_close(f);
    return wrong + (lines != people);
}

static enum err fold_all(int folder, unsigned buckets, uint64_t earlier, struct str lines, uint64_t seq,
                         struct errmsg *msg)
{
    struct history_fold *f;
    struct history_file *before;
    struct history_writer *w;
    struct str line;
    int64_t at;
    enum err e = history_fold_new(folder, buckets, &f, msg);
    if (e)
        return e;
    if (earlier && (e = history_file_open(folder, earlier, &before, msg)) == ERR_OK) {
        while (!e && history_file_next(before, &line, msg) == ERR_OK)
            e = history_fold_person(f, line, msg);
        history_file_close(before);
    }
    for (const char *p = lines.p, *end = p + lines.n, *nl; !e && p < end; p = nl + 1) {
        nl = memchr(p, '\n', (size_t)(end - p));
        e = history_fold_event(f, (struct str){p, (size_t)(nl - p)}, &at, msg);
    }
    if (!e && (e = history_writer_new(folder, seq, &w, msg)) == ERR_OK) {
        e = history_fold_write(f, w, msg);
        if (!e)
            e = history_writer_finish(w, msg);
        history_writer_free(w);
    }
    history_fold_free(f);
    return e;
}

static void test_buckets(void)
{
    static const unsigned buckets[] = {1, 2, 7, FOLD_BUCKETS_MAX};
    for (size_t i = 0; i < sizeof buckets / sizeof buckets[0]; i++) {
        char name[32];
        struct errmsg msg = {""};
        struct buf lines = BUF_INIT;
        struct town *t = town_new(100 + i);
        uint64_t earlier = 0;
        snprintf(name, sizeof name, "buckets-%zu", i);
        int folder = new_folder(name);
        for (int stage = 0; stage < 3; stage++) {
            buf_clear(&lines);
            for (int k = 0; k < 20 || (stage == 1 && k < 900); k++)
                town_event(t, &lines);
            enum err e = fold_all(folder, buckets[i], earlier, buf_str(&lines), t->seq, &msg);
            if (!ok(e == ERR_OK, "%u buckets, stage %d: folded", buckets[i], stage))
                diag("%s", msg.text);
            is_int(differences(folder, t), 0, "everybody is there, as folded in memory, by the last event");
            earlier = t->seq;
        }
        town_free(t);
        buf_done(&lines);
        close(folder);
    }
}

static void test_broken_chain(void)
{
    struct town *t = town_new(9);
    struct buf lines = BUF_INIT;
    struct errmsg msg = {""};
    int folder = new_folder("chain");
    for (int i = 0; i < 300; i++)
        town_event(t, &lines);
    /* One line in the middle goes missing. */
    char *from = memchr(lines.p + lines.n / 2, '\n', lines.n / 2), *to = memchr(from + 1, '\n', 9999);
    while (strstr(from, "unit.recorded") && strstr(from, "unit.recorded") < to) {
        from = to;
        to = memchr(from + 1, '\n', 9999);
    }
    memmove(from, to, (size_t)(lines.p + lines.n - to));
    lines.n -= (size_t)(to - from);
    is_int(fold_all(folder, 3, 0, buf_str(&lines), t->seq, &msg), ERR_DAMAGED, "an event that is missing is noticed");
    ok(strstr(msg.text, "was the person's last"), "by the next one of the same person: %s", msg.text);
    town_free(t);
    buf_done(&lines);
    close(folder);
}

/* Every file that differs in one bit is refused, or gives nothing but what was written. */
static void test_damage(void)
{
    struct town *t = town_new(12);
    struct buf lines = BUF_INIT, file = BUF_INIT;
    struct errmsg msg;
    char name[HISTORY_NAME];
    int folder = new_folder("damage");
    unsigned accepted = 0, refused = 0;
    for (int i = 0; i < 200; i++)
        town_event(t, &lines);
    if (fold_all(folder, 1, 0, buf_str(&lines), t->seq, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    history_file_name(t->seq, name);
    if (file_load(folder, name, SIZE_MAX, &file, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    for (size_t i = 0; i < file.n; i += 1 + i / 500) {
        file.p[i] = (char)(file.p[i] ^ 1 << i % 8);
        if (file_replace(folder, name, buf_str(&file), &msg) != ERR_OK)
            bail_out("%s", msg.text);
        struct history_file *f;
        struct str line;
        enum err e = history_file_open(folder, t->seq, &f, &msg);
        if (e == ERR_OK) {
            while ((e = history_file_next(f, &line, &msg)) == ERR_OK)
                continue;
            history_file_close(f);
        }
        accepted += e == ERR_END;
        refused += e == ERR_DAMAGED || e == ERR_VERSION;
        file.p[i] = (char)(file.p[i] ^ 1 << i % 8);
    }
    is_int(accepted, 0, "no file with a bit turned is taken for what was written");
    ok(refused > 300, "%u of them were refused", refused);
    struct str cut = {file.p, file.n / 2};
    struct history_file *f;
    ok(file_replace(folder, name, cut, &msg) == ERR_OK && history_file_open(folder, t->seq, &f, &msg) == ERR_DAMAGED,
       "nor is half a file");
    ok(strstr(msg.text, "archived log files back"), "what can be done is said: %s", msg.text);
    town_free(t);
    buf_done(&lines);
    buf_done(&file);
    close(folder);
}

static void test_nobody(void)
{
    struct town *t = town_new(1);
    struct buf lines = BUF_INIT, out = BUF_INIT;
    struct errmsg msg;
    struct history_file *f;
    int folder = new_folder("nobody");
    is_int(fold_all(folder, 4, 0, STR_NONE, 17, &msg), ERR_OK, "a log of nobody's events is folded");
    is_int(history_file_open(folder, 17, &f, &msg), ERR_OK, "and the file can be opened");
    is_int(history_file_find(f, 3, &out, &msg), ERR_ABSENT, "nobody is found in it");
    history_file_close(f);
    is_int(history_file_open(folder, 18, &f, &msg), ERR_ABSENT, "a file that is not there is absent");
    is_int(history_file_number("history-00000000000000000017.ndjson.zst"), 17, "a name tells the number");
    is_int(history_file_number("history-17.ndjson.zst"), 0, "in one form only");
    town_free(t);
    buf_done(&lines);
    buf_done(&out);
    close(folder);
}

int main(void)
{
    plan(0);
    test_buckets();
    test_broken_chain();
    test_damage();
    test_nobody();
    return tap_end();
}
