/* Shards change hands, cleanly and not, while two daemons send inputs to all of them: each input is decided once,
 * or not at all where nobody was told that it was, and each person's in the order in which they were sent. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "shards/logs.h"
#include "tests/shards/daemons.h"

#define SHARDS 4
#define PEOPLE 64 /* of each daemon's client: nobody is both's */
#define GROUP 24  /* inputs of a request */
#define FLIGHTS 6 /* requests under way */
#define MOVES tap_rounds(40)

static const char conf[] = "timezone = \"Asia/Shanghai\"\n"
                           "brake_limit = \"off\"\n"
                           "policy \"national\" {}\n";

static struct daemons all;
static atomic_bool over;

/* --- a client --- */

struct flight {
    struct request request;
    struct input inputs[GROUP];
    struct input_result results[GROUP];
    unsigned who[GROUP];
    atomic_bool answered;
    bool used;
};

struct client {
    struct front *front;
    char ids[PEOPLE][24];
    int64_t amount;      /* the last one sent: they only grow */
    unsigned char *told; /* by amount: 0 not known, 1 applied, 2 something else */
    unsigned *whose;     /* the same: a person */
    size_t cap;
    unsigned n_told, n_unknown, n_wrong;
    struct flight flights[FLIGHTS];
    pthread_t thread;
    struct rng rng;
};

static void make_room(struct client *c)
{
    if ((size_t)c->amount + GROUP + 1 < c->cap)
        return;
    size_t cap = c->cap ? 2 * c->cap : 65536;
    c->told = mem_resize(c->told, cap, sizeof *c->told);
    c->whose = mem_resize(c->whose, cap, sizeof *c->whose);
    memset(c->told + c->cap, 0, cap - c->cap);
    c->cap = cap;
}

static void collect(struct client *c, struct flight *f)
{
    if (!f->used)
        return;
    if (!await_flag(&f->answered))
        bail_out("a request is never answered");
    f->used = false;
    for (unsigned i = 0; i < GROUP; i++) {
        bool applied = f->results[i].result == RESULT_APPLIED;
        c->n_unknown += f->request.err != ERR_OK;
        c->n_told += !f->request.err && applied;
        c->n_wrong += !f->request.err && !applied;
        if (!f->request.err)
            c->told[f->inputs[i].amount] = applied ? 1 : 2;
    }
}

static void send(struct client *c, struct flight *f)
{
    make_room(c);
    for (unsigned i = 0; i < GROUP; i++) {
        unsigned who = (unsigned)rng_below(&c->rng, PEOPLE);
        c->whose[++c->amount] = who;
        f->inputs[i] = (struct input){.op = OP_AMEND,
                                      .given = M_OP | M_ID | M_AMOUNT,
                                      .at = INSTANT_NONE,
                                      .id = str_of(c->ids[who]),
                                      .amount = c->amount};
    }
    f->request =
        (struct request){.kind = REQUEST_INPUTS, .inputs = f->inputs, .results = f->results, .n_inputs = GROUP};
    f->used = true;
    ask_later(c->front, &f->request, &f->answered);
}

static void *live(void *arg)
{
    struct client *c = arg;
    for (unsigned i = 0; !atomic_load(&over); i++) {
        struct flight *f = &c->flights[i % FLIGHTS];
        collect(c, f);
        send(c, f);
    }
    for (unsigned i = 0; i < FLIGHTS; i++)
        collect(c, &c->flights[i]);
    return NULL;
}

static void start(struct client *c, unsigned daemon)
{
    struct input inputs[PEOPLE];
    struct input_result results[PEOPLE];
    *c = (struct client){.front = all.v[daemon].front, .rng = rng_seed(daemon + 1)};
    for (unsigned i = 0; i < PEOPLE; i++) {
        snprintf(c->ids[i], sizeof c->ids[i], "d%u-%u", daemon, i);
        inputs[i] = enrol(str_of(c->ids[i]));
    }
    struct request r = {.kind = REQUEST_INPUTS, .inputs = inputs, .results = results, .n_inputs = PEOPLE};
    ask(c->front, &r);
    if (r.err)
        bail_out("%s", r.msg.text);
    if (pthread_create(&c->thread, NULL, live, c) != 0)
        bail_out("no thread");
}

/* --- the account --- */

struct account {
    int64_t last[PEOPLE]; /* the amount that somebody had last */
    unsigned found, disordered, twice;
    unsigned char *seen;
};

/* "subject":"d1-17" ... "amount":["from","to"] or {"from":..,"to":N}: the last number behind "amount". */
static void take_line(const struct client *c, unsigned daemon, struct account *a, struct str line)
{
    char text[4096], name[16];
    if (line.n >= sizeof text)
        return;
    memcpy(text, line.p, line.n);
    text[line.n] = '\0';
    snprintf(name, sizeof name, "\"d%u-", daemon);
    char *who = strstr(text, name), *amount = strstr(text, "\"amount\":");
    if (!who || !amount || !strstr(text, "\"beneficiary.amended\""))
        return;
    unsigned person = (unsigned)strtoul(who + strlen(name), NULL, 10);
    char *to = strstr(amount, "\"to\":");
    int64_t v = strtoll(to ? to + 5 : amount + 9, NULL, 10);
    if (v <= 0 || v > c->amount || c->whose[v] != person)
        bail_out("an event that nobody caused: %s", text);
    a->twice += a->seen[v];
    a->seen[v] = 1;
    a->disordered += v <= a->last[person];
    a->last[person] = v;
    a->found++;
}

static struct account account_for(const struct client *c, unsigned daemon)
{
    struct account a = {.found = 0};
    struct logs *logs;
    struct errmsg msg;
    struct str line;
    uint64_t seq;
    unsigned shard;
    enum err err;
    a.seen = mem_zalloc(c->cap, 1);
    if (logs_open(all.uri, &all.store, &logs, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    while ((err = logs_next(logs, &shard, &seq, &line, &msg)) == ERR_OK)
        take_line(c, daemon, &a, line);
    if (err != ERR_END)
        bail_out("%s", msg.text);
    logs_close(logs);
    return a;
}

static void check(const struct client *c, unsigned daemon)
{
    struct account a = account_for(c, daemon);
    unsigned lost = 0;
    for (int64_t v = 1; v <= c->amount; v++)
        lost += c->told[v] == 1 && !a.seen[v];
    diag("daemon %u: %lld sent, %u told to be applied, %u unknown, %u events", daemon, (long long)c->amount, c->n_told,
         c->n_unknown, a.found);
    ok(c->n_told > 1000, "daemon %u's client was told of many inputs", daemon);
    is_int(c->n_wrong, 0, "none was found decided already, or refused");
    is_int(lost, 0, "none that was acknowledged is lost");
    is_int(a.twice, 0, "none was decided twice");
    is_int(a.disordered, 0, "each person's are in the order in which they were sent");
    ok(a.found >= c->n_told && a.found <= c->n_told + c->n_unknown, "and the logs have no others");
    free(a.seen);
}

int main(void)
{
    static struct client clients[DAEMONS];
    unsigned owner[SHARDS];
    struct rng rng = rng_seed(20);
    plan(0);
    daemons_open(&all, SHARDS, conf);
    all.batch_bytes = 4096; /* so that an entry is decided in several commits */
    for (unsigned i = 0; i < SHARDS; i++)
        daemon_take(&all, owner[i] = i % DAEMONS, i);
    for (unsigned i = 0; i < DAEMONS; i++)
        start(&clients[i], i);
    for (unsigned i = 0; i < MOVES; i++) {
        unsigned shard = (unsigned)rng_below(&rng, SHARDS);
        poll(NULL, 0, 20 + (int)rng_below(&rng, 60)); /* the load is the subject */
        if (rng_below(&rng, 3))
            daemon_hand_over(&all, owner[shard], shard);
        else
            daemon_crash(&all, owner[shard], shard);
        if (rng_below(&rng, 2))
            poll(NULL, 0, (int)rng_below(&rng, 60));
        owner[shard] = (unsigned)rng_below(&rng, DAEMONS);
        daemon_take(&all, owner[shard], shard);
    }
    atomic_store(&over, true);
    for (unsigned i = 0; i < DAEMONS; i++)
        pthread_join(clients[i].thread, NULL);
    for (unsigned i = 0; i < DAEMONS; i++)
        check(&clients[i], i);
    is_str(redis_says(&all, "XLEN {t/0}:in"), "0", "nothing is left in a stream");
    daemons_close(&all);
    for (unsigned i = 0; i < DAEMONS; i++) {
        free(clients[i].told);
        free(clients[i].whose);
    }
    return tap_end();
}
