/* The town: some two dozen people, what is sent about them, and the model of the rules that says what must come of it.
 *
 * The town is told of every event that is durable, in order, once, and of every decision that the engine made. Each
 * event must be what the model makes of the same input or deadline at the same instant; nothing may be there that has
 * no cause, and nothing may be missing when all is quiet. Holds are folded from the events by a list as naive as the
 * model. Whatever differs ends the program (trace.h). */
#ifndef TESTS_SIM_TOWN_H
#define TESTS_SIM_TOWN_H

#include "engine/engine.h"
#include "tests/model/story_parts.h"
#include "tests/sim/confs.h"

#define TOWN_PEOPLE 24

/* What the engine made of one input. */
struct ruling {
    int person; /* -1: a unit's */
    struct m_input in;
    struct input_result result;
    lc_instant now;
    uint64_t upto; /* without events: it was made behind this one, and before the next about that person */
};

struct town;

struct town *town_new(void);
void town_free(struct town *t);
/* Everybody is a stranger again. */
void town_clear(struct town *t);

const char *town_id(int person);
/* An input about somebody, with an eye on how things stand; about whom: the result. in is what the engine gets. */
int town_draw(struct town *t, struct author *a, struct m_input *m, struct input *in);

/* In order. */
void town_decided(struct town *t, const struct ruling *d);
/* Those that rest on what comes after this number never were. Returns how many. */
unsigned town_forget(struct town *t, uint64_t durable);
/* Events that are durable now, whole lines; first is the number of the first of them. */
void town_take(struct town *t, uint64_t first, struct str lines);
/* The last that was taken, and its time. */
uint64_t town_last(const struct town *t);
lc_instant town_time(const struct town *t);

/* Nothing may be undone at that instant. */
void town_check_done(struct town *t, lc_instant now);
/* What the engine knows of everybody, asked with contacts: people[] by number. */
void town_check_people(struct town *t, const struct person_view people[TOWN_PEOPLE]);
/* Somebody set the clock back or forward, or nobody was there, by more than may go unnoticed: from that instant on no
 * suspension without a clock hold that was placed behind this. at: INT64_MIN when it was set back; INSTANT_NONE: none
 * is expected any more. */
void town_expect_clock_hold(struct town *t, lc_instant at);
/* A hold in force that an operator may lift, by its name; NULL: there is none. */
const char *town_hold(const struct town *t, struct rng *dice, char name[160]);

/* Of an event: its type, and whose it is (-1: nobody's). */
enum event_type town_type(const struct town *t, uint64_t seq);
int town_subject(const struct town *t, uint64_t seq);

#endif
