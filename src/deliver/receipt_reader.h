/* Receipts read without a delivery: whose they are, and which messages they are about. For a daemon that takes them for
 * shards of others. One thread uses it. */
#ifndef DELIVER_RECEIPT_READER_H
#define DELIVER_RECEIPT_READER_H

#include "adapter/adapter.h"

struct receipt_reader;

/* Of endpoints that have their secrets; a reference is taken. */
enum err receipt_reader_new(struct endpoints *e, struct receipt_reader **out, struct errmsg *msg) ERR_MUSTCHECK;
/* NULL is fine. */
void receipt_reader_free(struct receipt_reader *r);

/* Does that endpoint take receipts, and is this its secret? */
bool receipt_reader_takes(const struct receipt_reader *r, struct str endpoint, struct str secret);
/* each for every message that a receipt is in it for; reply: what the gateway wants to read, appended. ERR_ABSENT:
 * there is no such endpoint; ERR_INVALID: it is no receipt. */
enum err receipt_reader_read(const struct receipt_reader *r, struct str endpoint, const struct receipt_call *c,
                             receipt_fn *each, void *arg, struct buf *reply, struct errmsg *msg) ERR_MUSTCHECK;

/* In a time that says nothing of how much of it is right. */
bool receipt_secret_is(const struct endpoint *e, struct str secret);

#endif
