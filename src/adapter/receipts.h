/* Receipts that come as a JSON array of objects, as the cloud gateways send them. */
#ifndef ADAPTER_RECEIPTS_H
#define ADAPTER_RECEIPTS_H

#include "adapter/adapter.h"
#include "adapter/json_pick.h"

/* What one object says; out is zeroed before. kind stays RECEIPT_NONE when it says nothing of use. */
typedef void receipt_read_fn(const struct json_pick *picks, struct receipt *out);

/* Calls each for every object that says something of a message it names; others are passed over, since gateways add
 * kinds of reports. A code that is no printable word of at most 64 bytes is left out. ERR_INVALID, and each was not
 * called: not such an array, or all of its objects are others. */
enum err read_receipts(struct str body, struct json_pick *picks, unsigned n, receipt_read_fn *read, receipt_fn *each,
                       void *arg, struct errmsg *msg) ERR_MUSTCHECK;

#endif
