/* TLS on the way to Redis: real servers that speak it, real tunnels with the configuration that the documentation has as
 * its example, and stores through them; one server, and a cluster whose nodes are called what their tunnels are. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "redis/slot.h"
#include "store/redis/inside.h"
#include "tests/lib/tap.h"
#include "tests/net/certs.h"
#include "tests/net/redis_server.h"
#include "tests/store/delivery_help.h"

#define STEPS 4000 /* of 5 ms */
#define MASTERS 3

static struct certs certs;
static const struct store_options options = {.lease_ms = 2000};

/* --- tunnels --- */

struct tunnel {
    pid_t pid;
    char accept[32], connect[32]; /* "127.0.1.1:6379" */
    const char *ca, *name;        /* of whoever signed the server's certificate; whom it must name */
    char file[300];
};

/* The example of the documentation, with this tunnel's places in it. */
static void write_configuration(struct tunnel *t)
{
    static unsigned n;
    char path[512], line[512];
    const char *top = getenv("top_srcdir");
    snprintf(path, sizeof path, "%s/docs/redis-tunnel/example.conf", top ? top : ".");
    snprintf(t->file, sizeof t->file, "%s/tunnel-%u.conf", tap_tmpdir(), n++);
    FILE *from = fopen(path, "r"), *to = fopen(t->file, "w");
    if (!from || !to)
        bail_out("cannot copy %s", path);
    const char *const places[][2] = {
        {"accept = ", t->accept}, {"connect = ", t->connect}, {"CAfile = ", t->ca}, {"checkHost = ", t->name}};
    unsigned filled = 0;
    while (fgets(line, sizeof line, from)) {
        for (size_t i = 0; i < 4; i++)
            if (strncmp(line, places[i][0], strlen(places[i][0])) == 0) {
                snprintf(line, sizeof line, "%s%s\n", places[i][0], places[i][1]);
                filled++;
            }
        fputs(line, to);
    }
    if (fclose(from) != 0 || fclose(to) != 0 || filled != 4)
        bail_out("the example of a tunnel is not as it was");
}

static bool listens(const char *place)
{
    char host[32];
    unsigned port;
    struct sockaddr_in a = {.sin_family = AF_INET};
    if (sscanf(place, "%31[^:]:%u", host, &port) != 2)
        return false;
    a.sin_port = htons((uint16_t)port);
    inet_pton(AF_INET, host, &a.sin_addr);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool there = connect(fd, (struct sockaddr *)&a, sizeof a) == 0;
    close(fd);
    return there;
}

/* false: there is no program for it here. */
static bool tunnel_start(struct tunnel *t)
{
    int status;
    write_configuration(t);
    t->pid = fork();
    if (t->pid == 0) {
        int null = open("/dev/null", O_RDWR);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(null, STDIN_FILENO);
        dup2(null, STDOUT_FILENO);
        dup2(null, STDERR_FILENO);
        execlp("stunnel4", "stunnel4", t->file, (char *)NULL);
        _exit(127);
    }
    for (int i = 0; i < STEPS && !listens(t->accept); i++) {
        if (waitpid(t->pid, &status, WNOHANG) == t->pid) {
            t->pid = 0;
            if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
                return false;
            bail_out("stunnel4 does not take %s", t->file);
        }
        poll(NULL, 0, 5);
    }
    return true;
}

static void tunnel_kill(struct tunnel *t)
{
    if (t->pid <= 0)
        return;
    kill(t->pid, SIGKILL);
    waitpid(t->pid, NULL, 0);
    t->pid = 0;
}

/* --- servers --- */

/* One that speaks TLS on a port of its own; the plain one is for the test to look after it. */
struct secure_server {
    struct redis_server server;
    char port[8], bus[8], hostname[32], cluster_file[64];
    const char *words[32];
};

static void secure_start(struct secure_server *s, const char *cert, unsigned node)
{
    static const char *const of_cluster[] = {"--cluster-enabled", "yes", "--tls-cluster", "yes",
                                             "--cluster-preferred-endpoint-type", "hostname"};
    unsigned n = 0;
    snprintf(s->port, sizeof s->port, "%d", free_port());
    snprintf(s->bus, sizeof s->bus, "%d", free_port());
    snprintf(s->hostname, sizeof s->hostname, "127.0.1.%u", node);
    snprintf(s->cluster_file, sizeof s->cluster_file, "nodes-%u.conf", node);
    const char *const words[] = {"--tls-port", s->port, "--tls-cert-file", cert, "--tls-key-file", cert,
                                 "--tls-ca-cert-file", certs.ca, "--tls-auth-clients", "no"};
    const char *const own[] = {"--cluster-port", s->bus, "--cluster-announce-hostname", s->hostname,
                               "--cluster-config-file", s->cluster_file};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        s->words[n++] = words[i];
    for (size_t i = 0; node && i < sizeof of_cluster / sizeof *of_cluster; i++)
        s->words[n++] = of_cluster[i];
    for (size_t i = 0; node && i < sizeof own / sizeof *own; i++)
        s->words[n++] = own[i];
    s->words[n] = NULL;
    s->server = (struct redis_server){.options = s->words};
    redis_server_start(&s->server);
}

static redisReply *ask(const struct secure_server *s, const char *format, ...)
{
    va_list args;
    redisContext *c = redisConnect("127.0.0.1", s->server.port);
    va_start(args, format);
    redisReply *reply = c && !c->err ? redisvCommand(c, format, args) : NULL;
    va_end(args);
    if (!reply || reply->type == REDIS_REPLY_ERROR)
        bail_out("%s: %s", format, reply ? reply->str : "no answer");
    redisFree(c);
    return reply;
}

static struct tunnel tunnel_to(const struct secure_server *s, const char *host)
{
    struct tunnel t = {.ca = certs.ca, .name = "localhost"};
    snprintf(t.accept, sizeof t.accept, "%s:%s", host, s->port);
    snprintf(t.connect, sizeof t.connect, "127.0.0.1:%s", s->port);
    return t;
}

/* --- one server --- */

static void is_no_way(const struct secure_server *s, const char *host, const char *ca, const char *name,
                      const char *what)
{
    struct tunnel t = tunnel_to(s, host);
    struct redis_settings settings = {.timeout_ms = 1000, .patience_ms = 300};
    struct redis_command c = {.n = 0};
    struct errmsg msg = {""};
    char uri[128];
    redisReply *reply;
    t.ca = ca;
    t.name = name;
    tunnel_start(&t);
    snprintf(uri, sizeof uri, "redis://%s/p", t.accept);
    if (redis_address_parse(uri, &settings.address, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    struct redis *r = redis_new(&settings);
    redis_command_set(&c, "PING", NULL);
    is_int(redis_run(r, 0, &c, 1, &reply, &msg), ERR_IO, "%s gets no connection: %s", what, msg.text);
    redis_command_done(&c);
    redis_free(r);
    tunnel_kill(&t);
}

static void use_store(struct store *s)
{
    struct errmsg msg = {""};
    struct delivery_store *d;
    is_int(commit_events(s, 50, &msg), ERR_OK, "events are committed%s", msg.text);
    is_int(read_all(s, 0, NULL, &msg), 50, "and read%s", msg.text);
    is_int(delivery_open(s, &d, &msg), ERR_OK, "the delivery state is opened%s", msg.text);
    struct delivery_change put = change_put("a", 1, DELIVERY_DEAD);
    is_int(delivery_commit_all(d, &put, 1, &msg), ERR_OK, "and written%s", msg.text);
    delivery_close(d);
}

/* A tunnel that dies is started again by its unit: what was under way is repeated. */
static void test_interrupted(struct store *s, struct tunnel *t)
{
    struct errmsg msg = {""};
    struct buf b = events_make(51, 60);
    struct commit c = {.first = 51, .last = 60, .lines = buf_str(&b)};
    tunnel_kill(t);
    enum err e = store_commit(s, &c, &msg);
    tunnel_start(t);
    if (e == ERR_MORE)
        e = store_commit_poll(s, true, &msg);
    is_int(e, ERR_OK, "a commit outlives its tunnel%s", msg.text);
    is_int(read_all(s, 0, NULL, &msg), 60, "and is there once");
    buf_done(&b);
}

/* false: there are no tunnels here. */
static bool test_single(void)
{
    struct secure_server server;
    struct errmsg msg = {""};
    struct store *s;
    char uri[128];
    secure_start(&server, certs.server, 0);
    struct tunnel t = tunnel_to(&server, "127.0.1.1");
    if (!tunnel_start(&t)) {
        redis_server_kill(&server.server);
        return false;
    }
    snprintf(uri, sizeof uri, "redis://%s/tun#0", t.accept);
    if (store_open(uri, STORE_INIT, &options, &s, NULL, &msg) != ERR_OK)
        bail_out("%s: %s", uri, msg.text);
    use_store(s);
    test_interrupted(s, &t);
    store_close(s);
    tunnel_kill(&t);
    is_no_way(&server, "127.0.1.2", certs.ca, "redis-b.example", "a server whose certificate names another");
    is_no_way(&server, "127.0.1.3", certs.other_ca, "localhost", "a server whose certificate somebody else signed");
    redis_server_kill(&server.server);
    return true;
}

/* --- a cluster --- */

static bool is_whole(const struct secure_server *s)
{
    redisReply *reply = ask(s, "CLUSTER INFO");
    bool whole = strstr(reply->str, "cluster_state:ok") && strstr(reply->str, "cluster_known_nodes:3");
    freeReplyObject(reply);
    reply = ask(s, "CLUSTER SLOTS"); /* with everybody's hostname */
    whole = whole && reply->elements == MASTERS;
    for (size_t i = 0; whole && i < reply->elements; i++)
        whole = strncmp(reply->element[i]->element[2]->element[0]->str, "127.0.1.", 8) == 0;
    freeReplyObject(reply);
    return whole;
}

static void join(const struct secure_server *v)
{
    for (int i = 0; i < MASTERS; i++) {
        int from = REDIS_SLOTS * i / MASTERS, to = REDIS_SLOTS * (i + 1) / MASTERS - 1;
        freeReplyObject(ask(&v[i], "CLUSTER ADDSLOTSRANGE %d %d", from, to));
        freeReplyObject(ask(&v[i], "CLUSTER SET-CONFIG-EPOCH %d", i + 1));
    }
    for (int i = 1; i < MASTERS; i++)
        freeReplyObject(ask(&v[0], "CLUSTER MEET 127.0.0.1 %s %s", v[i].port, v[i].bus));
    int whole = 0;
    for (int step = 0; step < STEPS && whole < MASTERS; step++) {
        whole = 0;
        for (int i = 0; i < MASTERS; i++)
            whole += is_whole(&v[i]);
        poll(NULL, 0, 10);
    }
    if (whole < MASTERS)
        bail_out("the cluster does not come together");
}

static void test_cluster(void)
{
    struct secure_server v[MASTERS];
    struct tunnel t[MASTERS];
    unsigned good = 0, masters = 0;
    enum { SHARDS = 12 };
    struct errmsg msg = {""};
    for (unsigned i = 0; i < MASTERS; i++) {
        secure_start(&v[i], certs.server, i + 1);
        t[i] = tunnel_to(&v[i], v[i].hostname);
        tunnel_start(&t[i]);
    }
    join(v);
    for (unsigned i = 0; i < SHARDS; i++) {
        struct store *s;
        char uri[160];
        snprintf(uri, sizeof uri, "redis-cluster://%s/tun#%u", t[0].accept, i);
        if (store_open(uri, STORE_INIT, &options, &s, NULL, &msg) != ERR_OK) {
            diag("%s: %s", uri, msg.text);
            continue;
        }
        good += commit_events(s, 20, &msg) == ERR_OK && read_all(s, 0, NULL, &msg) == 20;
        masters |= 1u << redis_of(s)->shard.slot * MASTERS / REDIS_SLOTS;
        store_close(s);
    }
    is_int(good, SHARDS, "shards of a cluster are found through the tunnels' addresses%s", msg.text);
    is_int(masters, (1 << MASTERS) - 1, "on every master");
    for (int i = 0; i < MASTERS; i++) {
        tunnel_kill(&t[i]);
        redis_server_kill(&v[i].server);
    }
}

int main(void)
{
    plan(0);
    certs_make(&certs);
    if (test_single())
        test_cluster();
    else
        skip(1, "there is no stunnel4 here");
    return tap_end();
}
