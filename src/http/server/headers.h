/* The headers of every answer, whatever it is. */
#ifndef HTTP_HEADERS_H
#define HTTP_HEADERS_H

#include <stddef.h>

struct header {
    const char *name, *value;
};

#define EVERY_ANSWER_N 2

extern const struct header every_answer[EVERY_ANSWER_N];

#endif
