/* lifecertctl migrate and reshard, and what reads sets of shards, over a real Redis. What moves where is
 * shards/test_move's. */
#include "tests/ctl/run_ctl.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ctl/commands.h"
#include "shards/logs.h"
#include "shards/move/fill.h"
#include "tests/engine/chronicle.h"
#include "tests/net/redis_server.h"

#define KILLS tap_rounds(25)

static struct redis_server server;
static struct ran r;
static const char *config;
static char town[512]; /* dir: of a store with a past */
static const char *const redis_options[] = {"--enable-debug-command", "no", NULL};

static const char *redis_uri(const char *prefix)
{
    static char texts[8][128];
    static unsigned turn;
    char *text = texts[turn++ % 8];
    snprintf(text, sizeof texts[0], "redis://127.0.0.1:%d/%s", server.port, prefix);
    return text;
}

static const char *config_of(const char *store)
{
    static unsigned n;
    char name[32], text[1024];
    snprintf(name, sizeof name, "of-%u.conf", n++);
    snprintf(text, sizeof text,
             "store = \"%s\"\n%slisten = \"unix:%s\"\ntimezone = \"Asia/Shanghai\"\n"
             "channel \"face\" {}\npolicy \"national\" {}\n",
             store, strncmp(store, "redis", 5) == 0 ? "allow_lossy = true\nreplicas = 0\n" : "", test_path("api.sock"));
    return test_file(name, text, 0);
}

static void make_town(void)
{
    struct rig rig = {.engine = NULL};
    const struct chronicle c = {.seed = 11, .people = 50, .steps = 500, .reloads = true, .holds = true};
    snprintf(town, sizeof town, "dir:%s", test_path("town"));
    chronicle_live(&rig, town, &c);
    rig_close(&rig);
}

/* Everything in the logs, as text. */
static char *all_of(const char *uri)
{
    struct logs *l;
    struct errmsg msg;
    struct buf b = BUF_INIT;
    struct str line;
    unsigned shard;
    uint64_t seq;
    if (logs_open(uri, &(struct store_options){.allow_lossy = true}, &l, &msg))
        bail_out("%s", msg.text);
    while (logs_next(l, &shard, &seq, &line, &msg) == ERR_OK) {
        buf_addstr(&b, line);
        buf_addc(&b, '\n');
    }
    logs_close(l);
    buf_addc(&b, '\0');
    return b.p;
}

static void test_misuse(void)
{
    run_ctl(&r, NULL, "-c", config, "migrate", town, NULL);
    is_int(r.status, EXIT_MISUSE, "migrate wants two stores");
    run_ctl(&r, NULL, "-c", config, "migrate", town, town, NULL);
    is_int(r.status, EXIT_MISUSE, "that are not the same");
    run_ctl(&r, NULL, "-c", config, "migrate", town, "dir:/nowhere/at-all", "--shards", "2", NULL);
    is_int(r.status, EXIT_MISUSE, "a folder has no shards");
    run_ctl(&r, NULL, "-c", config, "migrate", town, "memory:", NULL);
    is_int(r.status, EXIT_NO, "and nothing else is a target");
    run_ctl(&r, NULL, "-c", config, "reshard", redis_uri("x"), NULL);
    is_int(r.status, EXIT_MISUSE, "reshard wants to know over how many shards");
    run_ctl(&r, NULL, "-c", config, "migrate", redis_uri("nothing"), redis_uri("x"), NULL);
    is_int(r.status, EXIT_UNREADABLE, "where there is nothing there is nothing to move");
}

static void test_one(void)
{
    char back[600];
    snprintf(back, sizeof back, "dir:%s", test_path("back"));
    run_ctl(&r, NULL, "-c", config, "migrate", town, redis_uri("one"), NULL);
    is_int(r.status, EXIT_DONE, "a folder goes into Redis");
    ok(has(r.out, "byte for byte"), "byte for byte");
    char *before = all_of(town), *there = all_of(redis_uri("one"));
    is_str(there, before, "every line is the same");
    free(there);
    run_ctl(&r, NULL, "-c", config, "migrate", town, redis_uri("one"), NULL);
    is_int(r.status, EXIT_NO, "where a set is, nothing is moved to");
    ok(has(r.err, "already"), "and it says so");
    run_ctl(&r, NULL, "-c", config, "migrate", redis_uri("one"), back, NULL);
    is_int(r.status, EXIT_DONE, "and back into a folder");
    there = all_of(back);
    is_str(there, before, "every line is the same still");
    free(there);
    run_ctl(&r, NULL, "verify", "--store", back, NULL);
    is_int(r.status, EXIT_DONE, "which verification is content with");
    run_ctl(&r, NULL, "-c", config, "migrate", town, back, NULL);
    is_int(r.status, EXIT_NO, "a folder with something in it is left alone");
    free(before);
}

static void test_four(void)
{
    run_ctl(&r, NULL, "-c", config, "migrate", town, redis_uri("four"), "--shards", "4", NULL);
    is_int(r.status, EXIT_DONE, "a folder goes into four shards");
    ok(has(r.out, "written anew"), "written anew");
    const char *four = config_of(redis_uri("four"));
    run_ctl(&r, NULL, "-c", four, "verify", NULL);
    is_int(r.status, EXIT_DONE, "verification goes through all of them");
    ok(has(r.out, "shard 3: good") && has(r.out, "everybody in the shard where they belong"), "and says so");
    ok(has(r.out, "were taken over from other logs"), "and what it did not decide again");
    char *seal = strstr(r.out, "last seal 1/");
    char expected[128] = "";
    if (seal)
        snprintf(expected, sizeof expected, "%.*s", (int)strcspn(seal + 10, "\n"), seal + 10);
    run_ctl(&r, NULL, "-c", four, "verify", "--shard", "1", "--expect-seal", expected, NULL);
    is_int(r.status, EXIT_DONE, "one of them has the seal that it had");
    expected[0] = '2';
    run_ctl(&r, NULL, "-c", four, "verify", "--expect-seal", expected, NULL);
    is_int(r.status, EXIT_NO, "another has not");
    run_ctl(&r, NULL, "-c", four, "verify", "--json", NULL);
    ok(r.status == EXIT_DONE && has(r.out, "{\"good\":true,\"shards\":[{\"good\":true"), "as JSON");
    run_ctl(&r, NULL, "-c", four, "verify", "--shard", "4", NULL);
    is_int(r.status, EXIT_MISUSE, "there is no fifth");
    run_ctl(&r, NULL, "-c", four, "events", NULL);
    char *all = all_of(redis_uri("four"));
    ok(r.status == EXIT_DONE && strcmp(r.out, all) == 0, "events prints all logs in order");
    run_ctl(&r, NULL, "-c", four, "events", "--after", "7", NULL);
    is_int(r.status, EXIT_MISUSE, "a number is no position in four logs");
    run_ctl(&r, NULL, "-c", four, "events", "--after", "0", "--type", "beneficiary.enrolled", NULL);
    ok(r.status == EXIT_DONE && has(r.out, "beneficiary.enrolled") && !strstr(r.out, "config.adopted"),
       "filters filter");
    free(all);
    run_ctl(&r, NULL, "-c", four, "backup", test_path("backup"), NULL);
    ok(r.status == EXIT_NO && has(r.err, "migrate"), "backup says what to do instead");
    run_ctl(&r, NULL, "-c", four, "archive", "--before", "2030-01-01", "--to", test_path("archive"), NULL);
    ok(r.status == EXIT_NO && has(r.err, "`archive`"), "archive too");
    run_ctl(&r, NULL, "-c", four, "reshard", redis_uri("two"), "--shards", "2", NULL);
    is_int(r.status, EXIT_DONE, "four go into two");
    run_ctl(&r, NULL, "-c", config_of(redis_uri("two")), "verify", NULL);
    is_int(r.status, EXIT_DONE, "which verification is content with, too");
}

static void test_init(void)
{
    const char *set = config_of(redis_uri("set"));
    run_ctl(&r, NULL, "-c", test_config(""), "init", "--shards", "2", NULL);
    is_int(r.status, EXIT_MISUSE, "a folder is not made of shards");
    run_ctl(&r, NULL, "-c", set, "init", "--shards", "3", NULL);
    ok(r.status == EXIT_DONE && has(r.out, "of 3 shards"), "init makes a set of shards");
    run_ctl(&r, NULL, "-c", set, "init", "--shards", "3", NULL);
    is_int(r.status, EXIT_NO, "once");
    run_ctl(&r, NULL, "-c", set, "verify", NULL);
    is_int(r.status, EXIT_DONE, "an empty set is good");
    run_ctl(&r, NULL, "-c", set, "events", NULL);
    ok(r.status == EXIT_DONE && !r.out[0], "and has no events");
}

/* Runs a migrate and kills it at that time; true: it had ended before. */
static bool killed(const char *to, const char *shards, unsigned us)
{
    const char *program = getenv("LIFECERTCTL");
    char path[1024];
    const char *top = getenv("top_builddir");
    snprintf(path, sizeof path, "%s/lifecertctl", top ? top : ".");
    pid_t pid = fork();
    if (pid == 0) {
        if (!freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "w", stderr))
            _exit(126);
        execl(program ? program : path, "lifecertctl", "-c", config, "migrate", town, to, "--shards", shards,
              "--unverified", NULL);
        _exit(127);
    }
    int status = 0;
    pid_t ended = 0;
    for (unsigned waited = 0; !ended && waited < us; waited += 500) {
        nanosleep(&(struct timespec){.tv_nsec = 500 * 1000}, NULL);
        ended = waitpid(pid, &status, WNOHANG);
    }
    if (!ended)
        kill(pid, SIGKILL);
    if ((!ended && waitpid(pid, &status, 0) != pid) || (WIFEXITED(status) && WEXITSTATUS(status) >= 126))
        bail_out("cannot run lifecertctl");
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* How long a whole one takes, in microseconds. */
static unsigned time_one(void)
{
    struct timespec a, b;
    clock_gettime(CLOCK_MONOTONIC, &a);
    if (!killed(redis_uri("timed"), "3", 30 * 1000 * 1000))
        bail_out("a migrate does not end");
    clock_gettime(CLOCK_MONOTONIC, &b);
    return (unsigned)((b.tv_sec - a.tv_sec) * 1000000 + (b.tv_nsec - a.tv_nsec) / 1000);
}

/* At whatever moment it dies: there is a whole set, or none that anybody would take for one, and it can be begun
 * again. */
static void test_kills(void)
{
    struct rng rng = rng_seed(5);
    unsigned whole = 0, none = 0, wrong = 0, again = 0, us = time_one();
    for (unsigned i = 0; i < KILLS; i++) {
        char prefix[32], uri[128];
        snprintf(prefix, sizeof prefix, "killed-%u", i);
        snprintf(uri, sizeof uri, "%s", redis_uri(prefix));
        bool done = killed(uri, "3", (unsigned)rng_below(&rng, us));
        const char *set = config_of(uri);
        run_ctl(&r, NULL, "-c", set, "verify", NULL);
        bool good = r.status == EXIT_DONE && has(r.out, "good: 3 shards");
        whole += good;
        none += r.status == EXIT_UNREADABLE;
        wrong += !good && (done || r.status != EXIT_UNREADABLE);
        if (i % 5)
            continue;
        run_ctl(&r, NULL, "-c", config, "migrate", town, uri, "--shards", "2", "--unverified", NULL);
        again += r.status == (good ? EXIT_NO : EXIT_DONE);
    }
    is_int(wrong, 0, "killed at any moment, there is a whole set (%u) or none (%u)", whole, none);
    ok(none > KILLS / 4, "most of the time there is none");
    is_int(again, (KILLS + 4) / 5,
           "and where it was cut short it can be done again, with another number of shards, too");
}

/* Nobody makes a store of what was cut short: the mark is there from the first moment on. */
static void test_mark(void)
{
    const char *uri = redis_uri("marked"), *set = config_of(uri);
    struct shard_set like = {.n = 2, .incarnation = "0123456789abcdef0123456789abcdef"};
    struct errmsg msg;
    if (shard_set_fill(uri, &(struct store_options){.allow_lossy = true}, &like, &msg))
        bail_out("%s", msg.text);
    run_ctl(&r, NULL, "-c", set, "verify", NULL);
    ok(r.status == EXIT_UNREADABLE && has(r.err, "being filled"), "a set that is being filled is none yet");
    run_ctl(&r, NULL, "-c", set, "init", "--shards", "2", NULL);
    is_int(r.status, EXIT_NO, "and init leaves it alone");
    if (shard_set_filled(uri, &(struct store_options){.allow_lossy = true}, &msg))
        bail_out("%s", msg.text);
    run_ctl(&r, NULL, "-c", set, "verify", NULL);
    is_int(r.status, EXIT_DONE, "when all is there it is one");
}

/* Folders, too: the mark is the name. */
static void test_folder_kills(void)
{
    struct rng rng = rng_seed(6);
    unsigned whole = 0, wrong = 0;
    for (unsigned i = 0; i < 10; i++) {
        char name[32], uri[700], path[600];
        snprintf(name, sizeof name, "cut-%u", i);
        snprintf(path, sizeof path, "%s", test_path(name));
        snprintf(uri, sizeof uri, "dir:%s", path);
        struct stat st;
        bool done = killed(uri, "1", (unsigned)rng_below(&rng, 200000));
        bool there = stat(path, &st) == 0;
        whole += there;
        wrong += done && !there;
        run_ctl(&r, NULL, "-c", config, "migrate", town, uri, "--unverified", NULL);
        wrong += r.status != (there ? EXIT_NO : EXIT_DONE);
        run_ctl(&r, NULL, "verify", "--store", uri, NULL);
        wrong += r.status != EXIT_DONE;
    }
    is_int(wrong, 0, "a folder has its name when it is whole (%u of 10), or is begun again", whole);
}

/* Engines go on with the shards, and their logs, in Redis. */
static void test_going_on(void)
{
    unsigned failed = 0;
    for (unsigned i = 0; i < 4; i++) {
        struct rig rig = {.engine = NULL};
        char uri[160];
        snprintf(uri, sizeof uri, "%s#%u", redis_uri("four"), i);
        rig.options.store.allow_lossy = true;
        if (rig_try(&rig, uri, chronicle_conf(0, &(struct chronicle_conf){.brake = "off"}),
                    rig_at("2031-01-01T00:00:00+08:00"))) {
            diag("%s", rig.msg.text);
            failed++;
            continue;
        }
        rig_until(&rig, rig_at("2031-03-01T00:00:00+08:00"));
        rig_close(&rig);
    }
    is_int(failed, 0, "engines go on with what was moved");
    run_ctl(&r, NULL, "-c", config_of(redis_uri("four")), "verify", NULL);
    is_int(r.status, EXIT_DONE, "and what they decide is verified");
    run_ctl(&r, NULL, "-c", config_of(redis_uri("four")), "due", "--as-of", "2025-01-01", "--json", NULL);
    char *of_four = mem_strdup(strstr(r.out, "\"rows\"") ? strstr(r.out, "\"rows\"") : "none");
    is_int(r.status, EXIT_DONE, "the due list of an earlier day is that of all shards");
    run_ctl(&r, NULL, "-c", config_of(town), "due", "--as-of", "2025-01-01", "--json", NULL);
    ok(has(of_four, "\"on\":") && has(r.out, "\"on\":"), "with rows, as the one store has them");
    free(of_four);
}

int main(void)
{
    plan(0);
    server.options = redis_options;
    redis_server_start(&server);
    config = config_of(redis_uri("any"));
    make_town();
    test_misuse();
    test_one();
    test_four();
    test_going_on();
    test_init();
    test_mark();
    test_kills();
    test_folder_kills();
    ran_done(&r);
    redis_server_kill(&server);
    return tap_end();
}
