/* One file of the configuration as text that is safe to hand to the parser. */
#ifndef CONFIG_SOURCE_H
#define CONFIG_SOURCE_H

#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

#define SOURCE_BYTES_MAX (1 << 20)

struct source {
    char *text; /* owned, terminated, without NUL bytes */
    size_t n;
    unsigned lines;
    dev_t device; /* which file it is, whatever its name */
    ino_t inode;
};

/* Reads a regular file of at most SOURCE_BYTES_MAX. The message is a fault's text. */
enum err source_read(const char *path, struct source *s, struct errmsg *msg) ERR_MUSTCHECK;
void source_done(struct source *s);

/* Refuses what is not text in UTF-8, a string that does not end on its line and a comment that does not end; replaces
 * every comment by blanks. *line: where the fault is. */
enum err source_clean(struct source *s, unsigned *line, struct errmsg *msg) ERR_MUSTCHECK;

/* The length of the UTF-8 character at p, 0 when there is none (RFC 3629: no surrogates, nothing longer than needed).
 * Reads no further than the terminator. */
size_t source_character(const unsigned char *p);

#endif
