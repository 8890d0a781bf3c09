/* Address space taken in one piece and backed by memory page by page as it is touched: a table can so be laid out
 * at its full size at once, never moves, and costs only what is in use. */
#ifndef ROSTER_PAGES_H
#define ROSTER_PAGES_H

#include <stdbool.h>
#include <stddef.h>

#define PAGE_BYTES 4096u
#define HUGE_PAGE_BYTES (2u << 20)

/* Zeroed, aligned to HUGE_PAGE_BYTES; never NULL. huge: backed two megabytes at a time where the system can, for
 * tables that fill up from the front and are read at random. */
void *pages_map(size_t size, bool huge);
void pages_unmap(void *p, size_t size);
/* Gives the memory behind these whole pages back; they read as zeroes from then on. */
void pages_drop(void *p, size_t size);

#endif
