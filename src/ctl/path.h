/* Paths of requests. */
#ifndef CTL_PATH_H
#define CTL_PATH_H

#include "base/buf.h"

/* Appends s to a path, percent-encoded. */
void path_add(struct buf *path, const char *s);
/* Appends an argument of the query, behind '?' or '&'; a value that is NULL is left out. */
void path_add_query(struct buf *path, const char *name, const char *value);

#endif
