/* One value of an input: checked against its row, and kept. */
#ifndef CODEC_INPUT_VALUE_H
#define CODEC_INPUT_VALUE_H

#include "codec/input_table.h"

/* Where values go. */
struct input_sink {
    struct input *in;
    const char *country_code;
    char *arena; /* strings are copied here */
    size_t used;
};

/* The complaint about a value that is nothing like what the row takes: input_fault.h has the words for each type. */
#define NOT_OF_TYPE ""

/* NULL when it is kept, else what is wrong with it ("is too long"). */
const char *input_keep_string(struct input_sink *k, const struct member_row *row, const char *s, size_t n);
/* s is a JSON number; false when the row takes none, or not this one. */
bool input_keep_number(struct input_sink *k, const struct member_row *row, const char *s, size_t n);

/* The offset of the first \u escape in a line of JSON that is half a surrogate pair, SIZE_MAX without one. yajl makes
 * something of such a half, so it has to be looked for beforehand. */
size_t json_lone_surrogate(const char *line, size_t n);

#endif
