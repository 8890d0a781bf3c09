/* Names and phone numbers of one family, for tests that enrol people: wherever they turn up again beside the contacts
 * they can be told from everything else. */
#ifndef TESTS_CANARY_H
#define TESTS_CANARY_H

#include "base/buf.h"

#define CANARY_NAME "金丝鸟"  /* every name begins so */
#define CANARY_PHONE "139739" /* every number, after its country's: and five digits follow */
#define CANARY_TEXT 48

/* The n-th name and number; of numbers there are a hundred thousand. Both return out. */
const char *canary_name(unsigned n, char out[CANARY_TEXT]);
const char *canary_phone(unsigned n, char out[CANARY_TEXT]);

/* Where bytes hold one of the family, in plain text or in one of the forms in which programs write such text:
 * JSON's escapes, percent-encoding, UTF-16 (as such, or in hexadecimal digits), base64. NULL: nowhere; else *form
 * (which may be NULL) says which. */
const char *canary_find(const void *bytes, size_t n, const char **form);

/* The same in all regular files of a folder and the folders in it, of compressed segments in their text. NULL: nowhere;
 * else a sentence, which holds until the next call. A folder that is not there has none. skip: names of files that are
 * left out, ending with NULL; NULL: none. */
const char *canary_find_in_folder(const char *folder, const char *const skip[]);
const char *canary_find_in_file(const char *path);

#endif
