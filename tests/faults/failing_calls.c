/* A daemon's life (script.c) in which one call fails: an allocation, or one of the calls on files, sockets and
 * threads, once or from then on always. It may go on, answer an error, or end with a word of what failed; it may not
 * hang, crash, or have told anybody what is not there after a start. See --help. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/faults/trial.h"
#include "tests/faults/ways.h"
#include "tests/lib/tap.h"

#define COUNT 48 /* lives of a short run */
#define TRIAL_SECONDS 240
#define PATIENCE_MS 3000
#define FAULTS_SHOWN 12
#define PROGRESS 100
#define PAGE 4096

static const char help[] =
    "Usage: failing_calls [OPTION]...\n"
    "Lives a daemon's life again and again, the one of crash_points. In each life one call fails, at another\n"
    "place: every allocation, of the libraries', too, and every call on files, sockets, descriptors and threads,\n"
    "with each of the errors that its kind can have, or by doing half of what it was asked to do; once, or from\n"
    "then on always. The daemon may go on as if nothing were, refuse or drop requests, or end with a line that\n"
    "says why. Then it is started again without faults, if need be, and in the end everything must be as it is\n"
    "without them.\n"
    "\n"
    "  --all        every call of every kind, with each error, once and for good\n"
    "  --kind KIND  the same for one kind: alloc, open, create, read, write, sync, rename, unlink, size, mkdir,\n"
    "               copy, stat, map, send, receive, accept, connect, watch, wait, make, thread, log\n"
    "  --stride N   with either: only each N-th call\n"
    "  --from N     with either: the first call\n"
    "  --count N    so many lives, over all kinds, drawn by lot (default 48)\n"
    "  --seed S     which ones (default: the time)\n"
    "  --jobs J     so many lives at a time (default 1)\n"
    "  --at N       one life, with --kind, whose call N fails\n"
    "  --error NAME with --at: ENOMEM, EIO, ..., or short (default: the kind's first)\n"
    "  --forever    with --at: it and all after it\n"
    "  --keep       leaves the folders of lives with a fault\n"
    "  --help       print this, and exit\n";

/* Which way a life went. */
enum result { WENT_ON, REPEATED, REFUSED, ENDED, OUT_OF_MEMORY, IN_LIBRARY, UNREACHED, FAULTY, RESULTS };
static const char *const result_words[RESULTS] = {
    [WENT_ON] = "went on",         [REPEATED] = "dropped",   [REFUSED] = "refused", [ENDED] = "ended",
    [OUT_OF_MEMORY] = "no memory", [IN_LIBRARY] = "library", [UNREACHED] = "",      [FAULTY] = "FAULTS",
};
static const char *const legend[] = {
    "went on: nothing was to be noticed; dropped: requests had to be sent again; refused: the daemon lived,",
    "but did not answer, and ended when it was asked to; ended: with an exit code and the reason in its log;",
    "no memory: aborted with \"out of memory\"; library: killed by a fault in a library that does not look",
    "whether it got memory"};

/* --- one life --- */

/* The words of the system, of SQLite and of libconfuse for what can fail. */
static const char *const reasons[] = {"disk I/O error",
                                      "is full",
                                      "out of memory",
                                      "unable to open",
                                      "for writing",
                                      "no memory",
                                      "Out of memory",
                                      "Cannot allocate memory",
                                      "malformed",
                                      "damaged",
                                      "the parser was ended by",
                                      "enough memory",
                                      "the configuration has faults"};

/* Has it left a line that says why it ended? */
static bool said_why(const struct life *l, const struct task *task)
{
    char *log = node_log(l->node);
    bool said = false;
    if (task->order.kinds & FAULTS_BIT(LOG))
        said = true; /* it had nowhere to say it */
    said |= task->order.error && strstr(log, strerror(task->order.error));
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        said |= strstr(log, reasons[i]) != NULL;
    free(log);
    return said;
}

static bool ran_out_of_memory(const struct life *l)
{
    return l->code == -SIGABRT && node_logged(l->node, "out of memory");
}

/* The crash's own line has the stack, the handler's frames first, then the C library's that called it. false: what
 * comes behind those is the daemon's own. */
static bool was_in_library(const char *crash)
{
    const char *p = strstr(crash, " libc.so.6+");
    while (p && strncmp(p, " libc.so.6+", 11) == 0)
        p = strchr(p + 1, ' ');
    return p && strncmp(p + 1, "lib", 3) == 0 && strncmp(p + 1, "lifecertd", 9) != 0;
}

/* Some libraries do not look, everywhere, at what an allocation returns (CRoaring, OpenSSL's locks), and die of it at
 * an address near 0, or by an abort of their own: which is a kill like others, with a line that names them. */
static bool died_in_library(const struct life *l, const struct task *task)
{
    char *log = node_log(l->node), *crash = strstr(log, "event=crash signal=");
    if (crash)
        crash[strcspn(crash, "\n")] = '\0';
    const char *address = crash ? strstr(crash, "address=0x") : NULL;
    bool near = !address || strtoul(address + 8, NULL, 16) < PAGE;
    bool there = crash && near && was_in_library(crash);
    free(log);
    return there && (l->code == -SIGSEGV || l->code == -SIGABRT) && task->order.kinds == FAULTS_BIT(ALLOC);
}

/* What of the first part of the life; false: it is a fault. */
static bool classify(struct life *l, const struct task *task, enum life_state state, struct outcome *out)
{
    switch (state) {
    case LIFE_OVER: out->result = !out->seen.acted ? UNREACHED : l->again ? REPEATED : WENT_ON; return true;
    case LIFE_ENDED: out->result = l->code > 0 ? ENDED : OUT_OF_MEMORY; break;
    case LIFE_REFUSES: out->result = REFUSED; return life_end(l) || trial_say(out, l, "asked to stop", LIFE_HANGS);
    case LIFE_HANGS: return trial_say(out, l, "with the fault", state);
    }
    if (out->result == ENDED ? said_why(l, task) : ran_out_of_memory(l))
        return true;
    if (died_in_library(l, task)) {
        out->result = IN_LIBRARY;
        return true;
    }
    return trial_say(out, l, "without a word", state);
}

static bool live(struct life *l, const struct task *task, struct outcome *out)
{
    l->patience_ms = PATIENCE_MS;
    faults_order(l->faults, &task->order);
    enum life_state state = life_go(l);
    out->seen = *l->faults;
    bool good = classify(l, task, state, out);
    faults_calm(l->faults);
    if (!good || state == LIFE_OVER)
        return good;
    state = life_go(l);
    return state == LIFE_OVER || trial_say(out, l, "without faults again", state);
}

static void trial(const struct task *task, const struct reference *reference, struct outcome *out)
{
    struct life l;
    trial_begin(&l, out);
    if (live(&l, task, out))
        trial_judge(&l, (struct reference *)reference, task->order.at == 0, out);
    if (out->fault[0])
        out->result = FAULTY;
    trial_end(&l, out);
}

/* --- which lives --- */

struct walk {
    struct rng rng;
    uint64_t count, seed, begun;
    bool all;
    int kind; /* -1: all of them */
    uint64_t from, stride;
    struct task one;
    const char *error; /* of the one */
    /* all of them */
    size_t way;
    uint64_t at;
    bool forever, over;
    /* what has come of them */
    uint64_t calls[FAULTS_KINDS_N], results[WAYS][RESULTS], lives, acted, faults;
};

static struct task task_of(size_t way, uint64_t at, bool forever)
{
    const struct way *w = &ways[way];
    return (struct task){{UINT32_C(1) << w->kind, at, w->error != HALF ? FAULTS_FAIL : FAULTS_SHORT, w->error, forever},
                         0};
}

static size_t way_of(const struct task *t)
{
    size_t i = 0;
    while (i + 1 < WAYS && !(t->order.kinds == UINT32_C(1) << ways[i].kind && t->order.error == ways[i].error))
        i++;
    return i;
}

/* Each way by turns, at any of the calls of its kind. */
static bool next_sample(struct walk *w, struct task *out)
{
    size_t way = (w->seed + w->begun) % WAYS;
    for (size_t i = 0; i < WAYS && w->calls[ways[way].kind] == 0; i++)
        way = (way + 1) % WAYS;
    uint64_t at = 1 + rng_below(&w->rng, w->calls[ways[way].kind] + 1);
    *out = task_of(way, at, ways[way].error != EINTR && rng_below(&w->rng, 2));
    return w->begun < w->count;
}

static bool is_wanted(const struct walk *w, size_t way)
{
    return w->kind < 0 || ways[way].kind == (enum faults_kind)w->kind;
}

/* One call after the other until a life does not come to it, once and for good; then the next way. */
static bool next_of_all(struct walk *w, struct task *out)
{
    bool had_both = w->forever || ways[w->way].error == EINTR;
    if (w->at == 0 || w->over || !is_wanted(w, w->way)) {
        for (w->way += w->at > 0; w->way < WAYS && !is_wanted(w, w->way);)
            w->way++;
        w->at = w->from;
        w->forever = w->over = false;
    } else if (had_both) {
        w->at += w->stride;
        w->forever = false;
    } else {
        w->forever = true;
    }
    if (w->way < WAYS)
        *out = task_of(w->way, w->at, w->forever);
    return w->way < WAYS;
}

static bool next(void *arg, struct task *out)
{
    struct walk *w = arg;
    bool more = w->one.order.at ? w->begun == 0 : w->all ? next_of_all(w, out) : next_sample(w, out);
    if (w->one.order.at)
        *out = w->one;
    w->begun += more;
    return more;
}

static void show_fault(struct walk *w, const struct task *t, const struct outcome *out)
{
    size_t way = way_of(t);
    if (w->faults++ < FAULTS_SHOWN)
        diag("--kind %s --at %" PRIu64 " --error %s%s (%s %s): %s; folder %s", faults_kind_name(ways[way].kind),
             t->order.at, way_name(way), t->order.forever ? " --forever" : "", out->seen.call, out->seen.path,
             out->fault, out->folder);
}

static void done(void *arg, const struct task *t, const struct outcome *out)
{
    struct walk *w = arg;
    size_t way = way_of(t);
    int result = out->whole && !out->fault[0] ? out->result : FAULTY;
    w->lives++;
    w->acted += out->seen.acted > 0;
    w->results[way][result]++;
    if (result == UNREACHED && way == w->way)
        w->over = true;
    if (result == FAULTY)
        show_fault(w, t, out);
    if (w->all && w->lives % PROGRESS == 0)
        diag("%s %s, call %" PRIu64 ": %" PRIu64 " lives, %" PRIu64 " faults", faults_kind_name(ways[way].kind),
             way_name(way), t->order.at, w->lives, w->faults);
}

/* --- all of it --- */

static int read_kind(const char *text)
{
    int kind = faults_kind_of(text);
    if (kind < 0) {
        fprintf(stderr, "failing_calls: there is no kind %s\n", text);
        exit(2);
    }
    return kind;
}

static void read_option(int option, struct walk *w, struct campaign *c)
{
    switch (option) {
    case 'a': w->all = true; break;
    case 'K':
        w->kind = read_kind(optarg);
        w->all = true;
        break;
    case 'n': w->count = campaign_number("failing_calls", optarg, "--count"); break;
    case 's': w->seed = campaign_number("failing_calls", optarg, "--seed"); break;
    case 't': w->stride = campaign_number("failing_calls", optarg, "--stride"); break;
    case 'f': w->from = campaign_number("failing_calls", optarg, "--from"); break;
    case 'j': c->jobs = (unsigned)campaign_number("failing_calls", optarg, "--jobs"); break;
    case '@': w->one.order.at = campaign_number("failing_calls", optarg, "--at"); break;
    case 'e': w->error = optarg; break;
    case 'r': w->one.order.forever = true; break;
    case 'k': c->keep = true; break;
    case 'h': fputs(help, stdout); exit(0);
    default: exit(2);
    }
}

/* The one's way, by kind and error. */
static void read_one(struct walk *w)
{
    size_t i = 0;
    while (i < WAYS && !(is_wanted(w, i) && (!w->error || strcmp(way_name(i), w->error) == 0)))
        i++;
    if (w->kind < 0 || i == WAYS) {
        fprintf(stderr, "failing_calls: --at takes a --kind, and an --error that it can have\n");
        exit(2);
    }
    w->one = task_of(i, w->one.order.at, w->one.order.forever);
}

static void read_arguments(int argc, char **argv, struct walk *w, struct campaign *c)
{
    static const struct option options[] = {
        {"all", no_argument, NULL, 'a'},
        {"kind", required_argument, NULL, 'K'},
        {"count", required_argument, NULL, 'n'},
        {"seed", required_argument, NULL, 's'},
        {"stride", required_argument, NULL, 't'},
        {"from", required_argument, NULL, 'f'},
        {"jobs", required_argument, NULL, 'j'},
        {"at", required_argument, NULL, '@'},
        {"error", required_argument, NULL, 'e'},
        {"forever", no_argument, NULL, 'r'},
        {"keep", no_argument, NULL, 'k'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;)
        read_option(option, w, c);
    if (w->one.order.at)
        read_one(w);
}

/* A life without faults: the reference, and how many calls there are to fail. */
static bool measure(const struct campaign *c, struct walk *w, struct reference *reference)
{
    struct outcome out;
    struct task none = {{0, 0, FAULTS_FAIL, 0, false}, 0};
    campaign_one(c, &none, reference, &out);
    memcpy(w->calls, out.seen.calls, sizeof w->calls);
    diag("a life takes %.2f s", out.seconds);
    if (ok(!out.fault[0], "a life in which nothing fails goes well"))
        return true;
    diag("%s", out.fault);
    return false;
}

static void report(const struct walk *w)
{
    char line[256];
    int n = snprintf(line, sizeof line, "%-8s %-12s %9s", "calls", "fail with", "a life");
    for (int r = 0; r < RESULTS; r++)
        n += r == UNREACHED ? 0 : snprintf(line + n, sizeof line - (size_t)n, " %9s", result_words[r]);
    diag("%s", line);
    for (size_t i = 0; i < WAYS; i++) {
        uint64_t lives = 0;
        n = snprintf(line, sizeof line, "%-8s %-12s %9" PRIu64, faults_kind_name(ways[i].kind), way_name(i),
                     w->calls[ways[i].kind]);
        for (int r = 0; r < RESULTS; r++) {
            lives += w->results[i][r];
            n += r == UNREACHED ? 0 : snprintf(line + n, sizeof line - (size_t)n, " %9" PRIu64, w->results[i][r]);
        }
        if (lives)
            diag("%s", line);
    }
    for (size_t i = 0; i < sizeof legend / sizeof *legend; i++)
        diag("%s", legend[i]);
    diag("%" PRIu64 " lives, in %" PRIu64 " of them a call failed; %" PRIu64 " faults", w->lives, w->acted, w->faults);
    ok(w->acted > 0, "calls were made to fail");
    ok(w->faults == 0, "whichever it was, the daemon went on or ended in order, and lost and doubled nothing");
}

int main(int argc, char **argv)
{
    static struct walk w = {.count = COUNT, .kind = -1, .from = 1, .stride = 1};
    struct campaign c = {.jobs = 1, .seconds = TRIAL_SECONDS, .trial = trial, .next = next, .done = done, .arg = &w};
    w.seed = (uint64_t)time(NULL);
    read_arguments(argc, argv, &w, &c);
    w.rng = rng_seed(w.seed);
    struct reference *reference = campaign_reference();
    plan(0);
    diag("--seed %" PRIu64 " --count %" PRIu64, w.seed, w.count);
    if (measure(&c, &w, reference)) {
        campaign_run(&c, reference);
        report(&w);
    }
    return tap_end();
}
