#include "adapter/receipts.h"

#include "adapter/sms.h"

#define RECEIPT_CODE_MAX 64

struct reading {
    receipt_read_fn *read;
    receipt_fn *each;
    void *arg;
    unsigned objects, receipts;
};

static void on_object(void *arg, const struct json_pick *picks)
{
    struct reading *r = arg;
    struct receipt receipt = {.kind = RECEIPT_NONE};
    r->objects++;
    r->read(picks, &receipt);
    if (receipt.kind == RECEIPT_NONE || (!receipt.id.p && !receipt.ref.p))
        return;
    if (!is_token(receipt.code, RECEIPT_CODE_MAX))
        receipt.code = STR_NONE;
    r->receipts++;
    r->each(r->arg, &receipt);
}

enum err read_receipts(struct str body, struct json_pick *picks, unsigned n, receipt_read_fn *read, receipt_fn *each,
                       void *arg, struct errmsg *msg)
{
    struct reading r = {.read = read, .each = each, .arg = arg};
    struct buf text = BUF_INIT;
    enum err e = json_each(body, picks, n, &text, on_object, &r, msg);
    buf_done(&text);
    if (!e && r.objects > 0 && r.receipts == 0)
        return err_set(msg, ERR_INVALID, "none of its objects is a receipt");
    return e;
}
