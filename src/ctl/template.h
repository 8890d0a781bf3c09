/* Sentences with places for values. */
#ifndef CTL_TEMPLATE_H
#define CTL_TEMPLATE_H

#include "base/buf.h"
#include "ctl/json.h"

/* Appends what the name stands for; false: there is nothing to say. */
typedef bool template_fact_fn(void *arg, const char *name, struct buf *b);

/* Appends a template filled in from a JSON object. {path} is a member's value; {path$} an amount of money; {path#} how
 * many items its list has; {path?} nothing, but it must be true; {@name} what fact() says. A part in [brackets] is left
 * out when a member in it is absent, null, false, 0 or an empty list, or there is no such fact; brackets do not nest.
 * fact may be NULL. */
void template_fill(struct buf *b, const char *template, const struct json *values, template_fact_fn *fact, void *arg);
/* Without facts. */
void template_add(struct buf *b, const char *template, const struct json *values);

#endif
