/* Inside of the preloaded library: what each of its calls goes through. */
#ifndef TESTS_FAULTS_PRELOAD_H
#define TESTS_FAULTS_PRELOAD_H

#include <stdbool.h>

#include "tests/faults/control.h"

#define PRELOAD_ARGUMENTS 6
#define NO_KIND FAULTS_KINDS_N /* is not counted */

/* One call: what it is, for counting, and how it is made. */
struct call {
    enum faults_kind kind;
    const char *name;
    int fd;           /* -1: on none */
    const char *path; /* or NULL */
    long number;
    int length; /* which argument is a number of bytes, of which half can be done; -1: none */
    int vector; /* which argument is a vector, followed by its length; -1: none */
};

/* Makes it, or lets happen what was ordered: its result, with errno. */
long preload_through(const struct call *c, const long a[PRELOAD_ARGUMENTS]);
/* Of a call that is not made by its number: does it fail, with that error (0: the ordered one)? */
bool preload_fails(enum faults_kind kind, const char *call, int fd, const char *path, int error);
/* What a descriptor's calls count as: a file's, a socket's, the log's, or NO_KIND. */
enum faults_kind preload_reads(int fd);
enum faults_kind preload_writes(int fd);
/* By how much the wall clock is ahead, in nanoseconds. */
int64_t preload_wall_ns(void);
/* Looks up, once, the calls that have no number; before main(), where nothing is counted. */
void preload_look_up(void);

#define ARGS(...) ((const long[PRELOAD_ARGUMENTS]){__VA_ARGS__})
#define CALL(kind, name, fd, path, number, length, vector, ...) \
    preload_through(&(const struct call){kind, name, fd, path, number, length, vector}, ARGS(__VA_ARGS__))
/* The three common shapes: nothing that has a half, a number of bytes, a vector. */
#define WHOLE(kind, fd, path, number, ...) CALL(kind, __func__, fd, path, number, -1, -1, __VA_ARGS__)
#define BYTES(kind, fd, number, length, ...) CALL(kind, __func__, fd, NULL, number, length, -1, __VA_ARGS__)
#define VECTOR(kind, fd, number, vector, ...) CALL(kind, __func__, fd, NULL, number, -1, vector, __VA_ARGS__)

/* What is defined under a call's name takes its place; no header declares it so. */
#pragma GCC diagnostic ignored "-Wmissing-prototypes"
#pragma GCC diagnostic ignored "-Wnonnull-compare"

#endif
