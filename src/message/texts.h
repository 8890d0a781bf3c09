/* The texts of a configuration, prepared. Internal to the folder. */
#ifndef MESSAGE_TEXTS_H
#define MESSAGE_TEXTS_H

#include "message/pieces.h"

struct template_variable {
    struct str name; /* the gateway's */
    const struct variable *variable;
};

struct text {
    enum event_type on;
    const char *place;    /* of the section, "FILE:LINE"; NULL: of no file */
    const char *name;     /* NULL: built in */
    const char *language; /* borrowed from the configuration, like all that follows */
    const struct forms *forms;
    const struct text_list *policies; /* NULL or empty: every one */
    const char *template_id;          /* NULL: none */
    struct template_variable variables[SMS_VARIABLES_MAX];
    unsigned n_variables;
    struct pieces pieces;
};

/* In the order of the configuration, the built-in ones behind: the first that fits is the one. */
struct message_texts {
    struct text *v; /* owned */
    unsigned n;
    const struct text **by_event; /* owned: those of event t are by_event[first[t]] to by_event[first[t + 1] - 1] */
    unsigned first[EV_N + 1];
};

static inline bool text_for_all(const struct text *t)
{
    return !t->policies || t->policies->n == 0;
}

/* Cloud gateways send templates that they have approved, and no text. */
static inline bool needs_template(const struct endpoint *e)
{
    return e->adapter == ADAPTER_ALIYUN_SMS || e->adapter == ADAPTER_TENCENT_SMS;
}

/* In which language an endpoint's messages are. */
static inline const char *endpoint_language(const struct endpoint *e)
{
    return e->language ? e->language : "zh";
}

/* Can the text go out by the endpoint, whatever the policy? */
bool text_suits(const struct text *t, const struct endpoint *e);
/* The one for a person under that policy (NULL: a unit), or NULL. */
const struct text *text_find(const struct message_texts *t, const struct endpoint *e, enum event_type on,
                             const char *policy);

#define MESSAGE_UNITS_MAX 500u /* gateways take no more in one message, the signature included */

/* Units that the signature adds, with its brackets. */
size_t signature_units(const struct endpoint *e);
/* The most units that a message of the endpoint may have. */
size_t endpoint_units(const struct endpoint *e);

/* One section, prepared. The first ones only look at that section; texts_check() at what they come to together, and at
 * the endpoints. */
void text_prepare(struct text *t, const struct message_text *from, struct buf *lines, unsigned *faults);
void texts_check(const struct message_texts *t, const struct endpoints *e, struct buf *lines, unsigned *faults);

#endif
