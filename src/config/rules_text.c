#include "config/rules_text.h"

#include <inttypes.h>
#include <stdlib.h>

#include "config/changes.h"
#include "config/schema.h"

/* Of policies and channels, which a file may list in any order. */
static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void write_channels(const struct config *c, struct buf *out)
{
    const char *names[CHANNEL_MAX];
    for (unsigned i = 0; i < c->n_channels; i++)
        names[i] = c->channels[i].name;
    qsort(names, c->n_channels, sizeof *names, by_name);
    for (unsigned i = 0; i < c->n_channels; i++) {
        int k = config_channel(c, str_of(names[i]));
        buf_printf(out, "channel %s expect_every %" PRId64 "\n", names[i], c->channels[k].expect_every);
    }
}

static void write_policy(const struct config *c, const struct policy *p, struct buf *out)
{
    const struct section *keys = &config_schema[SECTION_POLICY];
    for (size_t i = 0; i < keys->n_keys; i++) {
        buf_printf(out, "policy %s %s ", p->name, keys->keys[i].name);
        config_write_value(c, p, &keys->keys[i], out);
        buf_addc(out, '\n');
    }
}

static void write_policies(const struct config *c, struct buf *out)
{
    const char *names[POLICY_MAX];
    for (unsigned i = 0; i < c->n_policies; i++)
        names[i] = c->policies[i].name;
    qsort(names, c->n_policies, sizeof *names, by_name);
    for (unsigned i = 0; i < c->n_policies; i++)
        write_policy(c, &c->policies[config_policy(c, str_of(names[i]))], out);
}

void config_write_rules(const struct config *c, struct buf *out)
{
    buf_printf(out, "timezone %s\n", c->timezone);
    buf_printf(out, "brake %d %" PRId64 "\n", (int)c->brake.kind, (int64_t)c->brake.value);
    buf_printf(out, "clock_jump %" PRId64 "\nmax_downtime %" PRId64 "\n", c->clock_jump, c->max_downtime);
    buf_printf(out, "clock %d %" PRId64 " %" PRId64 "\n", (int)c->clock, (int64_t)c->clock_start, c->clock_factor);
    write_channels(c, out);
    write_policies(c, out);
}
