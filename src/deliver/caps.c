/* How many messages a number got today: nobody's telephone is flooded. Numbers are kept as keyed hashes: in the
 * delivery state, or where several deliveries share the endpoints, by whoever counts for all of them. */
#include "deliver/inside.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>

static void take_count(void *arg, uint64_t number, uint32_t n)
{
    struct deliver *d = arg;
    *numbers_at(&d->counts, number) = n;
}

static int32_t local_day(const struct deliver *d)
{
    return tz_date(d->settings->tz, d->now / 1000);
}

enum err caps_open(struct deliver *d, struct errmsg *msg)
{
    d->day = local_day(d);
    return d->options.caps ? ERR_OK : delivery_counts(d->state, d->day, take_count, d, msg);
}

/* The first bytes of HMAC-SHA256 under the store's own key: a list of numbers cannot be tried against it from outside. */
uint64_t caps_number(const struct deliver *d, struct str phone)
{
    unsigned char hash[EVP_MAX_MD_SIZE];
    const unsigned char *key = d->options.caps ? d->options.caps->key : delivery_key(d->state);
    size_t n = 0;
    uint64_t number = 0;
    if (!EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, key, 16, (const unsigned char *)phone.p, phone.n, hash,
                   sizeof hash, &n) ||
        n < sizeof number)
        mem_none("cannot hash a number"); /* the library is there, and the buffers are large enough */
    memcpy(&number, hash, sizeof number);
    return number ? number : 1;
}

bool caps_take(struct deliver *d, uint64_t number)
{
    uint64_t *n = numbers_at(&d->counts, number);
    if (*n >= d->settings->endpoints->sms_daily_cap)
        return false;
    book_count(d, number, (uint32_t)++*n);
    return true;
}

/* --- elsewhere --- */

static uint64_t hash_name(const char *name)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
    for (const char *p = name; *p; p++)
        h = (h ^ (unsigned char)*p) * UINT64_C(0x100000001b3);
    return h;
}

/* By its token the same message is the same after a crash too, whoever sends it then. */
static struct deliver_cap cap_of(const struct outlet *o, const struct item *i, int32_t day)
{
    const struct deliver *d = o->deliver;
    struct deliver_cap c = {.number = i->number, .day = day, .cap = d->settings->endpoints->sms_daily_cap};
    snprintf(c.token, sizeof c.token, "%u_%" PRIu64 "_%016" PRIx64, d->options.shard, i->seq, hash_name(o->name));
    return c;
}

void caps_ask(struct flight *f, void (*answered)(struct deliver_cap *c))
{
    const struct deliver_caps *caps = f->outlet->deliver->options.caps;
    f->cap = cap_of(f->outlet, f->items[0], f->day);
    f->cap.done = answered;
    f->asking = true;
    caps->ask(caps->arg, &f->cap);
}

void caps_forget(struct flight *f)
{
    const struct deliver_caps *caps = f->outlet->deliver->options.caps;
    f->asking = false;
    caps->forget(caps->arg, &f->cap);
}

/* --- both --- */

void caps_give_back(struct outlet *o, const struct item *i, int32_t day)
{
    struct deliver *d = o->deliver;
    if (d->options.caps) {
        struct deliver_cap c = cap_of(o, i, day);
        d->options.caps->give_back(d->options.caps->arg, &c);
        return;
    }
    uint64_t *n = numbers_at(&d->counts, i->number);
    if (*n && day == d->day)
        book_count(d, i->number, (uint32_t)--*n);
}

int64_t caps_day_after(const struct deliver *d, int32_t day)
{
    return tz_instant(d->settings->tz, day + 1, 0) * 1000;
}

void caps_turn(struct deliver *d)
{
    int32_t day = local_day(d);
    if (day == d->day)
        return;
    d->day = day;
    numbers_clear(&d->counts);
}
