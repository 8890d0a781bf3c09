/* The sentence that the service manager shows. */
#include <string.h>

#include "daemon/standing.h"
#include "tests/lib/tap.h"

static char text[STANDING_TEXT];

static const char *say(const struct engine_counters *n, bool refused, unsigned idle)
{
    struct standing s = {n, refused, idle};
    return standing_text(&s, text);
}

int main(void)
{
    struct engine_counters n = {.enrolled = 309800};
    plan(8);
    is_str(say(&n, false, 0), "serving 309800 beneficiaries", "all is well");
    n.enrolled = 1;
    is_str(say(&n, false, 0), "serving 1 beneficiary", "there is one");
    n.lag_seconds = 60;
    is_str(say(&n, false, 0), "serving 1 beneficiary", "a minute behind is not worth a word");
    n.lag_seconds = 61;
    is_str(say(&n, false, 0), "serving 1 beneficiary; deadlines 61 s behind", "more is");
    n.lag_seconds = 0;
    n.holds[HOLD_BRAKE] = 1;
    is_str(say(&n, true, 0), "serving 1 beneficiary; suspensions held: brake; the last reload was refused",
           "a hold, and a faulty configuration");
    n.holds[HOLD_FEED] = 3;
    is_str(say(&n, false, 0), "serving 1 beneficiary; suspensions held: brake, feed", "each kind of hold once");
    n.holds[HOLD_BRAKE] = n.holds[HOLD_FEED] = 0;
    is_str(say(&n, false, 15), "serving 1 beneficiary; no progress for 15 s", "an engine that hangs");
    n = (struct engine_counters){.enrolled = UINT64_MAX, .lag_seconds = UINT64_MAX, .holds = {1, 1, 1, 1}};
    const char *most = say(&n, true, UINT32_MAX);
    ok(strlen(most) < STANDING_TEXT - 1 && strstr(most, "no progress for 4294967295 s"), "the longest fits: %s", most);
    return tap_end();
}
