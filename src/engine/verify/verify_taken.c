/* A log whose first events were taken over from other logs, when people were spread over another number of shards.
 * They were decided there, each log for itself: in which order across people, under which holds, this one cannot tell.
 * So they are read as a start reads them, each person's in their chain, and what comes behind them is decided again.
 * Whoever has the logs that they came from can verify those. */
#include <inttypes.h>

#include "engine/verify/verifying.h"

enum err taken_begin(struct verify *v, uint64_t taken, struct errmsg *msg)
{
    uint64_t before = v->decided_from ? v->decided_from - 1 : 0;
    struct log_span span = {.after = before, .upto = taken, .until = INT64_MAX};
    if (before >= taken)
        return ERR_OK;
    enum err err = verify_walk(v, verify_chain_group, before, taken, msg);
    if (err == ERR_OK)
        err = replay_span(v->e, &span, before, msg);
    if (err != ERR_OK)
        return err;
    v->e->last_seq = taken;
    v->decided_from = taken + 1;
    v->loose = true;
    deliveries_view_skip(v);
    buf_printf(&v->out->notes,
               "events up to %" PRIu64 " were taken over from other logs, and are not decided again here\n", taken);
    err = verify_go_on(v, msg);
    return err == ERR_OK ? checkpoints_passed(v) : err;
}
