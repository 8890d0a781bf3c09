#include "adapter/adapter.h"

#include <stdarg.h>
#include <stdio.h>

void verdict_set(struct verdict *v, enum outcome o, int64_t retry_after, const char *format, ...)
{
    *v = (struct verdict){.outcome = o, .retry_after = retry_after};
    va_list args;
    va_start(args, format);
    vsnprintf(v->why, sizeof v->why, format, args);
    va_end(args);
}

/* What happened instead of an answer. */
static const char *error_of(const struct answer *a)
{
    return a->error[0] ? a->error : "no answer";
}

static enum outcome outcome_of(int status)
{
    if (status >= 200 && status <= 299)
        return OUTCOME_DELIVERED;
    switch (status) {
    case 410: return OUTCOME_GONE;
    case 429:
    case 502:
    case 503:
    case 504: return OUTCOME_THROTTLED;
    default: return OUTCOME_RETRY;
    }
}

void judge_http(const struct answer *a, struct verdict *out)
{
    if (a->carried != CARRIED) {
        verdict_set(out, OUTCOME_RETRY, -1, "%s", error_of(a));
        return;
    }
    enum outcome o = outcome_of(a->status);
    bool again = o == OUTCOME_RETRY || o == OUTCOME_THROTTLED;
    verdict_set(out, o, again && a->retry_after >= 0 ? a->retry_after : -1, "status %d", a->status);
}

bool judge_message_transport(const struct answer *a, struct verdict *out)
{
    if (a->carried == NOT_SENT) {
        verdict_set(out, OUTCOME_RETRY, -1, "%s", error_of(a));
        return true;
    }
    if (a->carried == LOST) {
        verdict_set(out, OUTCOME_UNKNOWN, -1, "%s", error_of(a));
        return true;
    }
    /* A 503 says that nothing was done; any other 5xx may come from in front of a gateway that has sent it already. */
    if (a->status >= 500 && a->status <= 599 && a->status != 503) {
        verdict_set(out, OUTCOME_UNKNOWN, -1, "status %d", a->status);
        return true;
    }
    return false;
}
