/* The delivery log: a line for every outcome, a new file after the old one was put away, and nobody's name or number in
 * it, nor anywhere else but where contacts are kept. */
#include <dirent.h>
#include <regex.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/e2e/delivery_rig.h"
#include "tests/e2e/delivery_view.h"
#include "tests/e2e/process.h"
#include "tests/lib/tap.h"

/* Everybody's name, and what everybody's number has in the middle. */
#define CANARY_NAME "金丝雀"
#define CANARY_PHONE "1391234567"
#define CANARY_DIGITS "91234567"

static struct rig rig;
static bool failed;

#define check(...) (failed |= !ok(__VA_ARGS__))
#define check_int(...) (failed |= !is_int(__VA_ARGS__))

/* --- reading it --- */

static void read_log(const char *name, struct buf *out)
{
    read_text(rig_path(&rig, name), out);
}

/* A line of "deliveries" that begins so behind its time, and has that in it. */
struct wanted {
    const char *event, *text;
};

static bool is_told(void *arg)
{
    const struct wanted *w = arg;
    bool told = false;
    read_log("deliveries", &rig.text);
    char *rest = rig.text.p;
    for (char *line; !told && (line = strsep(&rest, "\n")) != NULL;) {
        const char *event = strstr(line, " event=");
        told = event && strncmp(event + 7, w->event, strlen(w->event)) == 0 && strstr(line, w->text);
    }
    return told;
}

static bool tells(const char *event, const char *text)
{
    struct wanted w = {event, text};
    bool came = await(is_told, &w);
    if (!came) {
        read_log("deliveries", &rig.text);
        diag("no \"%s\" with \"%s\" in:\n%s", event, text, rig.text.p);
    }
    return came;
}

/* --- what happens --- */

static void configure(struct peer *hooks, struct peer *gateway, struct peer *unwilling)
{
    write_private(rig_path(&rig, "password"), STR_LIT("password-of-the-gateway\n"));
    write_private(rig_path(&rig, "receipts"), STR_LIT("path-of-receipts\n"));
    rig_clear(&rig);
    rig_say(&rig, "delivery_log = \"%s\"\n", rig_path(&rig, "deliveries"));
    rig_hook(&rig, "hooks", hooks, "retry = { \"1s\", \"1s\" }\n    events = { \"beneficiary.amended\" }");
    rig_say(&rig,
            "endpoint \"sms\" {\n    adapter = \"kannel\"\n    url = \"http://%s/sms/kannel\"\n    username = \"u\"\n"
            "    secret_file = \"%s\"\n    signature = \"社保\"\n    receipt_url = \"http://127.0.0.1:1\"\n"
            "    receipt_secret_file = \"%s\"\n    allow_private = true\n    quiet_hours = \"none\"\n"
            "    timeout = \"1s\"\n    retry = { \"1s\", \"1s\" }\n}\n",
            peer_address(gateway), rig_path(&rig, "password"), rig_path(&rig, "receipts"));
    rig_say(&rig,
            "endpoint \"unwilling\" {\n    adapter = \"cloudevents\"\n    url = \"http://%s/hooks\"\n"
            "    secret_file = \"%s\"\n    allow_private = true\n}\n",
            peer_address(unwilling), rig_path(&rig, SECRET_ONE));
}

static void enrol(unsigned first, unsigned n)
{
    for (unsigned i = first; i < first + n; i++) {
        char members[128];
        snprintf(members, sizeof members,
                 "\"policy\":\"a\",\"name\":\"" CANARY_NAME "\",\"phone\":\"" CANARY_PHONE "%u\"", i);
        rig_enrol(&rig, i, 1, members);
    }
}

/* The breaker opens, and will close by itself. */
static void trouble_hooks(struct peer *hooks)
{
    peer_set(hooks, "fail=100");
    rig_enrol(&rig, 101, 12, NULL);
    rig_amend(&rig, 101, 12);
    check(tells("opened", "endpoint=hooks"), "a breaker that opens is told");
    check(tells("retry", "endpoint=hooks"), "and what waits for its retry");
    peer_set(hooks, "fail=0");
}

static void test_messages(struct peer *gateway)
{
    struct arrivals came = {.v = NULL};
    rig_certify(&rig, 1, 1, 1);
    check(tells("delivered", "endpoint=sms"), "a message that was sent is told");
    check(tells("delivered", "phone=+86139****5671"), "with its number masked");
    check(tells("receipt", "endpoint=sms"), "and its receipt");
    arrivals_read(&rig, "gateway", gateway, &came);
    check(came.n == 1 && strstr(came.v[0].text, CANARY_NAME) && strstr(came.v[0].number, CANARY_DIGITS),
          "the message itself had name and number");
    arrivals_done(&came);
    peer_set(gateway, "fail=100 status=503");
    rig_certify(&rig, 2, 1, 1);
    check(tells("retry", "endpoint=sms"), "one that the gateway puts off is told");
    peer_set(gateway, "fail=0");
    check(tells("delivered", "phone=+86139****5672"), "and that it was sent later");
    peer_set(gateway, "fail=100 status=403");
    rig_certify(&rig, 3, 1, 1);
    check(tells("dead", "phone=+86139****5673"), "one that it refuses is told");
    peer_set(gateway, "fail=0 hang=100");
    rig_certify(&rig, 4, 1, 1);
    check(tells("unknown", "phone=+86139****5674"), "one of which nobody knows, too");
    peer_set(gateway, "hang=0");
}

static void test_orders(void)
{
    rig_order(&rig, "sms", "pause");
    check(tells("paused", "endpoint=sms"), "a pause is told");
    rig_certify(&rig, 5, 1, 2);
    rig_certify(&rig, 5, 1, 1);
    rig_order(&rig, "sms", "resume");
    check(tells("resumed", "endpoint=sms"), "and its end");
    check(tells("skipped", "endpoint=sms"), "a message that had become moot is told");
    check(tells("delivered", "phone=+86139****5675"), "beside the one that took its place");
    check(tells("refused", "endpoint=unwilling"), "so is an endpoint that gives no consent");
    check_int(rig_ctl(&rig, "endpoint test sms --phone " CANARY_PHONE "9"), 0, "a test message goes out");
}

/* --- what it looks like --- */

#define PAIR "[a-z_]+=(\"([^\"\\\\]|\\\\.)*\"|[^\" ]+)"
#define TIME "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z"

static void test_form(void)
{
    regex_t form;
    unsigned lines = 0, wrong = 0;
    if (regcomp(&form, "^time=" TIME " event=[a-z]+( " PAIR ")* endpoint=[a-z]+( " PAIR ")*$", REG_EXTENDED) != 0)
        bail_out("the form is none");
    read_log("deliveries", &rig.text);
    char *rest = rig.text.p;
    for (char *line; (line = strsep(&rest, "\n")) != NULL && rest; lines++) {
        if (regexec(&form, line, 0, NULL, 0) == 0)
            continue;
        wrong++;
        diag("of another form: %s", line);
    }
    regfree(&form);
    check(lines > 20 && wrong == 0, "all of it is key=value, beginning with time and event: %u lines", lines);
}

/* --- put away --- */

static void test_reopened(void)
{
    struct buf old = BUF_INIT, now = BUF_INIT;
    if (rename(rig_path(&rig, "deliveries"), rig_path(&rig, "deliveries.1")) != 0)
        bail_out("the log cannot be renamed");
    rig_reload(&rig);
    read_log("deliveries.1", &old);
    check(access(rig_path(&rig, "deliveries"), F_OK) == 0, "put away under another name, it is made anew at a reload");
    rig_certify(&rig, 6, 1, 1);
    check(tells("delivered", "phone=+86139****5676"), "and goes on there");
    read_log("deliveries.1", &now);
    check(now.n == old.n, "the old one stays as it was");
    buf_done(&old);
    buf_done(&now);
}

/* --- nobody's name, nobody's number --- */

static bool has(const struct buf *content, const char *text)
{
    return content->n > 0 && memmem(content->p, content->n, text, strlen(text)) != NULL;
}

static bool is_clean(const char *name)
{
    static const char *const canaries[] = {CANARY_NAME, CANARY_DIGITS, "password-of-the-gateway", "path-of-receipts"};
    bool clean = true;
    read_log(name, &rig.text);
    for (size_t i = 0; i < sizeof canaries / sizeof *canaries; i++) {
        if (!has(&rig.text, canaries[i]))
            continue;
        clean = false;
        diag("%s has %s in it", name, canaries[i]);
    }
    return clean;
}

/* Every file of a folder: how many. */
static unsigned clean_folder(const char *folder, bool *clean)
{
    unsigned n = 0;
    DIR *d = opendir(rig_path(&rig, folder));
    for (struct dirent *entry; d && (entry = readdir(d)) != NULL;) {
        char name[300];
        if (entry->d_name[0] == '.')
            continue;
        snprintf(name, sizeof name, "%s/%s", folder, entry->d_name);
        *clean &= is_clean(name);
        n += rig.text.n > 0;
    }
    if (d)
        closedir(d);
    return n;
}

static void test_privacy(void)
{
    bool clean = true;
    request_once(rig.node->socket, "GET", "/v1/deliveries?state=dead,unknown,sent,skipped", NULL, STR_NONE, &rig.reply);
    check(has(&rig.reply.body, "P-000003") && !has(&rig.reply.body, CANARY_DIGITS) &&
              !has(&rig.reply.body, CANARY_NAME),
          "the list of deliveries names people by their ids alone");
    check_int(node_stop(rig.node), 0, "the daemon stops");
    check(is_clean("deliveries.1") && is_clean("deliveries"), "neither name nor number is in the delivery log");
    check(is_clean("log"), "nor in the daemon's own");
    check(clean_folder("store/log", &clean) > 0 && clean, "nor in the log of events");
    check(is_clean("store/delivery.db") && rig.text.n > 0, "nor in the deliveries' state");
    read_log("store/contacts.db", &rig.text);
    check(has(&rig.text, CANARY_DIGITS), "they are among the contacts, where they belong");
}

int main(void)
{
    char settings[256];
    plan(0);
    rig_init(&rig);
    snprintf(settings, sizeof settings, "receipts=order receipt_to=unix:%s receipt_tries=100", rig.node->socket);
    struct peer *hooks = rig_peer(&rig, "hooks", ""), *gateway = rig_peer(&rig, "gateway", settings);
    struct peer *unwilling = rig_peer(&rig, "unwilling", "consent=none");
    configure(hooks, gateway, unwilling);
    rig_start(&rig);
    enrol(1, 6);
    trouble_hooks(hooks);
    test_messages(gateway);
    test_orders();
    check(tells("closed", "endpoint=hooks"), "a breaker that closes is told");
    check(tells("delivered", "endpoint=hooks"), "and what was delivered then");
    test_form();
    test_reopened();
    test_privacy();
    peer_free(hooks);
    peer_free(gateway);
    peer_free(unwilling);
    rig_done(&rig, failed);
    return tap_end();
}
