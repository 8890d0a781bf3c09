/* lifecertctl as a process of its own, with what it printed. */
#ifndef TESTS_CTL_RUN_CTL_H
#define TESTS_CTL_RUN_CTL_H

#include "tests/lib/tap.h"

struct ran {
    int status; /* -1: it did not end by itself */
    char *out, *err;
};

/* Runs it with these arguments, up to a NULL; r's old content is replaced. input: for its stdin, or NULL. */
void run_ctl(struct ran *r, const char *input, ...);
/* The same with a terminal of so many columns for its stdout; out has plain newlines. */
void run_ctl_on_terminal(struct ran *r, unsigned columns, ...);
void ran_done(struct ran *r);

/* Does text have part in it? When not, text is shown. */
bool has(const char *text, const char *part);

/* Writes a file in the test's folder, n bytes of text (0: up to its NUL); its path holds until the program ends. */
const char *test_file(const char *name, const char *text, size_t n);
/* A file's text, the caller's to free; bails out where there is none. */
char *file_text(const char *path);
/* A path in the test's folder, which holds until the program ends. */
const char *test_path(const char *name);

/* A configuration with the national policy, the channels face, bank and fax, and a Unix socket and a store in the
 * test's folder. more: further lines. */
const char *test_config(const char *more);

#endif
