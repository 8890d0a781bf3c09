/* Replay behind a checkpoint: what came while the checkpoint was being written is in it, or is applied. */
#include "tests/engine/rig.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#define UNITS 120
#define START rig_at("2026-03-10T12:00:00+08:00")

/* A unit's input on its way. */
struct sent {
    struct request request;
    struct input input;
    struct input_result result;
    char code[16];
    bool done;
};

static void note_done(struct request *r)
{
    ((struct sent *)r->owner)->done = true;
}

static void tick(struct rig *r)
{
    int64_t wait;
    if (engine_tick(r->engine, &wait, &r->msg) != ERR_OK)
        bail_out("the engine failed: %s", r->msg.text);
}

/* One more unit every tick, so that some are recorded between any two slices of a checkpoint. */
static void send_units(struct rig *r, struct sent *sent)
{
    for (unsigned i = 0; i < UNITS; i++) {
        struct sent *s = &sent[i];
        snprintf(s->code, sizeof s->code, "U%u", i);
        s->input = (struct input){.op = OP_UNIT,
                                  .given = M_OP | M_UNIT | M_NAME,
                                  .at = INSTANT_NONE,
                                  .unit = str_of(s->code),
                                  .name = STR_LIT("A village"),
                                  .amount = AMOUNT_NONE};
        s->request = (struct request){.kind = REQUEST_INPUTS, .done = note_done, .owner = s, .inputs = &s->input,
                                      .results = &s->result, .n_inputs = 1};
        if (!engine_submit(r->engine, &s->request))
            bail_out("the queue is full");
        tick(r);
        poll(&(struct pollfd){.fd = engine_fd(r->engine), .events = POLLIN}, 1, 1); /* or its slice is never written */
    }
    rig_until(r, START);
    for (unsigned i = 0; i < UNITS; i++)
        if (!sent[i].done)
            bail_out("an input is not answered");
}

static unsigned known_units(struct rig *r, const struct sent *sent)
{
    unsigned known = 0;
    char json[100];
    for (unsigned i = 0; i < UNITS; i++) {
        snprintf(json, sizeof json, "{\"op\":\"unit\",\"unit\":\"%s\",\"name\":\"A village\"}", sent[i].code);
        known += rig_input(r, json).result == RESULT_UNCHANGED;
    }
    return known;
}

int main(void)
{
    struct rig r = {.options = {.checkpoint_events = 10}};
    struct sent *sent = calloc(UNITS, sizeof *sent);
    struct engine_counters c;
    char uri[128];
    plan(0);
    if (!sent)
        bail_out("no memory");
    snprintf(uri, sizeof uri, "dir:%s/units", tap_tmpdir());
    rig_open(&r, uri, rig_conf, START);
    send_units(&r, sent);
    engine_counters(r.engine, &c);
    ok(c.checkpoints > 0, "%u units are recorded, and %d checkpoints written meanwhile", UNITS, (int)c.checkpoints);
    rig_crash(&r);
    engine_counters(r.engine, &c);
    ok(c.checkpoint_seq > 0, "the next start is from the last of them");
    is_int(known_units(&r, sent), UNITS, "and knows every unit");
    rig_close(&r);
    free(sent);
    return tap_end();
}
