/* What a phone would make a link of. Agencies send none: fraudsters do. */
#ifndef MESSAGE_LINK_H
#define MESSAGE_LINK_H

#include "base/str.h"

/* Has the text a link: a scheme ("http://"), "www.", a domain ("abc.cn"), an address in numbers (1.2.3.4)? Letters and
 * dots of full width count too. *where: the place, with some of what is around it. */
bool link_find(struct str text, struct str *where);

#endif
