/* The schemas of answers and orders that are written by hand: rows of members, held against real answers by a test. */
#ifndef HTTP_OPENAPI_SCHEMAS_H
#define HTTP_OPENAPI_SCHEMAS_H

#include "http/openapi/openapi_types.h"

/* Members of components. */
void api_answers(struct api_json *j);

#endif
