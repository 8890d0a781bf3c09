/* What a section endpoint or message must have, and what its keys mean together. */
#ifndef CONFIG_ENDPOINT_RULES_H
#define CONFIG_ENDPOINT_RULES_H

#include "config/loader.h"

/* The uses of an endpoint, as bits: one for each adapter, and one more for template when it sends messages. */
#define USE(adapter) (1u << (adapter))
#define USE_TEMPLATE_MESSAGES (1u << ADAPTER_KIND_N)
#define USE_TEMPLATE (USE(ADAPTER_TEMPLATE) | USE_TEMPLATE_MESSAGES)
#define USE_SMS (USE(ADAPTER_KANNEL) | USE(ADAPTER_ALIYUN_SMS) | USE(ADAPTER_TENCENT_SMS))
#define USE_MESSAGES (USE_SMS | USE_TEMPLATE_MESSAGES)

/* Before the keys are read: s is the section's statement. */
void endpoint_begin(struct loader *l, const struct statement *s, struct instance *in);
void message_begin(struct loader *l, const struct statement *s, struct instance *in);

/* When all keys are read and no default is set. */
void endpoint_check(struct loader *l, const struct statement *s, const struct instance *in);
void message_check(struct loader *l, const struct statement *s, const struct instance *in);

/* Does a key of the section take its default? Not one that the endpoint's adapter does not use. */
bool endpoint_takes(const struct instance *in, const struct key *k);

/* The defaults that depend on the adapter. */
void endpoint_defaults(const struct instance *in);

#endif
