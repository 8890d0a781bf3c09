/* What config.c and the rules of single sections share while a configuration is being loaded. */
#ifndef CONFIG_LOADER_H
#define CONFIG_LOADER_H

#include "config/reading.h"
#include "config/schema.h"

/* A section of the file, or what stands outside of all of them: where its values go, and which are set. */
struct instance {
    const struct section *schema; /* NULL: not a section that we know; what stands in it is passed over */
    void *target;
    const char *title;
    const struct statement *set[SCHEMA_KEYS_MAX];
};

struct loader {
    struct config *c;
    struct reading *r;
    struct instance *instances; /* by the statement's index + 1; 0 is what stands outside of sections */
};

/* "FILE:LINE: SECTION "NAME": what: expected ..." */
void loader_fault(struct loader *l, const struct statement *s, const struct instance *in, const char *what,
                  const char *expected);

/* "FILE:LINE" of a statement, the caller's. */
char *loader_place(const struct loader *l, const struct statement *s);

/* The statement that sets the key; NULL when it is not set. The section must have such a key. */
const struct statement *instance_set(const struct instance *in, const char *key);

#endif
