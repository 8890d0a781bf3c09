/* Who receives what the daemon sends, with the official libraries: the scripts of tests/peers, run by node, and the
 * libraries that they use, installed by npm. */
#ifndef TESTS_PEERS_H
#define TESTS_PEERS_H

#include <sys/types.h>

#include "tests/lib/http_client.h"

/* Installs the libraries below the build folder, once; the scripts then stand beside them. false: npm reaches no
 * registry, and *why (200 bytes) says so; any other failure ends the test. */
bool peers_install(char *why);

/* Runs an installed script to its end with a file for its argument; its output replaces what was in out. */
void peers_run(const char *script, const char *file, struct buf *out);

/* receiver.mjs */
struct web_receiver {
    pid_t pid;
    int port;
    char control[32]; /* address of its other side */
};

/* installed: it can be asked what the libraries say. certificate: with key, NULL for plain HTTP; clients_ca: who must
 * have signed its clients' certificates. Ready when it returns. */
void web_receiver_start(struct web_receiver *w, bool installed, const char *certificate, const char *clients_ca);
void web_receiver_stop(struct web_receiver *w);
/* A question: its answer, in *r, is terminated. The test ends where there is none. */
const char *web_receiver_ask(struct web_receiver *w, struct str body, struct reply *r, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
