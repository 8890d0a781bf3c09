/* receiver [--listen HOST:PORT|unix:PATH] [--set WORDS] [--secret FILE] [--public-key FILE] [--record FILE] [--seed N]
 *
 * The other side of delivery, for tests, benchmarks and ./run:
 *   /hooks...      takes webhooks; OPTIONS: the CloudEvents handshake
 *   /sms/kannel... /sms/aliyun... /sms/tencent...  answer as those gateways do; /sms/form... takes id, to and text
 *   /control       GET: the counts, as JSON; POST: settings, as WORDS (settings.h)
 * Prints "listening ADDRESS" when it is ready, and its counts when SIGTERM or SIGINT ends it. */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "tests/receiver/server.h"

#define FAULT 2

struct arguments {
    const char *listen, *record;
    uint64_t seed;
};

static int fault(const char *sentence)
{
    fprintf(stderr, "receiver: %s\n", sentence);
    return FAULT;
}

/* What an option means; ERR_INVALID: msg says what is wrong, if anything is to be said. */
static enum err read_option(int option, struct receiver *r, struct arguments *a, struct errmsg *msg)
{
    switch (option) {
    case 'l': a->listen = optarg; return ERR_OK;
    case 'r': a->record = optarg; return ERR_OK;
    case 'n': a->seed = strtoull(optarg, NULL, 10); return ERR_OK;
    case 's': return settings_apply(&r->settings, str_of(optarg), msg);
    case 'k': return verifier_add(r->verifier, optarg, msg);
    }
    return err_set(msg, ERR_INVALID, "the options are --listen, --set, --secret, --public-key, --record, --seed");
}

static enum err read_options(int argc, char **argv, struct receiver *r, struct arguments *a, struct errmsg *msg)
{
    static const struct option options[] = {
        {"listen", required_argument, NULL, 'l'},
        {"set", required_argument, NULL, 's'},
        {"secret", required_argument, NULL, 'k'},
        {"public-key", required_argument, NULL, 'k'},
        {"record", required_argument, NULL, 'r'},
        {"seed", required_argument, NULL, 'n'},
        {NULL, 0, NULL, 0},
    };
    enum err e = ERR_OK;
    for (int option; e == ERR_OK && (option = getopt_long(argc, argv, "", options, NULL)) != -1;)
        e = read_option(option, r, a, msg);
    return e == ERR_OK && optind < argc ? read_option('?', r, a, msg) : e;
}

/* A descriptor that can be read once the process is asked to end. */
static int stop_descriptor(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_CLOEXEC);
}

static void allow_many_files(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static enum err serve(struct receiver *r, const struct arguments *a, struct errmsg *msg)
{
    char place[ADDRESS_TEXT];
    struct server *server;
    int stop = stop_descriptor();
    enum err e = a->record ? record_open(a->record, &r->record, msg) : ERR_OK;
    if (e == ERR_OK)
        e = server_new(r, a->listen, place, &server, msg);
    if (e == ERR_OK) {
        printf("listening %s\n", place);
        fflush(stdout);
        server_run(server, stop);
        server_free(server);
        buf_clear(&r->body);
        ledger_write(r->ledger, &r->body);
        fwrite(r->body.p, 1, r->body.n, stdout);
    }
    close(stop);
    return e;
}

int main(int argc, char **argv)
{
    struct receiver r = {.ledger = ledger_new(), .verifier = verifier_new()};
    struct arguments a = {.listen = "127.0.0.1:0", .seed = 1};
    struct errmsg msg = {""};
    settings_init(&r.settings);
    opterr = 0;
    enum err e = read_options(argc, argv, &r, &a, &msg);
    allow_many_files();
    r.rng = rng_seed(a.seed);
    if (e == ERR_OK)
        e = serve(&r, &a, &msg);
    record_close(r.record);
    verifier_free(r.verifier);
    ledger_free(r.ledger);
    told_done(&r.told);
    buf_done(&r.body);
    return e == ERR_OK ? 0 : fault(msg.text);
}
