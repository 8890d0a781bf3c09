/* A store that is not as it was left: a torn tail is cut and said, a damaged checkpoint is passed over with a
 * warning, and all else that is altered or missing is refused, with the place. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/engine/rig.h"
#include "tests/lib/node.h"

#define PEOPLE 1200
#define LOOKED_AT 60
#define PATH 256
#define SEGMENTS_MAX 64

/* Noon of a day on which nothing falls due. */
static const char config[] = "timezone = \"Asia/Shanghai\"\n"
                             "compress_log = false\n"
                             "clock = \"2026-02-03T12:00:00+08:00 x1\"\n"
                             "brake_limit = \"off\"\n"
                             "channel \"face\" { }\n"
                             "policy \"national\" { }\n";

struct trial {
    struct node *node;
    char store[PATH], good[PATH];       /* the folder, and a copy of it as it was left */
    char segments[SEGMENTS_MAX][64];    /* "log/NAME", in order */
    char checkpoints[SEGMENTS_MAX][64]; /* "checkpoint/NAME" */
    unsigned n_segments, n_checkpoints;
    char *states;          /* what the daemon says of some people */
    unsigned altered_line; /* by the latest damage, of the file that it altered */
};

/* --- the store --- */

static void shell(const char *command)
{
    fflush(stdout);
    if (system(command) != 0)
        bail_out("failed: %s", command);
}

static void copy_folder(const char *from, const char *to)
{
    char command[3 * PATH];
    snprintf(command, sizeof command, "rm -rf '%s' && cp -a '%s' '%s'", to, from, to);
    shell(command);
}

/* A log of several segments, made by an engine in this process. */
static void make_store(const struct trial *t)
{
    struct rig r = {.options.segment_bytes = 65536};
    char uri[PATH + 8], json[256];
    snprintf(uri, sizeof uri, "dir:%s", t->store);
    rig_open(&r, uri, config, INSTANT_NONE);
    for (unsigned i = 0; i < PEOPLE; i++) {
        snprintf(
            json, sizeof json,
            "{\"op\":\"enrol\",\"id\":\"P-%u\",\"policy\":\"national\",\"approved_on\":\"2024-02-%02u\","
                 "\"name\":\"N%u\"}",
            i, 1 + i % 28, i);
        rig_input(&r, json);
    }
    for (unsigned i = 0; i < PEOPLE; i += 3) {
        snprintf(
            json, sizeof json,
            "{\"op\":\"certify\",\"id\":\"P-%u\",\"channel\":\"face\",\"ref\":\"%u\",\"certified_on\":\"2026-01-05\"}",
            i, i);
        rig_input(&r, json);
    }
    rig_close(&r);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

static unsigned list(const struct trial *t, const char *folder, const char *ending, char names[SEGMENTS_MAX][64])
{
    char path[PATH + 16];
    unsigned n = 0;
    snprintf(path, sizeof path, "%s/%s", t->store, folder);
    DIR *d = opendir(path);
    for (struct dirent *e; d && (e = readdir(d));)
        if (strstr(e->d_name, ending) && n < SEGMENTS_MAX)
            snprintf(names[n++], 64, "%s/%.40s", folder, e->d_name);
    if (d)
        closedir(d);
    qsort(names, n, 64, by_name);
    return n;
}

/* As it now is, it is what each damage begins with. */
static void keep(struct trial *t)
{
    copy_folder(t->store, t->good);
    t->n_segments = list(t, "log", ".ndjson", t->segments);
    t->n_checkpoints = list(t, "checkpoint", ".ckpt", t->checkpoints);
}

/* --- what a daemon says --- */

static char *ask_states(const struct node *n)
{
    struct buf b = BUF_INIT;
    struct reply r = {.status = 0};
    for (unsigned i = 0; i < LOOKED_AT; i++) {
        char target[64];
        snprintf(target, sizeof target, "/v1/beneficiaries/P-%u", i * (PEOPLE / LOOKED_AT));
        request_once(n->socket, "GET", target, NULL, STR_NONE, &r);
        buf_printf(&b, "%d %s\n", r.status, r.body.p);
    }
    buf_addc(&b, '\0');
    reply_done(&r);
    return b.p;
}

/* The log since it was so long. */
static char *log_since(const struct node *n, size_t length)
{
    char *log = node_log(n), *rest = mem_strdup(log + length);
    free(log);
    return rest;
}

static size_t log_length(const struct node *n)
{
    char *log = node_log(n);
    size_t length = strlen(log);
    free(log);
    return length;
}

/* --- damages --- */

static const char *in_store(const struct trial *t, const char *name)
{
    static char path[PATH + 64];
    snprintf(path, sizeof path, "%s/%s", t->store, name);
    return path;
}

static off_t size_of(const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0)
        bail_out("there is no %s", path);
    return st.st_size;
}

/* Adds one to the first digit 0..8 behind the middle. Returns the line that it stands in, from 1. */
static unsigned alter(const char *path)
{
    int fd = open(path, O_RDWR);
    off_t middle = size_of(path) / 2;
    unsigned line = 1;
    char c = 0;
    for (off_t at = 0; pread(fd, &c, 1, at) == 1; at++) {
        line += c == '\n';
        if (at < middle || c < '0' || c > '8')
            continue;
        c++;
        if (pwrite(fd, &c, 1, at) == 1)
            break;
        bail_out("cannot alter %s", path);
    }
    close(fd);
    return line;
}

static void append(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_APPEND);
    if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
        bail_out("cannot append to %s", path);
    close(fd);
}

static void shorten(const char *path, off_t by)
{
    if (truncate(path, size_of(path) - by) != 0)
        bail_out("cannot shorten %s", path);
}

static void alter_middle_segment(struct trial *t)
{
    t->altered_line = alter(in_store(t, t->segments[t->n_segments / 2]));
}

static void alter_first_segment(struct trial *t)
{
    t->altered_line = alter(in_store(t, t->segments[0]));
}

static void alter_last_segment(struct trial *t)
{
    t->altered_line = alter(in_store(t, t->segments[t->n_segments - 1]));
}

static void remove_middle_segment(struct trial *t)
{
    unlink(in_store(t, t->segments[t->n_segments / 2]));
}

static void remove_first_segment(struct trial *t)
{
    unlink(in_store(t, t->segments[0]));
}

static void remove_last_segment(struct trial *t)
{
    unlink(in_store(t, t->segments[t->n_segments - 1]));
}

static void swap_segments(struct trial *t)
{
    char a[PATH + 64], b[PATH + 64], c[PATH + 64];
    snprintf(a, sizeof a, "%s", in_store(t, t->segments[1]));
    snprintf(b, sizeof b, "%s", in_store(t, t->segments[2]));
    snprintf(c, sizeof c, "%s", in_store(t, "swapped"));
    if (rename(a, c) != 0 || rename(b, a) != 0 || rename(c, b) != 0)
        bail_out("cannot swap %s and %s", a, b);
}

static void cut_last_commit(struct trial *t)
{
    shorten(in_store(t, t->segments[t->n_segments - 1]), 10);
}

static void cut_middle_segment(struct trial *t)
{
    shorten(in_store(t, t->segments[t->n_segments / 2]), 10);
}

#define TORN "{\"seq\":999999,\"prev\":0,\"time\":\"2026-02-03T12:00"

static void tear_line(struct trial *t)
{
    append(in_store(t, t->segments[t->n_segments - 1]), TORN);
}

static void tear_commit(struct trial *t)
{
    const char *last = in_store(t, t->segments[t->n_segments - 1]);
    append(last, "{\"seq\":999999,\"prev\":0}\n{\"seq\":1000000,\"prev\":0}\n");
    append(last, "{\"seal\":1000000,\"sha256\":\"00");
}

static void wrong_seal(struct trial *t)
{
    append(in_store(t, t->segments[t->n_segments - 1]),
           "{\"seal\":999999,\"sha256\":\"0000000000000000000000000000000000000000000000000000000000000000\"}\n");
}

static void later_version(struct trial *t)
{
    char command[2 * PATH];
    snprintf(command, sizeof command, "sed -i '1s/\"version\":1,/\"version\":9,/' '%s'",
             in_store(t, t->segments[t->n_segments - 1]));
    shell(command);
}

static void no_description(struct trial *t)
{
    unlink(in_store(t, "meta.json"));
}

static void no_contacts(struct trial *t)
{
    unlink(in_store(t, "contacts.db"));
    unlink(in_store(t, "contacts.db-wal"));
}

static void other_contacts(struct trial *t)
{
    char command[2 * PATH];
    snprintf(command, sizeof command, "head -c 20000 /dev/zero > '%s'", in_store(t, "contacts.db"));
    shell(command);
}

static void alter_checkpoint(struct trial *t)
{
    t->altered_line = alter(in_store(t, t->checkpoints[t->n_checkpoints - 1]));
}

static void empty_checkpoint(struct trial *t)
{
    if (truncate(in_store(t, t->checkpoints[t->n_checkpoints - 1]), 0) != 0)
        bail_out("cannot empty the checkpoint");
}

static void cut_checkpoint(struct trial *t)
{
    shorten(in_store(t, t->checkpoints[t->n_checkpoints - 1]), 100);
}

static void alter_all_checkpoints(struct trial *t)
{
    for (unsigned i = 0; i < t->n_checkpoints; i++)
        t->altered_line = alter(in_store(t, t->checkpoints[i]));
}

static void remove_checkpoints(struct trial *t)
{
    for (unsigned i = 0; i < t->n_checkpoints; i++)
        unlink(in_store(t, t->checkpoints[i]));
}

struct damage {
    const char *name;
    void (*make)(struct trial *t);
    bool starts;      /* with the same state as ever; else it is refused */
    const char *says; /* in the log; NULL: no warning */
};

static const struct damage log_damages[] = {
    {"a digit altered in the middle of the log", alter_middle_segment, false, " line "},
    {"a digit altered in its first file", alter_first_segment, false, " line "},
    {"a digit altered in its last file", alter_last_segment, false, " line "},
    {"a file missing in the middle", remove_middle_segment, false, "are missing: before log/"},
    {"the first file missing", remove_first_segment, false, "are missing: before log/"},
    {"the last file missing", remove_last_segment, false, "it is damaged, not torn by a crash"},
    {"two files in each other's place", swap_segments, false, "log/"},
    {"a file cut short in the middle", cut_middle_segment, false, "log/"},
    {"a commit cut short that was synced", cut_last_commit, false, "it is damaged, not torn by a crash"},
    {"a line torn at the end", tear_line, true, "bytes behind the last whole commit were cut off"},
    {"a commit torn in its seal", tear_commit, true, "bytes behind the last whole commit were cut off"},
    {"a seal at the end that is none", wrong_seal, true, "bytes behind the last whole commit were cut off"},
    {"a file of a later version", later_version, false, "was written by a later version"},
    {"no description of the store", no_description, false, "there is no store"},
    {"no contacts", no_contacts, false, "contacts.db is missing"},
    {"contacts that are something else", other_contacts, false, "contacts.db"},
};

static const struct damage checkpoint_damages[] = {
    {"a byte altered in the checkpoint", alter_checkpoint, true, "a checkpoint is passed over"},
    {"an empty checkpoint", empty_checkpoint, true, "a checkpoint is passed over"},
    {"a checkpoint cut short", cut_checkpoint, true, "a checkpoint is passed over"},
    {"all checkpoints altered", alter_all_checkpoints, true, "a checkpoint is passed over"},
    {"no checkpoint", remove_checkpoints, true, NULL},
    {"with a checkpoint, a line torn at the end", tear_line, true, "were cut off"},
    {"with a checkpoint, the first file missing", remove_first_segment, false, "are missing: before log/"},
    {"with a checkpoint, the last file missing", remove_last_segment, false, "damaged"},
    {"with a checkpoint, a digit altered in the last file", alter_last_segment, false, "log/"},
    {"with a checkpoint, a digit altered in the middle of the log", alter_middle_segment, false, " line "},
    {"with a checkpoint, two files in each other's place", swap_segments, false, "log/"},
};

/* --- one damage --- */

static void check_running(struct trial *t, const char *name)
{
    char *states = ask_states(t->node);
    ok(strcmp(states, t->states) == 0, "%s: the state is what it was", name);
    free(states);
    is_int(node_stop(t->node), 0, "%s: and it stops in peace", name);
}

static void check_words(const struct trial *t, const struct damage *d, size_t before)
{
    char *log = log_since(t->node, before), torn[64];
    bool good = d->says ? strstr(log, d->says) != NULL : !strstr(log, "event=store-warning");
    ok(good, "%s: the log says %s", d->name, d->says ? d->says : "nothing of it");
    if (d->make == tear_line) {
        snprintf(torn, sizeof torn, ": %zu bytes behind", strlen(TORN));
        ok(strstr(log, torn), "%s: and how much", d->name);
    }
    if (d->make == alter_middle_segment) {
        /* The seal of its commit tells, behind the one or two events of an enrolment. */
        const char *file = strstr(log, t->segments[t->n_segments / 2]), *place = file ? strstr(file, " line ") : NULL;
        unsigned line = place ? (unsigned)strtoul(place + 6, NULL, 10) : 0;
        ok(line >= t->altered_line && line <= t->altered_line + 2, "%s: and in which file and line", d->name);
    }
    if (!good)
        diag("%s", log);
    free(log);
}

static void try_damage(struct trial *t, const struct damage *d)
{
    int code = 0;
    size_t before = log_length(t->node);
    copy_folder(t->good, t->store);
    d->make(t);
    bool started = node_start(t->node, &code);
    if (d->starts)
        ok(started, "%s: the daemon starts", d->name);
    else
        ok(!started && code == 1, "%s: the daemon refuses to start, with exit status 1", d->name);
    check_words(t, d, before);
    if (started && d->starts)
        check_running(t, d->name);
    else if (started)
        node_kill(t->node);
}

int main(void)
{
    struct trial t = {.node = NULL};
    plan(0);
    t.node = node_new(config);
    snprintf(t.store, sizeof t.store, "%s/store", t.node->dir);
    snprintf(t.good, sizeof t.good, "%s/good", t.node->dir);
    make_store(&t);
    keep(&t);
    ok(t.n_segments >= 5 && t.n_checkpoints == 0, "a log of %u files", t.n_segments);
    node_must_start(t.node);
    t.states = ask_states(t.node);
    ok(strstr(t.states, "\"status\":\"active\"") && strstr(t.states, "\"status\":\"grace\""),
       "with people in two states");
    is_int(node_stop(t.node), 0, "whose daemon stops in peace");
    for (size_t i = 0; i < sizeof log_damages / sizeof *log_damages; i++)
        try_damage(&t, &log_damages[i]);

    copy_folder(t.good, t.store);
    for (int i = 0; i < 2; i++) {
        node_must_start(t.node);
        struct reply r = {.status = 0};
        request_once(t.node->socket, "POST", "/v1/inputs", "Content-Type: application/json\r\n",
                     i ? STR_LIT("{\"op\":\"unit\",\"unit\":\"U2\"}") : STR_LIT("{\"op\":\"unit\",\"unit\":\"U1\"}"),
                     &r);
        reply_done(&r);
        node_stop(t.node);
    }
    keep(&t);
    is_int(t.n_checkpoints, 2, "two stops leave two checkpoints");
    for (size_t i = 0; i < sizeof checkpoint_damages / sizeof *checkpoint_damages; i++)
        try_damage(&t, &checkpoint_damages[i]);
    free(t.states);
    node_free(t.node, false);
    return tap_end();
}
