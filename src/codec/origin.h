/* What a logged event came from: the input that it answers, told back from the event, so that history can be decided
 * again (verify) or decided otherwise (what-if). The inverse of what core/ makes of inputs. */
#ifndef CODEC_ORIGIN_H
#define CODEC_ORIGIN_H

#include "base/err.h"
#include "codec/input_json.h"
#include "core/event.h"

enum origin {
    ORIGIN_INPUT,       /* an input, applied or rejected */
    ORIGIN_DEADLINE,    /* reminder, grace, suspension, lapse: fell due by itself */
    ORIGIN_CONSEQUENCE, /* benefit.resumed: decided together with the person's event before it */
    ORIGIN_ADOPTION,    /* beneficiary.amended: the configuration changed the person's policy */
    ORIGIN_SYSTEM,      /* about nobody: policies, settings, holds, units and their digests */
};

/* What an input told back needs room in; reused from call to call, not for two threads at once. */
struct origin_reader;

struct origin_reader *origin_reader_new(void);
void origin_reader_free(struct origin_reader *r);

/* policy_before: the name of the policy that the person stood under before the event; STR_NONE at an enrolment.
 *
 * With ORIGIN_INPUT *in is filled: it borrows from the event and the reader, until the next call. `at` is the event's
 * time. Personal members are not in the log: where the event says that there were any, the event's number stands for
 * a name (amend) or a `by` (certify), and so differs from any that was there before. What an input left out is filled
 * in as the daemon did (amount_from), and what it gave in vain (members that changed nothing) is not there; neither
 * changes what comes of it. Inputs that came to "unchanged", and those about strangers, left no event, and cannot be
 * told back.
 *
 * ERR_DAMAGED: the members of an input.rejected are none that an input has. */
enum err event_origin(struct origin_reader *r, const struct event *ev, struct str policy_before, enum origin *out,
                      struct input *in, struct errmsg *msg) ERR_MUSTCHECK;

#endif
