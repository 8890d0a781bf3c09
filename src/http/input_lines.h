/* Long bodies of inputs; their handler stands in routes.h. */
#ifndef HTTP_INPUT_LINES_H
#define HTTP_INPUT_LINES_H

#include "http/exchange.h"

/* Of groups that the engine has dropped. */
void lines_free_all(struct http *h);

#endif
