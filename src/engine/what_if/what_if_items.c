/* What people take notice of, and in which of it two lists differ. */
#include "engine/what_if/what_if_inside.h"

#include <stdlib.h>

_Static_assert(sizeof(struct what_if_item) == 16, "no padding: items are compared as bytes");

bool item_wanted(enum event_type type)
{
    return type == EV_REMINDER || type == EV_GRACE || type == EV_SUSPENDED || type == EV_LAPSED || type == EV_RESUMED ||
           type == EV_TERMINATED || type == EV_REINSTATED || type == EV_CERT_REJECTED || type == EV_INPUT_REJECTED;
}

static void set_pay(struct what_if_item *item, const struct pay_list *l)
{
    item->total = pay_total(l);
    item->months = l->n & 0xfff; /* no list has more */
}

struct what_if_item item_of(const struct event *ev)
{
    struct what_if_item item = {.on = ev->today, .type = (uint8_t)ev->type};
    switch (ev->type) {
    case EV_RESUMED:
        set_pay(&item, &ev->u.resumed.back_pay);
        item.on = ev->u.resumed.resumed_on;
        break;
    case EV_TERMINATED: set_pay(&item, &ev->u.terminated.arrears); break;
    case EV_REINSTATED: set_pay(&item, &ev->u.reinstated.back_pay); break;
    case EV_CERT_REJECTED:
        item.reason = (uint8_t)ev->u.cert_rejected.reason;
        item.op = OP_CERTIFY;
        break;
    case EV_INPUT_REJECTED:
        item.reason = (uint8_t)ev->u.input_rejected.reason;
        item.op = (uint16_t)ev->u.input_rejected.op & 0xf;
        break;
    default: break;
    }
    return item;
}

/* The finalizer of splitmix64, after each half. */
static uint64_t mix(uint64_t hash, uint64_t v)
{
    hash = (hash ^ v) + UINT64_C(0x9e3779b97f4a7c15);
    hash = (hash ^ hash >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    hash = (hash ^ hash >> 27) * UINT64_C(0x94d049bb133111eb);
    return hash ^ hash >> 31;
}

uint64_t item_mix(uint64_t hash, const struct what_if_item *item)
{
    uint64_t half[2];
    memcpy(half, item, sizeof half);
    return mix(mix(hash, half[0]), half[1]);
}

static int compare(const void *a, const void *b)
{
    const struct what_if_item *x = a, *y = b;
    if (x->on != y->on)
        return x->on < y->on ? -1 : 1;
    return x->type != y->type ? (int)x->type - (int)y->type : memcmp(x, y, sizeof *x);
}

void items_part(struct what_if_item *a, uint32_t *n_a, struct what_if_item *b, uint32_t *n_b)
{
    uint32_t i = 0, j = 0, kept_a = 0, kept_b = 0;
    qsort(a, *n_a, sizeof *a, compare);
    qsort(b, *n_b, sizeof *b, compare);
    while (i < *n_a || j < *n_b) {
        int order = i == *n_a ? 1 : j == *n_b ? -1 : compare(&a[i], &b[j]);
        if (order < 0)
            a[kept_a++] = a[i++];
        else if (order > 0)
            b[kept_b++] = b[j++];
        else {
            i++;
            j++;
        }
    }
    *n_a = kept_a;
    *n_b = kept_b;
}
