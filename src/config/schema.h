/* The keys of the configuration: one table a section. Parsing, checks, defaults and the manual's list of keys are all
 * driven by them. */
#ifndef CONFIG_SCHEMA_H
#define CONFIG_SCHEMA_H

#include <stddef.h>

#include "config/config.h"

#define SCHEMA_KEYS_MAX 48

struct key;

/* One value of a key into the section's struct (a list's are handed over one by one); false: refused, and why may say
 * more. c is the configuration as far as it is known: channels are, always. */
typedef bool value_parser(const struct key *k, struct config *c, void *section, const char *value, struct errmsg *why);

struct key {
    const char *name;
    value_parser *parse;
    size_t offset;            /* of the value in the section's struct */
    bool list;
    int64_t min, max;         /* of a number; of a list: how many values it takes */
    const char *const *words; /* of a choice, NULL at the end; the value is the index */
    const char *expected;     /* "0 to 365 (days)" */
    const char *fallback;     /* the default's text; NULL: empty; of a list: the values with `", "` between them */
    const char *help;
    unsigned used_by; /* of an endpoint's key: the uses (config/endpoint_rules.h) that it has a meaning for; 0: all */
    bool hides;       /* a value with an "@" in it may hold a password: faults do not show it */
    bool conceals;    /* faults do not show the value, whatever it is */
    bool of_redis;    /* it has a meaning only with a store in Redis */
};

struct section {
    const char *name;  /* "root" outside of sections */
    const char *title; /* what its name stands for; NULL for root, which has none */
    const char *help;
    const struct key *keys;
    size_t n_keys;
};

enum { SECTION_ROOT, SECTION_POLICY, SECTION_CHANNEL, SECTION_ENDPOINT, SECTION_MESSAGE, SECTION_TOKEN, SECTION_N };

extern const struct section config_schema[SECTION_N];

/* NULL when there is none of the name. */
const struct section *schema_section(const char *name);
const struct key *schema_key(const struct section *s, const char *name);
/* May a section be called that? */
#define SECTION_NAME_EXPECTED "1 to 64 printable ASCII characters, no space, quote or backslash"
bool section_name_valid(const char *name);
/* "cycle, validity, ..." */
void schema_names(const struct section *s, struct buf *out);

#endif
