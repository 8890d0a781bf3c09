/* The shards of a set, and the daemons that share them. Of one store these families have no samples. */
#include "http/metrics/metrics.h"

static void write_n(const struct metric *m, const struct scrape *s, struct exposition *e)
{
    if (s->has_shards)
        exposition_count(e, NULL, *(const unsigned *)((const char *)&s->shards + m->at));
}

static void write_idle(const struct metric *m, const struct scrape *s, struct exposition *e)
{
    (void)m;
    if (s->has_shards)
        exposition_count(e, NULL, s->shards.idle);
}

static void write_orders(const struct metric *m, const struct scrape *s, struct exposition *e)
{
    (void)m;
    if (s->has_shards)
        exposition_count(e, NULL, s->shards.orders);
}

static void write_silence(const struct metric *m, const struct scrape *s, struct exposition *e)
{
    (void)m;
    if (s->has_shards)
        exposition_number(e, NULL, (double)s->shards.silent_ms / 1000);
}

#define AT(member) offsetof(struct shard_counts, member)

static const struct metric metrics[] = {
    {{"lifecertd_shards", FAMILY_GAUGE, {NULL}, "Shards of the set"}, write_n, AT(shards)},
    {{"lifecertd_shards_owned", FAMILY_GAUGE, {NULL}, "Shards that this daemon owns"}, write_n, AT(owned)},
    {{"lifecertd_shards_unowned", FAMILY_GAUGE, {NULL}, "Shards that nobody owns, as this daemon knows"},
     write_n,
     AT(unowned)},
    {{"lifecertd_office_daemons", FAMILY_GAUGE, {NULL}, "Daemons of the set that are alive"}, write_n, AT(daemons)},
    {{"lifecertd_office_idle",
      FAMILY_GAUGE,
      {NULL},
      "1 while this daemon is given no shards because of its rules or its name, else 0"},
     write_idle,
     0},
    {{"lifecertd_office_orders_outstanding",
      FAMILY_GAUGE,
      {NULL},
      "Orders to all shards that not every shard of this daemon has carried out"},
     write_orders,
     0},
    {{"lifecertd_office_silent_seconds", FAMILY_GAUGE, {NULL}, "How long ago the system shard last answered"},
     write_silence,
     0},
};

const struct metric_section shards_section = {metrics, sizeof metrics / sizeof *metrics};
