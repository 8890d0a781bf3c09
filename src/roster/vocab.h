/* A vocabulary: strings that many records share (categories, units), numbered from 1 as they come. */
#ifndef ROSTER_VOCAB_H
#define ROSTER_VOCAB_H

#include "base/buf.h"
#include "base/err.h"

struct vocab;

struct vocab *vocab_new(uint32_t max); /* at most max strings */
void vocab_free(struct vocab *v);
/* The string's number, added when new; 0 for STR_NONE; UINT32_MAX when the vocabulary is full. */
uint32_t vocab_intern(struct vocab *v, struct str s);
/* Its number without adding; 0 when not there. */
uint32_t vocab_find(const struct vocab *v, struct str s);
/* STR_NONE for 0. The bytes live as long as the vocabulary. */
struct str vocab_text(const struct vocab *v, uint32_t number);
uint32_t vocab_count(const struct vocab *v);

void vocab_save(const struct vocab *v, struct buf *out);
/* Into an empty vocabulary. */
enum err vocab_load(struct vocab *v, const void *p, size_t n, struct errmsg *msg) ERR_MUSTCHECK;

#endif
