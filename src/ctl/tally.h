/* What came of inputs, counted. */
#ifndef CTL_TALLY_H
#define CTL_TALLY_H

#include "base/buf.h"

#define TALLY_REASONS 32

struct tally {
    uint64_t applied, unchanged, rejected, malformed;
    struct {
        char name[48];
        uint64_t n;
    } reasons[TALLY_REASONS]; /* of what was rejected; the last one takes what finds no room */
    unsigned n_reasons;
};

uint64_t tally_all(const struct tally *t);
void tally_rejected(struct tally *t, struct str reason);
/* Something was rejected or malformed. */
bool tally_has_no(const struct tally *t);
/* For people, on stderr: a line each, those of 0 left out. */
void tally_print(const struct tally *t);
/* As a JSON object, with the seconds that it took. */
void tally_write(const struct tally *t, double seconds, struct buf *out);

#endif
