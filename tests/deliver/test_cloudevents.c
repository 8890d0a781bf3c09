/* CloudEvents at work: batches, and the consent that comes before anything is sent. */
#include "tests/adapter/webhook_verify.h"
#include "tests/deliver/world.h"

#include <stdio.h>

static const char *events_conf(const char *more)
{
    static char text[1500];
    snprintf(text, sizeof text,
             "endpoint \"ce\" {\nadapter = \"cloudevents\"\nurl = \"http://127.0.0.1:9/ce\"\nsecret_file = \"%s\"\n"
             "source = \"https://pensions.example/lifecertd\"\n%s\n}\n",
             world_secret("hook", HOOK_SECRET), more);
    return text;
}

/* The only one on its way; NULL: there is none. */
static struct parcel *on_its_way(struct world *w)
{
    for (size_t i = 0; i < w->carrying.n; i++)
        if (w->carrying.v[i]->state == ON_ITS_WAY)
            return w->carrying.v[i];
    return NULL;
}

static void answer(struct world *w, int status)
{
    parcel_answer(&w->carrying, on_its_way(w), status, -1, "");
    world_run(w);
}

/* --- batches --- */

static void test_batches(void)
{
    struct world w = {.deliver = NULL};
    world_open(&w, "memory:", events_conf("handshake = false\nmode = \"batch\"\nmax_in_flight = 1\nretry = { 5s }"));
    world_many(&w, 0, 1);
    world_run(&w);
    is_int(on_its_way(&w)->n_seqs, 1, "what is there goes at once");
    world_many(&w, 1, 99);
    uint64_t first = world_last(&w) - 98, again = world_event(&w, "P1");
    answer(&w, 200);
    struct parcel *p = on_its_way(&w);
    is_int(p->n_seqs, 64, "up to 64 events go together");
    is_int(p->seqs[0], first, "in the order of the log");
    ok(webhook_verifies(&p->call, HOOK_SECRET, 0), "signed as a whole");
    ok(p->call.body.p[0] == '[' && p->call.body.p[p->call.body.n - 1] == ']', "as a JSON array");
    answer(&w, 500);
    p = on_its_way(&w);
    is_int(p->n_seqs, 35, "when a batch fails, others go on");
    ok(!world_sending(&w, "ce", again), "but not one whose person is in it");
    answer(&w, 200);
    ok(!on_its_way(&w), "then the retries are waited for");
    world_pass(&w, 7000);
    for (int i = 0; i < 70 && on_its_way(&w); i++)
        answer(&w, 200);
    world_pass(&w, 100);
    struct track_counts n = world_counts(&w, "ce");
    is_int(n.items + n.rows, 0, "and in the end all has arrived");
    is_int(world_cursor(&w, "ce"), world_last(&w), "with the cursor behind it");
    world_close(&w);
}

/* --- consent --- */

static void consent(struct world *w, const char *origin, const char *rate)
{
    struct answer a = {.carried = CARRIED,
                       .status = 200,
                       .body = STR_LIT(""),
                       .retry_after = -1,
                       .allowed_origin = str_of(origin),
                       .allowed_rate = str_of(rate)};
    parcel_answer_as(&w->carrying, on_its_way(w), &a);
    world_run(w);
}

static void test_handshake(void)
{
    struct world w = {.deliver = NULL};
    world_open(&w, "memory:", events_conf("max_in_flight = 100"));
    world_many(&w, 0, 50);
    world_run(&w);
    is_int(w.carrying.n, 1, "before anything is sent the endpoint is asked");
    is_str(w.carrying.v[0]->call.method, "OPTIONS", "with OPTIONS");
    is_str(parcel_header(w.carrying.v[0], "WebHook-Request-Origin"), "pensions.example", "as its source's host");
    ok(strstr(world_endpoint(&w, "ce"), "'state':'unconsented'"), "which is shown");
    world_pass(&w, 600000);
    is_int(w.carrying.n, 1, "it is asked once, however long it takes");
    consent(&w, "else.example", "*");
    is_int(w.carrying.n, 1, "when it says no, nothing is sent");
    is_int(world_said(&w, "refused ce"), 1, "and it is told");
    world_pass(&w, 59999);
    is_int(w.carrying.n, 1, "for a minute");
    world_pass(&w, 1);
    is_int(w.carrying.n, 2, "then it is asked again");
    consent(&w, "pensions.example", "120");
    world_pass(&w, 10);
    ok(w.carrying.n >= 3 && w.carrying.n <= 4, "when it says yes, it is sent to");
    size_t before = w.carrying.n;
    world_pass(&w, 10000);
    ok(w.carrying.n - before >= 19 && w.carrying.n - before <= 21, "at the rate that it granted");
    world_close(&w);
}

static void test_no_answer(void)
{
    struct world w = {.deliver = NULL};
    world_open(&w, "memory:", events_conf(""));
    world_many(&w, 0, 5);
    world_run(&w);
    answer(&w, 0);
    is_int(w.carrying.n, 1, "an endpoint that cannot be asked is not sent to");
    world_pass(&w, 60000);
    is_int(w.carrying.n, 2, "but asked again");
    consent(&w, "*", "*");
    is_int(w.carrying.n, 7, "consent without a rate has no limit");
    world_close(&w);
}

/* The question is on its way when the endpoint gets another address. */
static void test_reload(void)
{
    struct world w = {.deliver = NULL};
    world_open(&w, "memory:", events_conf(""));
    world_many(&w, 0, 5);
    world_run(&w);
    world_reload(&w, events_conf("max_in_flight = 2"));
    consent(&w, "*", "*");
    is_int(w.carrying.n, 2, "consent to another configuration does not count");
    is_str(w.carrying.v[1]->call.method, "OPTIONS", "the new one is asked for its own");
    consent(&w, "*", "60");
    ok(w.carrying.n == 3 && strcmp(w.carrying.v[2]->call.method, "POST") == 0, "and then sent to");
    world_reload(&w, events_conf("handshake = false"));
    world_pass(&w, 1);
    is_int(w.carrying.n, 7, "without a handshake no granted rate is kept");
    world_close(&w);
}

int main(void)
{
    plan(0);
    test_batches();
    test_handshake();
    test_no_answer();
    test_reload();
    return tap_end();
}
