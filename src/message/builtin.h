/* The texts that come with the program: what is said when the configuration has no text of its own. */
#ifndef MESSAGE_BUILTIN_H
#define MESSAGE_BUILTIN_H

#include "core/event.h"

struct builtin {
    enum event_type on;
    const char *language, *text;
};

extern const struct builtin builtins[];
extern const unsigned n_builtins;

/* NULL: there is none in that language. */
const struct builtin *builtin_find(enum event_type on, const char *language);

#endif
