/* What a terminal shows besides words. */
#ifndef CTL_SCREEN_H
#define CTL_SCREEN_H

#include "base/buf.h"

/* Columns of the terminal on fd, or what the environment says in COLUMNS; 0: it is no terminal. */
unsigned screen_width(int fd);

/* Appends a bar filled to part/whole of `width` columns, in eighths of a column; pad: with spaces up to the width. */
void screen_bar(struct buf *b, uint64_t part, uint64_t whole, unsigned width, bool pad);

#endif
