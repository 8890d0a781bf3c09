#include "config/changes.h"

#include <stdlib.h>

#include "config/bare.h"
#include "config/value.h"

/* --- values as text: what value.c parses --- */

static int member(const struct key *k, const struct policy *p)
{
    return *(const int *)((const char *)p + k->offset);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorted, for two configurations may list their channels in any order. */
static void write_channels(const struct config *c, const struct policy *p, struct buf *out)
{
    const char *names[CHANNEL_MAX];
    size_t n = 0;
    for (unsigned i = 0; i < c->n_channels; i++)
        if (p->channels >> i & 1)
            names[n++] = c->channels[i].name;
    qsort(names, n, sizeof *names, by_name);
    for (size_t i = 0; i < n; i++)
        buf_printf(out, "%s%s", i ? " " : "", names[i]);
}

void config_write_value(const struct config *c, const struct policy *p, const struct key *k, struct buf *out)
{
    if (k->parse == value_cycle)
        buf_printf(out, "%d %s", p->cycle, p->cycle_unit == CYCLE_MONTHS ? "months" : "days");
    else if (k->parse == value_choice)
        buf_adds(out, k->words[member(k, p)]);
    else if (k->parse == value_time_of_day)
        buf_printf(out, "%02d:%02d", member(k, p) / 3600, member(k, p) / 60 % 60);
    else if (k->parse == value_channel_name)
        write_channels(c, p, out);
    else
        buf_printf(out, "%d", member(k, p));
}

static char *value_of(const struct config *c, const struct policy *p, const struct key *k)
{
    struct buf b = BUF_INIT;
    config_write_value(c, p, k, &b);
    buf_addc(&b, '\0');
    return b.p;
}

/* --- what differs --- */

static void compare_policies(const struct config *from, const struct policy *was, const struct config *to,
                             const struct policy *is, struct policy_changes *out)
{
    const struct section *keys = &config_schema[SECTION_POLICY];
    for (size_t i = 0; i < keys->n_keys; i++) {
        const struct key *k = &keys->keys[i];
        struct policy_change change = {
            .parameter = k->name, .key = k, .from = value_of(from, was, k), .to = value_of(to, is, k)};
        if (strcmp(change.from, change.to) == 0) {
            free(change.from);
            free(change.to);
            continue;
        }
        memcpy(change.policy, is->name, sizeof change.policy);
        out->v = mem_resize(out->v, out->n + 1, sizeof *out->v);
        out->v[out->n++] = change;
    }
}

void config_changes(const struct config *from, const struct config *to, struct policy_changes *out)
{
    for (unsigned i = 0; i < to->n_policies; i++) {
        int was = config_policy(from, str_of(to->policies[i].name));
        if (was >= 0)
            compare_policies(from, &from->policies[was], to, &to->policies[i], out);
    }
}

void policy_changes_done(struct policy_changes *changes)
{
    for (size_t i = 0; i < changes->n; i++) {
        free(changes->v[i].from);
        free(changes->v[i].to);
    }
    free(changes->v);
    *changes = (struct policy_changes){NULL, 0};
}

/* --- laid over --- */

static enum err set_channels(struct config *c, struct policy *p, const char *names, struct errmsg *msg)
{
    p->channels = 0;
    for (const char *at = names; *at;) {
        size_t n = strcspn(at, " ");
        int i = config_add_channel(c, (struct str){at, n});
        if (i < 0)
            return err_set(msg, ERR_FULL, "no room for channel \"%.*s\": there are %u already", (int)n, at,
                           c->n_channels);
        p->channels |= UINT64_C(1) << i;
        at += n + (at[n] != '\0');
    }
    return ERR_OK;
}

static enum err lay_over(struct config *c, const struct policy_change *change, struct errmsg *msg)
{
    int i = config_policy(c, str_of(change->policy));
    if (i < 0)
        return ERR_OK;
    struct policy *p = &c->policies[i];
    if (change->key->parse == value_channel_name)
        return set_channels(c, p, change->to, msg);
    return change->key->parse(change->key, c, p, change->to, msg)
               ? ERR_OK
               : err_set(msg, ERR_INVALID, "policy \"%s\": %s cannot be \"%s\"", change->policy, change->parameter,
                         change->to);
}

enum err config_lay_over(struct config *c, const struct policy_changes *changes, struct errmsg *msg)
{
    enum err err = ERR_OK;
    for (size_t i = 0; i < changes->n && err == ERR_OK; i++)
        err = lay_over(c, &changes->v[i], msg);
    return err;
}
