/* A daemon's life (script.c), killed at each call by which it changes a file or says something, and once more at each
 * of those of the start after it. Whatever the moment: the life goes on, and what came of it in the end is what comes
 * of one that nobody disturbs. See --help. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>

#include "tests/faults/trial.h"
#include "tests/lib/tap.h"

#define COUNT 64      /* kills of a short run */
#define AGAIN_SHARE 4 /* one in so many of them is followed by another one */
#define TRIAL_SECONDS 120
#define FAULTS_SHOWN 10
#define DEATH_MS 5000
#define PROGRESS 100 /* lives between two words of it */

static const char help[] =
    "Usage: crash_points [OPTION]...\n"
    "Lives a daemon's life again and again, from `lifecertctl init` to the last message: people are enrolled,\n"
    "certify, fall due, are suspended and resumed, die and are erased; a reload, a hold, a clean stop and a\n"
    "start, events to a webhook and messages to a gateway go with it. In each life the process is killed\n"
    "(SIGKILL) at another one of its calls: before it, when half of it is done, or after it. Then it is started\n"
    "again, and the life goes on, what was not answered being sent once more under its idempotency key. In the\n"
    "end answers, log, everybody's state and contacts must be to the byte what they are without a kill, the hours\n"
    "aside; verify must be content; the receiver must have every event at least once and in order, and no message\n"
    "twice.\n"
    "\n"
    "Calls that count are write, pwrite, writev, pwritev, fsync, fdatasync, rename, unlink, ftruncate, fallocate,\n"
    "mkdir, open of what may not be there yet, copy_file_range, and send to sockets. How many a life has varies\n"
    "with its threads: the walk goes up until one ends by itself.\n"
    "\n"
    "  --all        every call, in every way, and after each kill before a call a second one at each call of the\n"
    "               next start\n"
    "  --singles    every call, in every way, without second kills\n"
    "  --count N    so many kills, spread over the life (default 64), one in four of them followed by a second\n"
    "               one\n"
    "  --seed S     which ones (default: the time)\n"
    "  --jobs J     so many lives at a time (default 1)\n"
    "  --at N       one life, killed at call N\n"
    "  --again M    and again at call M of the next start\n"
    "  --how HOW    before (default), half or after\n"
    "  --from N     with --all and --singles: the first call\n"
    "  --keep       leaves the folders of lives with a fault\n"
    "  --help       print this, and exit\n";

#define KINDS                                                                                            \
    (FAULTS_BIT(WRITE) | FAULTS_BIT(SYNC) | FAULTS_BIT(RENAME) | FAULTS_BIT(UNLINK) | FAULTS_BIT(SIZE) | \
     FAULTS_BIT(MKDIR) | FAULTS_BIT(CREATE) | FAULTS_BIT(COPY) | FAULTS_BIT(SEND))

enum how { HOW_BEFORE, HOW_HALF, HOW_AFTER, HOW_N };
static const struct {
    const char *name;
    enum faults_action action;
} hows[HOW_N] = {{"before", FAULTS_KILL}, {"half", FAULTS_KILL_HALF}, {"after", FAULTS_KILL_AFTER}};

/* --- one life --- */

static bool was_killed(const struct life *l, enum life_state state)
{
    return state == LIFE_ENDED && l->code == -9;
}

/* The start after the first death is killed, too, if it gets so far. */
static bool die_again(struct life *l, const struct task *task, struct outcome *out)
{
    struct faults_order order = task->order;
    order.at = task->again;
    faults_order(l->faults, &order);
    enum life_state state = script[l->step].alone ? life_go(l) : life_start(l);
    faults_calm(l->faults);
    out->start_calls = l->faults->counted;
    out->again = l->faults->acted > 0;
    if (out->again && life_ended(l, DEATH_MS)) /* it may have said that it is ready, and then died */
        state = LIFE_ENDED;
    return out->again ? was_killed(l, state) || trial_say(out, l, "killed again", state)
                      : state == LIFE_OVER || trial_say(out, l, "in the next start", state);
}

static bool live_on(struct life *l, struct outcome *out)
{
    faults_calm(l->faults);
    enum life_state state = life_go(l);
    return state == LIFE_OVER ? true : trial_say(out, l, "after the kill", state);
}

static bool live(struct life *l, const struct task *task, struct outcome *out)
{
    faults_order(l->faults, &task->order);
    enum life_state state = life_go(l);
    out->seen = *l->faults;
    if (state == LIFE_OVER && !out->seen.acted) {
        faults_calm(l->faults);
        return true;
    }
    if (!was_killed(l, state) || !out->seen.acted)
        return trial_say(out, l, "before the kill", state);
    if (task->again && !die_again(l, task, out))
        return false;
    return live_on(l, out);
}

static void trial(const struct task *task, const struct reference *reference, struct outcome *out)
{
    struct life l;
    trial_begin(&l, out);
    if (live(&l, task, out))
        trial_judge(&l, (struct reference *)reference, task->order.at == 0, out);
    trial_end(&l, out);
}

/* --- which lives --- */

enum way { WAY_SAMPLE, WAY_SINGLES, WAY_ALL, WAY_ONE };

struct walk {
    enum way way;
    struct rng rng;
    uint64_t count, seed;
    struct task one;
    uint64_t at;    /* all of them: the call that is next */
    enum how how;   /* and how */
    uint64_t again; /* WAY_ALL: the second call that is next, 0: the first kill alone */
    bool over;      /* a life has ended without coming to its call */
    uint64_t begun;
    /* what has come of them */
    uint64_t lives, kills, seconds, faults, repeated;
    uint64_t calls, start_calls, by_kind[FAULTS_KINDS_N];
};

static struct task task_of(uint64_t at, enum how how, uint64_t again)
{
    return (struct task){{KINDS, at, hows[how].action, 0, false}, again};
}

/* Calls and ways spread evenly, from a place drawn by lot. */
static bool next_sample(struct walk *w, struct task *out)
{
    uint64_t places = w->calls * HOW_N, i = w->begun, place = (i * places / w->count + w->seed) % places;
    if (i >= w->count)
        return false;
    bool again = i % AGAIN_SHARE == 0;
    *out = task_of(1 + place / HOW_N, (enum how)(place % HOW_N), again ? 1 + rng_below(&w->rng, w->start_calls) : 0);
    return true;
}

/* Behind each kill before a call, all second ones. */
static bool next_of_all(struct walk *w, struct task *out)
{
    if (w->way == WAY_ALL && w->how == HOW_BEFORE && w->again < w->start_calls)
        w->again++;
    else if (w->again = 0, ++w->how == HOW_N)
        w->how = HOW_BEFORE, w->at++;
    *out = task_of(w->at, w->how, w->again);
    return !w->over;
}

static bool next(void *arg, struct task *out)
{
    struct walk *w = arg;
    bool more = w->way == WAY_SAMPLE ? next_sample(w, out) : w->way != WAY_ONE ? next_of_all(w, out) : w->begun == 0;
    if (w->way == WAY_ONE)
        *out = w->one;
    w->begun += more;
    return more;
}

static const char *how_text(const struct task *t)
{
    enum how how = HOW_BEFORE;
    while (how < HOW_AFTER && hows[how].action != t->order.action)
        how++;
    return hows[how].name;
}

static void show_fault(struct walk *w, const struct task *t, const struct outcome *out)
{
    if (w->faults++ < FAULTS_SHOWN)
        diag("--at %" PRIu64 " --again %" PRIu64 " --how %s (%s %s): %s; folder %s", t->order.at, t->again, how_text(t),
             out->seen.call, out->seen.path, out->fault, out->folder);
}

static void done(void *arg, const struct task *t, const struct outcome *out)
{
    struct walk *w = arg;
    w->lives++;
    w->kills += out->seen.acted > 0;
    w->seconds += out->again;
    w->repeated += out->repeated;
    if (out->start_calls > w->start_calls && !out->again)
        w->start_calls = out->start_calls;
    if (out->seen.acted)
        w->by_kind[out->seen.kind]++;
    else if (out->whole)
        w->over = true;
    if (out->fault[0])
        show_fault(w, t, out);
    if (w->way != WAY_SAMPLE && w->lives % PROGRESS == 0)
        diag("call %" PRIu64 ": %" PRIu64 " lives, %" PRIu64 " faults", w->at, w->lives, w->faults);
}

/* --- all of it --- */

static enum faults_action read_how(const char *text)
{
    for (int i = 0; i < HOW_N; i++)
        if (strcmp(hows[i].name, text) == 0)
            return hows[i].action;
    fprintf(stderr, "crash_points: --how takes before, half or after\n");
    exit(2);
}

static void read_option(int option, struct walk *w, struct campaign *c)
{
    switch (option) {
    case 'a': w->way = WAY_ALL; break;
    case '1': w->way = WAY_SINGLES; break;
    case 'n': w->count = campaign_number("crash_points", optarg, "--count"); break;
    case 's': w->seed = campaign_number("crash_points", optarg, "--seed"); break;
    case 'j': c->jobs = (unsigned)campaign_number("crash_points", optarg, "--jobs"); break;
    case '@':
        w->way = WAY_ONE;
        w->one.order.at = campaign_number("crash_points", optarg, "--at");
        break;
    case '2': w->one.again = campaign_number("crash_points", optarg, "--again"); break;
    case 'f': w->at = campaign_number("crash_points", optarg, "--from"); break;
    case 'w': w->one.order.action = read_how(optarg); break;
    case 'k': c->keep = true; break;
    case 'h': fputs(help, stdout); exit(0);
    default: exit(2);
    }
}

static void read_arguments(int argc, char **argv, struct walk *w, struct campaign *c)
{
    static const struct option options[] = {
        {"all", no_argument, NULL, 'a'},         {"singles", no_argument, NULL, '1'},
        {"count", required_argument, NULL, 'n'}, {"seed", required_argument, NULL, 's'},
        {"jobs", required_argument, NULL, 'j'},  {"at", required_argument, NULL, '@'},
        {"again", required_argument, NULL, '2'}, {"how", required_argument, NULL, 'w'},
        {"from", required_argument, NULL, 'f'},  {"keep", no_argument, NULL, 'k'},
        {"help", no_argument, NULL, 'h'},        {NULL, 0, NULL, 0},
    };
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;)
        read_option(option, w, c);
}

/* One life that nobody disturbs, and how many calls a start has. */
static bool measure(const struct campaign *c, struct walk *w, struct reference *reference)
{
    struct outcome out;
    struct task none = task_of(0, HOW_BEFORE, 0), start = task_of(0, HOW_BEFORE, UINT64_MAX);
    campaign_one(c, &none, reference, &out);
    w->calls = out.seen.counted;
    diag("a life has %" PRIu64 " such calls and takes %.2f s", w->calls, out.seconds);
    if (!ok(!out.fault[0], "a life that nobody disturbs goes well")) {
        diag("%s", out.fault);
        return false;
    }
    start.order.at = w->calls / 2;
    campaign_one(c, &start, reference, &out);
    w->start_calls = out.start_calls;
    diag("a start after a kill has %" PRIu64, w->start_calls);
    return ok(!out.fault[0] && w->start_calls > 0, "nor does one that is killed in the middle end otherwise");
}

static void report(const struct walk *w)
{
    ok(w->faults == 0, "whatever the call at which it was killed, and killed again, all lives come to the same");
    ok(w->kills > 0 && (w->way == WAY_ONE || w->way == WAY_SINGLES || w->seconds > 0),
       "they were killed, and killed again");
    diag("%" PRIu64 " lives, %" PRIu64 " kills, %" PRIu64 " of them followed by a second one, %" PRIu64
         " requests repeated, %" PRIu64 " faults",
         w->lives, w->kills, w->seconds, w->repeated, w->faults);
    for (int i = 0; i < FAULTS_KINDS_N; i++)
        if (w->by_kind[i])
            diag("%8" PRIu64 " at %s", w->by_kind[i], faults_kind_name((enum faults_kind)i));
}

int main(int argc, char **argv)
{
    static struct walk w = {.count = COUNT, .at = 1, .how = HOW_N - 1, .one = {.order = {KINDS, 0, FAULTS_KILL, 0, 0}}};
    struct campaign c = {.jobs = 1, .seconds = TRIAL_SECONDS, .trial = trial, .next = next, .done = done, .arg = &w};
    w.seed = (uint64_t)time(NULL);
    read_arguments(argc, argv, &w, &c);
    w.rng = rng_seed(w.seed);
    w.at--; /* next_of_all() goes on from the last way of the one before */
    struct reference *reference = campaign_reference();
    plan(0);
    diag("--seed %" PRIu64 " --count %" PRIu64, w.seed, w.count);
    if (measure(&c, &w, reference)) {
        campaign_run(&c, reference);
        report(&w);
    }
    return tap_end();
}
