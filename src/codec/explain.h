/* Why an input was rejected, in a sentence on which a clerk at a counter can act. */
#ifndef CODEC_EXPLAIN_H
#define CODEC_EXPLAIN_H

#include "core/input.h"

enum explain_language { EXPLAIN_ZH, EXPLAIN_EN, EXPLAIN_LANGUAGES };

/* A static sentence that needs no escapes in JSON; STR_NONE for REASON_NONE. */
struct str explain_rejection(enum reason reason, enum op op, enum explain_language language);

#endif
