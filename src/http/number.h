/* Numbers and dates that clients write. */
#ifndef HTTP_NUMBER_H
#define HTTP_NUMBER_H

#include "http/exchange.h"

/* Digits and nothing else. */
bool number_read(struct str text, uint64_t *out);
/* An argument of the query; not there: *out stays. What is no number from min to max is answered 400: false. */
bool number_argument(struct exchange *x, const char *name, uint64_t min, uint64_t max, uint64_t *out);

/* A date argument; not there: *out is left alone. false: the mistake is answered. */
bool date_argument(struct exchange *x, const char *name, lc_date *out);

#endif
