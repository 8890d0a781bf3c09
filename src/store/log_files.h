/* The log's folder: which files there are, and how a place in one is named. */
#ifndef STORE_LOG_FILES_H
#define STORE_LOG_FILES_H

#include "store/segment.h"

/* The segments in the folder by their first number; out holds first and bytes only. *out is to be freed. */
enum err list_segments(int log_folder, struct segment **out, size_t *n, struct errmsg *msg) ERR_MUSTCHECK;
/* ERR_DAMAGED at that place: "log/NAME line N: what". */
enum err damage_at(int log_folder, uint64_t first, uint64_t offset, struct errmsg *msg, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

#endif
