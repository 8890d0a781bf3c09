#include "tests/ctl/run_ctl.h"

#include "ctl/template.h"

static const char values[] =
    "{\"a\":\"x\",\"n\":7,\"none\":null,\"yes\":true,\"o\":{\"list\":[1,2],\"m\":350000},\"e\":[]}";

static bool say(void *arg, const char *name, struct buf *b)
{
    (void)arg;
    if (strcmp(name, "known") != 0)
        return false;
    buf_adds(b, "so it is");
    return true;
}

static void template_is(const char *template, template_fact_fn *fact, const char *want)
{
    struct json *j = json_parse(values);
    struct buf b = BUF_INIT;
    template_fill(&b, template, j, fact, NULL);
    buf_addc(&b, '\0');
    is_str(b.p, want, "%s", template);
    buf_done(&b);
    json_free(j);
}

int main(void)
{
    plan(0);
    template_is("{a}-{n}", NULL, "x-7");
    template_is("1[, {a}][, {none}][, {absent}][, yes{yes?}][, no{no?}]2", NULL, "1, x, yes2");
    template_is("{o.m$} for {o.list#}[, {e#}]", NULL, "3,500.00 for 2");
    template_is("{a", NULL, "x");
    template_is("[{a}", NULL, "x");
    template_is("{none}", NULL, "0");
    template_is("{@known}[, {@unknown}][; {@known} for {a}][; {@known} but {none}]", say, "so it is; so it is for x");
    template_is("1[, {@known}]", NULL, "1");
    return tap_end();
}
