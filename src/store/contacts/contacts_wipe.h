/* A layer under SQLite that leaves no deleted text in the database's file.
 *
 * secure_delete overwrites what is deleted; but when SQLite distributes the rows of a full page over its neighbours,
 * copies of rows that have moved away can stay in a page's unallocated space (measured: some ten in 100,000 changes),
 * where a later erasure would not find them. This layer writes every b-tree page to the file with that space zeroed.
 * The write-ahead log is left as it is, since its frames carry checksums: it is cut to nothing after an erasure. */
#ifndef STORE_CONTACTS_WIPE_H
#define STORE_CONTACTS_WIPE_H

/* One for each database; must outlive its connections. */
struct wipe;

struct wipe *wipe_new(void);
void wipe_free(struct wipe *w);
const char *wipe_name(const struct wipe *w); /* for sqlite3_open_v2() */

#endif
