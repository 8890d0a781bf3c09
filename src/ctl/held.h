/* What kept a suspension back: no event of the person's says so, but the daemon knows what was in force when. */
#ifndef CTL_HELD_H
#define CTL_HELD_H

#include "ctl/client.h"
#include "ctl/story.h"

/* event: a benefit.suspended that is about to be added. Asks what was known just before it, and tells the story when it
 * was due earlier; the story goes without where the daemon has no answer. */
void held_look(struct client *c, struct story *s, const char *id, const struct json *event);

#endif
