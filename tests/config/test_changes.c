/* In which parameters policies differ, and that laid over others. */
#include "config/changes.h"

#include "config/bare.h"
#include "config/schema.h"
#include "tests/config/files.h"
#include "tests/lib/tap.h"

#include <stdio.h>

#define CHANNELS "channel \"face\" {}\nchannel \"bank\" {}\n"
#define TURNED "channel \"bank\" {}\nchannel \"face\" {}\n"

static void is_changed(const char *from, const char *to, const char *want, const char *what)
{
    struct config *a = load_text(from), *b = load_text(to);
    struct policy_changes changes = {NULL, 0};
    struct buf got = BUF_INIT;
    config_changes(a, b, &changes);
    for (size_t i = 0; i < changes.n; i++)
        buf_printf(&got, "%s %s [%s] [%s]\n", changes.v[i].policy, changes.v[i].parameter, changes.v[i].from,
                   changes.v[i].to);
    buf_addc(&got, '\0');
    is_str(got.p, want, "%s", what);
    buf_done(&got);
    policy_changes_done(&changes);
    config_free(a);
    config_free(b);
}

static void test_differences(void)
{
    is_changed("policy \"p\" {}", "policy \"p\" { grace = 15 }", "", "a default that is written out changes nothing");
    is_changed("policy \"p\" {}", "policy \"p\" { grace = 30 }", "p grace [15] [30]\n", "a number");
    is_changed("policy \"p\" {}", "policy \"p\" { cycle = \"12 days\" }", "p cycle [12 months] [12 days]\n",
               "a cycle's unit");
    is_changed("policy \"p\" {}", "policy \"p\" { remind_at = \"08:05\" resume = \"next-month\" }",
               "p remind_at [09:00] [08:05]\np resume [immediate] [next-month]\n", "a time of day and a word");
    is_changed(CHANNELS "policy \"p\" { channels = { \"face\", \"bank\" } }",
               TURNED "policy \"p\" { channels = { \"bank\", \"face\" } }", "",
               "the order of channels does not matter");
    is_changed(CHANNELS "policy \"p\" {}", TURNED "policy \"p\" { channels = { \"face\", \"bank\" } }",
               "p channels [] [bank face]\n", "channels, by name");
    is_changed("policy \"p\" {}\npolicy \"q\" {}", "policy \"r\" { grace = 1 }\npolicy \"q\" { grace = 2 }",
               "q grace [15] [2]\n", "policies that only one of them has are passed over");
}

/* Every parameter there is, with another value than the default's: none may be forgotten. */
static void test_every_parameter(void)
{
    static const char other[] =
        "channel \"face\" {}\npolicy \"p\" { cycle = \"5 days\" validity = \"exact-day\" remind_ahead = 6 "
        "remind_every = 2 remind_at = \"10:30\" grace = 31 payday = 3 resume = \"next-month\" "
        "evidence_after = 7 defer_max = 8 notice = 9 channels = { \"face\" } }";
    struct config *a = load_text("policy \"p\" {}"), *b = load_text(other), *c = config_bare("x");
    struct policy_changes changes = {NULL, 0}, left = {NULL, 0};
    struct errmsg msg;
    config_changes(a, b, &changes);
    is_int(changes.n, config_schema[SECTION_POLICY].n_keys, "every key of a policy can differ");
    ok(config_set_policy(c, &a->policies[0], NULL, 0), "the other one is made");
    is_int(config_lay_over(c, &changes, &msg), ERR_OK, "all of it is laid over another policy");
    config_changes(c, b, &left);
    ok(left.n == 0 && policy_equal(&c->policies[0], &b->policies[0]), "which then is the same");
    is_int(config_channel(c, STR_LIT("face")), 0, "a channel that was not there is added");
    policy_changes_done(&changes);
    policy_changes_done(&left);
    config_free(a);
    config_free(b);
    config_free(c);
}

static void test_laid_over(void)
{
    struct config *a = load_text("policy \"p\" { notice = 4 }\npolicy \"q\" {}");
    struct config *b = load_text("policy \"p\" { grace = 30 notice = 4 }\npolicy \"q\" { payday = 7 }");
    struct config *c = load_text(CHANNELS "policy \"p\" { grace = 3 notice = 5 cycle = \"9 days\" }");
    struct policy_changes changes = {NULL, 0};
    struct errmsg msg;
    config_changes(a, b, &changes);
    is_int(config_lay_over(c, &changes, &msg), ERR_OK, "what changed is laid over a third configuration");
    ok(c->policies[0].grace == 30 && c->policies[0].notice == 5 && c->policies[0].cycle == 9,
       "what did not change is as it was there");
    is_int(c->n_policies, 1, "a policy that it does not have stays away");
    policy_changes_done(&changes);
    config_free(a);
    config_free(b);
    config_free(c);
}

static void test_full(void)
{
    struct config *a = load_text("policy \"p\" {}");
    struct config *b = load_text("channel \"one-more\" {}\npolicy \"p\" { channels = { \"one-more\" } }");
    struct config *c = config_bare("x");
    struct policy_changes changes = {NULL, 0};
    struct errmsg msg = {""};
    char name[8];
    for (int i = 0; i < CHANNEL_MAX; i++)
        config_add_channel(c, (struct str){name, (size_t)snprintf(name, sizeof name, "c%d", i)});
    ok(config_set_policy(c, &a->policies[0], NULL, 0), "a configuration is full of channels");
    config_changes(a, b, &changes);
    is_int(config_lay_over(c, &changes, &msg), ERR_FULL, "then there is no room for one more");
    ok(strstr(msg.text, "\"one-more\"") != NULL, "and it is named: %s", msg.text);
    policy_changes_done(&changes);
    config_free(a);
    config_free(b);
    config_free(c);
}

int main(void)
{
    plan(0);
    test_differences();
    test_every_parameter();
    test_laid_over();
    test_full();
    return tap_end();
}
