/* How things stand, in a sentence for whoever asks the service manager. */
#ifndef DAEMON_STANDING_H
#define DAEMON_STANDING_H

#include "engine/engine.h"

struct standing {
    const struct engine_counters *engine;
    bool refused;          /* the last reload was */
    unsigned idle_seconds; /* for so long the engine has made no progress; 0: it makes some */
};

#define STANDING_TEXT 256

/* "serving 309800 beneficiaries; suspensions held: brake, feed; ..." */
const char *standing_text(const struct standing *s, char out[STANDING_TEXT]);

#endif
