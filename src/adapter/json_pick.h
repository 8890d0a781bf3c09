/* Values out of a gateway's JSON: those at a few paths of one document, or of every object of an array. Foreign input:
 * what nests deeper than JSON_PICK_DEPTH, what is not UTF-8, and a picked member that is there twice are refused. */
#ifndef ADAPTER_JSON_PICK_H
#define ADAPTER_JSON_PICK_H

#include "base/buf.h"
#include "base/err.h"

#define JSON_PICK_DEPTH 32
/* Objects in one array. A body of receipts is at most 1 MiB, and a receipt more than 100 bytes. */
#define JSON_PICK_ITEMS 10000

/* What stands there. Objects and arrays count as absent: only what is in them has a value. */
enum json_kind { JSON_ABSENT, JSON_NULL, JSON_BOOLEAN, JSON_NUMBER, JSON_STRING };

struct json_pick {
    const char *path; /* names of members and places in arrays: "Response.SendStatusSet.0.Code"; no name with a dot */
    enum json_kind kind;
    struct str value; /* a string's content; else as JSON spells it: "true", "-1.50"; STR_NONE: absent */
    size_t at;        /* json_pick.c's own */
};

/* A name or number that the document gives; STR_NONE when it is empty, or nothing of the kind. */
static inline struct str json_pick_text(const struct json_pick *p)
{
    return (p->kind == JSON_STRING || p->kind == JSON_NUMBER) && p->value.n ? p->value : STR_NONE;
}

/* Fills kind and value of picks. The values are in text, which is cleared before and must not grow while they are used.
 * ERR_INVALID, msg saying why without quoting anything: not one whole JSON document. */
enum err json_pick(struct str json, struct json_pick *picks, unsigned n, struct buf *text,
                   struct errmsg *msg) ERR_MUSTCHECK;

/* The same with an array of objects: paths start at an object, and item is called for each, picks holding its values
 * until the call returns. On ERR_INVALID it has not been called at all. */
typedef void json_item_fn(void *arg, const struct json_pick *picks);
enum err json_each(struct str json, struct json_pick *picks, unsigned n, struct buf *text, json_item_fn *item,
                   void *arg, struct errmsg *msg) ERR_MUSTCHECK;

#endif
