#include "deliver/numbers.h"

#include "tests/lib/tap.h"

int main(void)
{
    plan(9);
    struct numbers m = {.n = 0};
    is_int(numbers_get(&m, 7), 0, "an empty map knows of nothing");
    ++*numbers_at(&m, 7);
    ++*numbers_at(&m, 7);
    is_int(numbers_get(&m, 7), 2, "a count is kept");
    is_int(numbers_get(&m, 7 + 1024), 0, "a key that falls on the same slot has none");
    *numbers_at(&m, 7 + 1024) = 5;
    is_int(numbers_get(&m, 7), 2, "nor does it disturb the first");
    is_int(numbers_get(&m, 7 + 1024), 5, "when it gets one of its own");
    unsigned wrong = 0;
    for (uint64_t k = 1; k <= 100000; k++)
        *numbers_at(&m, k * UINT64_C(0x9e3779b97f4a7c15)) = (uint32_t)k;
    for (uint64_t k = 1; k <= 100000; k++)
        wrong += numbers_get(&m, k * UINT64_C(0x9e3779b97f4a7c15)) != (uint32_t)k;
    is_int(wrong, 0, "it grows, and a hundred thousand keep theirs");
    is_int(numbers_get(&m, 7), 2, "so do those from before");
    is_int(numbers_get(&m, UINT64_MAX), 0, "who was never counted has none");
    numbers_clear(&m);
    is_int(numbers_get(&m, 7), 0, "a cleared map knows of nothing");
    numbers_done(&m);
    return tap_end();
}
