#include "tests/ctl/run_ctl.h"

#include "core/event.h"
#include "ctl/story.h"

#include <stdio.h>
#include <stdlib.h>

static void template_is(const char *template, const char *values, const char *want)
{
    struct json *j = json_parse(values);
    struct buf b = BUF_INIT;
    template_add(&b, template, j);
    buf_addc(&b, '\0');
    is_str(b.p, want, "%s", template);
    buf_done(&b);
    json_free(j);
}

static void test_templates(void)
{
    static const char values[] =
        "{\"a\":\"x\",\"n\":7,\"none\":null,\"yes\":true,\"o\":{\"list\":[1,2],\"m\":350000},\"e\":[]}";
    template_is("{a}-{n}", values, "x-7");
    template_is("1[, {a}][, {none}][, {absent}][, yes{yes?}][, no{no?}]2", values, "1, x, yes2");
    template_is("{o.m$} for {o.list#}[, {e#}]", values, "3,500.00 for 2");
    template_is("{a", values, "x");
    template_is("[{a}", values, "x");
    template_is("{none}", values, "0");
}

static void story_is(const char *event, const char *want, const char *name)
{
    struct json *j = json_parse(event);
    struct buf b = BUF_INIT;
    story_add(&b, j);
    buf_addc(&b, '\0');
    is_str(b.p, want, "%s", name);
    buf_done(&b);
    json_free(j);
}

static void test_stories(void)
{
    story_is("{\"type\":\"reminder.due\",\"data\":{\"due_on\":\"2026-05-31\",\"number\":2,\"of\":3,\"missed\":1}}",
             "reminder 2 of 3: certification due by 2026-05-31 (1 before it not sent)", "a reminder");
    story_is("{\"type\":\"benefit.resumed\",\"data\":{\"reason\":\"recertified\",\"suspended_on\":\"2026-06-16\","
             "\"resumed_on\":\"2026-08-02\",\"first_period\":\"2026-08\",\"back_pay\":{"
             "\"periods\":[{\"period\":\"2026-07\"}],"
             "\"total\":350000,\"pay_on\":\"2026-08-15\"}}}",
             "resumed, recertified; paid regularly again from 2026-08; "
             "withheld periods paid on 2026-08-15: 1, 3,500.00 in all",
             "a resumption with back pay");
    story_is("{\"type\":\"benefit.resumed\",\"data\":{\"reason\":\"certified-in-time\",\"first_period\":\"2026-07\","
             "\"back_pay\":{\"periods\":[],\"total\":0,\"pay_on\":\"2026-07-15\"}}}",
             "resumed, certified-in-time; paid regularly again from 2026-07", "one without");
    story_is("{\"type\":\"certification.accepted\",\"data\":{\"effect\":\"superseded\",\"certified_on\":\"2026-01-01\","
             "\"channel\":\"face\",\"ref\":\"r\"}}",
             "certification of 2026-01-01 by face (r) came in; a later one counts",
             "a certification that came too late to count");
    story_is("{\"type\":\"certification.accepted\",\"data\":{\"effect\":\"renewed\",\"certified_on\":\"2026-01-01\","
             "\"channel\":\"face\",\"ref\":\"r\",\"due_on\":\"2027-01-31\",\"on_behalf\":true}}",
             "certified on 2026-01-01 by face (r), on their behalf; valid through 2027-01-31", "one that counts");
}

/* Those about a person; the others never stand in anybody's story. */
static void test_all_types(void)
{
    for (int t = 0; t < EV_POLICY_ADOPTED; t++) {
        const char *type = event_type_text((enum event_type)t);
        struct buf b = BUF_INIT, event = BUF_INIT;
        buf_printf(&event, "{\"type\":\"%s\",\"data\":{}}", type);
        buf_addc(&event, '\0');
        struct json *j = json_parse(event.p);
        story_add(&b, j);
        buf_addc(&b, '\0');
        ok(strcmp(b.p, type) != 0, "%s has words of its own", type);
        json_free(j);
        buf_done(&b);
        buf_done(&event);
    }
    story_is("{\"type\":\"some.thing\"}", "some.thing", "an unknown type gives its name");
}

int main(void)
{
    plan(0);
    test_templates();
    test_stories();
    test_all_types();
    return tap_end();
}
