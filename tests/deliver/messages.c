#include "tests/deliver/messages.h"

#include <stdio.h>

uint64_t message_certify(struct world *w, const char *id, const char *on)
{
    char json[200];
    snprintf(json, sizeof json, "{'op':'certify','id':'%s','channel':'face','ref':'%s-%u','certified_on':'%s'}", id, id,
             w->amended++, on);
    world_input(w, json);
    return world_last(w);
}

static void note_done(struct deliver_order *o)
{
    *(bool *)o->owner = true;
}

void message_receipt(struct world *w, const char *endpoint, uint64_t seq, int type)
{
    char query[120];
    bool done = false;
    snprintf(query, sizeof query, "id=%s_%u_%" PRIu64 "&type=%d", w->carrying.incarnation, w->shard, seq, type);
    struct receipt_call c = {.query = str_of(query), .body = STR_LIT("")};
    struct deliver_order o = {.endpoint = str_of(endpoint), .done = note_done, .owner = &done};
    deliver_receipt(w->deliver, &c, &o);
    world_run(w);
    if (!done || o.err != ERR_OK)
        bail_out("the receipt is refused: %s", done ? o.msg.text : "never answered");
    buf_done(&o.body);
}

void message_open(struct world *w, const char *name, uint64_t *seq)
{
    world_open(w, world_dir(name), world_kannel("sms", "retry = { 10s, 10s }\nreceipt_within = \"1h\""));
    world_enrol(w, "P1", PHONE);
    *seq = message_certify(w, "P1", "2026-03-01");
    world_run(w);
    if (!world_sending(w, "sms", *seq))
        bail_out("no message is sent");
}
