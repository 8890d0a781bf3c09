/* In which parameters the policies of two configurations differ; and those differences laid over a third one. */
#ifndef CONFIG_CHANGES_H
#define CONFIG_CHANGES_H

#include "config/config.h"

struct key;

/* One parameter. Values are as in a file; a list's are its names in order with a space between, "" when it is empty. */
struct policy_change {
    char policy[POLICY_NAME_MAX + 1];
    const char *parameter; /* "grace" */
    char *from, *to;
    const struct key *key;
};

struct policy_changes {
    struct policy_change *v;
    size_t n;
};

/* A policy's value of that key, as it would stand in a file. */
void config_write_value(const struct config *c, const struct policy *p, const struct key *k, struct buf *out);

/* What differs in policies that both have, in the order of `to`'s. Into an empty *out. */
void config_changes(const struct config *from, const struct config *to, struct policy_changes *out);
void policy_changes_done(struct policy_changes *changes);

/* Sets what changed in c's policies of those names, whatever they said; policies that it does not have stay away.
 * Channels that a policy is to accept are added. ERR_FULL: there are too many. */
enum err config_lay_over(struct config *c, const struct policy_changes *changes, struct errmsg *msg) ERR_MUSTCHECK;

#endif
