/* Those whom delivery sends to: two webhooks' receivers and a gateway for messages, with moods. They answer late or
 * never, say that they took what they did not, and the other way round. And the book of what came to them: per person
 * in order, nothing lost, nothing again without a reason, no message ever twice. Whatever is against that ends the
 * program (trace.h). */
#ifndef TESTS_SIM_RECEIVERS_H
#define TESTS_SIM_RECEIVERS_H

#include "deliver/deliver.h"
#include "tests/deliver/carrier.h"
#include "tests/sim/town.h"

enum receiver { RECEIVER_PAYROLL, RECEIVER_CITY, RECEIVER_SMS, RECEIVER_N };
extern const char *const receiver_names[RECEIVER_N];

enum mood { MOOD_WELL, MOOD_FLAKY, MOOD_DEAD, MOOD_SLOW, MOOD_LIAR, MOOD_N };

struct receivers;

struct receivers *receivers_new(void);
void receivers_free(struct receivers *r);
/* A new life: nothing came yet. */
void receivers_clear(struct receivers *r, const struct town *t, struct rng *dice);
/* The carrier for the delivery that begins now. */
struct carrying *receivers_carrying(struct receivers *r, const int64_t *now);
/* The delivery is gone, and so is whatever was on its way. */
void receivers_cut(struct receivers *r);

void receivers_mood(struct receivers *r, enum receiver which, enum mood mood);
/* Some of what is on its way is answered. */
void receivers_answer(struct receivers *r);
/* What delivery says. */
void receivers_said(struct receivers *r, const struct deliver_said *s);
/* An operator wants that one once more, or never: what is known of it does not bind any longer. */
void receivers_excuse(struct receivers *r, enum receiver which, uint64_t seq);
/* A message of which a receipt may come; 0: none. */
uint64_t receivers_message(const struct receivers *r, struct rng *dice);
/* The first event that has not come, and was not given up, and to whom; 0: there is none. */
uint64_t receivers_missing(const struct receivers *r, enum receiver *out);
/* How many are on their way. */
unsigned receivers_waiting(const struct receivers *r);

#endif
