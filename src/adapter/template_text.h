/* Texts with {{variables}} (lifecertd-adapters(7), "template"): parsed once, rendered for each event. A value is
 * escaped for the place where it stands, so that none can end a string, a header or a field, or begin another. */
#ifndef ADAPTER_TEMPLATE_TEXT_H
#define ADAPTER_TEMPLATE_TEXT_H

#include "adapter/adapter.h"

enum template_place {
    PLACE_URL,    /* percent-encoded */
    PLACE_HEADER, /* as it is; refused with a control character */
    PLACE_JSON,   /* within a string its escapes; outside of one only variables that are JSON themselves */
    PLACE_FORM,   /* percent-encoded */
    PLACE_XML,    /* references for & < > " ' and line ends; refused with any other control character */
    PLACE_TEXT,   /* as it is; refused with a control character */
};

struct template_text;

/* key: names the text in faults, "body". messages: are those of messages allowed? ERR_INVALID says which variable and
 * at which byte. text must outlive what is made of it. */
enum err template_text_new(struct str text, const char *key, enum template_place place, bool messages,
                           struct template_text **out, struct errmsg *msg) ERR_MUSTCHECK;
void template_text_free(struct template_text *t); /* NULL is fine */

/* NULL uses none. */
bool template_text_uses(const struct template_text *t, const char *name);

/* Where values come from. */
struct template_values {
    const struct endpoint *endpoint;
    const struct notice *notice;
    const struct sms *sms; /* NULL: an event */
    int64_t now;
};

/* Appends the text with its values. ERR_INVALID, naming the variable and not its value: the message lacks it, or it
 * cannot stand in its place; out then holds a part. scratch: emptied; it may have held a secret. */
enum err template_text_render(const struct template_text *t, const struct template_values *v, struct buf *scratch,
                              struct buf *out, struct errmsg *msg) ERR_MUSTCHECK;

#endif
