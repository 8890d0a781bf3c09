/* Holds as a table. */
#ifndef CTL_HOLDS_H
#define CTL_HOLDS_H

#include "ctl/json.h"

/* list: as the daemon gives it. On stdout, each row behind the indent. */
void holds_print(const struct json *list, const char *indent);

#endif
