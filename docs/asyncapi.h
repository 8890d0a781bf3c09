/* The AsyncAPI 3 document: what lifecertd sends of its own accord. Made from the tables that the API's own description
 * is made from. */
#ifndef DOCS_ASYNCAPI_H
#define DOCS_ASYNCAPI_H

#include "base/buf.h"

void asyncapi_write(struct buf *out);

#endif
