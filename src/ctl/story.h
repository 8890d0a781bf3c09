/* Events in words: one sentence for each type. */
#ifndef CTL_STORY_H
#define CTL_STORY_H

#include "base/buf.h"
#include "ctl/json.h"

/* Appends what an event of the log says, for people: "reminder 1 of 3: certification due by 2026-05-31". A type
 * without words of its own gives its name. */
void story_add(struct buf *b, const struct json *event);

/* Appends a template filled in from a JSON object. {path} is a member's value; {path$} an amount of money; {path#} how
 * many items its list has; {path?} nothing, but it must be true. A part in [brackets] is left out when a member in it
 * is absent, null, false, 0 or an empty list; brackets do not nest. */
void template_add(struct buf *b, const char *template, const struct json *values);

#endif
