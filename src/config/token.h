/* The bearer tokens of the configuration: immutable, counted, and shared between the configuration, which the engine's
 * thread owns, and the interface, which runs on the loop's. Of a token itself only the SHA-256 is known. */
#ifndef CONFIG_TOKEN_H
#define CONFIG_TOKEN_H

#include "config/endpoint.h"
#include "core/input.h"

#define TOKENS_MAX 256
#define TOKEN_HASH_BYTES 32
#define TOKEN_ROLES_MAX 64

struct token {
    char name[ENDPOINT_NAME_BYTES + 1]; /* the first member */
    unsigned char sha256[TOKEN_HASH_BYTES];
    bool read, operate;
    bool intake_all;           /* intake:*: inputs of every kind */
    struct text_list channels; /* intake:CHANNEL: certifications of these */
    struct rate rate;          /* requests; n 0: no limit */
};

struct tokens {
    _Atomic unsigned refs;
    struct token v[TOKENS_MAX];
    unsigned n;
};

struct tokens *tokens_new(void); /* empty, one reference */
struct tokens *tokens_ref(struct tokens *t);
void tokens_unref(struct tokens *t); /* NULL is fine */

/* Is the channel one of those whose certifications it may bring, by name? */
bool token_certifies(const struct token *t, struct str channel);
/* The member because of which this is no input for whoever may bring certifications of those channels alone, and why in
 * words; NULL: it is one. */
const char *channels_forbid(const struct text_list *channels, const struct input *in, const char **why);
/* May it do all that the other one may? */
bool token_covers(const struct token *t, const struct token *other);

#endif
