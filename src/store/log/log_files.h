/* The log's folder: which files there are, and how a place in one is named. */
#ifndef STORE_LOG_FILES_H
#define STORE_LOG_FILES_H

#include "store/log/segment_file.h"

/* The first numbers of the segments in the folder, ascending; none is missed because its file changes its form
 * meanwhile. *out is to be freed. */
enum err list_firsts(int log_folder, uint64_t **out, size_t *n, struct errmsg *msg) ERR_MUSTCHECK;
/* The segments by their first number; out holds first, bytes, disk and packed only. *out is to be freed. */
enum err list_segments(int log_folder, struct segment **out, size_t *n, struct errmsg *msg) ERR_MUSTCHECK;

/* What a crash during a compression left: files that were not finished, and compressed ones beside a plain one, which
 * counts. For whoever has the lock. */
void remove_leftovers(int log_folder);

/* 1 for the first line: that of the byte at offset in the text, counted from the text's beginning; or the line up to
 * which it can be read. */
uint64_t line_number(struct segment_file *f, uint64_t offset);
/* ERR_DAMAGED at that place: "log/NAME line N: what". */
enum err damage_at(int log_folder, uint64_t first, uint64_t offset, struct errmsg *msg, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

#endif
