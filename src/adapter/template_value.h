/* The variables of templates: their names, where they may stand, and their values. */
#ifndef ADAPTER_TEMPLATE_VALUE_H
#define ADAPTER_TEMPLATE_VALUE_H

#include "adapter/template_text.h"

enum template_kind { VALUE_TEXT, VALUE_NUMBER, VALUE_FLAG, VALUE_JSON };

struct template_variable {
    const char *name; /* "var.*": every name that begins so */
    enum template_kind kind;
    bool message; /* of messages only */
    size_t at;    /* where it is: in struct sms if message, else in struct notice; without a write() of its own */
    /* Appends the value. name: as in the template. ERR_INVALID: there is none. */
    enum err (*write)(const struct template_values *v, struct str name, struct buf *out, struct errmsg *msg);
};

/* May it stand in JSON outside of strings? */
static inline bool template_variable_bare(const struct template_variable *t)
{
    return t->kind != VALUE_TEXT;
}

/* NULL: there is none of the name. */
const struct template_variable *template_variable_find(struct str name);

enum err template_variable_write(const struct template_variable *t, const struct template_values *v, struct str name,
                                 struct buf *out, struct errmsg *msg) ERR_MUSTCHECK;

/* Appends value as it stands in the place; in PLACE_JSON within a string. ERR_INVALID: it cannot stand there. */
enum err template_escape(enum template_place place, struct str value, struct str name, struct buf *out,
                         struct errmsg *msg) ERR_MUSTCHECK;

#endif
