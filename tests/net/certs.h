/* Certificates for tests, made anew: PEM files in the test's own folder. */
#ifndef TESTS_NET_CERTS_H
#define TESTS_NET_CERTS_H

struct certs {
    char ca[256], other_ca[256]; /* certificates alone */
    char server[256];            /* from ca, for localhost and 127.0.0.1, with key */
    char stranger[256];          /* from ca, for another host's name, with key */
    char expired[256];           /* from ca, for localhost, of a day in the past, with key */
    char client[256];            /* from other_ca, with key */
};

void certs_make(struct certs *out);

#endif
