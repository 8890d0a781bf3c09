#include "roster/pages.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static _Noreturn void out_of_memory(void)
{
    static const char text[] = "lifecertd: out of memory: cannot map pages\n";
    ssize_t ignored = write(STDERR_FILENO, text, sizeof text - 1);
    (void)ignored;
    abort();
}

void *pages_map(size_t size, bool huge)
{
    size_t room = size + HUGE_PAGE_BYTES;
    char *p = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED)
        out_of_memory();
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
        out_of_memory(); /* only for want of kernel memory: the range is ours and whole pages */
}
