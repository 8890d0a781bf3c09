/* The calls by which the log's files are read, changed and listed, and threads begun, in front of the C library's: a test
 * lets one of them fail, once, or does something right before it. */
#ifndef TESTS_STORE_FAILING_H
#define TESTS_STORE_FAILING_H

/* From here on calls are counted, and number at fails with that error; at 0: none. */
void failing_begin(int at, int error);
/* How many there were; from here on none fails. */
int failing_end(void);

/* Before each call: its name, and the file's where it has one, else NULL. NULL: nothing. */
typedef void failing_look(const char *call, const char *file);
void failing_watch(failing_look *look);

#endif
