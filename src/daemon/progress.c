#include "daemon/progress.h"

bool progress_made(struct progress *last, const struct progress *now)
{
    bool came_round = now->ticks != last->ticks;
    bool settles = now->durable >= last->decided || now->durable > last->durable;
    *last = *now;
    return came_round && settles;
}
