/* Words for what endpoints do, and for what came of a request. */
#include "deliver/deliver.h"

const char *endpoint_state_text(enum endpoint_state s)
{
    static const char *const words[ENDPOINT_STATE_N] = {
        [ENDPOINT_RUNNING] = "running",         [ENDPOINT_PAUSED] = "paused",   [ENDPOINT_OPEN] = "open",
        [ENDPOINT_SPARED] = "spared",           [ENDPOINT_QUIET] = "quiet",     [ENDPOINT_FULL] = "full",
        [ENDPOINT_UNCONSENTED] = "unconsented", [ENDPOINT_LEAVING] = "leaving",
    };
    return words[s];
}

const char *outcome_text(enum outcome o)
{
    static const char *const words[OUTCOME_N] = {
        [OUTCOME_DELIVERED] = "delivered", [OUTCOME_RETRY] = "retry", [OUTCOME_THROTTLED] = "throttled",
        [OUTCOME_FAILED] = "failed",       [OUTCOME_GONE] = "gone",   [OUTCOME_UNKNOWN] = "unknown",
    };
    return words[o];
}
