/* GET /openapi.json: what the table of routes, the tables of inputs and events, and the rows of route_docs.c say, as
 * one OpenAPI 3.1 document. docs/openapi.json is the same, byte for byte. */
#ifndef HTTP_OPENAPI_H
#define HTTP_OPENAPI_H

#include "base/buf.h"

void openapi_write(struct buf *out);

#endif
