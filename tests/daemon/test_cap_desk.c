/* Messages' questions to the office, which answers later, or never. */
#include "daemon/cap_desk.h"
#include "tests/lib/tap.h"

#include <stdlib.h>
#include <string.h>

/* The office: takes down what it is asked. */
struct office {
    struct office_cap *asked[8];
    unsigned n;
};

void office_cap(struct office *o, struct office_cap *c)
{
    o->asked[o->n++] = c;
}

static struct completions *queue;
static unsigned n_done;

static void on_done(struct deliver_cap *c)
{
    (void)c;
    n_done++;
}

static void answer(struct office *o, enum err err, bool taken)
{
    struct office_cap *c = o->asked[--o->n];
    c->err = err;
    c->taken = taken;
    completions_push(c->done.queue, &c->done);
    completions_run(queue);
}

int main(void)
{
    struct errmsg msg;
    struct office office = {.n = 0};
    struct shard_set set = {.n = 4, .key = "fifteen letters"};
    struct deliver_cap c = {.number = 7, .day = 20514, .cap = 5, .token = "1_2_x", .done = on_done};
    plan(10);
    if (completions_new(&queue, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    struct cap_desk *d = cap_desk_new(&office, &set, queue);
    const struct deliver_caps *caps = cap_desk_caps(d);
    ok(memcmp(caps->key, set.key, sizeof set.key) == 0, "numbers are hashed under the set's key");

    caps->ask(caps->arg, &c);
    const struct office_cap *asked = office.asked[0];
    ok(office.n == 1 && asked->number == 7 && asked->day == 20514 && asked->cap == 5 && !asked->give_back &&
           strcmp(asked->token, "1_2_x") == 0,
       "the office is asked what the message asks");
    is_int(n_done, 0, "which waits");
    answer(&office, ERR_OK, true);
    ok(n_done == 1 && c.err == ERR_OK && c.taken, "until it is answered");
    caps->ask(caps->arg, &c);
    answer(&office, ERR_IO, false);
    ok(n_done == 2 && c.err == ERR_IO && !c.taken, "that nobody knows is an answer too");

    caps->ask(caps->arg, &c);
    caps->forget(caps->arg, &c);
    answer(&office, ERR_OK, true);
    is_int(n_done, 2, "one that is forgotten is not told");

    caps->give_back(caps->arg, &c);
    ok(office.n == 1 && office.asked[0]->give_back && strcmp(office.asked[0]->token, "1_2_x") == 0,
       "what was not sent is given back, by its token");
    answer(&office, ERR_OK, false);
    is_int(n_done, 2, "which nobody waits for");

    caps->ask(caps->arg, &c);
    caps->give_back(caps->arg, &c);
    is_int(office.n, 2, "what is not answered in the end");
    cap_desk_free(d);
    is_int(n_done, 2, "is dropped");
    completions_free(queue);
    return tap_end();
}
