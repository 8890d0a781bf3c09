/* May a text that somebody sent be repeated to whoever sent it, in an answer or a line? A file whose columns are shifted
 * has people's names and phone numbers in any member, and in the place of members: so only what is like a word of the
 * interface is repeated, which no name in Chinese and no phone number is. */
#ifndef CODEC_REPEATABLE_H
#define CODEC_REPEATABLE_H

#include "base/str.h"

/* Up to 40 Latin letters, digits and signs, of which 6 are digits at most, or all that a date has. */
bool repeatable(struct str s);

#endif
