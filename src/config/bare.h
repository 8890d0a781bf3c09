/* A configuration made in memory, not read from a file: a time zone, channels and policies, as a store's log says that
 * they were. The brake is off, no channel is expected to speak, nothing listens and nothing is sent. */
#ifndef CONFIG_BARE_H
#define CONFIG_BARE_H

#include "config/config.h"

/* Without a time zone yet. name: what stands for a file's name in messages. */
struct config *config_bare(const char *name);
/* One that is the same, and changes apart. */
struct config *config_bare_copy(const struct config *c);

/* ERR_ABSENT, ERR_INVALID: there is no such zone here. */
enum err config_set_timezone(struct config *c, struct str name, struct errmsg *msg) ERR_MUSTCHECK;
/* These channels and no others; policies keep those of theirs that remain. false: there are too many, or a name is
 * too long, and nothing was changed. */
bool config_set_channels(struct config *c, const struct str *names, unsigned n);
/* The channel's index, added where it is not there; -1: no room, or too long. */
int config_add_channel(struct config *c, struct str name);
/* That policy as given, in place of one of its name; channels: their names, which must be there. false: no room, or a
 * channel is not there. */
bool config_set_policy(struct config *c, const struct policy *p, const struct str *channels, unsigned n);
/* As if it had no section. Nothing happens where it has none. */
void config_drop_policy(struct config *c, struct str name);

#endif
