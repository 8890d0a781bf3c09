/* The schemas of events, made from the table by which they are written (codec/event_table.h): for OpenAPI, and for
 * AsyncAPI's messages. */
#ifndef HTTP_OPENAPI_EVENTS_H
#define HTTP_OPENAPI_EVENTS_H

#include "core/event.h"
#include "http/openapi/openapi_types.h"

#define API_EVENT_NAME 64

/* What a type's data is called among the components: "BenefitSuspended". */
void api_event_name(enum event_type type, char out[API_EVENT_NAME]);
/* What happened, in a sentence. */
const char *api_event_about(enum event_type type);
/* Is there nobody whom it concerns? */
bool api_event_is_system(enum event_type type);

/* Members of components: what the data of every type is, and what these refer to. */
void api_event_data(struct api_json *j);
/* "Event": a line of the log. */
void api_event(struct api_json *j);

#endif
