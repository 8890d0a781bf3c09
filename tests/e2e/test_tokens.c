/* Tokens in a daemon: made by lifecertctl, put into its configuration, taken away again by a reload; what its log
 * says of them, and what it must never say. */
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/listen.h"
#include "tests/lib/http_client.h"
#include "tests/lib/node.h"
#include "tests/lib/tap.h"

#define CONFIG                       \
    "timezone = \"Asia/Shanghai\"\n" \
    "policy \"national\" { }\n"      \
    "channel \"face\" { }\n"         \
    "channel \"bank\" { }\n"
#define JSON "Content-Type: application/json\r\n"
#define NDJSON "Content-Type: application/x-ndjson\r\n"
#define ENROL "{\"op\":\"enrol\",\"id\":\"p-1\",\"policy\":\"national\",\"approved_on\":\"2020-02-01\"}"
#define CERTIFY(channel, ref) \
    "{\"op\":\"certify\",\"id\":\"p-1\",\"certified_on\":\"2026-01-05\",\"channel\":\"" channel \
    "\",\"ref\":\"" ref "\"}"

/* A token as lifecertctl prints it. */
struct made {
    char text[128], section[512];
};

static struct node *n;
static struct reply r;
static char tcp[LISTEN_TEXT];
static struct made face, registry, reader, operator_;

/* --- making them --- */

/* Two paragraphs: the token, the section; words on stderr behind them. */
static struct made make(const char *name, const char *role)
{
    const char *const argv[] = {"lifecertctl", "token", "new", "--name", name, "--role", role, NULL};
    struct made m;
    struct buf out = BUF_INIT;
    if (run_program(argv, &out) != 0)
        bail_out("no token: %s", out.p);
    const char *section = strstr(out.p, "\n\n"), *end = section ? strstr(section, "\n}\n") : NULL;
    if (!end)
        bail_out("no section: %s", out.p);
    snprintf(m.text, sizeof m.text, "%.*s", (int)strcspn(out.p, "\n"), out.p);
    snprintf(m.section, sizeof m.section, "%.*s", (int)(end + 3 - (section + 2)), section + 2);
    buf_done(&out);
    return m;
}

static bool is_base64url(const char *s)
{
    return s[strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")] == '\0';
}

static void test_form(void)
{
    struct made m = make("a-b", "intake:face");
    is_int(strlen(m.text), 4 + 43, "a token is 32 bytes in base64url, behind its sign");
    ok(strncmp(m.text, "lct_", 4) == 0 && is_base64url(m.text + 4), "lct_ and no padding");
    ok(strncmp(m.section, "token \"a-b\" {\n    sha256 = \"", 27) == 0, "its section has its name and hash");
    ok(strstr(m.section, "\"\n    roles = { \"intake:face\" }\n}\n"), "and its roles");
    struct made again = make("a-b", "intake:face");
    ok(strcmp(m.text, again.text) != 0, "no two are the same");
}

static const struct {
    const char *argv[10];
    int code;
    const char *says;
} commands[] = {
    {{"lifecertctl", "token", "new"}, 0, "roles = { \"read\" }"},
    {{"lifecertctl", "token", "new"}, 0, "token \"client\" {"},
    {{"lifecertctl", "token", "new"}, 0, "next: put the section into the configuration and reload"},
    {{"lifecertctl", "token", "new", "--role", "read", "--role", "intake:*"}, 0, "{ \"read\", \"intake:*\" }"},
    {{"lifecertctl", "--json", "token", "new", "--role", "operate"}, 0, "\"roles\":[\"operate\"],\"section\":\"token "},
    {{"lifecertctl", "token", "new", "--role", "admin"}, 2, "expected intake:CHANNEL, intake:*, read or operate"},
    {{"lifecertctl", "token", "new", "--role", "intake:"}, 2, "expected intake:CHANNEL"},
    {{"lifecertctl", "token", "new", "--role", "read", "--role", "read"}, 2, "--role read is given twice"},
    {{"lifecertctl", "token", "new", "--name", "a b"}, 2, "no space, quote or backslash"},
    {{"lifecertctl", "token", "new", "--name", ""}, 2, "1 to 64 printable"},
    {{"lifecertctl", "token", "new", "x"}, 2, "one argument too many"},
};
#define N_COMMANDS (sizeof commands / sizeof *commands)

static void test_commands(void)
{
    struct buf out = BUF_INIT;
    for (size_t i = 0; i < N_COMMANDS; i++) {
        int code = run_program(commands[i].argv, &out);
        if (!ok(code == commands[i].code && strstr(out.p, commands[i].says), "exit code %d, saying %s",
                commands[i].code, commands[i].says))
            diag("got %d: %s", code, out.p);
    }
    buf_done(&out);
}

/* --- the daemon --- */

/* Writes the configuration with these sections, NULL at the end. */
static void configure(const char *first, ...)
{
    va_list args;
    FILE *f = fopen(n->config, "w");
    if (!f)
        bail_out("cannot write %s", n->config);
    fprintf(f, "store = \"dir:%s/store\"\nlisten = { \"unix:%s\", \"127.0.0.1:0\" }\n" CONFIG, n->dir, n->socket);
    va_start(args, first);
    for (const char *section = first; section; section = va_arg(args, const char *))
        fputs(section, f);
    va_end(args);
    fclose(f);
}

static void reload(void)
{
    node_signal(n, SIGHUP);
    if (!node_await(n, "RELOADING=1") || !node_await(n, "READY=1"))
        bail_out("the daemon does not reload");
}

static void start(void)
{
    n = node_new("");
    configure(face.section, registry.section, reader.section, operator_.section, NULL);
    node_init(n);
    node_must_start(n);
    char *log = node_log(n), *line = strstr(log, "event=listening address=127.0.0.1:");
    if (!line)
        bail_out("no port is told");
    line += strlen("event=listening address=");
    snprintf(tcp, sizeof tcp, "%.*s", (int)strcspn(line, " \n"), line);
    free(log);
}

static int ask(struct client *c, const char *token, const char *method, const char *target, const char *type,
               const char *body)
{
    char headers[512];
    snprintf(headers, sizeof headers, "Authorization: Bearer %s\r\n%s", token, type ? type : "");
    client_request(c, method, target, headers, str_of(body), &r);
    return r.status;
}

static void test_intake(struct client *c)
{
    is_int(ask(c, face.text, "POST", "/v1/inputs", JSON, ENROL), 403, "a channel's token enrols nobody");
    is_int(ask(c, registry.text, "POST", "/v1/inputs", JSON, ENROL), 200, "the registry's does");
    is_int(ask(c, face.text, "POST", "/v1/inputs", JSON, CERTIFY("face", "1")), 200, "a channel's token certifies");
    is_int(ask(c, face.text, "POST", "/v1/inputs", JSON, CERTIFY("bank", "2")), 403, "over no other channel");
    is_int(ask(c, face.text, "POST", "/v1/inputs", NDJSON, CERTIFY("face", "3") "\n" ENROL "\n"), 200,
           "in a body of lines each is looked at");
    ok(strstr(r.body.p, "\"op\":\"certify\"") && strstr(r.body.p, "\"result\":\"error\""),
       "and the one that it may not bring is an error");
    is_int(ask(c, reader.text, "POST", "/v1/inputs", JSON, CERTIFY("face", "4")), 403, "who reads brings nothing");
    is_int(ask(c, face.text, "GET", "/v1/beneficiaries/p-1", NULL, NULL), 403, "and who brings does not read");
    is_int(ask(c, reader.text, "GET", "/v1/beneficiaries/p-1", NULL, NULL), 200, "who reads does");
    is_int(ask(c, operator_.text, "GET", "/v1/beneficiaries/p-1", NULL, NULL), 200, "so does who operates");
}

static void test_audit(struct client *c)
{
    const char *hold = "{\"hold\":\"moratorium\",\"until\":\"2030-09-30\",\"why\":\"flood\",\"by\":\"Li\"}";
    is_int(ask(c, reader.text, "POST", "/v1/holds", JSON, hold), 403, "who reads places no hold");
    ok(!node_logged(n, "event=operator-action"), "of which the log has nothing");
    is_int(ask(c, operator_.text, "POST", "/v1/holds", JSON, hold), 200, "who operates does");
    ok(node_logged(n, "action=place hold=moratorium by=Li why=flood caller=token:operator\n"),
       "and the log says whose token it was");
    request_once(n->socket, "DELETE", "/v1/holds/moratorium", JSON, STR_LIT("{\"why\":\"over\",\"by\":\"Li\"}"), &r);
    is_int(r.status, 200, "over the Unix socket no token is needed");
    ok(node_logged(n, "action=lift hold=moratorium by=Li why=over caller=uid:"), "the log has the uid then");
}

static void test_reload(struct client *c)
{
    struct client *stream = client_new(tcp);
    char head[512];
    snprintf(head, sizeof head,
             "GET /v1/events HTTP/1.1\r\nHost: t\r\nAccept: text/event-stream\r\nAuthorization: Bearer %s\r\n\r\n",
             reader.text);
    client_send(stream, head, strlen(head));
    client_read_head(stream, &r);
    is_int(r.status, 200, "who reads follows the log");
    configure(face.section, "token \"broken\" { sha256 = \"1\" roles = { \"read\" } }\n", NULL);
    reload();
    is_int(ask(c, reader.text, "GET", "/v1/status", NULL, NULL), 200, "a faulty configuration takes no token away");
    configure(face.section, operator_.section, NULL);
    reload();
    is_int(ask(c, reader.text, "GET", "/v1/status", NULL, NULL), 401, "a sound one does, on an open connection");
    is_int(ask(c, operator_.text, "GET", "/v1/status", NULL, NULL), 200, "the others stay");
    buf_clear(&r.body);
    while (client_read_chunk(stream, &r.body))
        continue;
    ok(true, "the stream has come to its end");
    client_free(stream);
}

static void test_log(void)
{
    struct client *c = client_new(tcp);
    ask(c, "lct_wrong-token", "GET", "/v1/status", NULL, NULL);
    is_int(r.status, 401, "a wrong token is refused");
    client_free(c);
    ok(!node_logged(n, "lct_"), "no token is in the log, nor half of one");
    ok(!node_logged(n, "cleartext-tokens"), "nobody is warned of tokens that do not leave the machine");
}

static void test_warning(void)
{
    node_stop(n);
    FILE *f = fopen(n->config, "w");
    fprintf(f, "store = \"dir:%s/store\"\nlisten = { \"unix:%s\", \"0.0.0.0:0\" }\n" CONFIG, n->dir, n->socket);
    fclose(f);
    node_must_start(n);
    ok(!node_logged(n, "cleartext-tokens"), "without tokens there is nothing to warn of");
    node_stop(n);
    f = fopen(n->config, "a");
    fputs(reader.section, f);
    fclose(f);
    node_must_start(n);
    ok(node_logged(n, "event=cleartext-tokens address=0.0.0.0:"), "tokens that cross the network in the clear are");
}

int main(void)
{
    plan(5 + N_COMMANDS + 10 + 6 + 5 + 3 + 2);
    test_form();
    test_commands();
    face = make("face", "intake:face");
    registry = make("registry", "intake:*");
    reader = make("reader", "read");
    operator_ = make("operator", "operate");
    start();
    struct client *c = client_new(tcp);
    test_intake(c);
    test_audit(c);
    test_reload(c);
    client_free(c);
    test_log();
    test_warning();
    reply_done(&r);
    int code = tap_end();
    node_free(n, code != 0);
    return code;
}
