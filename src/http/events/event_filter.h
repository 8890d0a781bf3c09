/* Which types of events are asked for. */
#ifndef HTTP_EVENT_FILTER_H
#define HTTP_EVENT_FILTER_H

#include "core/event.h"

#define EVENT_TYPES_ALL ((UINT64_C(1) << EV_N) - 1)

/* "benefit.*,certification.accepted" as bits 1 << type. 0: one of the globs, *bad, matches no type that there is. */
uint64_t event_types_matching(struct str globs, struct str *bad);

#endif
