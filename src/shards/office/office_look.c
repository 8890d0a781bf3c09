#include <time.h>

#include "base/clock.h"
#include "shards/office/office_inside.h"

static uint64_t outstanding(const struct office *o)
{
    uint64_t most = 0;
    for (unsigned i = 0; i < o->set->n; i++) {
        const struct office_seat *seat = &o->seats[i];
        if (seat->open && seat->reported && seat->carried < o->last_order && o->last_order - seat->carried > most)
            most = o->last_order - seat->carried;
    }
    return most;
}

/* Reports are read with every word. */
static int64_t silent_ms(const struct office *o)
{
    int64_t ms = o->read_at ? (clock_boot_ns() - o->read_at) / NS_PER_MS : ((int64_t)time(NULL) - o->since) * 1000;
    return ms > 0 ? ms : 0;
}

void office_look(const struct office *office, struct office_look *out)
{
    struct office *o = (struct office *)(uintptr_t)office;
    pthread_mutex_lock(&o->lock);
    out->idle = o->trouble != TROUBLE_NONE && o->trouble != TROUBLE_SILENT;
    out->orders = outstanding(o);
    out->silent_ms = silent_ms(o);
    pthread_mutex_unlock(&o->lock);
}
