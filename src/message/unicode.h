/* Characters of UTF-8 text that was checked before; a byte that is none stands for itself as U+FFFD. */
#ifndef MESSAGE_UNICODE_H
#define MESSAGE_UNICODE_H

#include <stdint.h>

#include "base/buf.h"

/* The character at *at, which moves past it. *at < s.n. */
uint32_t char_next(struct str s, size_t *at);
/* Shows nothing or changes how what is around it is shown: control characters, marks of direction and width, tags. */
bool char_hidden(uint32_t c);
void add_char(struct buf *b, uint32_t c);

static inline unsigned char_units(uint32_t c) /* of UTF-16 */
{
    return c > 0xffff ? 2 : 1;
}

#endif
