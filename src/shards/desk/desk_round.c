/* One order, or question, and the shards that it goes to: some at a time, in order of their numbers, until all have
 * answered, or enough is known. */
#include <stdio.h>
#include <stdlib.h>

#include "shards/desk/desk_inside.h"
#include "shards/front/raw_json.h"
#include "shards/position.h"

#define WAVE 64      /* shards asked at a time */
#define WAVE_LISTS 8 /* where each may answer with some hundred kilobytes */

struct desk_asked {
    struct front_call call; /* the first member: completions are turned back into it */
    struct desk_round *round;
    struct buf body;
};

/* An endpoint of a list. */
struct listed {
    struct str name; /* as JSON; owned */
    struct fold *fold;
};

struct desk_round {
    struct shard_desk *desk;
    const struct desk_rule *rule;
    struct desk_call call; /* what it points to is the order's */
    struct deliver_order *order;
    bool *concerned; /* by shard; NULL: all are */
    unsigned next, end, n_asked, pending, n_done, n_failed, failed_shard;
    enum err err; /* of the first that failed */
    struct errmsg msg;
    struct desk_asked asked[WAVE];

    struct position from, until; /* of a redelivery, where positions were given */
    struct fold *fold;
    struct listed *listed;
    unsigned n_listed;
    unsigned n_rows; /* of deliveries */
    bool more;
    struct desk_round *following, **link;
};

/* How a verb goes. */
struct desk_rule {
    /* Whom it concerns, and what is wrong with it: shards next .. end - 1. */
    enum err (*aim)(struct desk_round *r, struct errmsg *msg);
    /* What one shard is to be told; NULL: the order as it is. */
    void (*write)(struct desk_round *r, unsigned shard, struct buf *out);
    void (*take)(struct desk_round *r, unsigned shard, struct str answer);
    void (*finish)(struct desk_round *r, struct buf *out);
    unsigned wave;
};

static unsigned shards_of(const struct desk_round *r)
{
    return r->desk->set->n;
}

/* --- aims --- */

static enum err at_all(struct desk_round *r, struct errmsg *msg)
{
    (void)msg;
    r->end = shards_of(r);
    return ERR_OK;
}

static enum err at_one(struct desk_round *r, unsigned shard)
{
    r->next = shard;
    r->end = shard + 1;
    return ERR_OK;
}

/* From here, if any shard is ours: it is this daemon's way to the endpoint that is tried. */
static enum err at_own(struct desk_round *r, struct errmsg *msg)
{
    unsigned k = 0;
    (void)msg;
    while (k < shards_of(r) && !r->desk->own[k])
        k++;
    return at_one(r, k < shards_of(r) ? k : 0);
}

static enum err at_named(struct desk_round *r, struct errmsg *msg)
{
    if (r->call.shard >= shards_of(r))
        return err_set(msg, ERR_ABSENT, "no such delivery: there are %u shards", shards_of(r));
    return at_one(r, r->call.shard);
}

static enum err at_rest(struct desk_round *r, struct errmsg *msg)
{
    (void)msg;
    r->next = r->call.shard < shards_of(r) ? r->call.shard : shards_of(r);
    r->end = shards_of(r);
    return ERR_OK;
}

static enum err read_place(const struct desk_round *r, const struct log_place *p, struct position *out,
                           struct errmsg *msg)
{
    if (p->kind == PLACE_NUMBER && p->number && shards_of(r) > 1)
        return err_set(msg, ERR_INVALID,
                       "the log has %u shards: a place in it is what /v1/events and its readers call a position",
                       shards_of(r));
    if (p->kind != PLACE_POSITION)
        return ERR_OK;
    position_init(out, shards_of(r));
    return position_read(out, p->position) ? ERR_OK : err_set(msg, ERR_INVALID, "that is no position in this log");
}

static enum err at_range(struct desk_round *r, struct errmsg *msg)
{
    enum err err = read_place(r, &r->call.redeliver->from, &r->from, msg);
    if (err == ERR_OK)
        err = read_place(r, &r->call.redeliver->until, &r->until, msg);
    return err == ERR_OK ? at_all(r, msg) : err;
}

/* The shard in our own id, INCARNATION_SHARD_SEQ; false: it is none. */
static bool shard_in(const struct shard_set *set, struct str id, unsigned *out)
{
    size_t prefix = strlen(set->incarnation) + 1;
    char digits[8] = "";
    if (!id.p || id.n <= prefix || memcmp(id.p, set->incarnation, prefix - 1) != 0)
        return false;
    const char *bar = memchr(id.p + prefix, '_', id.n - prefix);
    size_t n = bar ? (size_t)(bar - id.p) - prefix : 0;
    if (!n || n >= sizeof digits)
        return false;
    memcpy(digits, id.p + prefix, n);
    char *end;
    unsigned long k = strtoul(digits, &end, 10);
    *out = (unsigned)k;
    return !*end && k < set->n;
}

/* One that has only the gateway's number may be any shard's. */
static void on_receipt(void *arg, const struct receipt *receipt)
{
    struct desk_round *r = arg;
    unsigned shard;
    if (shard_in(r->desk->set, receipt->id, &shard))
        r->concerned[shard] = true;
    else if (receipt->ref.p)
        memset(r->concerned, true, shards_of(r) * sizeof *r->concerned);
}

static enum err at_receipts(struct desk_round *r, struct errmsg *msg)
{
    r->concerned = mem_zalloc(shards_of(r), sizeof *r->concerned);
    if (!r->desk->receipts)
        return err_set(msg, ERR_ABSENT, "no such receipts");
    enum err err = receipt_reader_read(r->desk->receipts, r->order->endpoint, r->call.receipt, on_receipt, r,
                                       &r->order->body, msg);
    return err == ERR_OK ? at_all(r, msg) : err;
}

/* --- what one shard is told --- */

static void place_in(struct log_place *p, const struct position *all, unsigned shard)
{
    if (p->kind == PLACE_POSITION)
        *p = (struct log_place){.kind = PLACE_NUMBER, .number = all->v[shard]};
}

static void write_range(struct desk_round *r, unsigned shard, struct buf *out)
{
    struct desk_call c = r->call;
    struct redeliver_call own = *c.redeliver;
    place_in(&own.from, &r->from, shard);
    place_in(&own.until, &r->until, shard);
    c.redeliver = &own;
    desk_letter_write(&c, r->order, out);
}

/* The page goes on in the shard where it ended, and from the beginning of the others. */
static void write_page(struct desk_round *r, unsigned shard, struct buf *out)
{
    struct desk_call c = r->call;
    c.list.after = shard == c.shard ? c.list.after : 0;
    c.list.limit -= r->n_rows;
    desk_letter_write(&c, r->order, out);
}

/* --- what one shard says --- */

static void take_fold(struct desk_round *r, const struct fold_row *rows, unsigned shard, struct str answer)
{
    if (!r->fold)
        r->fold = fold_new(rows, shards_of(r));
    fold_take(r->fold, shard, answer);
}

static void take_state(struct desk_round *r, unsigned shard, struct str answer)
{
    take_fold(r, desk_state_rows, shard, answer);
}

static void take_redelivery(struct desk_round *r, unsigned shard, struct str answer)
{
    take_fold(r, desk_redelivery_rows, shard, answer);
}

static void take_word(struct desk_round *r, unsigned shard, struct str answer)
{
    (void)shard;
    buf_addstr(&r->order->body, answer);
}

static void take_nothing(struct desk_round *r, unsigned shard, struct str answer)
{
    (void)r;
    (void)shard;
    (void)answer;
}

static struct fold *listed(struct desk_round *r, struct str name)
{
    unsigned i = 0;
    while (i < r->n_listed && !str_eq(r->listed[i].name, name))
        i++;
    if (i == r->n_listed) {
        r->listed = mem_resize(r->listed, r->n_listed + 1, sizeof *r->listed);
        r->listed[r->n_listed++] =
            (struct listed){{mem_strndup(name.p, name.n), name.n}, fold_new(desk_endpoint_rows, shards_of(r))};
    }
    return r->listed[i].fold;
}

static void take_endpoints(struct desk_round *r, unsigned shard, struct str answer)
{
    struct raw_walk w;
    struct str endpoint;
    if (raw_enter(&w, raw_find(answer, "endpoints"), '['))
        while (raw_item(&w, &endpoint))
            fold_take(listed(r, raw_find(endpoint, "name")), shard, endpoint);
}

static void take_deliveries(struct desk_round *r, unsigned shard, struct str answer)
{
    struct raw_walk w;
    struct str row;
    struct buf *out = &r->order->body;
    (void)shard;
    r->more = r->more || str_is(raw_find(answer, "more"), "true");
    if (!raw_enter(&w, raw_find(answer, "deliveries"), '['))
        return;
    while (raw_item(&w, &row)) {
        if (r->n_rows == r->call.list.limit) {
            r->more = true;
            return;
        }
        buf_adds(out, r->n_rows++ ? "," : "{\"deliveries\":[");
        buf_addstr(out, row);
    }
}

/* --- what all of them have said --- */

static void finish_nothing(struct desk_round *r, struct buf *out)
{
    (void)r;
    (void)out;
}

static void finish_fold(struct desk_round *r, struct buf *out)
{
    if (r->fold)
        fold_write(r->fold, out);
}

static void finish_endpoints(struct desk_round *r, struct buf *out)
{
    BUF_LIT(out, "{\"endpoints\":[");
    for (unsigned i = 0; i < r->n_listed; i++) {
        if (i)
            buf_addc(out, ',');
        fold_write(r->listed[i].fold, out);
    }
    BUF_LIT(out, "]}");
}

static void finish_deliveries(struct desk_round *r, struct buf *out)
{
    bool rest = r->more || (r->n_rows == r->call.list.limit && r->next < r->end);
    if (!r->n_rows)
        BUF_LIT(out, "{\"deliveries\":[");
    buf_printf(out, "],\"more\":%s}", rest ? "true" : "false");
}

static const struct desk_rule rules[DESK_VERB_N] = {
    [DESK_PAUSE] = {at_all, NULL, take_state, finish_fold, WAVE},
    [DESK_RESUME] = {at_all, NULL, take_state, finish_fold, WAVE},
    [DESK_TEST] = {at_own, NULL, take_word, finish_nothing, WAVE},
    [DESK_RETRY] = {at_named, NULL, take_word, finish_nothing, WAVE},
    [DESK_DROP] = {at_named, NULL, take_word, finish_nothing, WAVE},
    [DESK_REDELIVER] = {at_range, write_range, take_redelivery, finish_fold, WAVE},
    [DESK_REDELIVER_CANCEL] = {at_all, NULL, take_redelivery, finish_fold, WAVE},
    [DESK_RECEIPT] = {at_receipts, NULL, take_nothing, finish_nothing, WAVE},
    [DESK_ENDPOINTS] = {at_all, NULL, take_endpoints, finish_endpoints, WAVE},
    [DESK_DELIVERIES] = {at_rest, write_page, take_deliveries, finish_deliveries, WAVE_LISTS},
};

/* --- the round --- */

static void round_free(struct desk_round *r)
{
    *r->link = r->following;
    if (r->following)
        r->following->link = r->link;
    for (unsigned i = 0; i < WAVE; i++) {
        buf_done(&r->asked[i].body);
        buf_done(&r->asked[i].call.answer);
    }
    for (unsigned i = 0; i < r->n_listed; i++) {
        free((char *)r->listed[i].name.p);
        fold_free(r->listed[i].fold);
    }
    free(r->listed);
    fold_free(r->fold);
    if (r->from.v)
        position_done(&r->from);
    if (r->until.v)
        position_done(&r->until);
    free(r->concerned);
    free(r);
}

void desk_rounds_free(struct shard_desk *d)
{
    while (d->rounds)
        round_free(d->rounds);
}

static struct desk_round *round_new(struct shard_desk *d, const struct desk_call *c, struct deliver_order *o)
{
    struct desk_round *r = mem_zalloc(1, sizeof *r);
    r->desk = d;
    r->rule = &rules[c->verb];
    r->call = *c;
    r->order = o;
    r->following = d->rounds;
    r->link = &d->rounds;
    if (r->following)
        r->following->link = &r->following;
    return d->rounds = r;
}

static void answer(struct desk_round *r, enum err err)
{
    struct deliver_order *o = r->order;
    o->err = err;
    round_free(r);
    o->done(o);
}

/* What some have done and others have not an operator must know. */
static enum err failure(const struct desk_round *r, struct errmsg *msg)
{
    if (!r->n_done)
        return err_set(msg, r->err, "%s", r->msg.text);
    return err_set(msg, r->err, "shard %u: %s; %u of %u shards have done it", r->failed_shard, r->msg.text, r->n_done,
                   r->n_done + r->n_failed);
}

static void conclude(struct desk_round *r)
{
    struct deliver_order *o = r->order;
    if (r->n_failed) {
        buf_clear(&o->body);
        answer(r, failure(r, &o->msg));
        return;
    }
    r->rule->finish(r, &o->body);
    answer(r, ERR_OK);
}

static void ask(struct desk_round *r, unsigned shard);

/* More than what is told by now is not wanted. */
static bool is_enough(const struct desk_round *r)
{
    return r->call.verb == DESK_DELIVERIES && (r->n_failed || r->n_rows == r->call.list.limit);
}

static void next_wave(struct desk_round *r)
{
    r->n_asked = 0;
    while (!is_enough(r) && r->next < r->end && r->n_asked < r->rule->wave) {
        unsigned shard = r->next++;
        if (!r->concerned || r->concerned[shard])
            ask(r, shard);
    }
    if (r->n_asked == 0)
        conclude(r);
}

static void take_answer(struct desk_round *r, struct desk_asked *a)
{
    if (a->call.err == ERR_OK) {
        r->n_done++;
        r->rule->take(r, a->call.shard, buf_str(&a->call.answer));
    } else if (r->n_failed++ == 0) {
        r->err = a->call.err;
        r->msg = a->call.msg;
        r->failed_shard = a->call.shard;
    }
    buf_done(&a->call.answer);
}

static void on_answered(struct completion *c)
{
    struct desk_round *r = ((struct desk_asked *)c)->round;
    if (--r->pending)
        return;
    for (unsigned i = 0; i < r->n_asked; i++)
        take_answer(r, &r->asked[i]);
    next_wave(r);
}

static void ask(struct desk_round *r, unsigned shard)
{
    struct desk_asked *a = &r->asked[r->n_asked++];
    buf_clear(&a->body);
    if (r->rule->write)
        r->rule->write(r, shard, &a->body);
    else
        desk_letter_write(&r->call, r->order, &a->body);
    a->round = r;
    a->call = (struct front_call){.done = {.run = on_answered, .queue = r->desk->queue},
                                  .shard = shard,
                                  .method = desk_letter_method(r->call.verb),
                                  .body = buf_str(&a->body)};
    r->pending++;
    front_call(r->desk->front, &a->call);
}

void desk_give(void *arg, const struct desk_call *c, struct deliver_order *o)
{
    struct desk_round *r = round_new(arg, c, o);
    enum err err = r->rule->aim(r, &o->msg);
    if (err == ERR_OK)
        next_wave(r);
    else
        answer(r, err);
}
