#include "deliver/schedule.h"

#define LONGEST_S INT64_C(86400)

int64_t schedule_delay(const struct endpoint *e, uint32_t attempts, int64_t retry_after, uint32_t random)
{
    if (attempts == 0 || attempts > e->n_retry)
        return -1;
    int64_t delay = e->retry[attempts - 1] * 1000;
    delay += (int64_t)((uint64_t)delay / 5 * random / UINT32_MAX);
    int64_t least = (retry_after < LONGEST_S ? retry_after : LONGEST_S) * 1000;
    return delay < least ? least : delay;
}
