/* Events that an operator has sent to an endpoint once more. */
#ifndef CTL_REDELIVER_H
#define CTL_REDELIVER_H

#include "ctl/json.h"

/* A line for each endpoint of a list whose last redelivery is worth a word, behind an empty one; nothing where there is
 * none. */
void redeliveries_print(const struct json *endpoints);

#endif
