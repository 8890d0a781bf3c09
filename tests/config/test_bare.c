/* Configurations made in memory. */
#include "config/bare.h"

#include <stdio.h>

#include "tests/config/files.h"
#include "tests/lib/tap.h"

static struct policy named(const char *name, int grace)
{
    struct policy p = policy_default();
    snprintf(p.name, sizeof p.name, "%s", name);
    p.grace = grace;
    return p;
}

static void test_defaults(void)
{
    struct config *c = config_bare("the log"), *file = load_text("brake_limit = \"off\"\n" A_POLICY);
    is_str(c->file, "the log", "its name stands in messages");
    ok(c->brake.kind == file->brake.kind && c->clock_jump == file->clock_jump &&
           c->max_downtime == file->max_downtime && c->clock == file->clock && c->clock_factor == file->clock_factor,
       "what it does not say is as in a file that does not say it, but for the brake");
    ok(c->n_policies == 0 && c->n_channels == 0 && c->n_listen == 0 && !c->tz, "else it is empty");
    config_free(c);
    config_free(file);
}

static void test_timezone(void)
{
    struct config *c = config_bare("x");
    struct errmsg msg;
    is_int(config_set_timezone(c, (struct str){"Asia/Shanghai...", 13}, &msg), ERR_OK, "a zone is loaded");
    is_str(c->timezone, "Asia/Shanghai", "by its name, which needs no terminator");
    is_int(config_set_timezone(c, STR_LIT("Europe/Berlin"), &msg), ERR_OK, "another takes its place");
    ok(config_set_timezone(c, STR_LIT("Nowhere/Land"), &msg) != ERR_OK, "one that is not there is refused");
    ok(c->tz && strcmp(c->timezone, "Europe/Berlin") == 0 && strcmp(tz_name(c->tz), "Europe/Berlin") == 0,
       "and the old one stays");
    config_free(c);
}

static void test_channels(void)
{
    struct config *c = config_bare("x");
    const struct str first[] = {STR_LIT("face"), STR_LIT("bank"), STR_LIT("kiosk")};
    const struct str then[] = {STR_LIT("kiosk"), STR_LIT("video"), STR_LIT("face")};
    struct policy p = named("p", 1);
    ok(config_set_channels(c, first, 3) && c->n_channels == 3, "channels are set");
    is_int(config_add_channel(c, STR_LIT("bank")), 1, "one that is there keeps its place");
    is_int(config_add_channel(c, STR_LIT("new")), 3, "a new one comes last");
    ok(config_set_policy(c, &p, first, 2) && c->policies[0].channels == 3, "a policy names its channels");
    ok(config_set_channels(c, then, 3), "channels are set anew");
    is_int(c->policies[0].channels, 4, "the policy accepts those of its own that remain, at their new places");
    ok(!config_set_policy(c, &p, first, 3), "a channel that is not there cannot be named");
    char names[CHANNEL_MAX + 1][8];
    struct str many[CHANNEL_MAX + 1];
    for (int i = 0; i <= CHANNEL_MAX; i++)
        many[i] = (struct str){names[i], (size_t)snprintf(names[i], sizeof names[i], "c%d", i)};
    ok(!config_set_channels(c, many, CHANNEL_MAX + 1), "there may not be more than %d", CHANNEL_MAX);
    ok(c->n_channels == 3 && config_channel(c, STR_LIT("video")) == 1 && c->policies[0].channels == 4,
       "and nothing was changed then");
    ok(config_set_channels(c, many, CHANNEL_MAX), "but so many");
    is_int(config_add_channel(c, STR_LIT("one-more")), -1, "one more is none");
    config_free(c);
}

static void test_policies(void)
{
    struct config *c = config_bare("x");
    struct policy a = named("a", 1), b = named("b", 2), again = named("a", 3);
    ok(config_set_policy(c, &a, NULL, 0) && config_set_policy(c, &b, NULL, 0) && config_set_policy(c, &again, NULL, 0),
       "policies are set");
    ok(c->n_policies == 2 && c->policies[0].grace == 3 && c->policies[1].grace == 2,
       "the same name takes the same place");
    struct config *copy = config_bare_copy(c);
    config_drop_policy(c, STR_LIT("a"));
    config_drop_policy(c, STR_LIT("none"));
    ok(c->n_policies == 1 && config_policy(c, STR_LIT("b")) == 0, "one may be dropped");
    ok(copy->n_policies == 2 && copy->policies[0].grace == 3, "a copy keeps what it had");
    config_free(c);
    config_free(copy);
}

int main(void)
{
    plan(0);
    test_defaults();
    test_timezone();
    test_channels();
    test_policies();
    return tap_end();
}
