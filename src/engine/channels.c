/* How many certifications each channel had accepted, by local day, folded from the log's events. A day's count stands
 * at the day's number modulo the window, for all channels alike, so that a new day costs one word a channel. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/internal.h"

/* The window now ends with that day, which must come after the one that it ended with. */
static void go_to(struct engine *e, lc_date day)
{
    lc_date first = day - CHANNEL_DAYS + 1;
    lc_date from = e->accepted_day >= first ? e->accepted_day + 1 : first;
    for (lc_date d = from; d <= day; d++)
        for (unsigned i = 0; i < e->n_channels; i++)
            e->channels[i].accepted[d % CHANNEL_DAYS] = 0;
    e->accepted_day = day;
}

void channels_note(struct engine *e, const struct event *ev)
{
    unsigned i = adopt_channel_index(e, ev->u.accepted.channel);
    if (i == CHANNEL_MAX)
        return;
    if (ev->today > e->accepted_day)
        go_to(e, ev->today);
    e->channels[i].accepted_total++;
    /* A zone that changed may have set the day back. */
    if (e->accepted_day - ev->today < CHANNEL_DAYS)
        e->channels[i].accepted[ev->today % CHANNEL_DAYS]++;
}

static uint32_t accepted_on(const struct engine *e, const struct engine_channel *c, lc_date day)
{
    bool there = day >= DATE_MIN && day <= e->accepted_day && e->accepted_day - day < CHANNEL_DAYS;
    return there ? c->accepted[day % CHANNEL_DAYS] : 0;
}

static void write_days(const struct engine *e, const struct engine_channel *c, lc_date last, char between,
                       struct buf *out)
{
    for (int i = CHANNEL_DAYS - 1; i >= 0; i--) {
        buf_printf(out, "%" PRIu32, accepted_on(e, c, last - i));
        if (i)
            buf_addc(out, between);
    }
}

/* --- as JSON --- */

static void write_channel(const struct engine *e, const struct engine_channel *c, struct buf *out)
{
    BUF_LIT(out, "{\"name\":");
    buf_add_json(out, str_of(c->name));
    BUF_LIT(out, ",\"heard_at\":");
    json_instant(e->env.tz, out, c->heard);
    if (c->expect_every)
        buf_printf(out, ",\"expect_every\":%" PRId64, c->expect_every);
    else
        BUF_LIT(out, ",\"expect_every\":null");
    BUF_LIT(out, ",\"accepted\":[");
    write_days(e, c, e->env.today, ',', out);
    BUF_LIT(out, "]}");
}

void channels_write(const struct engine *e, struct buf *out)
{
    buf_addc(out, '[');
    for (unsigned i = 0; i < e->settings.n_channels; i++) {
        if (i)
            buf_addc(out, ',');
        write_channel(e, &e->channels[e->settings.channels[i]], out);
    }
    buf_addc(out, ']');
}

/* --- in the checkpoint: "a DAY" for the window's last day, then "n INDEX COUNT ..." for each channel --- */

void channels_save(const struct engine *e, struct buf *out)
{
    buf_printf(out, "a%" PRId32 "\n", e->accepted_day);
    for (unsigned i = 0; i < e->n_channels; i++) {
        buf_printf(out, "n%u ", i);
        write_days(e, &e->channels[i], e->accepted_day, ' ', out);
        buf_addc(out, '\n');
    }
}

bool channels_load_day(struct engine *e, const char *text)
{
    return sscanf(text, "%" SCNd32, &e->accepted_day) == 1 && e->accepted_day >= 0;
}

bool channels_load(struct engine *e, const char *text)
{
    char *at;
    unsigned long index = strtoul(text, &at, 10);
    if (at == text || index >= e->n_channels)
        return false;
    for (int i = CHANNEL_DAYS - 1; i >= 0; i--) {
        const char *from = at;
        unsigned long long count = strtoull(from, &at, 10);
        if (at == from || count > UINT32_MAX)
            return false;
        if (e->accepted_day > i)
            e->channels[index].accepted[(e->accepted_day - i) % CHANNEL_DAYS] = (uint32_t)count;
    }
    return *at == '\0';
}
