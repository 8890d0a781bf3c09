/* The operators' page in a browser: a small city with half a year behind it, an endpoint that takes everything and one
 * that fails; tests/peers/page.mjs looks at the page of that daemon in a headless Chromium and gives orders by it, and
 * every check of its is one here. LIFECERTD_PAGE_SHOTS: a folder for pictures of every view. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "net/listen.h"
#include "tests/e2e/delivery_rig.h"
#include "tests/e2e/delivery_view.h"
#include "tests/e2e/peers.h"
#include "tests/e2e/process.h"
#include "tests/lib/tap.h"

#define PEOPLE "900"
#define UNTIL "2026-07-20"
#define DEAD_WANTED 3

/* Their SHA-256 stand in the configuration. */
#define OPERATE_TOKEN "page-operate-0123456789abcdef"
#define READ_TOKEN "page-read-0123456789abcdef"
#define INTAKE_TOKEN "page-intake-0123456789abcdef"
#define OPERATE_HASH "f49252d0d0b3d737ed94f740bbfde3b315407a96166821401978d4ad207fae6e"
#define READ_HASH "b008639f5cf9de7a6e675a7bef5d53e950d017adaf65265b6f3eb2c6dac80326"
#define INTAKE_HASH "7053775a423e29e3cfc39a2a4a63fc54e4c6d49dbb7971216058482cb91bbb00"

static struct node *n;
static struct peer *payroll, *bureau;

static const char *browser(void)
{
    static const char *const places[] = {"/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (access(places[i], X_OK) == 0)
            return places[i];
    return NULL;
}

static const char *path_in(const char *folder, const char *name)
{
    static char paths[4][512];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

/* --- the daemon --- */

static void add_endpoint(struct buf *b, const char *name, const struct peer *to, const char *more)
{
    buf_printf(b, "endpoint \"%s\" {\n adapter = \"standard-webhooks\"\n url = \"http://%s/hooks\"\n", name,
               peer_address(to));
    buf_printf(b, " secret_file = \"%s/secret\"\n allow_private = true\n from = 1\n%s}\n", n->dir, more);
}

static void add_token(struct buf *b, const char *name, const char *hash, const char *role)
{
    buf_printf(b, "token \"%s\" { sha256 = \"%s\" roles = { \"%s\" } }\n", name, hash, role);
}

/* speed: of its clock. The endpoints come when the city's half year is over. */
static void configure(const char *speed, bool endpoints)
{
    static const char *const channels[] = {"face", "kiosk",      "counter",   "bank",
                                           "data-match", "home-visit", "consulate", "unit-batch"};
    struct buf b = BUF_INIT;
    buf_printf(&b, "store = \"dir:%s/store\"\nlisten = { \"unix:%s\", \"127.0.0.1:0\" }\n", n->dir, n->socket);
    buf_printf(&b, "clock = \"2026-01-01T00:00:00+08:00 x%s\"\ntimezone = \"Asia/Shanghai\"\n", speed);
    buf_printf(&b, "brake_limit = \"off\"\ninclude(\"%s\")\n", path_in(getenv("top_srcdir"), "etc/policies.conf"));
    for (size_t i = 0; i < sizeof channels / sizeof *channels; i++)
        buf_printf(&b, "channel \"%s\" { }\n", channels[i]);
    add_token(&b, "duty", OPERATE_HASH, "operate");
    add_token(&b, "desk", READ_HASH, "read");
    add_token(&b, "face", INTAKE_HASH, "intake:*");
    if (endpoints) {
        add_endpoint(&b, "payroll", payroll, "");
        add_endpoint(&b, "bureau", bureau, " events = { \"benefit.terminated\" }\n retry = { \"1s\" }\n");
    }
    write_private(path_in(n->dir, "new"), buf_str(&b));
    if (rename(path_in(n->dir, "new"), n->config) != 0)
        bail_out("cannot write %s", n->config);
    buf_done(&b);
}

static void must_run(const char *const argv[], const char *output)
{
    struct buf said = BUF_INIT;
    int code = run_program(argv, &said);
    if (code > 1) /* 1: some inputs were refused, as is meant */
        bail_out("%s %s exits with %d: %s", argv[0], argv[1], code, said.p);
    if (output)
        write_private(output, (struct str){said.p, said.n});
    buf_done(&said);
}

/* Half a year in some seconds; then the clock goes as clocks do. */
static void make_city(void)
{
    const char *city = path_in(n->dir, "city.ndjson");
    const char *const draw[] = {"lifecertctl", "demo-city", "--people", PEOPLE, "--seed", "3", "--until", UNTIL, NULL};
    const char *const bring[] = {"lifecertctl", "-c", n->config, "import", city, NULL};
    configure("4320000", false);
    node_init(n);
    node_must_start(n);
    must_run(draw, city);
    must_run(bring, NULL);
    if (node_stop(n) != 0)
        bail_out("the daemon does not stop");
    configure("1", true);
    node_must_start(n);
}

/* Where it listens now, as the log tells it. */
static void find_address(char out[LISTEN_TEXT])
{
    char *log = node_log(n), *line = NULL;
    for (char *p = log; (p = strstr(p, "event=listening address=127.0.0.1:")); p++)
        line = p;
    if (!line)
        bail_out("the daemon does not say where it listens");
    line += strlen("event=listening address=");
    snprintf(out, LISTEN_TEXT, "%.*s", (int)strcspn(line, " \n"), line);
    free(log);
}

static void start(void)
{
    static const char secret[] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    n = node_new("");
    write_private(path_in(n->dir, "secret"), STR_LIT(secret));
    const char *const arguments[] = {"--secret", path_in(n->dir, "secret"), NULL};
    payroll = peer_start(arguments);
    bureau = peer_start(arguments);
    peer_set(bureau, "fail=100");
    make_city();
}

/* --- the browser --- */

static void write_settings(const char *file, const char *chromium)
{
    char address[LISTEN_TEXT], *sources = realpath(path_in(getenv("top_srcdir"), "src/http/page"), NULL);
    const char *shots = getenv("LIFECERTD_PAGE_SHOTS"); /* "" as none */
    struct buf b = BUF_INIT;
    find_address(address);
    buf_printf(&b, "{\"daemon\":\"%s\",\"receiver\":\"%s\",\"browser\":\"%s\",\"sources\":\"%s\"", address,
               peer_address(bureau), chromium, sources);
    buf_printf(&b, ",\"tokens\":{\"operate\":\"%s\",\"read\":\"%s\",\"intake\":\"%s\"}", OPERATE_TOKEN, READ_TOKEN,
               INTAKE_TOKEN);
    buf_printf(&b, shots && *shots ? ",\"shots\":\"%s\"}" : ",\"shots\":null}", shots);
    write_private(file, buf_str(&b));
    buf_done(&b);
    free(sources);
}

/* A line of the script's is a check. */
static void count_checks(char *said)
{
    unsigned checks = 0;
    for (char *save = NULL, *line = strtok_r(said, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        bool passed = strncmp(line, "pass ", 5) == 0;
        if (passed || strncmp(line, "fail ", 5) == 0)
            checks += ok(passed, "%s", line + 5) || true;
        else
            diag("%s", line);
    }
    ok(checks > 200, "the script has looked at everything");
}

static void logged(void)
{
    static const char *const lines[] = {
        "action=pause endpoint=payroll", "action=resume endpoint=payroll", "action=drop delivery=bureau:",
        "action=retry delivery=bureau:", "action=place hold=moratorium",   "action=lift hold=moratorium",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        ok(node_logged(n, lines[i]), "the daemon's log has it: %s", lines[i]);
    ok(!node_logged(n, OPERATE_TOKEN) && !node_logged(n, READ_TOKEN), "and no token");
}

static void test_page(const char *chromium)
{
    struct buf said = BUF_INIT;
    const char *file = path_in(tap_tmpdir(), "settings.json");
    start();
    if (!delivery_await_count(n, "bureau", "dead", DEAD_WANTED))
        diag("the endpoint that fails has not enough dead letters");
    write_settings(file, chromium);
    peers_run("page.mjs", file, &said);
    count_checks(said.p);
    logged();
    is_int(node_stop(n), 0, "the daemon stops");
    buf_done(&said);
}

int main(void)
{
    char why[200] = "there is no Chromium (Debian's package chromium)";
    const char *chromium = browser();
    bool can = chromium && peers_install(why);
    plan(can ? 0 : 1);
    if (can)
        test_page(chromium);
    else
        skip(1, "%s", why);
    int code = tap_end();
    peer_free(payroll);
    peer_free(bureau);
    node_free(n, code != 0);
    return code;
}
