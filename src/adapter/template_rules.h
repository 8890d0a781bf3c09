/* What an answer means, in the operator's words (lifecertd-adapters(7), "template"): rules, of which one must hold,
 * each of conditions, of which all must. */
#ifndef ADAPTER_TEMPLATE_RULES_H
#define ADAPTER_TEMPLATE_RULES_H

#include "adapter/call.h"
#include "base/err.h"
#include "config/endpoint.h"

#define TEMPLATE_RULES_MAX 16
#define TEMPLATE_CONDITIONS_MAX 8

enum template_test { TEST_STATUS, TEST_BODY, TEST_JSON };

struct template_condition {
    enum template_test test;
    int from, to;     /* TEST_STATUS: 100..599, both included */
    char *path;       /* TEST_JSON; owned */
    struct str value; /* TEST_BODY: what it contains; TEST_JSON: what stands there; in the configuration's text */
};

struct template_rule {
    struct template_condition v[TEMPLATE_CONDITIONS_MAX];
    unsigned n;
};

struct template_rules {
    struct template_rule v[TEMPLATE_RULES_MAX];
    unsigned n;
};

/* "status 200", "status 200..299", "body contains TEXT", "json PATH = VALUE", joined by " and ". texts must outlive the
 * rules; key names them in faults. On ERR_INVALID there is nothing to be freed. */
enum err template_rules_init(struct template_rules *out, const struct text_list *texts, const char *key,
                             struct errmsg *msg) ERR_MUSTCHECK;
void template_rules_done(struct template_rules *r);

/* a must be an answer (CARRIED). */
bool template_rules_match(const struct template_rules *r, const struct answer *a);

#endif
