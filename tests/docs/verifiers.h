/* The programs of the subscriber's guide: what each says of a request. */
#ifndef TESTS_DOCS_VERIFIERS_H
#define TESTS_DOCS_VERIFIERS_H

#include "tests/docs/webhooks.h"

enum language { LANGUAGE_C, LANGUAGE_PYTHON, LANGUAGE_JAVA, N_LANGUAGES };

#define PATH_ROOM 640

/* The path of a file in the source tree. */
const char *source_path(char out[PATH_ROOM], const char *name);

/* Are the languages' own programs here? */
bool verifiers_are_there(void);
/* The language's program, given one: its exit code. with_now: it is told the time, and does not look at its clock. */
int verifier_run(enum language language, const struct webhook *w, bool with_now);
/* The same without the headers; after verifier_ask(). */
int verifier_run_bare(enum language language);
/* What the program's function says of all of them, "yes" or "no", a line each: of Python's and Java's, which take long to
 * start. The test ends when it cannot be asked. */
void verifier_ask(enum language language, const struct webhooks *all, struct buf *out);

#endif
