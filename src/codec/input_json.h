/* Inputs from JSON (lifecertd-rules(7), "Inputs"): one object, read by yajl, every fault named by its member. */
#ifndef CODEC_INPUT_JSON_H
#define CODEC_INPUT_JSON_H

#include "base/buf.h"
#include "base/err.h"
#include "core/input.h"

#define INPUT_LINE_MAX 65536 /* bytes of one input; a longer line is refused */

struct input_fault {
    char member[64]; /* the member at fault (cut to fit, made printable), or "" */
    char text[256];  /* what is wrong and what was expected */
};

struct input_parser; /* reused from line to line; not for two threads at once */

struct input_options {
    char country_code[8]; /* "+86": for phones without one */
    bool allow_at;        /* `at` is a member (simulated clocks) */
};

struct input_parser *input_parser_new(const struct input_options *o);
void input_parser_free(struct input_parser *p);

/* Parses one line (with or without a newline). The strings in *out are copied to arena, a plain block of at least 2 *
 * n + 64 bytes given by the caller, and point into it; *used says how much of it was taken. ERR_INVALID fills *fault
 * and leaves *out and *used alone; fault->text is a whole message that names the member, or the byte from 1, and
 * shows neither names nor phones. What is checked here: JSON and UTF-8, exactly one object, no duplicate or unknown
 * members, required ones, types, ranges, dates that exist, ids; phones are brought to E.164. What is not: whether
 * names are configured.
 *
 * null stands for an optional member without a value: the bit in out->given is set, the value is none. In amend that
 * clears it. A policy is never null. amount_from needs an amount, and an amend something to amend.
 *
 * Limits: id 1..64 bytes of printable ASCII without spaces, unit the same; policy, category, channel 1..64 bytes; ref
 * 1..128; name, by 1..128; reason 1..256; evidence 1..256, each UTF-8 without control characters; amount
 * 0..AMOUNT_MAX. */
enum err input_parse(struct input_parser *p, const char *line, size_t n, struct input *out, char *arena, size_t *used,
                     struct input_fault *fault) ERR_MUSTCHECK;

/* Appends the input as JSON, without newline; only: a mask of members to write (UINT32_MAX: all given). at_offset:
 * that of `at`, seconds east. */
void input_write(struct buf *b, const struct input *in, uint32_t only, int32_t at_offset);

/* Brings a phone number to E.164, a plus sign and 7 to 15 digits with a terminator behind, *n without it; false, and
 * nothing written, when it is none. Spaces, dashes and brackets are passed over; "+..." and "00..." are
 * international; else one leading 0 is dropped and country_code put before. */
bool phone_normalise(struct str phone, const char *country_code, char out[17], size_t *n);

#endif
