/* The words for every enum, as they stand in inputs, events and answers, with their lengths. For one word call the
 * enum's own function (op_text() and so on); whoever reads or writes many uses the tables. */
#ifndef CORE_TEXT_H
#define CORE_TEXT_H

#include "core/event.h"

/* A word for each value from 0 on; STR_NONE where a value has none (REASON_NONE, DEADLINE_NONE, SCOPE_ALL). */
struct texts {
    const struct str *v;
    unsigned n;
};

extern const struct texts op_texts, result_texts, reason_texts, status_texts, deadline_texts, event_type_texts,
    cert_effect_texts, revoke_effect_texts, resume_reason_texts, hold_texts, scope_texts;

/* The value with that word; false leaves *out alone. */
bool texts_find(const struct texts *t, struct str word, unsigned *out);

#endif
