/* What the adapters for messages to people share. */
#ifndef ADAPTER_SMS_H
#define ADAPTER_SMS_H

#include "adapter/adapter.h"

/* ERR_INVALID when the key has no value; what: what it is for. */
enum err require_key(const char *value, const char *key, const char *what, struct errmsg *msg) ERR_MUSTCHECK;
/* ERR_INVALID when no secret is loaded. */
enum err require_secret(const struct endpoint *e, struct errmsg *msg) ERR_MUSTCHECK;
struct str first_secret(const struct endpoint *e);

/* The number as it is dialled in mainland China, 11 digits; another country's with its country code, without "+". */
struct str phone_national(struct str phone);
/* 【signature】 and the text; the text alone when there is no signature. */
void add_signed_text(struct buf *b, const struct sms *m);
/* The variables as a JSON object of strings, in their order. */
void add_variables_json(struct buf *b, const struct sms *m);
/* ERR_INVALID, naming the variable and not its value, when one is empty or longer than the cloud gateways take. */
enum err check_variables(const struct sms *m, struct errmsg *msg) ERR_MUSTCHECK;

/* --- judging --- */

/* What a gateway's code means. A code that ends in '*' stands for all that begin so; the first row that fits counts. */
struct gateway_code {
    const char *code;
    enum outcome outcome;
};

/* By the code that the answer names (STR_NONE: none could be read). A code in no row is a refusal that nobody has
 * thought of: OUTCOME_FAILED, so that a person looks at it, since another try might be a second message. Needs an
 * answer that judge_message_transport() leaves to the adapter. */
void judge_code(const struct answer *a, struct str code, const struct gateway_code *codes, size_t n,
                struct verdict *out);
/* By the status alone, where a message's answer says nothing that is understood: 2xx unknown, 429 and 503 throttled,
 * else failed. */
void judge_message_status(const struct answer *a, struct verdict *out);
/* 1 to max bytes of printable ASCII without blanks: a gateway's word that may be stored and logged. */
bool is_token(struct str s, size_t max);
/* A gateway's number for the message; one too long, or not printable, is left out. */
void verdict_ref(struct verdict *v, struct str ref);

#endif
