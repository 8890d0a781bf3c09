/* Everybody, of all shards: one shard's list after the other's, in the order of the shards. All of them are begun at
 * once, so that each is as of about the same moment, and those that come later are kept from being given up while the
 * earlier ones are read.
 *
 * Whoever asks for those after somebody gets the rest of that one's shard, and the shards after it. */
#include "shards/front/front_inside.h"

#include <stdlib.h>

#include "shards/front/raw_json.h"

#define KEEP_NS (20 * NS_PER_S)
#define IDLE_NS (60 * NS_PER_S) /* as in an engine */

/* One shard's. */
struct sub {
    struct request q;
    struct scan *scan;
    uint64_t epoch, id; /* id 0: it is not open */
    uint64_t position;
    bool asked;  /* the shard has q */
    bool wanted; /* a slice, as soon as it has it no more */
    bool lost;   /* it was given up */
};

struct scan {
    _Atomic unsigned refs; /* one until it is over, and one for each request that a shard has */
    struct front *front;
    uint64_t id;
    struct scan_order order;
    struct buf policy, after; /* what its strings point into */
    unsigned first, now;      /* shards: where it begins, and whose list is being read */
    uint64_t shown, payable, withheld;
    struct buf positions, period, last; /* as JSON; last: the id of the last one shown */
    _Atomic unsigned left;              /* of its beginning */

    struct scan *next, **at; /* under the front's lock, like all below, and what the subs say of asking */
    struct request *r;       /* whom the next slice is for */
    bool busy;               /* somebody has it: r, or what gives it up */
    bool over;
    int64_t touched, kept;
    struct sub subs[];
};

static void scan_free(struct scan *s)
{
    for (unsigned i = 0; i < s->front->n; i++)
        buf_done(&s->subs[i].q.body);
    buf_done(&s->policy);
    buf_done(&s->after);
    buf_done(&s->last);
    buf_done(&s->positions);
    buf_done(&s->period);
    free(s);
}

static void unref(struct scan *s)
{
    if (atomic_fetch_sub(&s->refs, 1) == 1)
        scan_free(s);
}

/* --- asking one shard --- */

/* done() ends with unref(). */
static void ask(struct sub *u, void (*done)(struct request *r))
{
    struct scan *s = u->scan;
    unsigned shard = (unsigned)(u - s->subs);
    atomic_fetch_add(&s->refs, 1);
    u->q.done = done;
    u->q.owner = u;
    u->q.scan.id = u->id;
    buf_clear(&u->q.body);
    if (shard_submit(&s->front->shards[shard], &u->q, &u->epoch, false))
        return;
    u->q.err = err_set(&u->q.msg, ERR_FULL, "shard %u has too much to do: try again later", shard);
    done(&u->q);
}

/* If it is open, and not asked for something already: then it is asked now. */
static bool begin_asking(struct sub *u)
{
    struct front *f = u->scan->front;
    pthread_mutex_lock(&f->lock);
    bool can = !u->asked && !u->lost && u->id;
    u->asked = u->asked || can;
    pthread_mutex_unlock(&f->lock);
    return can;
}

static void on_ended(struct request *q)
{
    unref(((struct sub *)q->owner)->scan);
}

static void end_sub(struct sub *u)
{
    if (!begin_asking(u))
        return;
    u->q.scan.end = true;
    u->q.scan.keep = false;
    ask(u, on_ended);
}

/* What a shard is just asked is waited for (on_kept()). */
static void scan_over(struct scan *s)
{
    struct front *f = s->front;
    pthread_mutex_lock(&f->lock);
    *s->at = s->next;
    if (s->next)
        s->next->at = s->at;
    s->over = true;
    pthread_mutex_unlock(&f->lock);
    for (unsigned i = 0; i < f->n; i++)
        end_sub(&s->subs[i]);
    unref(s);
}

/* --- the answer --- */

static void answer(struct scan *s, enum err err, const struct errmsg *msg, bool over)
{
    struct front *f = s->front;
    struct request *r = s->r;
    r->err = err;
    if (err)
        r->msg = *msg;
    r->scan.id = over ? 0 : s->id;
    pthread_mutex_lock(&f->lock);
    s->r = NULL;
    s->busy = over;
    s->touched = clock_monotonic_ns();
    pthread_mutex_unlock(&f->lock);
    if (over)
        scan_over(s);
    r->done(r);
}

static void write_position(const struct scan *s, struct buf *out)
{
    bool text = s->front->n > 1;
    BUF_LIT(out, "\"position\":");
    if (text)
        buf_addc(out, '"');
    buf_addstr(out, buf_str(&s->positions));
    if (text)
        buf_addc(out, '"');
}

static void write_last_line(struct scan *s, struct buf *out)
{
    if (s->order.kind == SCAN_PEOPLE) {
        buf_addc(out, '{');
        write_position(s, out);
        BUF_LIT(out, ",\"beneficiaries\":");
        buf_add_u64(out, s->shown);
        BUF_LIT(out, ",\"after\":");
        buf_addstr(out, s->order.limit && s->shown == s->order.limit ? buf_str(&s->last) : STR_LIT("null"));
    } else {
        BUF_LIT(out, "{\"period\":");
        buf_addstr(out, buf_str(&s->period));
        buf_addc(out, ',');
        write_position(s, out);
        BUF_LIT(out, ",\"payable\":");
        buf_add_u64(out, s->payable);
        BUF_LIT(out, ",\"withheld\":");
        buf_add_u64(out, s->withheld);
    }
    BUF_LIT(out, "}\n");
}

/* The shard's own last line, which is none of ours. */
static bool take_last_line(struct scan *s, struct str line)
{
    uint64_t payable = 0, withheld = 0;
    if (s->order.kind == SCAN_PEOPLE)
        return raw_find(line, "beneficiaries").p != NULL;
    struct str period = raw_find(line, "period"), a = raw_find(line, "payable"), b = raw_find(line, "withheld");
    if (!period.p || !a.p || !b.p || !raw_number(a, &payable) || !raw_number(b, &withheld))
        return false;
    s->payable += payable;
    s->withheld += withheld;
    buf_clear(&s->period);
    buf_addstr(&s->period, period);
    return true;
}

/* Rows as far as the limit lets them; *whole: it is reached. */
static void take_rows(struct scan *s, struct str rows, struct buf *out, bool *whole)
{
    const char *p = rows.p, *end = rows.p + rows.n, *last = NULL;
    *whole = false;
    if (s->order.kind != SCAN_PEOPLE) {
        buf_addstr(out, rows);
        return;
    }
    while (p < end && !*whole) {
        const char *newline = memchr(p, '\n', (size_t)(end - p));
        if (!newline)
            break;
        last = p;
        p = newline + 1;
        *whole = ++s->shown == s->order.limit;
    }
    buf_add(out, rows.p, (size_t)(p - rows.p));
    if (last) {
        buf_clear(&s->last);
        buf_addstr(&s->last, raw_find((struct str){last, (size_t)(p - last) - 1}, "id"));
    }
}

/* Splits the last line off; false: there is none. */
static bool cut_last_line(struct str *rows, struct str *line)
{
    if (rows->n == 0 || rows->p[rows->n - 1] != '\n')
        return false;
    const char *newline = memrchr(rows->p, '\n', rows->n - 1);
    size_t start = newline ? (size_t)(newline + 1 - rows->p) : 0;
    *line = (struct str){rows->p + start, rows->n - start - 1};
    rows->n = start;
    return true;
}

static void take_slice(struct scan *s, struct request *q)
{
    struct str rows = buf_str(&q->body), line = STR_NONE;
    bool end = !q->scan.id, whole = false;
    if (end && (!cut_last_line(&rows, &line) || !take_last_line(s, line))) {
        struct errmsg msg;
        err_set(&msg, ERR_DAMAGED, "shard %u's list does not end as expected", s->now);
        answer(s, ERR_DAMAGED, &msg, true);
        return;
    }
    if (rows.n)
        take_rows(s, rows, &s->r->body, &whole);
    s->now += end;
    bool over = whole || s->now == s->front->n;
    if (over)
        write_last_line(s, &s->r->body);
    answer(s, ERR_OK, NULL, over);
}

static void on_slice(struct request *q)
{
    struct sub *u = q->owner;
    struct scan *s = u->scan;
    pthread_mutex_lock(&s->front->lock);
    u->asked = false;
    u->id = q->err ? 0 : q->scan.id;
    pthread_mutex_unlock(&s->front->lock);
    if (q->err) {
        struct errmsg msg = q->msg;
        answer(s, q->err, &msg, true);
    } else
        take_slice(s, q);
    unref(s);
}

/* One that is just being kept is asked when that is over. */
static void ask_for_slice(struct scan *s)
{
    struct sub *u = &s->subs[s->now];
    struct errmsg msg;
    pthread_mutex_lock(&s->front->lock);
    bool lost = u->lost, later = u->asked;
    u->wanted = later;
    u->asked = u->asked || !lost;
    pthread_mutex_unlock(&s->front->lock);
    if (later)
        return;
    if (lost) {
        err_set(&msg, ERR_ABSENT, "the list was given up: shard %u has another owner, or too much has changed", s->now);
        answer(s, ERR_ABSENT, &msg, true);
        return;
    }
    u->q.scan.keep = false;
    ask(u, on_slice);
}

/* --- keeping --- */

static void on_kept(struct request *q)
{
    struct sub *u = q->owner;
    struct scan *s = u->scan;
    pthread_mutex_lock(&s->front->lock);
    bool wanted = u->wanted, over = s->over;
    u->asked = u->wanted = false;
    u->lost = q->err != ERR_OK;
    pthread_mutex_unlock(&s->front->lock);
    if (over)
        end_sub(u);
    else if (wanted)
        ask_for_slice(s);
    unref(s);
}

static void keep_waiting(struct scan *s)
{
    for (unsigned i = s->now + 1; i < s->front->n; i++) {
        struct sub *u = &s->subs[i];
        if (!begin_asking(u))
            continue;
        u->q.scan.keep = true;
        ask(u, on_kept);
    }
}

/* --- the beginning --- */

static void note_positions(struct scan *s)
{
    struct front *f = s->front;
    struct position p;
    position_init(&p, f->n);
    for (unsigned i = 0; i < f->n; i++)
        p.v[i] = s->subs[i].position;
    position_write(&p, &s->positions);
    position_done(&p);
    buf_clear(&s->r->scan.positions);
    buf_addstr(&s->r->scan.positions, buf_str(&s->positions));
    s->r->scan.position = s->subs[s->first].position;
}

static void all_begun(struct scan *s)
{
    struct request *r = s->r;
    struct sub *bad = NULL;
    for (unsigned i = 0; i < s->front->n && !bad; i++)
        bad = s->subs[i].q.err ? &s->subs[i] : NULL;
    if (bad) {
        struct errmsg msg = bad->q.msg;
        r->scan.member = bad->q.scan.member;
        answer(s, bad->q.err, &msg, true);
        return;
    }
    note_positions(s);
    if (r->scan.keep)
        answer(s, ERR_OK, NULL, false);
    else
        ask_for_slice(s);
}

static void on_begun(struct request *q)
{
    struct sub *u = q->owner;
    struct scan *s = u->scan;
    pthread_mutex_lock(&s->front->lock);
    u->asked = false;
    u->id = q->err ? 0 : q->scan.id;
    u->position = q->scan.position;
    pthread_mutex_unlock(&s->front->lock);
    if (atomic_fetch_sub(&s->left, 1) == 1)
        all_begun(s);
    unref(s);
}

static struct str keep_text(struct buf *to, struct str text)
{
    if (!text.p)
        return STR_NONE;
    buf_room(to, 1);
    buf_addstr(to, text);
    return buf_str(to);
}

static struct scan *scan_new(struct front *f, struct request *r)
{
    struct scan *s = mem_zalloc(1, sizeof *s + f->n * sizeof *s->subs);
    atomic_store(&s->refs, 1);
    s->front = f;
    s->r = r;
    s->busy = true;
    s->order = r->scan;
    s->order.policy = keep_text(&s->policy, r->scan.policy);
    s->order.after = keep_text(&s->after, r->scan.after);
    s->first = s->now = r->scan.after.p ? shard_of(r->scan.after, f->n) : 0;
    s->touched = s->kept = clock_monotonic_ns();
    for (unsigned i = 0; i < f->n; i++) {
        struct sub *u = &s->subs[i];
        *u = (struct sub){.scan = s, .asked = true, .q = {.kind = REQUEST_SCAN, .scan = s->order}};
        u->q.scan.id = 0;
        u->q.scan.keep = true;
        u->q.scan.end = false;
        u->q.scan.positions = BUF_INIT;
        if (i != s->first)
            u->q.scan.after = STR_NONE;
    }
    pthread_mutex_lock(&f->lock);
    s->id = ++f->n_scans;
    s->next = f->scans;
    s->at = &f->scans;
    if (s->next)
        s->next->at = &s->next;
    f->scans = s;
    pthread_mutex_unlock(&f->lock);
    return s;
}

static void begin(struct front *f, struct request *r)
{
    struct scan *s = scan_new(f, r);
    atomic_store(&s->left, f->n + 1);
    for (unsigned i = 0; i < f->n; i++)
        ask(&s->subs[i], on_begun);
    if (atomic_fetch_sub(&s->left, 1) == 1)
        all_begun(s);
}

/* --- what is asked --- */

/* Taken for r; NULL: there is none such, or somebody else has it. */
static struct scan *take(struct front *f, struct request *r)
{
    pthread_mutex_lock(&f->lock);
    struct scan *s = f->scans;
    while (s && s->id != r->scan.id)
        s = s->next;
    if (s && s->busy)
        s = NULL;
    if (s) {
        s->busy = true;
        s->r = r;
    }
    pthread_mutex_unlock(&f->lock);
    return s;
}

void front_scan(struct front *f, struct request *r)
{
    r->scan.member = NULL;
    if (!r->scan.id && !r->scan.end) {
        begin(f, r);
        return;
    }
    struct scan *s = r->scan.id ? take(f, r) : NULL;
    if (!s) {
        r->scan.id = 0;
        front_answer_now(r, r->scan.end ? ERR_OK : ERR_ABSENT,
                         "the list was given up: nobody asked for more of it in time");
    } else if (r->scan.end)
        answer(s, ERR_OK, NULL, true);
    else if (r->scan.keep)
        answer(s, ERR_OK, NULL, false);
    else
        ask_for_slice(s);
}

/* One that is to be kept, or given up: *over. A reference more, or NULL: there is none. */
static struct scan *needy(struct front *f, bool *over)
{
    int64_t now = clock_monotonic_ns();
    pthread_mutex_lock(&f->lock);
    struct scan *s = f->scans;
    for (; s; s = s->next) {
        *over = !s->busy && now - s->touched > IDLE_NS;
        if (*over || now - s->kept > KEEP_NS)
            break;
    }
    if (s) {
        s->kept = now;
        s->busy = s->busy || *over; /* nobody takes it any more */
        atomic_fetch_add(&s->refs, 1);
    }
    pthread_mutex_unlock(&f->lock);
    return s;
}

void front_scans_tend(struct front *f)
{
    struct scan *s;
    bool over = false;
    while ((s = needy(f, &over)) != NULL) {
        if (over)
            scan_over(s);
        else
            keep_waiting(s);
        unref(s);
    }
}

void front_scans_free(struct front *f)
{
    for (struct scan *s = f->scans, *next; s; s = next) {
        next = s->next;
        unref(s);
    }
    f->scans = NULL;
}
