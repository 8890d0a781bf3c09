/* May a text that somebody sent be repeated to whoever sent it, in an answer or a line? A file whose columns are
 * shifted has names and phone numbers in any member, and in the place of members: so only what can be neither is
 * repeated. */
#ifndef CODEC_REPEATABLE_H
#define CODEC_REPEATABLE_H

#include "base/str.h"

/* Up to 40 small letters, digits and signs, of which 6 are digits at most, or all that a date has. */
bool repeatable(struct str s);

#endif
