/* Files, whole or not at all: reads and writes that do not stop half-way, and files that appear at once. Failures
 * name the file and the system's reason. */
#ifndef STORE_FILE_H
#define STORE_FILE_H

#include <stdarg.h>
#include <sys/uio.h>

#include "base/buf.h"
#include "base/err.h"

/* ERR_IO with what was tried, the name and errno's text. */
enum err file_error(struct errmsg *msg, const char *what, const char *name);

/* Opens a file of ours in a folder; -1 with errno. flags as open(2), always close-on-exec, mode 0600. */
int file_open(int folder, const char *name, int flags);

/* Appends up to n bytes from offset; fewer only at the end of the file. */
enum err file_read(int fd, const char *name, struct buf *out, size_t n, uint64_t offset,
                   struct errmsg *msg) ERR_MUSTCHECK;
/* The whole of a small file (at most max bytes, else ERR_FULL). ERR_ABSENT: there is none. */
enum err file_load(int folder, const char *name, size_t max, struct buf *out, struct errmsg *msg) ERR_MUSTCHECK;

/* Writes all of the parts at offset; changes the parts. At most 4 of them. */
enum err file_write(int fd, const char *name, struct iovec *parts, int n, uint64_t offset,
                    struct errmsg *msg) ERR_MUSTCHECK;

/* The first `bytes` of a file to the front of an empty one, shared by both where the file system can do that. told()
 * (which may be NULL) hears after each part how many there are. Nothing is synced. */
enum err file_copy(int from, int to, const char *name, uint64_t bytes, void (*told)(void *arg, uint64_t bytes),
                   void *arg, struct errmsg *msg) ERR_MUSTCHECK;

/* Writes what stands there, up to `until` or the end of the file, once more at its place. After a sync that failed the system
 * may show what is not on the disk, and would not write it at the next sync either. Nothing is synced. */
enum err file_write_again(int fd, const char *name, uint64_t from, uint64_t until, struct errmsg *msg) ERR_MUSTCHECK;

/* Makes name hold these bytes, durably and all at once: written beside, synced, renamed, the folder synced. */
enum err file_replace(int folder, const char *name, struct str bytes, struct errmsg *msg) ERR_MUSTCHECK;
enum err file_sync_folder(int folder, const char *name, struct errmsg *msg) ERR_MUSTCHECK;

/* Whether path, which need not be there yet, is that folder or lies below it. false, too, where that cannot be known. */
bool file_lies_in(const char *path, const char *folder);

#endif
