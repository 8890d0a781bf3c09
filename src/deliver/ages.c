#include "deliver/ages.h"

#define FINEST_MS 1000
#define PRECISION 16

/* Puts neighbours together whose time from first to last is a small part of their age: the numbers of both then count
 * as of the earlier time. Where none are such, the two oldest. */
static void thin_out(struct ages *a, int64_t now)
{
    unsigned kept = 1, before = a->n;
    for (unsigned i = 2; i < before; i++) {
        int64_t end = i + 1 < before ? a->v[i + 1].at : now;
        if (end - a->v[kept].at <= (now - end) / PRECISION)
            a->v[kept].seq = a->v[i].seq;
        else
            a->v[++kept] = a->v[i];
    }
    a->n = kept + 1;
    if (a->n < before)
        return;
    a->v[1].seq = a->v[2].seq;
    for (unsigned i = 3; i < a->n; i++)
        a->v[i - 1] = a->v[i];
    a->n--;
}

void ages_note(struct ages *a, uint64_t seq, int64_t now)
{
    unsigned last = a->n - 1;
    if (a->n && seq <= a->v[last].seq)
        return;
    /* Never the first mark, which is of another kind. */
    if (a->n > 1 && now >= a->v[last].at && now - a->v[last].at < FINEST_MS) {
        a->v[last].seq = seq;
        return;
    }
    if (a->n == AGES_MARKS)
        thin_out(a, now);
    a->v[a->n].seq = seq;
    a->v[a->n++].at = now;
}

int64_t ages_at(const struct ages *a, uint64_t seq)
{
    unsigned low = 0, high = a->n;
    while (low < high) { /* the first mark that reaches so far */
        unsigned middle = (low + high) / 2;
        if (a->v[middle].seq < seq)
            low = middle + 1;
        else
            high = middle;
    }
    return low == 0 || low == a->n ? INT64_MIN : a->v[low].at;
}
