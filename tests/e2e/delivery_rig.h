/* A daemon with endpoints and a receiver at each of them, for end-to-end tests of delivery: its configuration is put
 * together piece by piece, people and events are fed in by the thousand, and what arrived is read back from the
 * receivers' records. */
#ifndef TESTS_DELIVERY_RIG_H
#define TESTS_DELIVERY_RIG_H

#include "tests/lib/node.h"
#include "tests/receiver/peer.h"

struct rig {
    struct node *node;
    struct buf config; /* what the next configuration will say */
    struct reply reply;
    struct buf text; /* scratch; and what rig_ctl() has printed */
    unsigned lines;  /* inputs that are gathered in it */
    unsigned amount; /* that was amended last: none is the same twice */
};

/* A node whose store is made, with two secrets, and with a configuration that has the policies "a" and "b" and the
 * channel "face". */
void rig_init(struct rig *r);
void rig_done(struct rig *r, bool failed);

/* --- configuration --- */

/* Back to what rig_init() put there. */
void rig_clear(struct rig *r);
void rig_say(struct rig *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A section for signed webhooks to a receiver, with more keys. */
void rig_hook(struct rig *r, const char *name, const struct peer *to, const char *more);
/* Writes the file. And: has the running daemon read it; the log says what became of that. */
void rig_write(struct rig *r);
void rig_reload(struct rig *r);
/* Writes it and starts the daemon. */
void rig_start(struct rig *r);
/* The path of a file in the node's folder. It holds until the fourth call after this one. */
const char *rig_path(const struct rig *r, const char *name);

/* --- receivers --- */

#define SECRET_ONE "one.secret"
#define SECRET_TWO "two.secret"

/* One that knows the first secret (or the one given), keeps a record under that name, and has these settings. */
struct peer *rig_peer(const struct rig *r, const char *name, const char *settings);
struct peer *rig_peer_with(const struct rig *r, const char *name, const char *settings, const char *secret);
/* One in the place of another that was killed, at the same address. */
struct peer *rig_peer_again(const struct rig *r, const char *name, const struct peer *killed);

/* A line of a record. */
struct arrival {
    int64_t at;   /* Unix nanoseconds */
    uint64_t seq; /* of messages too: it is in their id */
    uint32_t attempt;
    char kind[12], id[80], subject[32], type[40], answer[16], number[24], text[512];
};

struct arrivals {
    struct arrival *v;
    size_t n, cap;
};

/* All that has come so far; replaces the content. */
void arrivals_read(const struct rig *r, const char *name, struct peer *p, struct arrivals *out);
void arrivals_done(struct arrivals *a);
/* The i-th that is about that person, from 0; NULL: there is none. */
const struct arrival *arrivals_of(const struct arrivals *a, const char *subject, unsigned i);
size_t arrivals_count(const struct arrivals *a, const char *subject);

/* --- people and events --- */

/* Each brings one event for each of n people, of whom P-000001 has the number 1. The test ends when one is refused.
 * members: of the enrolments, policy included; NULL: policy "a" alone. days_ago: counted from today. */
void rig_enrol(struct rig *r, unsigned first, unsigned n, const char *members);
void rig_amend(struct rig *r, unsigned first, unsigned n);
void rig_certify(struct rig *r, unsigned first, unsigned n, int days_ago);
/* So many amendments for each, everybody's first before anybody's second. */
void rig_amend_times(struct rig *r, unsigned first, unsigned n, unsigned times);
/* The number of the log's last event. */
uint64_t rig_last(struct rig *r);

/* --- operators --- */

/* lifecertctl with words that are parted by single blanks: its exit code; r->text has all that it printed. */
int rig_ctl(struct rig *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* POST to an endpoint's pause or resume; the test ends when that is refused. */
void rig_order(struct rig *r, const char *endpoint, const char *verb);

/* --- looks --- */

/* A line of the daemon's /proc/PID/status, such as "VmRSS", in KiB. */
long rig_memory(const struct rig *r, const char *what);
/* Shows the counts of a receiver that are not zero. */
void show_counts(const char *name, struct peer *p);
/* Waits for so many different events; false, with the counts shown: they have not come within a minute. */
bool await_events(const char *name, struct peer *p, uint64_t n);
/* All came, each once, in order for each person, and well signed. */
bool came_once(const char *name, struct peer *p, uint64_t n);

#endif
