/* What input_write() is made of, for whoever has a place of its own to write to. */
#ifndef CODEC_INPUT_WRITE_H
#define CODEC_INPUT_WRITE_H

#include "core/input.h"

/* At least as many bytes as input_put() will write. */
size_t input_room(const struct input *in, uint32_t only);
/* As input_write(), at p; returns the place behind. */
char *input_put(char *p, const struct input *in, uint32_t only, int32_t at_offset);

#endif
