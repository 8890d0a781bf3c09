#include "tests/chaos/stage.h"

#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "redis/slot.h"
#include "tests/e2e/process.h"
#include "tests/lib/tap.h"

#define SECRET "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n"
#define RETRY_LONG \
    "  retry = { \"1s\", \"1s\", \"1s\", \"1s\", \"2s\", \"2s\", \"2s\", \"2s\", \"3s\", \"3s\", \"4s\", \"4s\" }\n"

static const char *const brief_events[] = {"benefit.*", "certification.*", "grace.started", NULL};

const struct side_plan side_plans[SIDES] = {
    {.name = "steady",
     .settings = "  max_in_flight = 32\n" RETRY_LONG,
     .mood = "fail=2 reset_after=1 slow=5 slow_ms=40"},
    {.name = "brief",
     .gives_up = true,
     .settings = "  max_in_flight = 16\n  retry = { \"1s\" }\n"
                 "  events = { \"benefit.*\", \"certification.*\", \"grace.started\" }\n",
     .mood = "fail=5 reset=1 slow=5 slow_ms=40",
     .events = brief_events},
};

/* --- a network of its own --- */

static bool raise_loopback(void)
{
    struct ifreq r = {.ifr_name = "lo"};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool good = fd >= 0 && ioctl(fd, SIOCGIFFLAGS, &r) == 0;
    r.ifr_flags |= IFF_UP;
    good = good && ioctl(fd, SIOCSIFFLAGS, &r) == 0;
    if (fd >= 0)
        close(fd);
    return good;
}

void stage_isolate(struct stage *s)
{
    if (system("nft --version >/dev/null 2>&1") != 0)
        snprintf(s->why_not, sizeof s->why_not, "there is no nft here");
    else if (unshare(CLONE_NEWNET) != 0)
        snprintf(s->why_not, sizeof s->why_not, "no network of its own is to be had");
    else if (!raise_loopback())
        bail_out("the new network has no loopback");
    else if (system("nft add table inet chaos && "
                    "nft 'add chain inet chaos in { type filter hook input priority 0; }'") != 0)
        snprintf(s->why_not, sizeof s->why_not, "nft does not do as it is told");
    else
        s->apart = true;
}

/* --- the daemons --- */

static void add_endpoint(const struct stage *s, unsigned i, struct buf *out)
{
    buf_printf(out,
               "endpoint \"%s\" {\n  adapter = \"standard-webhooks\"\n  url = \"http://%s/hooks/%s\"\n"
               "  secret_file = \"%s/hooks.secret\"\n  allow_private = true\n  timeout = \"2s\"\n  from = 1\n%s}\n",
               side_plans[i].name, peer_address(s->peers[i]), side_plans[i].name, tap_tmpdir(), side_plans[i].settings);
}

static void add_rules(struct buf *out, unsigned clock_factor, const char *brake)
{
    buf_printf(out,
               "timezone = \"Asia/Shanghai\"\nclock = \"2026-02-01T00:00:00+08:00 x%u\"\nbrake_limit = \"%s\"\n"
               "channel \"face\" { }\nchannel \"" CHANNEL "\" { }\n"
               "policy \"monthly\" { cycle = \"30 days\" validity = \"exact-day\" grace = 5 notice = 3\n"
               "  remind_ahead = 1 }\n"
               "policy \"two-monthly\" { cycle = \"2 months\" grace = 0 notice = 5 remind_ahead = 1 }\n"
               "policy \"national\" { }\n",
               clock_factor, brake);
}

static void configure(struct stage *s, unsigned i, unsigned clock_factor)
{
    struct buf text = BUF_INIT;
    struct node *n = s->daemons[i];
    cluster_uri(&s->cluster, PREFIX, n->store, sizeof n->store);
    buf_printf(&text, "name = \"d%u\"\nlease = \"%us\"\nreplicas = 1\narchive = \"%s\"\nrevision = %u\n", i,
               CHAOS_LEASE_MS / 1000, s->archive, clock_factor == 1);
    add_rules(&text, clock_factor, s->brake);
    for (unsigned k = 0; k < SIDES; k++)
        add_endpoint(s, k, &text);
    buf_addc(&text, '\0');
    node_configure(n, text.p);
    buf_done(&text);
}

void stage_configure(struct stage *s, unsigned clock_factor)
{
    for (unsigned i = 0; i < DAEMONS; i++)
        configure(s, i, clock_factor);
}

/* What is simulated is not braked: the brake is never to have stepped in. */
static void configure_simulation(struct stage *s)
{
    struct buf text = BUF_INIT;
    snprintf(s->simulation, sizeof s->simulation, "%s/simulation.conf", tap_tmpdir());
    BUF_LIT(&text, "store = \"memory:\"\n");
    add_rules(&text, 1, "off");
    write_private(s->simulation, buf_str(&text));
    buf_done(&text);
}

/* --- receivers --- */

static void start_peer(struct stage *s, unsigned i)
{
    char secret[128];
    snprintf(secret, sizeof secret, "%s/hooks.secret", tap_tmpdir());
    snprintf(s->records[i], sizeof s->records[i], "%s/%s.record", tap_tmpdir(), side_plans[i].name);
    const char *const arguments[] = {"--record", s->records[i], "--secret", secret, "--set", side_plans[i].mood, NULL};
    s->peers[i] = peer_start(arguments);
}

void stage_calm(struct stage *s)
{
    for (unsigned i = 0; i < SIDES; i++)
        peer_set(s->peers[i], "defaults");
}

/* --- where slots are --- */

bool node_is_master(const struct stage *s, int node)
{
    redisReply *r = cluster_ask(&s->cluster, node, "ROLE");
    bool good = r && r->type == REDIS_REPLY_ARRAY && r->elements && strcmp(r->element[0]->str, "master") == 0;
    if (r)
        freeReplyObject(r);
    return good;
}

int pair_master(const struct stage *s, unsigned pair)
{
    int one = (int)pair, two = one + PAIRS;
    bool first = node_is_master(s, one), second = node_is_master(s, two);
    return first == second ? -1 : first ? one : two;
}

unsigned shard_slot(unsigned shard)
{
    char tag[32] = PREFIX "/system";
    if (shard < SHARDS)
        snprintf(tag, sizeof tag, PREFIX "/%u", shard);
    return redis_slot(str_of(tag));
}

static unsigned first_pair_of(unsigned slot)
{
    unsigned pair = 0;
    while (slot >= REDIS_SLOTS * (pair + 1) / PAIRS)
        pair++;
    return pair;
}

static bool is_taken(unsigned slot)
{
    for (unsigned i = 0; i <= SHARDS; i++)
        if (shard_slot(i) == slot)
            return true;
    return false;
}

static void find_places(struct stage *s)
{
    for (unsigned i = 0; i <= SHARDS; i++)
        s->home[i] = first_pair_of(shard_slot(i));
    for (unsigned pair = 0; pair < PAIRS; pair++)
        for (unsigned i = 0; !*s->tags[pair]; i++) {
            char tag[24];
            snprintf(tag, sizeof tag, "probe-%u", i);
            unsigned slot = redis_slot(str_of(tag));
            if (first_pair_of(slot) == pair && !is_taken(slot))
                memcpy(s->tags[pair], tag, sizeof tag);
        }
}

/* --- all of it --- */

static void make_set(struct stage *s)
{
    char shards[8];
    struct buf output = BUF_INIT;
    const char *const words[] = {"init", "--shards", shards, NULL};
    snprintf(shards, sizeof shards, "%d", SHARDS);
    if (stage_ctl(s, words, &output) != 0)
        bail_out("the set cannot be made: %.500s", output.p);
    buf_done(&output);
}

/* Pairs stay pairs. */
static void settle_pairs(struct stage *s)
{
    for (int i = 0; i < CLUSTER_NODES; i++)
        freeReplyObject(cluster_ask(&s->cluster, i, "CONFIG SET cluster-allow-replica-migration no"));
}

void stage_set_up(struct stage *s, const char *brake)
{
    char secret[128];
    s->brake = brake;
    cluster_start(&s->cluster);
    settle_pairs(s);
    find_places(s);
    snprintf(s->archive, sizeof s->archive, "%s/archive", tap_tmpdir());
    snprintf(secret, sizeof secret, "%s/hooks.secret", tap_tmpdir());
    if (mkdir(s->archive, 0700) != 0)
        bail_out("no folder for the archive");
    write_private(secret, STR_LIT(SECRET));
    for (unsigned i = 0; i < SIDES; i++)
        start_peer(s, i);
    for (unsigned i = 0; i < DAEMONS; i++)
        s->daemons[i] = node_new("");
    configure_simulation(s);
    stage_configure(s, FAST);
    make_set(s);
}

void stage_done(struct stage *s)
{
    for (unsigned i = 0; i < DAEMONS; i++)
        node_free(s->daemons[i], false);
    for (unsigned i = 0; i < SIDES; i++)
        peer_free(s->peers[i]);
    cluster_stop(&s->cluster);
}

/* --- asking --- */

int stage_ask(const struct node *n, const char *method, const char *target, struct reply *r)
{
    struct client *c = client_new(n->socket);
    r->status = 0;
    if (c)
        client_request(c, method, target, NULL, STR_NONE, r);
    client_free(c);
    return r->status;
}

int stage_ctl(const struct stage *s, const char *const words[], struct buf *output)
{
    const char *argv[16] = {"lifecertctl", "-c", s->daemons[0]->config};
    unsigned n = 3;
    while (*words && n < 15)
        argv[n++] = *words++;
    return run_program(argv, output);
}

static uint64_t length_of(const struct stage *s, unsigned shard, const char *stream)
{
    int node = pair_master(s, s->home[shard]);
    redisReply *r = node < 0 ? NULL : cluster_ask(&s->cluster, node, "XLEN {" PREFIX "/%u}:%s", shard, stream);
    uint64_t n = r && r->type == REDIS_REPLY_INTEGER ? (uint64_t)r->integer : UINT32_MAX;
    if (r)
        freeReplyObject(r);
    return n;
}

uint64_t stage_waiting(const struct stage *s)
{
    uint64_t n = 0;
    for (unsigned i = 0; i < SHARDS; i++)
        n += length_of(s, i, "in") + length_of(s, i, "in:" CHANNEL);
    return n;
}
