#include "roster/pages.h"

#include <stdint.h>
#include <sys/mman.h>

#include "base/buf.h"

void *pages_map(size_t size, bool huge)
{
    size_t room = size + HUGE_PAGE_BYTES;
    char *p = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED)
        mem_none("cannot map pages");
    size_t before = -(uintptr_t)p & (HUGE_PAGE_BYTES - 1);
    if (before)
        munmap(p, before);
    munmap(p + before + size, room - before - size);
    if (huge)
        madvise(p + before, size, MADV_HUGEPAGE); /* advice: small pages do as well */
    return p + before;
}

void pages_unmap(void *p, size_t size)
{
    if (p)
        munmap(p, size);
}

void pages_drop(void *p, size_t size)
{
    if (madvise(p, size, MADV_DONTNEED))
        mem_none("cannot drop pages"); /* only for want of kernel memory: the range is ours and whole pages */
}
