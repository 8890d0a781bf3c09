/* The bearer tokens that are taken: which one a request brings, and whether it comes too often. */
#ifndef HTTP_TOKENS_H
#define HTTP_TOKENS_H

#include "config/token.h"

struct token_gate;

/* t may be NULL: none. Takes a reference. */
struct token_gate *token_gate_new(struct tokens *t);
void token_gate_free(struct token_gate *g);
/* From now on these are taken. How often a token that stays has come is kept. */
void token_gate_replace(struct token_gate *g, struct tokens *t);
/* Those in force. Whoever keeps one of them for longer takes a reference. */
struct tokens *token_gate_tokens(const struct token_gate *g);

/* Is the same token in force, with all that t may? */
bool token_gate_has(const struct token_gate *g, const struct token *t);

/* The token that a header Authorization brings; NULL: none of ours. How long it takes tells nothing of which ones there
 * are. */
const struct token *token_gate_find(const struct token_gate *g, struct str authorization);
/* Counts a request of a token in force: 0, or after how many seconds it may come again. */
unsigned token_gate_count(struct token_gate *g, const struct token *t, int64_t now_ns);

#endif
