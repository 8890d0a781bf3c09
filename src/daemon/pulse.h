/* The daemon's pulse: looks from the loop whether the engines get on, and tells the service manager so.
 *
 * The watchdog is fed by the loop only, and only while every engine makes progress: so it sees the one hang as well as
 * the other. Nothing is fed before pulse_start(), nor after the loop has ended. */
#ifndef DAEMON_PULSE_H
#define DAEMON_PULSE_H

#include "daemon/service.h"

struct pulse;

/* Says how things stand, and looks from then on: four times in the manager's interval, or every ten seconds where there
 * is no watchdog. Both must outlive it. */
struct pulse *pulse_start(struct loop *l, struct service *s);
/* NULL is fine. */
void pulse_free(struct pulse *p);

/* What became of the last reload. */
void pulse_reloaded(struct pulse *p, bool refused);

#endif
