#include "store/log/seal.h"

#include <openssl/evp.h>
#include <stdlib.h>

struct seal_hasher {
    EVP_MD_CTX *context;
};

/* SHA-256 from memory cannot fail once there is a context; if it does all the same, nothing that was written since
 * could be trusted. */
static void must(int good)
{
    if (!good)
        mem_none("cannot hash what is sealed");
}

struct seal_hasher *seal_hasher_new(void)
{
    struct seal_hasher *h = mem_alloc(sizeof *h);
    h->context = EVP_MD_CTX_new();
    must(h->context != NULL);
    must(EVP_DigestInit_ex(h->context, EVP_sha256(), NULL));
    return h;
}

void seal_hasher_free(struct seal_hasher *h)
{
    if (!h)
        return;
    EVP_MD_CTX_free(h->context);
    free(h);
}

void seal_begin(struct seal_hasher *h, const unsigned char previous[SEAL_HASH])
{
    must(EVP_DigestInit_ex(h->context, NULL, NULL)); /* the same digest again: no look-up, no allocation */
    seal_add(h, previous, SEAL_HASH);
}

void seal_add(struct seal_hasher *h, const void *p, size_t n)
{
    must(EVP_DigestUpdate(h->context, p, n));
}

void seal_end(struct seal_hasher *h, unsigned char out[SEAL_HASH])
{
    unsigned n;
    must(EVP_DigestFinal_ex(h->context, out, &n) && n == SEAL_HASH);
}
