/* The same inputs under other policies: what the log holds is told back as inputs and decided twice, once under the
 * policies that were and once with some of their parameters changed, by two engines over stores of their own.
 *
 * Both runs leave out holds that the daemon placed by itself (brake, clock, feed), and what they kept back; moratoria
 * stand in both. Deadlines fall due on time in both, also where the daemon was down. So the first run, "before", is not
 * what was recorded but what the rules alone make of it, and differs from the second, "after", in nothing but what was
 * changed. Policies, channels and time zone change in both as they did, when they did.
 *
 * It needs the log from its first event on, room on the disk for its events twice, and in memory two rosters and 40
 * bytes a person. */
#ifndef ENGINE_WHAT_IF_H
#define ENGINE_WHAT_IF_H

#include "config/changes.h"
#include "core/event.h"
#include "store/store.h"

enum { WHAT_IF_BEFORE, WHAT_IF_AFTER, WHAT_IF_RUNS };

struct what_if_options {
    struct store *source;        /* read up to what is durable when it begins */
    const struct config *wanted; /* its policies are what is asked for; nothing else of it matters */
    lc_instant
        since; /* from then on they are in force, as if the configuration had been changed; INSTANT_NONE: always */
    lc_instant until;        /* the clocks stop there, later inputs are left out; INSTANT_NONE: at the last event */
    const char *scratch;     /* an empty folder; whoever made it removes it after what_if_free() */
    bool (*stop)(void *arg); /* asked now and then; may be NULL */
    void (*progress)(void *arg, uint64_t bytes, uint64_t inputs); /* of the log; may be NULL */
    void *arg;
};

/* What happened to somebody: an event of which people take notice. */
struct what_if_item {
    int64_t total;        /* resumed, reinstated: the back pay; terminated: the arrears; AMOUNT_NONE: not known */
    lc_date on;           /* resumed: from when on it is paid regularly; else the local day of the event */
    uint8_t type;         /* enum event_type */
    uint8_t reason;       /* of a rejection; enum reason */
    uint16_t months : 12; /* periods in the total */
    uint16_t op : 4;      /* of a rejection; enum op */
};

/* Of one person, what stands in one run alone, each in order of date. */
struct what_if_person {
    struct str id;
    const char *policy; /* in the end */
    const struct what_if_item *only[WHAT_IF_RUNS];
    uint32_t n[WHAT_IF_RUNS];
};

/* Of one run. */
struct what_if_sums {
    uint64_t events[EV_N];
    uint64_t people_suspended;           /* at some time */
    uint64_t still_suspended;            /* in the end */
    uint64_t months_withheld;            /* periods: paid later, with arrears, or still withheld in the end */
    int64_t paid_later;                  /* back pay and arrears, as far as amounts are known */
    uint64_t unknown;                    /* lists of periods whose amounts are not */
    uint32_t suspensions[MONTH_MAX + 1]; /* by the month of the event */
};

/* Of one kind of input. */
struct what_if_inputs {
    uint64_t taken;
    uint64_t rejected[WHAT_IF_RUNS];
    uint64_t now_applied, now_rejected; /* rejected before and not after; the other way round */
};

struct what_if_result {
    struct policy_changes changes;    /* known once it is open; empty: nothing would differ */
    lc_instant first, last;           /* the log's events' times; INSTANT_NONE: it has none */
    lc_instant until;                 /* where the clocks stopped */
    lc_month month_first, month_last; /* with a suspension in either run; MONTH_NONE: there is none */
    uint64_t bytes;                   /* of the log that is read */
    uint64_t people;
    uint64_t differ;          /* people with something else in one run than in the other */
    uint64_t differ_from_log; /* between the first run and what was recorded */
    uint64_t recorded[EV_N];
    struct what_if_inputs inputs[OP_N];
    struct what_if_sums runs[WHAT_IF_RUNS];
};

struct what_if;

/* Reads which policies were adopted, and compares the latest with what is wanted. ERR_INVALID: `since` or `until` lie
 * where they make no sense; ERR_ARCHIVED, ERR_DAMAGED: the log cannot be read. */
enum err what_if_open(const struct what_if_options *o, struct what_if **out, struct errmsg *msg) ERR_MUSTCHECK;
/* Runs both. ERR_END: it was told to stop. */
enum err what_if_run(struct what_if *w, struct errmsg *msg) ERR_MUSTCHECK;
const struct what_if_result *what_if_result(const struct what_if *w);

/* After the run: the first `most` people who differ, in order of enrolment. Both logs are read again, once for every
 * 256 MB of items. */
typedef void what_if_person_fn(void *arg, const struct what_if_person *p);
enum err what_if_people(struct what_if *w, uint64_t most, what_if_person_fn *fn, void *arg,
                        struct errmsg *msg) ERR_MUSTCHECK;
/* The channels, policies and time zone that were in force in the end; NULL: the log is empty. */
const struct config *what_if_config(const struct what_if *w);
void what_if_free(struct what_if *w);

#endif
