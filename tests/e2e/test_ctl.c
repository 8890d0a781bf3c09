/* The operator's tool and the real daemon over TCP: every command that asks it, with a token and without one, in plain
 * and over TLS; and what is said when that cannot be. */
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "net/listen.h"
#include "tests/e2e/process.h"
#include "tests/lib/node.h"
#include "tests/lib/tap.h"
#include "tests/net/certs.h"

#define PATH_BYTES 300
#define ARGS_MAX 24

static struct node *n;
static struct certs certs;
static struct buf out;
static char url[LISTEN_TEXT + 16], secure_url[LISTEN_TEXT + 16];

/* --- files --- */

static const char *file_in(const char *name, char path[PATH_BYTES])
{
    snprintf(path, PATH_BYTES, "%s/%s", n->dir, name);
    return path;
}

static void save(const char *name, const char *text)
{
    char path[PATH_BYTES];
    write_private(file_in(name, path), str_of(text));
}

/* A token of that name, in a file of that name; its section goes to the configuration. */
static void add_token(struct buf *config, const char *name, const char *role)
{
    const char *const argv[] = {"lifecertctl", "token", "new", "--name", name, "--role", role, NULL};
    struct buf said = BUF_INIT;
    if (run_program(argv, &said) != 0)
        bail_out("no token: %s", said.p);
    char *token = strstr(said.p, "lct_"), *section = strstr(said.p, "token \""),
         *end = section ? strstr(section, "\n}") : NULL;
    if (!token || !end)
        bail_out("no token: %s", said.p);
    token[strcspn(token, "\n")] = '\0';
    save(name, token);
    buf_add(config, section, (size_t)(end - section) + 2);
    buf_addc(config, '\n');
    buf_done(&said);
}

static void start_daemon(void)
{
    struct buf config = BUF_INIT;
    n = node_new("");
    save("secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    save("unknown", "lct_nobody-knows-this-one");
    buf_printf(&config, "store = \"dir:%s/store\"\nlisten = { \"unix:%s\", \"127.0.0.1:0\", \"tls:127.0.0.1:0\" }\n",
               n->dir, n->socket);
    buf_printf(&config, "tls_cert = \"%s\"\ntls_key = \"%s\"\ntimezone = \"Asia/Shanghai\"\n", certs.server,
               certs.server);
    buf_printf(&config,
               "policy \"national\" { }\nchannel \"face\" { }\n"
               "endpoint \"payroll\" {\n  adapter = \"standard-webhooks\"\n  url = \"http://127.0.0.1:1/\"\n"
               "  secret_file = \"%s/secret\"\n  allow_private = true\n  retry = { \"1h\" }\n}\n",
               n->dir);
    add_token(&config, "operator", "operate");
    add_token(&config, "reader", "read");
    add_token(&config, "intake", "intake:*");
    FILE *f = fopen(n->config, "w");
    if (!f || fwrite(config.p, 1, config.n, f) != config.n || fclose(f) != 0)
        bail_out("cannot write %s", n->config);
    buf_done(&config);
    node_init(n);
    node_must_start(n);
}

/* The address that the log tells, as a URL. */
static void find_url(const char *scheme, const char *beginning, char to[LISTEN_TEXT + 16])
{
    char want[64], *log = node_log(n);
    snprintf(want, sizeof want, "event=listening address=%s", beginning);
    const char *line = strstr(log, want);
    if (!line)
        bail_out("the log tells no address %s", beginning);
    line += strlen(want) - strlen("127.0.0.1:");
    snprintf(to, LISTEN_TEXT + 16, "%s://%.*s", scheme, (int)strcspn(line, " \n"), line);
    free(log);
}

/* --- running --- */

/* The tool with these words; token: a file's name, or NULL for none. Its status; what it said is in out. */
static int ctl(const char *at, const char *token, ...)
{
    char path[PATH_BYTES];
    const char *argv[ARGS_MAX] = {"lifecertctl", "--url", at};
    int argc = 3;
    va_list words;
    if (token) {
        argv[argc++] = "--token-file";
        argv[argc++] = file_in(token, path);
    }
    va_start(words, token);
    for (const char *word; (word = va_arg(words, const char *)) && argc < ARGS_MAX - 1;)
        argv[argc++] = word;
    va_end(words);
    return run_program(argv, &out);
}

static bool says(const char *part)
{
    if (strstr(out.p, part))
        return true;
    diag("not said: %s", part);
    diag("said: %.600s", out.p);
    return false;
}

#define BY "--by", "Li", "--why", "a trial"

static void test_commands(void)
{
    char csv[PATH_BYTES];
    save("people.csv", "id,policy,approved_on\np-1,national,2026-01-05\np-2,national,2026-02-05\n");
    ok(ctl(url, "intake", "import", file_in("people.csv", csv), NULL) == 0 && says("2"), "import");
    ok(ctl(url, "operator", "show", "p-1", NULL) == 0 && says("p-1  "), "show");
    ok(ctl(url, "operator", "show", "p-9", NULL) == 1 && says("p-9 is not enrolled"), "show of a stranger");
    ok(ctl(url, "operator", "people", NULL) == 0 && says("2 people, as of event "), "people");
    ok(ctl(url, "operator", "people", "--json", NULL) == 0 && says("\"beneficiaries\":2"), "people as NDJSON");
    ok(ctl(url, "operator", "period", "2026-02", NULL) == 0 && says("payable"), "period");
    ok(ctl(url, "operator", "due", "--by", "month", NULL) == 0 && says("reminder"), "due");
    ok(ctl(url, "operator", "status", NULL) == 0 && says("payroll"), "status");
    ok(ctl(url, "operator", "holds", NULL) == 0 && says("No hold"), "holds");
    ok(ctl(url, "operator", "hold", "place", "--until", "2199-12-31", BY, NULL) == 0 && says("placed moratorium"),
       "hold place");
    ok(ctl(url, "operator", "hold", "lift", "brake", BY, NULL) == 1 && says("there is moratorium"),
       "hold lift of none");
    ok(ctl(url, "operator", "hold", "lift", "moratorium", BY, NULL) == 0 && says("lifted moratorium"), "hold lift");
    ok(ctl(url, "operator", "endpoints", NULL) == 0 && says("standard-webhooks"), "endpoints");
    ok(ctl(url, "operator", "endpoint", "test", "payroll", NULL) == 1 && says("payroll"), "endpoint test");
    ok(ctl(url, "operator", "endpoint", "pause", "payroll", BY, NULL) == 0 && says("paused payroll"), "endpoint pause");
    ok(ctl(url, "operator", "endpoint", "resume", "payroll", BY, NULL) == 0 && says("resumed payroll"),
       "endpoint resume");
    ok(ctl(url, "operator", "endpoint", "resume", "pay", BY, NULL) == 1 && says("there is payroll"),
       "endpoint of no name");
    ok(ctl(url, "operator", "deliveries", "payroll", NULL) == 0, "deliveries");
    ok(ctl(url, "operator", "deliveries", "pay", NULL) == 1 && says("there is payroll"), "deliveries of no endpoint");
    ok(ctl(url, "operator", "delivery", "retry", "payroll:99999", BY, NULL) == 1 && says("HTTP 404"), "delivery retry");
    ok(ctl(url, "operator", "delivery", "drop", "payroll:99999", BY, NULL) == 1 && says("HTTP 404"), "delivery drop");
    ok(ctl(url, "operator", "redeliver", "payroll", "--after", "0", "--no-wait", BY, NULL) == 0, "redeliver");
    ok(ctl(url, "operator", "completion", "endpoints", NULL) == 0 && strcmp(out.p, "payroll\n") == 0, "completion");
}

static void test_refused(void)
{
    ok(ctl(url, NULL, "status", NULL) == 3 && says("a token is needed: --token-file"), "without a token");
    ok(ctl(url, "unknown", "status", NULL) == 3 && says("does not know the token in "), "with one that is not known");
    ok(ctl(url, "reader", "status", NULL) == 0, "with one that may read");
    ok(ctl(url, "reader", "hold", "place", "--until", "2199-12-31", BY, NULL) == 3 &&
           says("has not got the role that this needs"),
       "which may give no orders");
    ok(ctl("http://127.0.0.1:1", "reader", "status", NULL) == 3 && says("is lifecertd running"),
       "where nobody listens");
}

static void test_tls(void)
{
    ok(ctl(secure_url, "reader", "--ca-file", certs.ca, "status", NULL) == 0 && says("payroll"), "over TLS");
    ok(ctl(secure_url, "reader", "status", NULL) == 3 && says("--ca-file names the authority"),
       "whose authority must be known");
    ok(ctl(secure_url, "reader", "--ca-file", certs.ca, "people", "--json", NULL) == 0 && says("\"beneficiaries\":2"),
       "a stream, too");
}

int main(void)
{
    plan(0);
    certs_make(&certs);
    chmod(certs.server, 0600); /* it holds the key, too */
    start_daemon();
    find_url("http", "127.0.0.1:", url);
    find_url("https", "tls:127.0.0.1:", secure_url);
    test_commands();
    test_refused();
    test_tls();
    is_int(node_stop(n), 0, "the daemon ends");
    buf_done(&out);
    int code = tap_end();
    node_free(n, code != 0);
    return code;
}
