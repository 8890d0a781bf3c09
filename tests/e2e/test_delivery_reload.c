/* Endpoints over a reload: new ones, changed ones, ones that go and come back, faulty ones, secrets that are exchanged;
 * and what lifecertd --check says of their faults. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "tests/e2e/delivery_rig.h"
#include "tests/e2e/delivery_view.h"
#include "tests/e2e/process.h"
#include "tests/lib/tap.h"

#define EVENTS "    events = { \"beneficiary.*\" }"

static struct rig rig;
static bool failed;

#define check(...) (failed |= !ok(__VA_ARGS__))
#define check_int(...) (failed |= !is_int(__VA_ARGS__))

/* --- new ones --- */

static void test_new(struct peer *old)
{
    struct peer *late = rig_peer(&rig, "late", ""), *early = rig_peer(&rig, "early", "");
    struct arrivals came = {.v = NULL};
    rig_hook(&rig, "old", old, EVENTS);
    rig_start(&rig);
    rig_enrol(&rig, 1, 10, NULL);
    check(await_events("old", old, 10), "an endpoint has had ten events");
    uint64_t from = rig_last(&rig) - 3;
    rig_hook(&rig, "late", late, EVENTS);
    rig_say(&rig,
            "endpoint \"early\" {\n    adapter = \"standard-webhooks\"\n    url = \"http://%s/hooks\"\n"
            "    secret_file = \"%s\"\n    allow_private = true\n    from = %" PRIu64 "\n" EVENTS "\n}\n",
            peer_address(early), rig_path(&rig, SECRET_ONE), from);
    rig_reload(&rig);
    rig_amend(&rig, 1, 5);
    check(await_events("old", old, 15) && came_once("old", old, 15), "over a reload it goes on");
    check(await_events("late", late, 5) && await_events("early", early, 9), "two new ones begin");
    check(endpoint_await(rig.node, "late", "\"lag\":0") && came_once("late", late, 5), "one at the log's end");
    check(endpoint_await(rig.node, "early", "\"lag\":0") && came_once("early", early, 9), "one where its from says");
    arrivals_read(&rig, "early", early, &came);
    uint64_t least = UINT64_MAX;
    for (size_t i = 0; i < came.n; i++)
        least = came.v[i].seq < least ? came.v[i].seq : least;
    check_int(least, from, "with that number");
    arrivals_done(&came);
    peer_free(late);
    peer_free(early);
}

/* --- one that moves, one that goes and comes back --- */

#define MOVED 400

/* Where it went before is slow, so that the reload finds requests on their way, and much that waits. */
static void test_moved(struct peer *first)
{
    struct peer *second = rig_peer(&rig, "second", "");
    rig_clear(&rig);
    peer_set(first, "forget slow_ms=100");
    rig_hook(&rig, "old", first, EVENTS);
    rig_reload(&rig);
    rig_amend_times(&rig, 1, 10, MOVED / 10);
    if (!peer_await(first, distinct, 20))
        bail_out("nothing arrives");
    rig_clear(&rig);
    rig_hook(&rig, "old", second, EVENTS);
    rig_reload(&rig);
    check(endpoint_await(rig.node, "old", "\"lag\":0"), "an endpoint moves to another URL in the middle");
    struct counts a = peer_counts(first), b = peer_counts(second);
    check(b.distinct > 0 && a.distinct < MOVED, "%d went to the old one, %d to the new one", (int)a.distinct,
          (int)b.distinct);
    check_int(a.distinct + b.distinct, MOVED, "together that is all");
    check_int(a.duplicates + b.duplicates + a.order_violations + b.order_violations + a.prev_gaps + b.prev_gaps, 0,
              "each once, in order");
    peer_set(first, "slow_ms=0");
    peer_free(second);
}

static void test_returned(struct peer *p)
{
    struct peer *other = rig_peer(&rig, "other", "");
    peer_set(p, "forget");
    rig_clear(&rig);
    rig_hook(&rig, "old", p, EVENTS);
    rig_hook(&rig, "other", other, EVENTS);
    rig_reload(&rig);
    rig_amend(&rig, 1, 10);
    check(await_events("old", p, 10) && endpoint_await(rig.node, "old", "\"lag\":0"), "an endpoint runs");
    rig_clear(&rig);
    rig_hook(&rig, "other", other, EVENTS);
    rig_reload(&rig);
    rig_amend_times(&rig, 1, 10, 2);
    check(await_events("other", other, 30), "it is taken out, and another one goes on");
    check_int(peer_counts(p).requests, 10, "it gets nothing any more");
    check_int(rig_ctl(&rig, "endpoint resume old --by test --why trial"), 1, "and is unknown to operators");
    rig_hook(&rig, "old", p, EVENTS);
    rig_reload(&rig);
    check(await_events("old", p, 30), "put back, it gets what came meanwhile");
    check(endpoint_await(rig.node, "old", "\"lag\":0") && came_once("old", p, 30), "each once");
    peer_free(other);
}

/* --- a faulty one --- */

static void test_faulty(struct peer *p)
{
    char place[160];
    peer_set(p, "forget");
    rig_clear(&rig);
    rig_hook(&rig, "old", p, EVENTS);
    rig_reload(&rig);
    rig_write(&rig);
    unsigned line = 3; /* the first of the file that is rig's own */
    for (size_t i = 0; i < rig.config.n; i++)
        line += rig.config.p[i] == '\n';
    rig_say(&rig,
            "endpoint \"faulty\" {\n    adapter = \"standard-webhooks\"\n    url = \"ftp://receiver.example/\"\n}\n");
    rig_reload(&rig);
    snprintf(place, sizeof place, "%s:%u: ", rig.node->config, line + 2);
    check(node_logged(rig.node, place), "a faulty endpoint is told with its line");
    check(node_logged(rig.node, "event=reload-refused"), "and refused");
    rig_amend(&rig, 1, 10);
    check(await_events("old", p, 10), "the old configuration stays at work");
    check_int(endpoint_order(rig.node, "faulty", "pause", "{\"by\":\"a\",\"why\":\"b\"}", &rig.reply), 404,
              "and the faulty endpoint is not there");
}

/* --- secrets --- */

/* Both have the same secrets: one receiver knows the old one, the other the new one. */
static void hook_both(struct peer *knows_old, struct peer *knows_new, const char *secrets)
{
    const struct peer *const peers[] = {knows_old, knows_new};
    rig_clear(&rig);
    for (int i = 0; i < 2; i++)
        rig_say(&rig,
                "endpoint \"knows-%s\" {\n    adapter = \"standard-webhooks\"\n    url = \"http://%s/hooks\"\n"
                "    secret_file = { %s }\n    allow_private = true\n    retry = { \"1s\", \"1s\", \"1s\" }\n" EVENTS
                "\n}\n",
                i ? "new" : "old", peer_address(peers[i]), secrets);
    rig_reload(&rig);
}

static void test_rotation(void)
{
    struct peer *knows_old = rig_peer(&rig, "knows-old", "");
    struct peer *knows_new = rig_peer_with(&rig, "knows-new", "", SECRET_TWO);
    char one[200], both[400];
    snprintf(one, sizeof one, "\"%s\"", rig_path(&rig, SECRET_ONE));
    snprintf(both, sizeof both, "\"%s\", %s", rig_path(&rig, SECRET_TWO), one);
    hook_both(knows_old, knows_new, one);
    rig_amend(&rig, 1, 1);
    check(await_events("knows-old", knows_old, 1), "with the old secret alone, who knows it is content");
    check(peer_await(knows_new, bad_signatures, 1), "who knows only the new one refuses");
    hook_both(knows_old, knows_new, both);
    rig_amend(&rig, 2, 5);
    check(await_events("knows-old", knows_old, 6), "with the new one before it the former still is");
    check(await_events("knows-new", knows_new, 6), "and the latter too, also with what it had refused");
    check_int(peer_counts(knows_old).bad_signatures, 0, "no signature was wrong to who knows the old one");
    snprintf(one, sizeof one, "\"%s\"", rig_path(&rig, SECRET_TWO));
    hook_both(knows_old, knows_new, one);
    rig_amend(&rig, 8, 1);
    check(await_events("knows-new", knows_new, 7), "with the new one alone, who knows it is content");
    check(peer_await(knows_old, bad_signatures, 1), "and who knows only the old one refuses");
    peer_free(knows_old);
    peer_free(knows_new);
}

/* --- lifecertd --check --- */

#define HOOK "endpoint \"x\" {\n    adapter = \"standard-webhooks\"\n    allow_private = true\n"
#define SMS                                                                                                   \
    "endpoint \"sms\" {\n    adapter = \"kannel\"\n    url = \"http://127.0.0.1:1/\"\n    username = \"u\"\n" \
    "    signature = \"社保\"\n    secret_file = \"$one.secret\"\n    allow_private = true\n}\n"

/* '@' stands before the line that must be named, '$' for the node's folder. */
static const struct {
    const char *config, *says, *what;
} faults[] = {
    {"@" HOOK "    url = \"https://receiver.example/\"\n    secret_file = \"$missing.secret\"\n}\n", "missing.secret",
     "a secret's file that is not there"},
    {"@" HOOK "    url = \"https://receiver.example/\"\n    secret_file = \"$open.secret\"\n}\n", "open.secret",
     "one that others can read"},
    {"@" HOOK "    url = \"https://receiver.example/\"\n}\n", "secret", "a secret that is missing altogether"},
    {HOOK "@    url = \"receiver.example\"\n    secret_file = \"$one.secret\"\n}\n", "url", "a URL that is none"},
    {HOOK
     "    url = \"https://receiver.example/\"\n    secret_file = \"$one.secret\"\n@    events = { \"pension.*\" }\n}\n",
     "pension.*", "a pattern that no type of event fits"},
    {HOOK "    url = \"https://receiver.example/\"\n    secret_file = \"$one.secret\"\n@    policies = { \"z\" }\n}\n",
     "z", "a policy that there is not"},
    {SMS "@message \"m\" {\n    on = \"reminder.due\"\n    text = \"{{name}}: https://a.example/r\"\n}\n", "link",
     "a message with a link"},
    {SMS "@message \"m\" {\n    on = \"reminder.due\"\n    text = \"{{name}} {{nmae}}\"\n}\n", "nmae",
     "a message with a variable that there is not"},
};

/* Returns the number of the line that was marked. */
static unsigned write_fault(const char *config)
{
    unsigned line = 3, marked = 0;
    rig_clear(&rig);
    for (size_t i = 0; i < rig.config.n; i++)
        line += rig.config.p[i] == '\n';
    for (const char *p = config; *p; p++) {
        line += *p == '\n';
        if (*p == '@')
            marked = line;
        else if (*p == '$')
            rig_say(&rig, "%s/", rig.node->dir);
        else
            rig_say(&rig, "%c", *p);
    }
    rig_write(&rig);
    return marked;
}

static void test_check(void)
{
    const char *const argv[] = {"lifecertd", "--check", "-c", rig.node->config, NULL};
    write_private(rig_path(&rig, "open.secret"), STR_LIT("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n"));
    chmod(rig_path(&rig, "open.secret"), 0644);
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        char place[160];
        snprintf(place, sizeof place, "%s:%u: ", rig.node->config, write_fault(faults[i].config));
        int code = run_program(argv, &rig.text);
        const char *told = strstr(rig.text.p, place);
        bool good = code == 1 && told && strstr(told, faults[i].says);
        check(good, "--check tells %s, with its line", faults[i].what);
        if (!good)
            diag("expected \"%s\" at %s, got: %s", faults[i].says, place, rig.text.p);
    }
    rig_clear(&rig);
    rig_say(&rig, HOOK "    url = \"https://receiver.example/\"\n    secret_file = \"%s\"\n}\n",
            rig_path(&rig, SECRET_ONE));
    rig_write(&rig);
    check_int(run_program(argv, &rig.text), 0, "and finds no fault where there is none");
}

int main(void)
{
    plan(0);
    rig_init(&rig);
    struct peer *p = rig_peer(&rig, "old", "");
    test_new(p);
    test_moved(p);
    test_returned(p);
    test_faulty(p);
    test_rotation();
    check_int(node_stop(rig.node), 0, "the daemon stops");
    test_check();
    peer_free(p);
    rig_done(&rig, failed);
    return tap_end();
}
