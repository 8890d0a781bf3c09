/* All that decides in a configuration, as one text: two configurations have the same one if and only if engines decide
 * alike under them. */
#ifndef CONFIG_RULES_TEXT_H
#define CONFIG_RULES_TEXT_H

#include "config/config.h"

/* Appended: zone, limits of holds, channels and policies with every parameter, in an order of their own. */
void config_write_rules(const struct config *c, struct buf *out);

#endif
