/* Messages through crashes at any moment: none reaches a telephone twice, and each is accounted for. */
#include "tests/deliver/messages.h"

#include <stdio.h>

#define PEOPLE 40

struct storm {
    struct rng rng;
    uint8_t sent[4000]; /* by number: how often it may have reached a telephone */
};

static int stormy(void *arg, const struct parcel *p)
{
    struct storm *s = arg;
    uint64_t seq = p->seqs[0];
    switch (rng_below(&s->rng, 9)) {
    case 0: return 0;
    case 1: return 503;
    case 2: return 403;
    case 3: s->sent[seq]++; return -1;
    case 4: return NEVER;
    default: s->sent[seq]++; return 202;
    }
}

/* What is on its way when the process dies may have been sent. */
static void may_have_been_sent(struct world *w, struct storm *s)
{
    for (size_t i = 0; i < w->carrying.n; i++)
        if (w->carrying.v[i]->state == ON_ITS_WAY)
            s->sent[w->carrying.v[i]->seqs[0]]++;
}

/* Receipts of some that were sent. */
static void receive_some(struct world *w, const struct storm *s, uint64_t first, uint64_t last)
{
    for (uint64_t seq = last - 20 > first ? last - 20 : first; seq < last; seq += 3)
        if (s->sent[seq])
            message_receipt(w, "sms", seq, seq % 2 ? 1 : 8);
}

static void test_storm(uint64_t seed)
{
    static struct storm s;
    struct world w = {.deliver = NULL};
    char name[20], id[16], more[100];
    unsigned crashes = 0, twice = 0, lost = 0, states[DELIVERY_STATE_N + 1] = {0};
    s = (struct storm){.rng = rng_seed(seed)};
    snprintf(name, sizeof name, "storm%d", (int)seed);
    world_open(&w, world_dir(name),
               world_kannel("sms", "retry = { 1s, 1s, 1s }\nmax_in_flight = 5\nmax_unnoted = 16\nmax_parked = 10\n"
                                   "quiet_hours = \"none\"\nreceipt_within = \"2m\""));
    for (unsigned i = 0; i < PEOPLE; i++) {
        snprintf(id, sizeof id, "P%u", i);
        snprintf(more, sizeof more, ",'name':'n','phone':'+86138%08u'", i / 2);
        world_enrol(&w, id, more);
    }
    uint64_t first = world_last(&w) + 1;
    w.answers = stormy;
    w.arg = &s;
    for (unsigned i = 0; i < 500; i++) {
        snprintf(id, sizeof id, "P%d", (int)rng_below(&s.rng, PEOPLE));
        char on[16];
        snprintf(on, sizeof on, "2026-%02d-%02d", 1 + (int)(i / 300), 1 + (int)(i % 300 / 12));
        uint64_t seq = message_certify(&w, id, on);
        if (rng_below(&s.rng, 3) == 0)
            world_pass(&w, (int64_t)rng_below(&s.rng, 1500));
        if (rng_below(&s.rng, 4) == 0 && seq > first + 20)
            receive_some(&w, &s, first, seq);
        if (rng_below(&s.rng, 20) == 0) {
            may_have_been_sent(&w, &s);
            world_crash(&w);
            crashes++;
        }
    }
    for (int i = 0; i < 200 && (world_counts(&w, "sms").items || world_cursor(&w, "sms") != world_last(&w)); i++)
        world_pass(&w, 3600000);
    world_pass(&w, 1000);
    for (uint64_t seq = first; seq <= world_last(&w); seq++) {
        enum delivery_state state = world_row(&w, "sms", seq).state;
        states[state]++;
        twice += s.sent[seq] > 1;
        lost += s.sent[seq] && state != DELIVERY_SENT && state != DELIVERY_DEAD;
    }
    is_int(twice, 0, "through %u crashes no message can have reached a telephone twice", crashes);
    is_int(lost, 0, "each that may have is accounted for as sent or for a person to decide");
    is_int(states[DELIVERY_RETRY] + states[DELIVERY_WAIT] + states[DELIVERY_SENDING] + states[DELIVERY_UNKNOWN], 0,
           "and nothing is left open");
    diag("%u sent, %u skipped, %u dead, %u without a row", states[DELIVERY_SENT], states[DELIVERY_SKIPPED],
         states[DELIVERY_DEAD], states[DELIVERY_STATE_N]);
    world_close(&w);
}

int main(void)
{
    plan(0);
    for (uint64_t seed = 1; seed <= 4; seed++)
        test_storm(seed);
    return tap_end();
}
