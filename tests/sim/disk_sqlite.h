/* SQLite's files on the simulated disk: a layer (VFS) of its own, which is the one that SQLite takes by default. It
 * does with a file what the layer for Unix does (the folder is synced with a new journal), and its locks and shared
 * memory are those of one process. */
#ifndef TESTS_SIM_DISK_SQLITE_H
#define TESTS_SIM_DISK_SQLITE_H

/* Once in a program. */
void disk_sqlite_register(void);
/* Forgets what SQLite draws its random numbers from. Between two lives; no database may be open. */
void disk_sqlite_forget(void);
/* Databases and journals that are open. */
unsigned disk_sqlite_open_files(void);

#endif
