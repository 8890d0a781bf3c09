/* What stands beside the log of a shard in Redis, for store/survey/survey.h: in the order in which a dir store has it. */
#ifndef STORE_REDIS_SURVEY_H
#define STORE_REDIS_SURVEY_H

#include "store/sql.h"
#include "store/survey/survey.h"

struct redis_survey;

enum err redis_survey_open(const char *uri, const struct store_options *options, struct redis_survey **out,
                           struct errmsg *msg) ERR_MUSTCHECK;
void redis_survey_close(struct redis_survey *s); /* NULL is fine */
bool redis_survey_live(struct redis_survey *s);

enum err redis_survey_contacts(struct redis_survey *s, bool units, contact_row_fn *each, void *arg,
                               struct errmsg *msg) ERR_MUSTCHECK;
enum err redis_survey_keys(struct redis_survey *s, key_row_fn *each, void *arg, struct errmsg *msg) ERR_MUSTCHECK;
enum err redis_survey_stamp(struct redis_survey *s, uint64_t *durable, struct buf *out,
                            struct errmsg *msg) ERR_MUSTCHECK;
/* How far its log is durable. */
uint64_t redis_survey_end(struct redis_survey *s);
/* The delivery state's tables, as they were when this was first asked. */
enum err redis_survey_tables(struct redis_survey *s, struct sql **out, struct errmsg *msg) ERR_MUSTCHECK;

#endif
