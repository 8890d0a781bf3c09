/* A receiver's side of Standard Webhooks, written plainly and apart from what signs: the one-shot functions of
 * libcrypto, and nothing of src/adapter. */
#ifndef TESTS_ADAPTER_WEBHOOK_VERIFY_H
#define TESTS_ADAPTER_WEBHOOK_VERIFY_H

#include <stdbool.h>

#include "adapter/call.h"

/* Does the entry-th signature (from 0) of the call verify under the secret, "whsec_..." or "whpk_..."? The message is
 * made from the call's own headers and body. */
bool webhook_verifies(const struct call *c, const char *secret, unsigned entry);
/* How many entries webhook-signature has; 0 without one. */
unsigned webhook_signatures(const struct call *c);

#endif
