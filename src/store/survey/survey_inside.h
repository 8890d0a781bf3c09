/* What the survey's files share (survey.h). */
#ifndef STORE_SURVEY_INSIDE_H
#define STORE_SURVEY_INSIDE_H

#include "store/redis/survey.h"
#include "store/sql.h"
#include "store/survey/survey.h"

struct survey {
    char *path;
    int folder;
    struct redis_survey *redis; /* then there is no folder */
};

/* A table, read in slices: the query begins behind the row that from() binds, and takes as many as parameter limit_at
 * says. */
struct table_walk {
    const char *file;
    int version;        /* of the file; an earlier one has no rows */
    bool may_be_absent; /* the file */
    bool check;         /* the whole file is looked at first, when nobody writes to it */
    const char *query;
    int limit_at;
    void (*from)(void *arg, sqlite3_stmt *s);
    enum err (*each)(void *arg, sqlite3_stmt *s, struct errmsg *msg); /* ERR_END: enough */
    void *arg;
};
enum err survey_table(struct survey *s, const struct table_walk *w, struct errmsg *msg) ERR_MUSTCHECK;

#endif
