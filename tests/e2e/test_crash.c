/* Kill after kill: a client enrols and certifies while the clock runs weeks a second, the daemon is killed at a moment
 * drawn by lot, during an import, a sweep, a recovery or a stop, and starts again. TEST_KILLS and TEST_SEED choose how
 * often, and which moments. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tests/e2e/crash_client.h"

#define KILLS 60
#define PEOPLE_MAX 6000
#define INPUTS_A_LIFE 1500 /* most of them; the rest of a life is sweeps alone */

static const char config_format[] = "timezone = \"Asia/Shanghai\"\n"
                                    "clock = \"2026-01-01T00:00:00+08:00 x%u\"\n"
                                    "brake_limit = \"off\"\n"
                                    "channel \"face\" { }\n"
                                    "policy \"national\" { grace = %u }\n"
                                    "policy \"half-yearly\" { cycle = \"6 months\" }\n"
                                    "policy \"365-days\" { cycle = \"365 days\" validity = \"exact-day\" }\n";
#define FAST 2000000 /* times as fast as time itself */

struct trial {
    struct crash_client client;
    struct node *node;
    struct book *book; /* the client's */
    struct rng rng;
    lc_date today;  /* at least this day, for the daemon */
    unsigned grace; /* of the national policy */
    unsigned lives;
    unsigned in_recovery, in_stop;
};

/* --- the killer --- */

struct killer {
    pthread_t thread;
    pid_t pid;
    int64_t first_us, then_us; /* SIGTERM after first_us when it is not 0; SIGKILL then_us later */
};

static void wait_us(int64_t us)
{
    struct timespec t = {.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};
    while (nanosleep(&t, &t) != 0 && errno == EINTR)
        continue;
}

/* The process stays, dead, until it is waited for, which happens only after this thread has ended. */
static void *kill_it(void *arg)
{
    struct killer *k = arg;
    if (k->first_us) {
        wait_us(k->first_us);
        kill(k->pid, SIGTERM);
    }
    wait_us(k->then_us);
    kill(k->pid, SIGKILL);
    return NULL;
}

static void killer_start(struct killer *k, pid_t pid, int64_t first_us, int64_t then_us)
{
    *k = (struct killer){.pid = pid, .first_us = first_us, .then_us = then_us};
    if (pthread_create(&k->thread, NULL, kill_it, k) != 0)
        bail_out("no thread");
}

static void configure(struct trial *t, unsigned factor)
{
    char text[1024];
    snprintf(text, sizeof text, config_format, factor, t->grace);
    node_configure(t->node, text);
}

/* --- the client --- */

/* What the daemon's date is; false: it is gone. */
static bool learn_today(struct trial *t, struct client *c)
{
    struct reply *r = &t->client.reply;
    client_request(c, "GET", "/v1/status", NULL, STR_NONE, r);
    const char *now = r->status == 200 ? strstr(r->body.p, "\"now\":\"") : NULL;
    return now && date_parse(now + 7, 10, &t->today);
}

static uint32_t new_deed(struct trial *t, bool enrol)
{
    struct book *b = t->book;
    if ((enrol && b->n_humans < PEOPLE_MAX) || b->n_humans == 0)
        return book_enrol(b, t->today - (lc_date)rng_below(&t->rng, 400));
    uint32_t person = (uint32_t)rng_below(&t->rng, b->n_humans);
    if (rng_below(&t->rng, 100) == 0)
        return book_report_death(b, person, t->today - (lc_date)rng_below(&t->rng, 30));
    return book_certify(b, person, t->today - (lc_date)rng_below(&t->rng, 5) + 1);
}

/* What was sent and not answered comes first, as it was. */
static unsigned pick(struct trial *t, uint32_t *picked, unsigned max)
{
    unsigned n = crash_pick_again(&t->client, picked, max);
    bool enrol = rng_below(&t->rng, 2);
    while (n < max)
        picked[n++] = new_deed(t, enrol);
    return n;
}

/* One request. false: the daemon is gone. */
static bool send_some(struct trial *t, struct client *c, unsigned *left)
{
    uint32_t picked[BODY_MAX];
    unsigned max = rng_below(&t->rng, 4) == 0 ? 1 : 1 + (unsigned)rng_below(&t->rng, BODY_MAX);
    unsigned n = pick(t, picked, max < *left ? max : *left);
    *left -= n;
    return crash_send(&t->client, c, picked, n);
}

static void use(struct trial *t)
{
    struct client *c = client_new(t->node->socket);
    unsigned left = (unsigned)rng_below(&t->rng, INPUTS_A_LIFE);
    while (c && left && learn_today(t, c) && send_some(t, c, &left))
        continue;
    client_free(c);
}

/* --- a life --- */

/* From start to kill. */
static void live(struct trial *t)
{
    struct killer k;
    unsigned lot = (unsigned)rng_below(&t->rng, 8);
    bool busy = rng_below(&t->rng, 2); /* killed among inputs, else most likely in a sweep */
    int64_t soon = (int64_t)rng_below(&t->rng, 60000), later = (int64_t)rng_below(&t->rng, busy ? 25000 : 250000);
    int code;
    if (t->lives++ % 8 == 3) {
        t->grace = 25 - t->grace; /* everyone under that policy is amended, in slices, while other things go on */
        configure(t, FAST);
    }
    node_launch(t->node);
    pid_t pid = t->node->pid;
    if (lot == 0) {
        killer_start(&k, pid, 0, soon);
        pthread_join(k.thread, NULL);
        t->in_recovery += !node_ready(t->node, &code);
    } else if (!node_ready(t->node, &code)) {
        bail_out("the daemon exited with %d when it should have started", code);
    } else {
        killer_start(&k, pid, lot == 1 ? later + 1 : 0, lot == 1 ? soon : later);
        use(t);
        pthread_join(k.thread, NULL);
        t->in_stop += lot == 1;
    }
    node_wait(t->node);
}

static unsigned count_in_log(const struct trial *t, const char *text)
{
    char *log = node_log(t->node);
    unsigned n = 0;
    for (const char *p = log; (p = strstr(p, text)); p++)
        n++;
    free(log);
    return n;
}

static bool run_lives(struct trial *t, unsigned kills)
{
    for (unsigned i = 0; i < kills; i++) {
        live(t);
        if (!crash_check(&t->client)) {
            diag("after kill %u: %s", i + 1, t->book->fault);
            return false;
        }
    }
    return true;
}

/* --- in the end --- */

static bool position_is(const struct trial *t, uint64_t seq)
{
    char text[48];
    snprintf(text, sizeof text, "\"position\":%" PRIu64 ",", seq);
    return strstr(t->client.reply.body.p, text);
}

/* The log and the counts by status, of one and the same position. */
static bool ask_status(struct trial *t)
{
    for (int i = 0; i < 1000; i++) {
        request_once(t->node->socket, "GET", "/v1/status", NULL, STR_NONE, &t->client.reply);
        if (!crash_check(&t->client))
            return false;
        if (position_is(t, t->book->n_log))
            return true;
    }
    return false;
}

/* Has everyone under the policy that was changed last been amended since? */
static bool all_amended(const struct trial *t)
{
    for (uint32_t i = 0; i < t->book->n_humans; i++) {
        const struct human *h = &t->book->humans[i];
        if (h->enrolled && h->enrolled < t->book->adopted && book_is_national(i) && h->status != STATUS_TERMINATED &&
            h->amended < t->book->adopted)
            return false;
    }
    return true;
}

/* The counts by status that a daemon recovers, against those that the log's events say, as far as they do. */
static unsigned wrong_counts(const struct trial *t)
{
    unsigned wrong = 0, counts[STATUS_N + 1] = {0};
    for (uint32_t i = 0; i < t->book->n_humans; i++)
        if (t->book->humans[i].enrolled)
            counts[t->book->humans[i].status]++;
    for (int s = 0; s < STATUS_N; s++) {
        char text[64];
        snprintf(text, sizeof text, "\"%s\":", status_text((enum status)s));
        const char *p = strstr(t->client.reply.body.p, text);
        unsigned n = p ? (unsigned)strtoul(p + strlen(text), NULL, 10) : 0;
        wrong += n < counts[s] || n > counts[s] + counts[BOOK_STATUS_UNSURE];
    }
    diag("%u active, %u in grace, %u suspended, %u terminated, %u active or in grace", counts[0], counts[1], counts[2],
         counts[3], counts[BOOK_STATUS_UNSURE]);
    return wrong;
}

static void check_state(struct trial *t)
{
    configure(t, 1);
    node_must_start(t->node);
    bool good = ask_status(t);
    for (int i = 0; i < 1000 && good && !all_amended(t); i++)
        good = ask_status(t);
    ok(good, "a daemon starts from the last one's checkpoint");
    ok(all_amended(t), "everyone under a changed policy has been amended, whoever was killed in the middle of it");
    is_int(wrong_counts(t), 0, "the counts by status are what the log's events say");
    is_int(node_stop(t->node), 0, "and it stops in peace");
    ok(crash_check(&t->client), "with a log that is still whole");
}

static void check_whole(struct trial *t)
{
    static struct book again;
    const char *const argv[] = {"lifecertctl", "-c", t->node->config, "events", NULL};
    book_init(&again);
    is_int(run_program(argv, &t->client.text), 0, "the whole log can be read");
    ok(book_hash(again.hash, buf_str(&t->client.text)) == t->book->hash,
       "and what was read of it between the kills has never changed");
    book_done(&again);
}

static unsigned count_accepted(const struct trial *t)
{
    unsigned accepted = 0;
    for (uint32_t i = 0; i < t->book->n_deeds; i++)
        accepted += t->book->deeds[i].accepted != 0;
    return accepted;
}

/* Has everything that the daemon does been among it? */
static bool saw_all(const struct trial *t)
{
    unsigned types[EV_N] = {0};
    for (uint64_t i = 1; i <= t->book->n_log; i++)
        types[t->book->log[i].type]++;
    return types[EV_REMINDER] && types[EV_GRACE] && types[EV_SUSPENDED] && types[EV_RESUMED] &&
           types[EV_CERT_REJECTED] && types[EV_TERMINATED] && types[EV_AMENDED] && count_accepted(t);
}

/* Where the machine has much else to do, lives so short come to little: then there are more of them. */
static bool run_more_lives(struct trial *t, unsigned *kills)
{
    unsigned most = 4 * *kills;
    bool good = true;
    while (good && *kills >= KILLS && *kills < most && !saw_all(t)) {
        good = run_lives(t, 10);
        *kills += 10;
    }
    return good;
}

static void report(const struct trial *t, unsigned kills)
{
    diag("%u kills, %u in recovery, %u while stopping, %u torn tails; %" PRIu64 " events, %" PRIu64
         " inputs answered, %" PRIu64 " sent again, %u people, %u accepted",
         kills, t->in_recovery, t->in_stop, count_in_log(t, "were cut off"), t->book->n_log, t->book->answered,
         t->book->again, t->book->enrolled, count_accepted(t));
    ok(kills < KILLS || saw_all(t),
       "reminders, graces, suspensions, resumptions, rejections, deaths and changed policies were among it");
}

static uint64_t setting(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text ? strtoull(text, NULL, 10) : otherwise;
}

/* The lives that were cut short have left a history that could have been, and states that follow from it. */
static void check_verified(struct trial *t)
{
    const char *const argv[] = {"lifecertctl", "-c", t->node->config, "verify", NULL};
    buf_clear(&t->client.text);
    if (!is_int(run_program(argv, &t->client.text), 0, "verify finds every decision and every state as it must be"))
        diag("%s", t->client.text.p);
}

int main(void)
{
    static struct trial t;
    uint64_t seed = setting("TEST_SEED", (uint64_t)time(NULL));
    unsigned kills = (unsigned)setting("TEST_KILLS", KILLS);
    plan(0);
    diag("TEST_SEED=%" PRIu64 " TEST_KILLS=%u", seed, kills);
    t.rng = rng_seed(seed);
    t.today = date_make(2026, 1, 1);
    t.grace = 15;
    t.node = node_new("");
    configure(&t, FAST);
    t.book = &t.client.book;
    crash_client_init(&t.client, t.node);
    node_init(t.node);
    bool good = ok(run_lives(&t, kills) && run_more_lives(&t, &kills),
                   "after each of %u kills nothing answered is lost, nothing applied twice, no number missing", kills);
    if (good) {
        node_must_start(t.node);
        crash_send_open(&t.client);
        is_int(node_stop(t.node), 0, "the last daemon stops in peace");
        good = ok(crash_check(&t.client), "the same holds when everything is answered");
        if (!good)
            diag("%s", t.book->fault);
        check_state(&t);
        is_int(crash_wrong_contacts(&t.client, true), 0, "everybody has the contact that the accepted inputs brought");
        check_whole(&t);
        check_verified(&t);
        report(&t, kills);
    }
    node_free(t.node, !good);
    crash_client_done(&t.client);
    return tap_end();
}
