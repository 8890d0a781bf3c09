/* What the life's files share. */
#ifndef TESTS_SIM_LIFE_INSIDE_H
#define TESTS_SIM_LIFE_INSIDE_H

#include "tests/sim/life.h"
#include "tests/sim/server.h"

#define HOUR INT64_C(3600)
#define DAY (24 * HOUR)

struct life {
    const struct conf *confs;
    struct disk *disk;
    struct faults faults;
    struct town *town;
    struct receivers *receivers;
    struct server server;
    struct author author; /* of inputs */
    struct rng dice, disk_dice, thread_dice, chance_dice, receiver_dice;
    unsigned steps;
    lc_instant seen; /* the wall clock when the daemon last ran */
    bool over;       /* nothing goes wrong any more */
};

static inline unsigned below(struct life *l, unsigned n)
{
    return (unsigned)rng_below(&l->dice, n);
}

static inline bool one_in(struct life *l, unsigned n)
{
    return below(l, n) == 0;
}

/* life_down.c: the end of the daemon, and its coming back */
void life_plan_fault(struct life *l, unsigned within); /* so many calls of the disk at most */
void life_die(struct life *l); /* the process, whatever it was doing; the disk loses what it may */
void life_come_up(struct life *l);
void life_restart(struct life *l);          /* after a while */
void life_turn(struct life *l, unsigned n); /* rounds, and the end of the daemon when it has come */
void life_look_round(struct life *l);       /* all that is due is done, and everybody must be as the model has them */

/* what happens: life_down.c, life_things.c */
void life_send_inputs(struct life *l);
void life_send_again(struct life *l);
void life_send_unit(struct life *l);
void life_pass_moments(struct life *l);
void life_pass_hours(struct life *l);
void life_pass_days(struct life *l);
void life_sleep_long(struct life *l);
void life_set_clock(struct life *l);
void life_reload(struct life *l);
void life_place_hold(struct life *l);
void life_lift_hold(struct life *l);
void life_change_mood(struct life *l);
void life_give_receipt(struct life *l);
void life_give_order(struct life *l);
void life_crash_now(struct life *l);
void life_end_cleanly(struct life *l);
void life_plan_some_fault(struct life *l);
void life_pace_threads(struct life *l);

#endif
