#include "roster/pages.h"

#include <stdint.h>

#include "tests/lib/tap.h"

int main(void)
{
    plan(5);
    size_t size = (size_t)64 << 20;
    char *p = pages_map(size, false);
    ok((uintptr_t)p % HUGE_PAGE_BYTES == 0, "a mapping is aligned to huge pages");
    ok(p[0] == 0 && p[size - 1] == 0, "and reads as zeroes from end to end");
    for (size_t at = 0; at < 4 * PAGE_BYTES; at++)
        p[at] = 'x';
    pages_drop(p + PAGE_BYTES, PAGE_BYTES);
    ok(p[PAGE_BYTES] == 0 && p[2 * PAGE_BYTES - 1] == 0, "a page that is dropped reads as zeroes again");
    ok(p[PAGE_BYTES - 1] == 'x' && p[2 * PAGE_BYTES] == 'x', "its neighbours stay");
    pages_unmap(p, size);
    p = pages_map(size, true);
    p[size - 1] = 'y';
    ok((uintptr_t)p % HUGE_PAGE_BYTES == 0 && p[0] == 0, "a mapping in huge pages is no different");
    pages_unmap(p, size);
    pages_unmap(NULL, size);
    return tap_end();
}
