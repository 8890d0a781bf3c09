#include "http/tokens.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <strings.h>

#define SECOND_NS INT64_C(1000000000)

struct token_gate {
    struct tokens *tokens;
    int64_t full_ns[TOKENS_MAX]; /* by index: when the token would have its whole rate again */
};

struct token_gate *token_gate_new(struct tokens *t)
{
    struct token_gate *g = mem_zalloc(1, sizeof *g);
    g->tokens = t ? tokens_ref(t) : tokens_new();
    return g;
}

void token_gate_free(struct token_gate *g)
{
    if (!g)
        return;
    tokens_unref(g->tokens);
    free(g);
}

/* Its index, or -1. */
static int index_of(const struct tokens *t, const unsigned char hash[TOKEN_HASH_BYTES])
{
    int found = -1;
    for (unsigned i = 0; i < t->n; i++) /* to the end, whatever is found */
        if (CRYPTO_memcmp(t->v[i].sha256, hash, TOKEN_HASH_BYTES) == 0)
            found = (int)i;
    return found;
}

void token_gate_replace(struct token_gate *g, struct tokens *t)
{
    struct token_gate *next = token_gate_new(t);
    for (unsigned i = 0; i < next->tokens->n; i++) {
        int old = index_of(g->tokens, next->tokens->v[i].sha256);
        next->full_ns[i] = old < 0 ? 0 : g->full_ns[old];
    }
    tokens_unref(g->tokens);
    *g = *next;
    free(next);
}

struct tokens *token_gate_tokens(const struct token_gate *g)
{
    return g->tokens;
}

bool token_gate_has(const struct token_gate *g, const struct token *t)
{
    int i = index_of(g->tokens, t->sha256);
    return i >= 0 && token_covers(&g->tokens->v[i], t);
}

/* What stands behind "Bearer "; STR_NONE: it is another scheme. */
static struct str bearer(struct str authorization)
{
    static const char scheme[] = "Bearer ";
    size_t n = sizeof scheme - 1;
    if (authorization.n < n || strncasecmp(authorization.p, scheme, n) != 0)
        return STR_NONE;
    struct str token = {authorization.p + n, authorization.n - n};
    while (token.n && token.p[0] == ' ')
        token = (struct str){token.p + 1, token.n - 1};
    return token;
}

const struct token *token_gate_find(const struct token_gate *g, struct str authorization)
{
    unsigned char hash[TOKEN_HASH_BYTES];
    struct str token = bearer(authorization);
    if (token.n == 0 || EVP_Digest(token.p, token.n, hash, NULL, EVP_sha256(), NULL) != 1)
        return NULL;
    int i = index_of(g->tokens, hash);
    return i < 0 ? NULL : &g->tokens->v[i];
}

/* A bucket that holds the rate's number, and fills up evenly. It is kept as the instant at which it will be full: each
 * request puts that off by its share, and may do so until it is one whole filling away. */
unsigned token_gate_count(struct token_gate *g, const struct token *t, int64_t now_ns)
{
    int64_t *full = &g->full_ns[t - g->tokens->v];
    if (t->rate.n == 0)
        return 0;
    int64_t filling = t->rate.seconds * SECOND_NS, share = filling / t->rate.n;
    int64_t next = (*full > now_ns ? *full : now_ns) + share;
    int64_t wait = next - now_ns - filling;
    if (wait > 0)
        return (unsigned)((wait + SECOND_NS - 1) / SECOND_NS);
    *full = next;
    return 0;
}
