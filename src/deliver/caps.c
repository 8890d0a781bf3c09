/* How many messages a number got today: nobody's telephone is flooded. Numbers are kept as keyed hashes. */
#include "deliver/inside.h"

#include <openssl/evp.h>

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
    return delivery_counts(d->state, d->day, take_count, d, msg);
}

/* The first bytes of HMAC-SHA256 under the store's own key: a list of numbers cannot be tried against it from outside. */
uint64_t caps_number(const struct deliver *d, struct str phone)
{
    unsigned char hash[EVP_MAX_MD_SIZE];
    size_t n = 0;
    uint64_t number = 0;
    if (!EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, delivery_key(d->state), 16, (const unsigned char *)phone.p,
                   phone.n, hash, sizeof hash, &n) ||
        n < sizeof number)
        abort(); /* the library is there, and the buffers are large enough */
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

void caps_give_back(struct deliver *d, uint64_t number, int32_t day)
{
    uint64_t *n = numbers_at(&d->counts, number);
    if (*n && day == d->day)
        book_count(d, number, (uint32_t)--*n);
}

int64_t caps_tomorrow(const struct deliver *d)
{
    return tz_instant(d->settings->tz, d->day + 1, 0) * 1000;
}

void caps_turn(struct deliver *d)
{
    int32_t day = local_day(d);
    if (day == d->day)
        return;
    d->day = day;
    numbers_clear(&d->counts);
}
