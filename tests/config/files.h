/* Configurations of a test: written to its folder, loaded, and their faults read. */
#ifndef TESTS_CONFIG_FILES_H
#define TESTS_CONFIG_FILES_H

#include <stddef.h>

#include "config/config.h"

#define A_POLICY "policy \"p\" { }\n"

/* The path of a file in the test's folder; returns path. */
const char *in_tmpdir(const char *name, char path[256]);
void write_file(const char *name, const char *text, size_t n);

/* The faults of a configuration in the test's folder, with that folder taken out of them: "main.conf:1: ..."; the
 * caller frees them. NULL when there was none. */
char *faults_of(const char *name);
/* The same text: the folder taken out of it. */
char *without_folder(const char *text);

/* Writes the text as main.conf and checks its faults. */
void is_fault(const char *text, size_t n, const char *want, const char *what);

/* Loads what must be good, and bails out when it is not. */
struct config *load_path(const char *path);
struct config *load_text(const char *text);

#endif
