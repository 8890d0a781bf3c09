/* How long a message is: what the network counts are the 16-bit units of UCS-2, of which a character outside of the
 * Basic Multilingual Plane takes two. */
#include "message/message.h"

#define UNITS_ALONE 70u
#define UNITS_EACH 67u /* the rest of each segment says which one it is */

size_t ucs2_length(struct str text)
{
    size_t units = 0;
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        units += (c & 0xc0) != 0x80; /* a character's first byte */
        units += c >= 0xf0;
    }
    return units;
}

unsigned sms_segments(size_t units)
{
    return units <= UNITS_ALONE ? 1 : (unsigned)((units + UNITS_EACH - 1) / UNITS_EACH);
}
