#include "config/bare.h"

#include <stdlib.h>

#define CLOCK_JUMP 3600 /* the defaults of a file */
#define MAX_DOWNTIME (7 * 86400)
#define CHECKPOINT_EVERY 20000000

struct config *config_bare(const char *name)
{
    struct config *c = mem_zalloc(1, sizeof *c);
    c->file = mem_strdup(name);
    c->clock = CLOCK_SYSTEM;
    c->clock_factor = 1;
    c->brake.kind = BRAKE_OFF;
    c->clock_jump = CLOCK_JUMP;
    c->max_downtime = MAX_DOWNTIME;
    c->checkpoint_every = CHECKPOINT_EVERY;
    c->lease_ms = LEASE_MS;
    c->endpoints = endpoints_new();
    c->tokens = tokens_new();
    return c;
}

struct config *config_bare_copy(const struct config *c)
{
    struct config *out = config_bare(c->file);
    if (c->tz) {
        out->timezone = mem_strdup(c->timezone);
        out->tz = tz_copy(c->tz);
    }
    memcpy(out->channels, c->channels, sizeof c->channels);
    out->n_channels = c->n_channels;
    memcpy(out->policies, c->policies, sizeof c->policies);
    out->n_policies = c->n_policies;
    return out;
}

enum err config_set_timezone(struct config *c, struct str name, struct errmsg *msg)
{
    char *text = mem_strndup(name.p, name.n);
    struct tz *tz;
    enum err err = tz_load(text, &tz, msg);
    if (err != ERR_OK) {
        free(text);
        return err;
    }
    tz_free(c->tz);
    free(c->timezone);
    c->tz = tz;
    c->timezone = text;
    return ERR_OK;
}

int config_add_channel(struct config *c, struct str name)
{
    int there = config_channel(c, name);
    if (there >= 0)
        return there;
    if (c->n_channels == CHANNEL_MAX || name.n >= sizeof c->channels[0].name)
        return -1;
    struct channel *channel = &c->channels[c->n_channels];
    *channel = (struct channel){.expect_every = 0};
    memcpy(channel->name, name.p, name.n);
    return (int)c->n_channels++;
}

/* The policies' channels are bits over the old list. */
static void renumber(struct config *c, const struct channel *old, unsigned n)
{
    for (unsigned p = 0; p < c->n_policies; p++) {
        uint64_t bits = 0;
        for (unsigned i = 0; i < n; i++) {
            int now = c->policies[p].channels >> i & 1 ? config_channel(c, str_of(old[i].name)) : -1;
            if (now >= 0)
                bits |= UINT64_C(1) << now;
        }
        c->policies[p].channels = bits;
    }
}

bool config_set_channels(struct config *c, const struct str *names, unsigned n)
{
    struct channel old[CHANNEL_MAX];
    unsigned n_old = c->n_channels;
    memcpy(old, c->channels, sizeof old);
    c->n_channels = 0;
    for (unsigned i = 0; i < n; i++)
        if (config_add_channel(c, names[i]) < 0) {
            memcpy(c->channels, old, sizeof old);
            c->n_channels = n_old;
            return false;
        }
    renumber(c, old, n_old);
    return true;
}

bool config_set_policy(struct config *c, const struct policy *p, const struct str *channels, unsigned n)
{
    struct policy set = *p;
    int at = config_policy(c, str_of(p->name));
    set.channels = 0;
    for (unsigned i = 0; i < n; i++) {
        int channel = config_channel(c, channels[i]);
        if (channel < 0)
            return false;
        set.channels |= UINT64_C(1) << channel;
    }
    if (at < 0 && c->n_policies == POLICY_MAX)
        return false;
    c->policies[at < 0 ? c->n_policies++ : (unsigned)at] = set;
    return true;
}

void config_drop_policy(struct config *c, struct str name)
{
    int at = config_policy(c, name);
    if (at < 0)
        return;
    c->n_policies--;
    memmove(&c->policies[at], &c->policies[at + 1], (c->n_policies - (unsigned)at) * sizeof c->policies[0]);
}
