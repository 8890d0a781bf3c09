/* Requests over TLS: who is trusted, and who is not, and that nothing is sent to those. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/tap.h"
#include "tests/net/carry.h"
#include "tests/net/certs.h"
#include "tests/net/peer.h"

#define OK_ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

static struct certs certs;

static struct peer *peer_with(const char *cert_file, const char *client_ca)
{
    return peer_new(&(struct peer_settings){.answer = OK_ANSWER, .cert_file = cert_file, .client_ca = client_ca});
}

static void post(struct rig *r, struct peer *p, const char *host, const char *ca_file, const char *client_cert)
{
    struct transfer_settings s = usual();
    s.ca_file = ca_file;
    s.client_cert = client_cert;
    rig_line(r, &s);
    rig_post(r, url_of("https", host, peer_port(p), "/hook"));
}

/* Nothing of the request reached the server, and the error says what about. */
static bool refused(struct rig *r, struct peer *p, const char *about)
{
    bool good = r->answer.carried == NOT_SENT && strstr(r->answer.error, about) && peer_requests(p) == 0;
    if (!good)
        diag("carried %d, %u requests, error \"%s\"", (int)r->answer.carried, peer_requests(p), r->answer.error);
    return good;
}

static void own_ca(struct rig *r)
{
    struct peer *p = peer_with(certs.server, NULL);
    post(r, p, "localhost", certs.ca, NULL);
    ok(r->answer.carried == CARRIED && r->answer.status == 200, "a certificate of the CA that is given is trusted");
    for (unsigned i = 0; i < 10; i++)
        rig_post(r, url_of("https", "localhost", peer_port(p), "/hook"));
    is_int(peer_connections(p), 1, "and the connection is kept");
    is_int(peer_requests(p), 11, "for all that follows");
    post(r, p, "127.0.0.1", certs.ca, NULL);
    is_int(r->answer.carried, CARRIED, "an address may be in the certificate too");
    peer_free(p);
}

static void not_trusted(struct rig *r)
{
    struct peer *p = peer_with(certs.server, NULL);
    post(r, p, "localhost", NULL, NULL);
    ok(refused(r, p, "certificate"), "a CA that the system does not know is not trusted: not sent");
    post(r, p, "localhost", certs.other_ca, NULL);
    ok(refused(r, p, "certificate"), "nor is one that is not the given one");
    post(r, p, "127.0.0.2", certs.ca, NULL);
    ok(refused(r, p, "127.0.0.2"), "nor a certificate without this address");
    peer_free(p);
    p = peer_with(certs.stranger, NULL);
    post(r, p, "localhost", certs.ca, NULL);
    ok(refused(r, p, "localhost"), "nor another host's certificate");
    peer_free(p);
    p = peer_with(certs.expired, NULL);
    post(r, p, "localhost", certs.ca, NULL);
    ok(refused(r, p, "expired"), "nor one that has expired");
    peer_free(p);
    p = peer_new(&(struct peer_settings){.answer = OK_ANSWER});
    struct transfer_settings s = usual();
    s.connect_timeout_ms = 200; /* it waits for a request, and we for its greeting */
    rig_line(r, &s);
    rig_post(r, url_of("https", "localhost", peer_port(p), "/hook"));
    ok(refused(r, p, "time"), "nor a server that does not speak TLS");
    peer_free(p);
}

static void client_certificates(struct rig *r)
{
    struct peer *p = peer_with(certs.server, certs.other_ca);
    post(r, p, "localhost", certs.ca, certs.client);
    is_int(r->answer.carried, CARRIED, "a server that asks for a certificate gets it");
    post(r, p, "localhost", certs.ca, NULL);
    ok(r->answer.carried != CARRIED, "without one it does not answer");
    is_int(peer_requests(p), 1, "nor take the request");
    post(r, p, "localhost", certs.ca, certs.other_ca);
    ok(r->answer.carried == NOT_SENT && strstr(r->answer.error, "key"), "a certificate without its key: not sent");
    peer_free(p);
}

int main(void)
{
    struct rig r;
    signal(SIGPIPE, SIG_IGN); /* OpenSSL writes with write(), in the test's server too */
    plan(0);
    certs_make(&certs);
    rig_init(&r);
    own_ca(&r);
    not_trusted(&r);
    client_certificates(&r);
    rig_done(&r);
    return tap_end();
}
