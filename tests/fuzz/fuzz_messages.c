/* The texts of messages to people, as operators write them. The first character, a digit, chooses the event. */
#include <stdio.h>

#include "tests/fuzz/fuzz.h"
#include "tests/message/sample.h"

static const char *const events[] = {"reminder.due",          "grace.started",         "benefit.suspended",
                                     "benefit.resumed",       "certification.accepted", "certification.revoked",
                                     "suspension.deferred",   "unit.digest"};
static const enum event_type types[] = {EV_REMINDER, EV_GRACE,   EV_SUSPENDED, EV_RESUMED,
                                        EV_ACCEPTED, EV_REVOKED, EV_DEFERRED,  EV_UNIT_DIGEST};

static void render(const struct message_texts *t, const struct endpoint *endpoint, enum event_type type)
{
    struct event e = sample_event(type);
    struct person person;
    struct recipient unit = sample_unit();
    struct buf arena = BUF_INIT;
    struct sms out;
    struct errmsg msg = {""};
    person_init(&person);
    person_after(&person, &e);
    buf_room(&arena, 64 * 1024);
    enum err err = message_render(t, endpoint, &e, type == EV_UNIT_DIGEST ? &unit : &person.is, &arena, &out, &msg);
    MUST(err == ERR_OK || msg.text[0]);
    if (err == ERR_OK)
        MUST(sms_segments(ucs2_length(out.text)) <= endpoint->max_segments);
    buf_done(&arena);
}

const unsigned fuzz_runs = 20000;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (!n)
        return 0;
    unsigned which = (data[0] - '0') % (unsigned)(sizeof events / sizeof *events);
    struct endpoints *e = sample_endpoints();
    struct endpoint *endpoint = add_endpoint(e, "sms", ADAPTER_KANNEL, "zh");
    char *text = mem_strndup((const char *)data + 1, n - 1);
    struct message_texts *t = NULL;
    struct buf faults = BUF_INIT;
    add_text(e, "m", events[which], text);
    enum err err = message_texts_new(e, &t, &faults);
    MUST((err == ERR_OK) == (faults.n == 0) && (err == ERR_OK) == (t != NULL));
    if (t)
        render(t, endpoint, types[which]);
    message_texts_free(t);
    buf_done(&faults);
    free_endpoints(e);
    free(text);
    return 0;
}
