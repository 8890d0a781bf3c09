/* Checks Standard Webhooks signatures with what the endpoint's owner was given: secrets (whsec_, v1) and public keys
 * (whpk_, v1a). One good signature by any of them will do. */
#ifndef RECEIVER_VERIFIER_H
#define RECEIVER_VERIFIER_H

#include "base/err.h"
#include "tests/receiver/http.h"

#define VERIFIER_KEYS_MAX 8 /* of either kind */

struct verifier;

enum verified {
    VERIFIED_NOT_ASKED, /* there is no key */
    VERIFIED_V1,
    VERIFIED_V1A,
    VERIFIED_STALE, /* the timestamp is too far from now */
    VERIFIED_BAD,   /* none is there, or none fits */
};

struct verifier *verifier_new(void);
void verifier_free(struct verifier *v);
/* Adds the key in a file, of either kind. */
enum err verifier_add(struct verifier *v, const char *file, struct errmsg *msg) ERR_MUSTCHECK;
/* now, tolerance: seconds; tolerance 0: any time will do. */
enum verified verifier_check(struct verifier *v, const struct request *q, int64_t now, int64_t tolerance);

#endif
