/* The configurations that a town goes through: random policies, several zones, brakes and feeds of every kind, the same
 * channels and endpoints. They are read once in a program, by the product's own reader, and shared by all lives. */
#ifndef TESTS_SIM_CONFS_H
#define TESTS_SIM_CONFS_H

#include "config/config.h"
#include "config/endpoint.h"
#include "tests/model/model.h"

#define CONFS 8

struct conf {
    struct config *config; /* config_ref() it */
    struct m_policy policies[M_POLICIES];
};

/* Ends the program when one is refused. */
void confs_load(struct conf confs[CONFS]);
void confs_free(struct conf confs[CONFS]);

/* Of the endpoints: */
#define CONF_PAYROLL "payroll" /* standard webhooks, every event */
#define CONF_CITY "city"       /* cloudevents, some events, a narrow window */
#define CONF_SMS "sms"         /* kannel */
#define CONF_UNNOTED 16        /* what may come to the city twice after a crash */

#endif
