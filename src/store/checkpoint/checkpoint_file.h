/* A checkpoint's file: names, header and frames, for its writer and its reader. */
#ifndef STORE_CHECKPOINT_FILE_H
#define STORE_CHECKPOINT_FILE_H

#include "store/checkpoint/checkpoint.h"

#define CHECKPOINT_NAME 32
#define SLICE_FRAME 12

struct checkpoint_header {
    struct seal seal;
    uint64_t slices, bytes; /* bytes: the whole file's */
};

void checkpoint_name(uint64_t seq, char out[CHECKPOINT_NAME]);
/* The numbers of those in the folder, newest first; *out is to be freed. */
size_t checkpoint_list(int folder, uint64_t **out);

void checkpoint_header_put(char out[CHECKPOINT_HEADER], const struct checkpoint_header *h);
/* ERR_DAMAGED, ERR_VERSION */
enum err checkpoint_header_get(const char in[CHECKPOINT_HEADER], struct checkpoint_header *out) ERR_MUSTCHECK;

void frame_put(char out[SLICE_FRAME], uint64_t bytes, uint32_t crc);
void frame_get(const char in[SLICE_FRAME], uint64_t *bytes, uint32_t *crc);

#endif
