/* What is said of an endpoint when each shard's delivery has said it. */
#include "shards/desk/desk_inside.h"

/* The best first. */
static const char *const states[] = {"running", "quiet",       "spared", "full",    "open",
                                     "unconsented", "paused", "leaving", NULL};

enum endpoint_state desk_worse(enum endpoint_state a, enum endpoint_state b)
{
    for (unsigned i = 0; states[i]; i++) {
        if (strcmp(states[i], endpoint_state_text(a)) == 0)
            return b;
        if (strcmp(states[i], endpoint_state_text(b)) == 0)
            return a;
    }
    return a;
}

static const char *const redelivery_states[] = {"done", "cancelled", "running", NULL};

const struct fold_row desk_state_rows[] = {
    {"endpoint", FOLD_FIRST, NULL, NULL},
    {"state", FOLD_WORST, states, NULL},
    {NULL, FOLD_FIRST, NULL, NULL},
};

#define REDELIVERY_ROWS \
    {"in_flight", FOLD_SUM, NULL, NULL}, \
    {"after", FOLD_PLACE, NULL, NULL}, \
    {"until", FOLD_PLACE, NULL, NULL}, \
    {"position", FOLD_PLACE, NULL, NULL}, \
    {"type", FOLD_FIRST, NULL, NULL}, \
    {"subject", FOLD_FIRST, NULL, NULL}, \
    {"state", FOLD_WORST, redelivery_states, NULL}, \
    {"sent", FOLD_SUM, NULL, NULL}, \
    {"failed", FOLD_SUM, NULL, NULL}, \
    {"skipped", FOLD_SUM, NULL, NULL}, \
    {"started_at", FOLD_EARLIEST, NULL, NULL}, \
    {"ended_at", FOLD_LAST, NULL, NULL}, \
    {"by", FOLD_FIRST, NULL, NULL}, \
    {"why", FOLD_FIRST, NULL, NULL}, \
    {"last_error", FOLD_FIRST, NULL, NULL}, \
    {NULL, FOLD_FIRST, NULL, NULL}

static const struct fold_row redelivery_rows[] = {REDELIVERY_ROWS};

const struct fold_row desk_redelivery_rows[] = {
    {"endpoint", FOLD_FIRST, NULL, NULL},
    REDELIVERY_ROWS,
};

const struct fold_row desk_endpoint_rows[] = {
    {"name", FOLD_FIRST, NULL, NULL},
    {"adapter", FOLD_FIRST, NULL, NULL},
    {"state", FOLD_WORST, states, NULL},
    {"paused", FOLD_FIRST, NULL, NULL},
    {"paused_by", FOLD_FIRST, NULL, NULL},
    {"paused_at", FOLD_EARLIEST, NULL, NULL},
    {"cursor", FOLD_PLACE, NULL, NULL},
    {"lag", FOLD_SUM, NULL, NULL},
    {"dead", FOLD_SUM, NULL, NULL},
    {"in_flight", FOLD_SUM, NULL, NULL},
    {"retrying", FOLD_SUM, NULL, NULL},
    {"waiting", FOLD_SUM, NULL, NULL},
    {"unknown", FOLD_SUM, NULL, NULL},
    {"requests", FOLD_SUM, NULL, NULL},
    {"delivered", FOLD_SUM, NULL, NULL},
    {"skipped", FOLD_SUM, NULL, NULL},
    {"dead_ever", FOLD_SUM, NULL, NULL},
    {"receipts_delivered", FOLD_SUM, NULL, NULL},
    {"receipts_failed", FOLD_SUM, NULL, NULL},
    {"skips", FOLD_SUMS, NULL, NULL},
    {"last_ok_at", FOLD_LATEST, NULL, NULL},
    {"last_error", FOLD_FIRST, NULL, NULL},
    {"last_error_at", FOLD_LATEST, NULL, NULL},
    {"redelivery", FOLD_OBJECT, NULL, redelivery_rows},
    {NULL, FOLD_FIRST, NULL, NULL},
};
