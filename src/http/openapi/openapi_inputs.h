/* The schemas of inputs, made from the table by which they are read (codec/input_table.h). */
#ifndef HTTP_OPENAPI_INPUTS_H
#define HTTP_OPENAPI_INPUTS_H

#include "http/openapi/openapi_types.h"

/* Members of components: "EnrolInput" and its like, one an op, and "Input", which is any of them. */
void api_inputs(struct api_json *j);

#endif
