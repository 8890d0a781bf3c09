/* Who brings inputs and under which idempotency key: what stands in the header of POST /v1/inputs and counts for each
 * input of its body. */
#ifndef HTTP_INTAKE_H
#define HTTP_INTAKE_H

#include "http/exchange.h"

#define IDEMPOTENCY_KEY "Idempotency-Key"
#define IDEMPOTENCY_KEY_MAX 255

struct intake {
    struct caller caller;
    struct tokens *tokens; /* keeps the caller's; NULL: it brought none */
    unsigned key_n;        /* 0: no key */
    char key[IDEMPOTENCY_KEY_MAX];
};

/* Outlives the exchange until intake_done(). false: the key is malformed, which was answered; nothing is to be done. */
bool intake_begin(struct exchange *x, struct intake *out);
void intake_done(struct intake *i);

/* The member because of which the caller may not bring this input, and why in words; NULL: it may. */
const char *intake_forbids(const struct intake *i, const struct input *in, const char **why);
/* The key of one input, whose bytes are text; line: its number in the body, 0 for a body that is one input. */
void intake_key(const struct intake *i, uint64_t line, struct str text, struct input_key *out);

/* The header's value, an RFC 8941 string or bare: 1 to 255 printable ASCII characters. false: it is not. */
bool idempotency_key_parse(const char *value, char out[IDEMPOTENCY_KEY_MAX], unsigned *n);

#endif
