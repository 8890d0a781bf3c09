/* Programs under the preloaded library, from outside: the file by which it is told what to do and tells what it saw. */
#ifndef TESTS_FAULTS_H
#define TESTS_FAULTS_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/faults/control.h"

#define FAULTS_PATH_MAX 512

/* What is to happen, and when. */
struct faults_order {
    uint32_t kinds; /* that are counted */
    uint64_t at;    /* 0: nothing happens, all is counted */
    enum faults_action action;
    int error; /* FAULTS_FAIL */
    bool forever;
};

/* Makes the file in that folder and maps it; the test ends when it cannot. It is never unmapped. */
struct faults *faults_new(const char *folder);
/* The next programs' order; counting begins anew. The clock stays. */
void faults_order(struct faults *f, const struct faults_order *o);
/* Nothing happens any more; what it told stays. */
void faults_calm(struct faults *f);

/* From here on programs that this process starts run under the library. Its path is in the build folder. */
void faults_begin(const char *folder);
void faults_end(void);

const char *faults_kind_name(enum faults_kind kind);
/* -1: there is no such kind. */
int faults_kind_of(const char *name);

#endif
