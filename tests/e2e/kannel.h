/* A Kannel gateway with its fake operator, for end-to-end tests: on loopback, in a folder of its own, and never left
 * behind. The operator keeps what it gets in its log. */
#ifndef TESTS_KANNEL_H
#define TESTS_KANNEL_H

#include <sys/types.h>

#include "base/buf.h"

#define KANNEL_USER "lifecertd"
#define KANNEL_PASSWORD "kannel's password"

struct kannel {
    char dir[128];
    int port; /* where it takes messages */
    int admin_port, box_port, operator_port;
    pid_t bearerbox, smsbox, fakesmsc; /* 0: not running */
};

/* One message as the operator got it, put together. */
struct operator_sms {
    char to[24], text[1024]; /* UTF-8 */
    unsigned parts;          /* 1: it came as one */
};

/* On free ports; ready when it returns: it takes messages, and the operator is connected. */
void kannel_start(struct kannel *k);
/* SIGKILL for all of it. */
void kannel_kill(struct kannel *k);
/* On the same ports, with what it had stored. */
void kannel_restart(struct kannel *k);

/* The operator hangs up; and is there again. */
void kannel_operator_leaves(struct kannel *k);
void kannel_operator_returns(struct kannel *k);
/* How many messages wait in Kannel for the operator. */
unsigned kannel_waiting(struct kannel *k);

/* The messages of which the operator has all parts, in the order of their first ones: how many there are, of which max
 * are put into out. */
unsigned kannel_delivered(const struct kannel *k, struct operator_sms *out, unsigned max);

#endif
