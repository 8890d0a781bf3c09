/* A map from 64-bit keys, already hashed, to counts and numbers. */
#ifndef DELIVER_NUMBERS_H
#define DELIVER_NUMBERS_H

#include <stddef.h>
#include <stdint.h>

struct numbers {
    struct number_slot *v;
    size_t n, cap;
};

void numbers_clear(struct numbers *m);
void numbers_done(struct numbers *m);
/* The count of a key (not 0), which is added with 0 when it is new; holds until the next call. */
uint64_t *numbers_at(struct numbers *m, uint64_t key);
/* The same without adding it; 0 when it is not there. */
uint64_t numbers_get(const struct numbers *m, uint64_t key);

#endif
