#include "shards/rules_digest.h"

#include <openssl/evp.h>

#include "config/rules_text.h"

void rules_digest(const struct config *c, unsigned char out[32])
{
    struct buf text = BUF_INIT;
    size_t n = 0;
    config_write_rules(c, &text);
    if (!EVP_Q_digest(NULL, "SHA256", NULL, text.p, text.n, out, &n) || n != 32)
        mem_none("cannot hash the rules"); /* the library is there, and the buffer is large enough */
    buf_done(&text);
}
