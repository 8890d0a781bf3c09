/* Endpoints as the daemon lists them. */
#ifndef CTL_ENDPOINTS_H
#define CTL_ENDPOINTS_H

#include "ctl/json.h"

/* A line each, with state and lag alone. */
void endpoints_print_brief(const struct json *list, const char *indent);

#endif
