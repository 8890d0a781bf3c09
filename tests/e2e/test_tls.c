/* TLS: what is served, to whom, and how a certificate is replaced while somebody is connected. */
#include <openssl/bio.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "net/listen.h"
#include "tests/e2e/process.h"
#include "tests/lib/http_client.h"
#include "tests/lib/node.h"
#include "tests/lib/tap.h"
#include "tests/net/certs.h"

#define BASE                         \
    "timezone = \"Asia/Shanghai\"\n" \
    "policy \"national\" { }\n"
#define GET(target, more) "GET " target " HTTP/1.1\r\nHost: localhost\r\n" more "\r\n"

static struct node *n;
static struct certs certs;
static struct buf out;
static char address[LISTEN_TEXT], url[LISTEN_TEXT + 16], token_file[300], section[512];

/* --- a client --- */

struct client_options {
    const char *ca;          /* NULL: whoever answers is believed */
    const char *certificate; /* with its key; NULL: none */
    int version;             /* of TLS, the only one; 0: any */
};

static SSL_CTX *context(const struct client_options *o)
{
    SSL_CTX *c = SSL_CTX_new(TLS_client_method());
    if (o->version) {
        SSL_CTX_set_security_level(c, 0); /* what is old is refused by the other side, or not at all */
        SSL_CTX_set_min_proto_version(c, o->version);
        SSL_CTX_set_max_proto_version(c, o->version);
    }
    if (o->ca && SSL_CTX_load_verify_locations(c, o->ca, NULL) != 1)
        bail_out("%s cannot be read", o->ca);
    SSL_CTX_set_verify(c, o->ca ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, NULL);
    if (o->certificate && (SSL_CTX_use_certificate_file(c, o->certificate, SSL_FILETYPE_PEM) != 1 ||
                           SSL_CTX_use_PrivateKey_file(c, o->certificate, SSL_FILETYPE_PEM) != 1))
        bail_out("%s cannot be read", o->certificate);
    return c;
}

/* NULL: no handshake. */
static BIO *connect_with(const struct client_options *o)
{
    SSL_CTX *c = context(o);
    SSL *ssl = NULL;
    BIO *b = BIO_new_ssl_connect(c);
    SSL_CTX_free(c);
    BIO_set_conn_hostname(b, address);
    BIO_get_ssl(b, &ssl);
    SSL_set1_host(ssl, "localhost");
    if (BIO_do_connect(b) == 1)
        return b;
    BIO_free_all(b);
    return NULL;
}

static bool is_whole(const char *answer)
{
    const char *body = strstr(answer, "\r\n\r\n"), *length = strstr(answer, "Content-Length: ");
    return body && length && strlen(body + 4) >= (size_t)atoi(length + strlen("Content-Length: "));
}

/* The status of the answer; 0: none. */
static int request(BIO *b, const char *text, char answer[4096])
{
    int status = 0, n_read = 0, got = b ? BIO_write(b, text, (int)strlen(text)) : 0;
    answer[0] = '\0';
    while (got > 0 && n_read < 4095 && !is_whole(answer)) {
        got = BIO_read(b, answer + n_read, 4095 - n_read);
        n_read += got > 0 ? got : 0;
        answer[n_read] = '\0';
    }
    return sscanf(answer, "HTTP/1.1 %d", &status) == 1 ? status : 0;
}

static int request_once_with(const struct client_options *o, const char *text)
{
    char answer[4096];
    BIO *b = connect_with(o);
    int status = request(b, text, answer);
    BIO_free_all(b);
    return status;
}

/* The name in the certificate that is served. */
static const char *served(char name[64])
{
    SSL *ssl = NULL;
    BIO *b = connect_with(&(struct client_options){0});
    if (!b)
        bail_out("nobody is there");
    BIO_get_ssl(b, &ssl);
    X509 *certificate = SSL_get1_peer_certificate(ssl);
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name, 64);
    X509_free(certificate);
    BIO_free_all(b);
    return name;
}

/* --- the daemon --- */

static void write_config(const char *listen, const char *cert, const char *key, const char *client_ca)
{
    FILE *f = fopen(n->config, "w");
    if (!f)
        bail_out("cannot write %s", n->config);
    fprintf(f, "store = \"dir:%s/store\"\nlisten = { \"unix:%s\", \"%s\" }\n", n->dir, n->socket, listen);
    fprintf(f, "tls_cert = \"%s\"\ntls_key = \"%s\"\n", cert, key);
    if (client_ca)
        fprintf(f, "tls_client_ca = \"%s\"\n", client_ca);
    fprintf(f, BASE "%s", section);
    fclose(f);
}

static void configure(const char *pair, const char *client_ca)
{
    write_config("tls:127.0.0.1:0", pair, pair, client_ca);
}

static void reload(void)
{
    node_signal(n, SIGHUP);
    if (!node_await(n, "RELOADING=1") || !node_await(n, "READY=1"))
        bail_out("the daemon does not reload");
}

static int check_config(void)
{
    return run_program((const char *const[]){"lifecertd", "--check", "-c", n->config, NULL}, &out);
}

static void make_token(void)
{
    const char *const argv[] = {"lifecertctl", "token", "new", NULL};
    if (run_program(argv, &out) != 0)
        bail_out("no token: %s", out.p);
    const char *from = strstr(out.p, "token \""), *end = from ? strstr(from, "\n}\n") : NULL;
    if (!end)
        bail_out("no section: %s", out.p);
    snprintf(section, sizeof section, "%.*s", (int)(end + 3 - from), from);
    snprintf(token_file, sizeof token_file, "%s/token", tap_tmpdir());
    write_private(token_file, (struct str){out.p, strcspn(out.p, "\n")});
}

static void start(void)
{
    configure(certs.stranger, NULL);
    node_init(n);
    node_must_start(n);
    char *log = node_log(n), *line = strstr(log, "event=listening address=tls:");
    if (!line)
        bail_out("no address is told");
    line += strlen("event=listening address=tls:");
    snprintf(address, sizeof address, "%.*s", (int)strcspn(line, " \n"), line);
    snprintf(url, sizeof url, "https://localhost%s", strrchr(address, ':'));
    free(log);
}

static int ctl(const char *ca, const char *certificate)
{
    return run_program((const char *const[]){"lifecertctl", "--url", url, "--token-file", token_file, "--ca-file", ca,
                                             "status", certificate ? "--client-cert" : NULL, certificate, NULL},
                       &out);
}

/* --- what is refused before anything starts --- */

static void test_faults(void)
{
    configure(certs.server, certs.ca);
    ok(check_config() == 0, "a pair of files is good");
    write_config("tls:127.0.0.1:0", certs.server, certs.client, NULL);
    ok(check_config() == 1 && strstr(out.p, "lifecertd.conf:3: the certificate and its key: expected"),
       "a key of another certificate is not");
    write_config("tls:127.0.0.1:0", certs.server, certs.ca, NULL);
    ok(check_config() == 1 && strstr(out.p, "lifecertd.conf:3: tls_key = "), "nor is a key that others may read");
    write_config("tls:127.0.0.1:0", "/nonexistent/c.pem", certs.server, token_file);
    ok(check_config() == 1 && strstr(out.p, "tls_cert = \"/nonexistent/c.pem\": No such file"),
       "nor a file that is not there");
    configure(certs.server, token_file);
    ok(check_config() == 1 && strstr(out.p, "lifecertd.conf:3: the authority of clients: expected PEM"),
       "nor an authority that is none");
    setenv("CREDENTIALS_DIRECTORY", tap_tmpdir(), 1);
    configure(strrchr(certs.server, '/') + 1, NULL);
    ok(check_config() == 0, "a relative name is a credential's");
    unsetenv("CREDENTIALS_DIRECTORY");
    ok(check_config() == 1 && strstr(out.p, "CREDENTIALS_DIRECTORY"), "without such a folder it is none");
}

/* --- who gets in --- */

/* Ticks of processor time. */
static long spent(void)
{
    char path[64], text[1024] = "";
    long user = 0, system = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)n->pid);
    FILE *f = fopen(path, "r");
    if (!f || fread(text, 1, sizeof text - 1, f) == 0 ||
        sscanf(strrchr(text, ')'), ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %ld %ld", &user, &system) != 2)
        bail_out("%s cannot be read", path);
    fclose(f);
    return user + system;
}

/* The beginning of a hello, and nothing behind it: the daemon must neither wait for it nor ask for it again and
 * again. */
static void test_stalled(void)
{
    struct client *stalled[8];
    for (size_t i = 0; i < 8; i++) {
        stalled[i] = client_new(address);
        client_send(stalled[i], "\x16\x03\x01\x02\x00\x01\x00\x01", 8);
    }
    is_int(request_once_with(&(struct client_options){0}, GET("/healthz", "")), 200, "others are answered meanwhile");
    long before = spent();
    nanosleep(&(struct timespec){1, 0}, NULL);
    ok(spent() - before < sysconf(_SC_CLK_TCK) / 4, "handshakes that stall cost nothing: %ld ticks", spent() - before);
    for (size_t i = 0; i < 8; i++)
        client_free(stalled[i]);
}

static void test_versions(void)
{
    static const struct {
        int version, status;
        const char *name;
    } rows[] = {
        {TLS1_VERSION, 0, "1.0"},
        {TLS1_1_VERSION, 0, "1.1"},
        {TLS1_2_VERSION, 200, "1.2"},
        {TLS1_3_VERSION, 200, "1.3"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        is_int(request_once_with(&(struct client_options){.version = rows[i].version}, GET("/healthz", "")),
               rows[i].status, "TLS %s is %s", rows[i].name, rows[i].status ? "spoken" : "refused");
}

static void test_clear(void)
{
    struct client *c = client_new(address);
    struct reply r = {0};
    client_send(c, GET("/healthz", ""), strlen(GET("/healthz", "")));
    client_read(c, &r);
    is_int(r.status, 0, "who speaks in the clear gets no answer");
    client_free(c);
    reply_done(&r);
}

static void test_tokens(void)
{
    struct client_options any = {0};
    is_int(request_once_with(&any, GET("/v1/status", "")), 401, "TLS alone opens nothing");
    is_int(request_once_with(&any, GET("/v1/status", "Authorization: Bearer x\r\n")), 401, "nor does a wrong token");
    ok(ctl(certs.ca, NULL) == 3, "lifecertctl does not believe a certificate of another name");
}

static void test_reload(void)
{
    char name[64], answer[4096];
    is_str(served(name), "stranger", "a certificate is served");
    BIO *before = connect_with(&(struct client_options){0});
    is_int(request(before, GET("/healthz", ""), answer), 200, "somebody is connected");
    configure(certs.server, NULL);
    reload();
    is_str(served(name), "server", "after a reload another one is served");
    is_int(request(before, GET("/healthz", ""), answer), 200, "who was connected still is");
    ok(strstr(answer, "Connection: close"), "and is told to connect anew");
    is_int(request(before, GET("/healthz", ""), answer), 0, "which was the end of that connection");
    BIO_free_all(before);
    is_int(request_once_with(&(struct client_options){.ca = certs.ca}, GET("/healthz", "")), 200,
           "who looks at the certificate is content");
    ok(ctl(certs.ca, NULL) == 0, "lifecertctl is");
    ok(ctl(certs.other_ca, NULL) == 3, "but not with another authority");

    write_config("tls:127.0.0.1:0", certs.stranger, certs.server, NULL);
    reload();
    ok(node_logged(n, "event=config-fault") && node_logged(n, "event=reload-refused"),
       "a pair that does not fit is told");
    is_str(served(name), "server", "and the old one stays");

    configure(certs.stranger, NULL);
    FILE *f = fopen(n->config, "a");
    fputs("endpoint \"x\" { adapter = \"standard-webhooks\" url = \"https://x.example\" secret_file = \"/none\" }\n", f);
    fclose(f);
    reload();
    is_str(served(name), "server", "it stays as well when something else is wrong");
}

static void test_clients(void)
{
    struct client_options none = {0}, good = {.certificate = certs.client}, bad = {.certificate = certs.server};
    configure(certs.server, certs.other_ca);
    reload();
    is_int(request_once_with(&none, GET("/healthz", "")), 0, "with an authority for clients nobody comes without");
    is_int(request_once_with(&bad, GET("/healthz", "")), 0, "nor with a certificate that it did not sign");
    is_int(request_once_with(&good, GET("/healthz", "")), 200, "who has one is let in");
    is_int(request_once_with(&good, GET("/v1/status", "")), 401, "and needs a token all the same");
    ok(ctl(certs.ca, NULL) == 3, "lifecertctl without one gets no answer");
    ok(ctl(certs.ca, certs.client) == 0, "with one it does");
    configure(certs.server, NULL);
    reload();
    is_int(request_once_with(&none, GET("/healthz", "")), 200, "a reload lets everybody in again");
}

int main(void)
{
    plan(7 + 2 + 4 + 1 + 3 + 12 + 7 + 2);
    signal(SIGPIPE, SIG_IGN); /* a handshake that is refused ends in the midst of what we say */
    certs_make(&certs);
    chmod(certs.server, 0600);
    chmod(certs.stranger, 0600);
    chmod(certs.client, 0600);
    chmod(certs.ca, 0644);
    make_token();
    n = node_new("");
    test_faults();
    start();
    test_stalled();
    test_versions();
    test_clear();
    test_tokens();
    test_reload();
    test_clients();
    ok(!node_logged(n, "lct_"), "no token is in the log");
    is_int(node_stop(n), 0, "SIGTERM ends it");
    buf_done(&out);
    int code = tap_end();
    node_free(n, code != 0);
    return code;
}
