/* Secrets: what a file must be like, what is kept of it, and which endpoints need one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/secret.h"
#include "tests/config/files.h"
#include "tests/lib/tap.h"

/* A file in the test's folder; its path holds until the next call. */
static const char *secret_file(const char *name, const char *text, size_t n, mode_t mode)
{
    static char path[256];
    write_file(name, text, n);
    if (chmod(in_tmpdir(name, path), mode) != 0)
        bail_out("cannot change the mode of %s", path);
    return path;
}

static void is_secret(const char *path, const char *want, const char *what)
{
    struct secret s = {0};
    struct errmsg msg = {""};
    enum err e = secret_load(path, &s, &msg);
    ok(e == ERR_OK && s.n == strlen(want) && memcmp(s.p, want, s.n + 1) == 0, "%s%s", what, msg.text);
    secret_done(&s);
    ok(!s.p && !s.n, "and it is gone when it is done with");
}

static void is_refused(const char *path, const char *want, const char *what)
{
    struct secret s = {(char *)"untouched", 9};
    struct errmsg msg = {""};
    enum err e = secret_load(path, &s, &msg);
    is_str(msg.text, want, "%s is refused", what);
    ok(e != ERR_OK && s.n == 9, "and nothing is handed out");
}

#define TEXT(s) s, sizeof(s) - 1

static void test_content(void)
{
    char most[SECRET_BYTES_MAX + 2];
    memset(most, 's', sizeof most);
    is_secret(secret_file("s", TEXT("whsec_abc\n"), 0600), "whsec_abc", "a secret ends before its line's end");
    is_secret(secret_file("s", TEXT(" \t\r\na b\n c\r\n\v\f "), 0600), "a b\n c", "white space within it stays");
    is_secret(secret_file("s", TEXT("x"), 0600), "x", "one byte is one");
    most[SECRET_BYTES_MAX] = '\0';
    is_secret(secret_file("s", most, SECRET_BYTES_MAX, 0600), most, "4096 bytes are one");
    most[SECRET_BYTES_MAX] = '\n';
    is_refused(secret_file("s", most, SECRET_BYTES_MAX + 1, 0600), "too long: expected at most 4096 bytes",
               "a byte more");
    is_refused(secret_file("s", "", 0, 0600), "empty: expected a secret", "an empty file");
    is_refused(secret_file("s", TEXT(" \n\n"), 0600), "empty: expected a secret", "white space alone");
    is_refused(secret_file("s", TEXT("a\0b"), 0600), "a NUL byte in it: expected text", "a NUL byte");
}

#define ABSENT "No such file or directory: expected a file that can be read"
#define MODE(m) "mode " m ": expected a file that others can neither read nor write (chmod o=)"

static void test_modes(void)
{
    static const mode_t good[] = {0400, 0600, 0440, 0640, 0660, 0711};
    static const struct {
        mode_t mode;
        const char *why;
    } bad[] = {{0644, MODE("0644")}, {0604, MODE("0604")}, {0602, MODE("0602")}, {0666, MODE("0666")}};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        char what[64];
        snprintf(what, sizeof what, "mode %04o will do", (unsigned)good[i]);
        is_secret(secret_file("s", TEXT("x"), good[i]), "x", what);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        is_refused(secret_file("s", TEXT("x"), bad[i].mode), bad[i].why, "a file that others get at");
}

static void test_kinds_of_files(void)
{
    char path[256], link_path[256];
    mkdir(in_tmpdir("folder", path), 0700);
    is_refused(path, "a folder: expected a regular file", "a folder");
    mkfifo(in_tmpdir("fifo", path), 0600);
    is_refused(path, "no file: expected a regular file", "a FIFO");
    is_refused(in_tmpdir("absent", path), ABSENT,
               "a missing file");
    if (symlink(secret_file("s", TEXT("x"), 0600), in_tmpdir("link", link_path)) != 0)
        bail_out("no link");
    is_secret(link_path, "x", "a link to one will do");
    secret_file("s", TEXT("x"), 0644);
    is_refused(link_path, MODE("0644"), "a link to one that others can read");
}

static void test_credentials(void)
{
    static const char none[] = "there is no folder $CREDENTIALS_DIRECTORY: expected an absolute path, or the name of a "
                               "credential that the service manager passes";
    secret_file("credential", TEXT("x\n"), 0400);
    unsetenv("CREDENTIALS_DIRECTORY");
    is_refused("credential", none, "a relative name without credentials");
    setenv("CREDENTIALS_DIRECTORY", "", 1);
    is_refused("credential", none, "one with an empty folder's name");
    setenv("CREDENTIALS_DIRECTORY", tap_tmpdir(), 1);
    is_secret("credential", "x", "a relative name is a credential's");
    is_refused("none", ABSENT, "a credential that is not there");
}

/* ---- the endpoints' ---- */

static void check_faults(struct endpoints *e, const char *want, const char *what)
{
    struct buf faults = BUF_INIT;
    enum err err = endpoints_load_secrets(e, &faults);
    buf_addc(&faults, '\0');
    char *got = without_folder(faults.p);
    is_str(got, want, "%s", what);
    is_int(err, want[0] ? ERR_INVALID : ERR_OK, "the result says the same");
    free(got);
    buf_done(&faults);
}

static void test_endpoints(void)
{
    struct config *c = load_text(
        A_POLICY "endpoint \"payroll\" { adapter = standard-webhooks url = \"https://h\" secret_file = { new, old } }\n"
                 "endpoint \"sms\" { adapter = kannel url = \"http://h\" signature = A secret_file = password\n"
                 "receipt_secret_file = receipts client_cert = cert ca_file = ca }\n"
                 "endpoint \"open\" { adapter = cloudevents url = \"http://h\" ca_file = \"/etc/ssl/ca.pem\" }\n");
    const struct endpoint *payroll = &c->endpoints->v[0], *sms = &c->endpoints->v[1];
    char path[256];
    setenv("CREDENTIALS_DIRECTORY", tap_tmpdir(), 1);
    secret_file("new", TEXT("n\n"), 0600);
    secret_file("old", TEXT("o\n"), 0600);
    secret_file("password", TEXT("p\n"), 0600);
    secret_file("receipts", TEXT("r\n"), 0600);
    secret_file("cert", TEXT("PEM\n"), 0600);
    check_faults(c->endpoints, "", "secrets of endpoints are loaded");
    is_int(payroll->n_secrets, 2, "two of one");
    is_str(payroll->secrets[0].p, "n", "the first signs first");
    is_str(payroll->secrets[1].p, "o", "the other beside it");
    ok(sms->n_secrets == 1 && !strcmp(sms->secrets[0].p, "p"), "one of another");
    ok(sms->receipt_secret.n == 1 && !strcmp(sms->receipt_secret.p, "r"), "and that of its receipts");
    is_str(sms->client_cert, in_tmpdir("cert", path), "a relative name of a certificate becomes absolute");
    is_str(sms->ca_file, in_tmpdir("ca", path), "so does that of a CA's");
    is_str(c->endpoints->v[2].ca_file, "/etc/ssl/ca.pem", "an absolute one stays");
    secret_file("new", TEXT("m\n"), 0600);
    check_faults(c->endpoints, "", "they can be loaded again");
    ok(payroll->n_secrets == 2 && !strcmp(payroll->secrets[0].p, "m"), "and are then the new ones");
    config_free(c);
}

static void test_endpoint_faults(void)
{
    struct config *c = load_text(
        A_POLICY "endpoint \"a\" { adapter = standard-webhooks url = \"https://h\" secret_file = { none, open, new } }\n"
                 "endpoint \"b\" { adapter = kannel url = \"http://h\" signature = A\n"
                 "receipt_secret_file = none client_cert = open }\n"
                 "endpoint \"c\" { adapter = standard-webhooks url = \"http://h\" }\n"
                 "endpoint \"d\" { adapter = aliyun-sms signature = A }\n"
                 "endpoint \"e\" { adapter = tencent-sms signature = A }\n"
                 "endpoint \"f\" { adapter = cloudevents url = \"http://h\" }\n"
                 "endpoint \"g\" { adapter = redis-stream url = \"redis://h:1\" }\n"
                 "endpoint \"h\" { adapter = template url = \"http://h\" kind = events }\n");
    secret_file("new", TEXT("n\n"), 0600);
    secret_file("open", TEXT("o\n"), 0644);
    check_faults(c->endpoints,
                 "good.conf:2: endpoint \"a\": secret_file = \"none\": " ABSENT "\n"
                 "good.conf:2: endpoint \"a\": secret_file = \"open\": " MODE("0644") "\n"
                 "good.conf:3: endpoint \"b\": no secret_file: expected one for the adapter kannel\n"
                 "good.conf:3: endpoint \"b\": receipt_secret_file = \"none\": " ABSENT "\n"
                 "good.conf:3: endpoint \"b\": client_cert = \"open\": " MODE("0644") "\n"
                 "good.conf:5: endpoint \"c\": no secret_file: expected one for the adapter standard-webhooks\n"
                 "good.conf:6: endpoint \"d\": no secret_file: expected one for the adapter aliyun-sms\n"
                 "good.conf:7: endpoint \"e\": no secret_file: expected one for the adapter tencent-sms\n",
                 "every fault is told, with its place, and only where a secret is needed");
    config_free(c);
}

int main(void)
{
    plan(0);
    test_content();
    test_modes();
    test_kinds_of_files();
    test_credentials();
    test_endpoints();
    test_endpoint_faults();
    return tap_end();
}
