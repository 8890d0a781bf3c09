/* What goes beyond single keys outside of sections: which keys need which others, and what stands where none was given
 * that is no constant. */
#ifndef CONFIG_ROOT_RULES_H
#define CONFIG_ROOT_RULES_H

#include "config/loader.h"

void root_check(struct loader *l, const struct statement *s, const struct instance *in);
void root_defaults(const struct instance *in);

#endif
