/* What each caller may do, and which inputs it may bring. */
#include "http/caller.h"

#include <string.h>
#include <unistd.h>

#include "tests/lib/tap.h"

static void test_peers(void)
{
    struct peer root = {.local = true, .known = true, .uid = 0}, own = {.local = true, .known = true, .uid = geteuid()};
    struct peer other = {.local = true, .known = true, .uid = 65533}, stranger = {.local = false};
    struct caller c;
    caller_of_peer(&root, &c);
    is_str(c.name, "uid:0", "root has its uid for a name");
    ok(caller_may(&c, WHO_READ) && caller_may(&c, WHO_INTAKE) && caller_may(&c, WHO_OPERATE), "and may do everything");
    caller_of_peer(&own, &c);
    ok(caller_may(&c, WHO_READ) && caller_may(&c, WHO_INTAKE) && caller_may(&c, WHO_OPERATE),
       "so may the user that the daemon runs as");
    caller_of_peer(&other, &c);
    is_str(c.name, "uid:65533", "another user has a name");
    ok(!caller_may(&c, WHO_READ) && !caller_may(&c, WHO_INTAKE) && !caller_may(&c, WHO_OPERATE), "and may do nothing");
    ok(caller_may(&c, WHO_ANYONE), "but what anyone may");
    caller_of_peer(&stranger, &c);
    is_str(c.name, "anyone", "who comes over TCP is anyone");
    ok(!caller_may(&c, WHO_READ) && !caller_may(&c, WHO_INTAKE) && !caller_may(&c, WHO_OPERATE), "who may do nothing");
}

static const struct {
    const char *what;
    bool read, operate, intake_all;
    const char *channel;
    bool may[4]; /* by enum who */
    bool face, bank, enrol;
} rows[] = {
    {"read", true, false, false, NULL, {true, true, false, false}, false, false, false},
    {"operate", false, true, false, NULL, {true, true, false, true}, false, false, false},
    {"intake:face", false, false, false, "face", {true, false, true, false}, true, false, false},
    {"intake:*", false, false, true, NULL, {true, false, true, false}, true, true, true},
    {"all of them", true, true, true, "face", {true, true, true, true}, true, true, true},
};
#define N_ROWS (sizeof rows / sizeof *rows)

static bool brings(const struct caller *c, enum op op, const char *channel)
{
    struct input in = {.op = op, .id = STR_LIT("p-1"), .channel = str_of(channel)};
    return caller_may_bring(c, &in);
}

/* Of every other op that has a channel, too: revoke, defer. */
static bool brings_others(const struct caller *c, const char *channel)
{
    bool any = false;
    for (unsigned op = 0; op < OP_N; op++)
        any = any || (op != OP_CERTIFY && brings(c, (enum op)op, channel));
    return any;
}

static void test_tokens(void)
{
    static const char *const words[] = {"what anyone may", "read", "bring inputs", "operate"};
    for (size_t i = 0; i < N_ROWS; i++) {
        struct token t = {.name = "jingtong", .read = rows[i].read, .operate = rows[i].operate};
        struct caller c;
        t.intake_all = rows[i].intake_all;
        if (rows[i].channel)
            text_list_add(&t.channels, rows[i].channel);
        caller_of_token(&t, &c);
        is_str(c.name, "token:jingtong", "a token has its name");
        for (unsigned who = 0; who < 4; who++)
            is_int(caller_may(&c, (enum who)who), rows[i].may[who], "%s %s %s", rows[i].what,
                   rows[i].may[who] ? "may" : "may not", words[who]);
        is_int(brings(&c, OP_CERTIFY, "face"), rows[i].face, "%s: a certification of its channel", rows[i].what);
        is_int(brings(&c, OP_CERTIFY, "bank"), rows[i].bank, "%s: one of another channel", rows[i].what);
        is_int(brings(&c, OP_CERTIFY, NULL), rows[i].bank, "%s: one without a channel", rows[i].what);
        is_int(brings_others(&c, "face"), rows[i].enrol, "%s: any other input", rows[i].what);
        text_list_done(&t.channels);
    }
}

int main(void)
{
    plan(8 + N_ROWS * 9 + 2);
    test_peers();
    test_tokens();
    is_str(role_text(WHO_READ), "read", "a role is named as in the configuration");
    is_str(role_text(WHO_INTAKE), "intake:CHANNEL or intake:*", "with what there is to choose from");
    return tap_end();
}
