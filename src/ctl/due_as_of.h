/* due --as-of: what was due as known then, beside what is known now. */
#ifndef CTL_DUE_AS_OF_H
#define CTL_DUE_AS_OF_H

#include "base/date.h"
#include "ctl/commands.h"

struct due_wanted {
    lc_date from, to; /* inclusive; DATE_NONE: open */
    bool by_month;
};

/* as_of: as it was given. The status to end with. */
int due_as_of(struct ctl *ctl, const char *as_of, const struct due_wanted *wanted);

#endif
