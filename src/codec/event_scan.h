/* Reading the values of an event's members: one function a kind of field. */
#ifndef CODEC_EVENT_SCAN_H
#define CODEC_EVENT_SCAN_H

#include "codec/event_json.h"
#include "codec/event_table.h"
#include "codec/json_scan.h"

/* What is being read and where it goes. */
struct event_reader {
    struct scan scan;
    struct event *event;
    struct event_arena *arena;
};

/* Reads the value of f to at; false when it is not one that event_write() writes. */
typedef bool scan_fn(struct event_reader *r, const struct field *f, void *at);

extern scan_fn *const event_scan_kind[FIELD_KIND_N];

#endif
