/* The table of routes (lifecertd-http(7)), and each folder file's handlers. */
#ifndef HTTP_ROUTES_H
#define HTTP_ROUTES_H

#include "http/exchange.h"

extern const struct route http_routes[];
extern const size_t http_routes_n;

extern const struct handler inputs_handler;      /* inputs.c: chooses one of the next two */
extern const struct handler input_one_handler;   /* inputs.c */
extern const struct handler input_lines_handler; /* input_lines.c */
extern const struct handler hold_place_handler;  /* holds.c */
extern const struct handler hold_lift_handler;   /* holds.c */

#endif
