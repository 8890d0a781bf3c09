/* log/history-N.ndjson.zst: everyone's history as of event N, the last that was moved away (archived.h), folded: one
 * person a line (codec/history_json.h), ascending by the number of the person's last event up to N. That number is what
 * the `prev` of a person's first event behind N says, so it is what a person is found by.
 *
 * To zstd an ordinary file: `zstdcat` shows a line {"lifecertd":"history","version":1,"seq":N}, then the people. It is
 * in frames of some HISTORY_FRAME bytes of text, a person's line never in two; then, in a skippable frame, the place
 * of each: the first number in it, its offset and CRC-32C (uint64, uint64, uint32, little-endian), their count and the
 * CRC-32C of all that (uint32). Measured, a person with four certifications takes 600 bytes of text and 65 on the disk,
 * so 10 million 650 MB; one is found in 40 microseconds.
 *
 * Derived from what is archived, and all that is left of it here: it is synced before archived.json names it. */
#ifndef STORE_HISTORY_FILE_H
#define STORE_HISTORY_FILE_H

#include "base/buf.h"
#include "base/err.h"

#define HISTORY_NAME 48
#define HISTORY_FRAME ((size_t)64 << 10)
#define HISTORY_LINE_MAX ((size_t)16 << 20) /* one person's: 100,000 certifications */

void history_file_name(uint64_t seq, char out[HISTORY_NAME]);
/* The number in a file's name; 0: it is none such. */
uint64_t history_file_number(const char *file);

/* --- reading; one thread at a time --- */

struct history_file;

/* ERR_ABSENT, ERR_DAMAGED, ERR_VERSION, ERR_IO. */
enum err history_file_open(int log_folder, uint64_t seq, struct history_file **out, struct errmsg *msg) ERR_MUSTCHECK;
void history_file_close(struct history_file *f);

/* Appends the line of the person whose last event was number seq, without its newline. ERR_ABSENT: there is none. */
enum err history_file_find(struct history_file *f, uint64_t seq, struct buf *out, struct errmsg *msg) ERR_MUSTCHECK;

/* All lines in their order, each without its newline; it holds until the next call. ERR_END. */
enum err history_file_next(struct history_file *f, struct str *line, struct errmsg *msg) ERR_MUSTCHECK;

/* --- writing --- */

struct history_writer;

/* Of the history as of seq; it gets its name when it is finished. */
enum err history_writer_new(int log_folder, uint64_t seq, struct history_writer **out,
                            struct errmsg *msg) ERR_MUSTCHECK;
/* line: of that number, with its newline; ascending. */
enum err history_writer_add(struct history_writer *w, uint64_t seq, struct str line, struct errmsg *msg) ERR_MUSTCHECK;
/* Synced, renamed, and the folder synced. */
enum err history_writer_finish(struct history_writer *w, struct errmsg *msg) ERR_MUSTCHECK;
/* Also ends one that is not finished: nothing is left of it. */
void history_writer_free(struct history_writer *w);

#endif
