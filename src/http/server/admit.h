/* Who may come in: a request's token or its peer's uid against what its route asks for. */
#ifndef HTTP_ADMIT_H
#define HTTP_ADMIT_H

#include "http/exchange.h"

/* Finds out who calls, into x->caller. false: that one may not, and it is answered. */
bool admit(struct exchange *x, enum route_found found);

#endif
