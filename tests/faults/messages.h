/* The messages to people of a life: those that the gateway has, and those of which the daemon does not know it. */
#ifndef TESTS_FAULTS_MESSAGES_H
#define TESTS_FAULTS_MESSAGES_H

#include "tests/faults/life.h"

struct messages {
    unsigned came;   /* different ones that the gateway has taken */
    unsigned either; /* those, and those that may not be sent again, for nobody knows whether they came */
};

/* false: the daemon does not say it. Either side is asked. */
bool messages_count(struct life *l, struct messages *out);

#endif
