/* Between the files of the faults. */
#ifndef TESTS_CHAOS_FAULTS_INSIDE_H
#define TESTS_CHAOS_FAULTS_INSIDE_H

#include "base/clock.h"
#include "tests/chaos/faults.h"

#define NS_PER_MS INT64_C(1000000)

int64_t faults_draw(struct faults *f, int64_t from, int64_t to);
/* Notes that it begins now; its place. */
size_t faults_note(struct faults *f, enum deed_kind kind, int target, unsigned pair);
void faults_healed(struct faults *f, size_t deed);
void faults_say(struct faults *f, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* May something be done to Redis (or to a daemon) now: when nothing else is, or beside what is? Then it is to be. */
bool faults_may_begin(struct faults *f, bool redis);

void redis_go_on(struct faults *f, int64_t now);
void daemons_go_on(struct faults *f, int64_t now);

#endif
