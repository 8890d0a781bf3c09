/* What a message can name: {{due}}, {{amount}} and so on. */
#ifndef MESSAGE_VARIABLES_H
#define MESSAGE_VARIABLES_H

#include "message/forms.h"
#include "message/message.h"

struct variable {
    const char *name;
    uint32_t events; /* bit t: messages on event type t have it */
    enum value_kind kind;
    int64_t (*get)(const struct event *e, const struct recipient *r); /* a date, month, amount or count, by kind */
};

/* The event's variable of that name, or NULL. */
const struct variable *variable_find(enum event_type on, struct str name);
/* "name, due, grace_until": all that the event has. */
void variables_list(struct buf *b, enum event_type on);

/* Does it have a value to speak of? Not a date, month or amount that is null, an amount of 0, a name not on file. */
bool variable_given(const struct variable *v, const struct event *e, const struct recipient *r);
/* Never writes nothing: what has no value has a word in its place. */
void variable_write(const struct variable *v, const struct forms *f, const struct event *e, const struct recipient *r,
                    struct buf *b);

/* The day on which somebody resumed is paid next: that of the back pay or, without any, of the first regular period. */
lc_date resumption_payday(const struct event *e, const struct policy *p);

#endif
