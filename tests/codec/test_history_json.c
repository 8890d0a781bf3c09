/* Folded histories: written, read back, and folded on as if they had never been away. */
#include <stdlib.h>

#include "codec/history_json.h"
#include "tests/codec/samples.h"

static const enum event_type kinds[] = {EV_AMENDED, EV_ACCEPTED,   EV_ACCEPTED,   EV_REVOKED,
                                        EV_RESUMED, EV_TERMINATED, EV_REINSTATED, EV_REMINDER};

static void add_random(struct samples *s, struct history *a, struct history *b, unsigned n)
{
    struct event e;
    for (unsigned i = 0; i < n; i++) {
        random_event(s, kinds[rng_below(&s->rng, sizeof kinds / sizeof kinds[0])], &e);
        history_add(a, &e);
        if (b)
            history_add(b, &e);
    }
}

static void random_history(struct samples *s, struct history *h)
{
    struct event e;
    history_init(h);
    random_event(s, EV_ENROLLED, &e);
    history_add(h, &e);
    add_random(s, h, NULL, (unsigned)rng_below(&s->rng, 20));
}

static bool same_line(const struct history *a, const struct history *b)
{
    struct buf x = BUF_INIT, y = BUF_INIT;
    history_write(&x, 7, STR_LIT("P1"), a);
    history_write(&y, 7, STR_LIT("P1"), b);
    bool same = x.n == y.n && memcmp(x.p, y.p, x.n) == 0;
    buf_done(&x);
    buf_done(&y);
    return same;
}

/* What rules ask of it. */
static bool answers_alike(const struct history *a, const struct history *b)
{
    for (uint32_t i = 0; i < a->n_certs; i++) {
        const struct certification *x = history_find(a, a->certs[i].channel, a->certs[i].ref),
                                   *y = history_find(b, a->certs[i].channel, a->certs[i].ref);
        if (!y || x - a->certs != y - b->certs || history_certified(a, x) != history_certified(b, y))
            return false;
    }
    for (lc_month m = 1; m < 4800; m += 7)
        if (history_amount(a, m) != history_amount(b, m) || history_paid_on(a, m) != history_paid_on(b, m))
            return false;
    return history_certified(a, NULL) == history_certified(b, NULL);
}

static void back_and_forth(void)
{
    struct samples *s = samples_new(20260701);
    struct buf line = BUF_INIT, text = BUF_INIT;
    unsigned unread = 0, other = 0, later = 0, asked = 0, heads = 0;
    for (unsigned i = 0; i < tap_rounds(3000); i++) {
        struct history a, b;
        struct str id, got;
        uint64_t seq = rng_next(&s->rng), number;
        size_t where;
        random_history(s, &a);
        history_init(&b);
        id = random_text(s, 64, true);
        buf_clear(&line);
        history_write(&line, seq, id, &a);
        heads += !history_read_head(buf_str(&line), &number, &got, &text) || number != seq || !str_eq(id, got);
        if (history_read(buf_str(&line), &b, &text, &where) != ERR_OK) {
            unread++;
        } else {
            other += !same_line(&a, &b);
            asked += !answers_alike(&a, &b);
            add_random(s, &a, &b, 5);
            later += !same_line(&a, &b);
        }
        history_done(&a);
        history_done(&b);
    }
    is_int(heads, 0, "number and id are read back, whatever is in the id");
    is_int(unread, 0, "every history that was written can be read");
    is_int(other, 0, "and is the same");
    is_int(asked, 0, "it answers what rules ask as the first one does");
    is_int(later, 0, "and further events are folded in as into the first");
    buf_done(&line);
    buf_done(&text);
    samples_free(s);
}

static void damaged(void)
{
    struct samples *s = samples_new(4);
    struct buf line = BUF_INIT, again = BUF_INIT, text = BUF_INIT;
    unsigned wrong = 0, left = 0, refused = 0;
    for (unsigned i = 0; i < tap_rounds(20000); i++) {
        struct history a, b;
        size_t n, where = 0;
        random_history(s, &a);
        history_init(&b);
        buf_clear(&line);
        history_write(&line, 1 + i, STR_LIT("P1"), &a);
        char *bad = mem_alloc(2 * line.n + 64);
        damage(s, line.p, line.n, bad, &n);
        struct str id = STR_NONE;
        uint64_t seq = 0;
        if (history_read((struct str){bad, n}, &b, &text, &where) == ERR_OK) {
            buf_clear(&again);
            history_read_head((struct str){bad, n}, &seq, &id, &text);
            history_write(&again, seq, id, &b);
            size_t whole = n && bad[n - 1] == '\n' ? n : n + 1; /* the newline may be absent */
            wrong += again.n != whole || memcmp(again.p, bad, whole - 1) != 0;
        } else {
            refused++;
            left += b.certs || b.amounts || b.policy.p || b.paid || b.back_pay.v || where > n;
        }
        free(bad);
        history_done(&a);
        history_done(&b);
    }
    is_int(wrong, 0, "what is accepted is what would be written");
    is_int(left, 0, "what is refused leaves nothing behind, and the place lies in the line");
    ok(refused > tap_rounds(20000) / 2, "most of what is damaged is refused");
    buf_done(&line);
    buf_done(&again);
    buf_done(&text);
    samples_free(s);
}

static const char vector[] =
    "{\"seq\":812,\"id\":\"330901\",\"policy\":\"national\",\"category\":null,\"unit\":\"\","
    "\"approved_on\":\"2024-03-01\",\"last_certified_on\":null,\"amount\":180000,\"amount_from\":\"2024-04\","
    "\"enrolled_on\":\"2024-03-02\",\"terminated_seq\":812,\"died_on\":\"2026-07-30\",\"terminated_on\":\"2026-08-02\","
    "\"last_period\":\"2026-07\",\"resumed_on\":\"2026-06-20\",\"back_pay_on\":\"2026-07-15\","
    "\"certifications\":[[\"face\",\"r-1\",\"2025-03-01\",false],[\"window\",\"\\\"2\\\"\",\"2026-06-20\",true]],"
    "\"amounts\":[[\"2024-04\",180000],[\"2026-01\",null]],"
    "\"back_pay\":[[\"2026-05\",\"2026-05-15\",null],[\"2026-06\",\"2026-06-15\",190000]],"
    "\"paid_apart\":[[\"2026-05\",\"2026-07-15\"],[\"2026-06\",\"2026-07-15\"]]}\n";

static void by_the_byte(void)
{
    struct buf out = BUF_INIT, text = BUF_INIT;
    struct history h;
    size_t where = 0;
    history_init(&h);
    ok(history_read((struct str){vector, sizeof vector - 1}, &h, &text, &where) == ERR_OK, "a line is read");
    ok(!h.category.p && h.unit.p && h.unit.n == 0, "null and the empty text are not the same");
    is_int(h.n_certs, 2, "its certifications");
    ok(h.certs[1].revoked && str_is(h.certs[1].ref, "\"2\""), "one of them revoked");
    is_int(history_amount(&h, date_month(date_make(2025, 12, 1))), 180000, "an amount counts");
    is_int(history_amount(&h, date_month(date_make(2026, 1, 1))), AMOUNT_NONE, "until it is taken away");
    is_int(history_paid_on(&h, date_month(date_make(2026, 5, 1))), date_make(2026, 7, 15), "a period paid apart");
    is_int(history_paid_on(&h, date_month(date_make(2026, 7, 1))), DATE_NONE, "and one that was not");
    history_write(&out, 812, STR_LIT("330901"), &h);
    buf_addc(&out, '\0');
    is_str(out.p, vector, "it is written as it was read");
    history_done(&h);
    struct str cut = {vector, sizeof vector - 3};
    ok(history_read(cut, &h, &text, &where) == ERR_INVALID && where == cut.n, "a line that is cut off is told where");
    buf_done(&out);
    buf_done(&text);
}

/* The last event that names a period has the say. */
static void latest_word(void)
{
    struct period_pay june = {date_month(date_make(2026, 6, 1)), date_make(2026, 6, 15), 1},
                      both[2] = {{june.period - 1, june.payday - 31, 1}, june};
    struct event resumed = {.type = EV_RESUMED}, died = {.type = EV_TERMINATED}, back = {.type = EV_REINSTATED};
    struct history h;
    history_init(&h);
    resumed.u.resumed.back_pay = (struct pay_list){both, 2, date_make(2026, 7, 15)};
    history_add(&h, &resumed);
    died.u.terminated.reported_on = date_make(2026, 8, 1);
    died.u.terminated.arrears = (struct pay_list){&june, 1, DATE_NONE};
    history_add(&h, &died);
    is_int(history_paid_on(&h, june.period), date_make(2026, 8, 1), "arrears come when the death is reported");
    is_int(history_paid_on(&h, june.period - 1), date_make(2026, 7, 15), "and leave other periods alone");
    back.u.reinstated.back_pay = (struct pay_list){&june, 1, date_make(2026, 9, 15)};
    history_add(&h, &back);
    is_int(history_paid_on(&h, june.period), date_make(2026, 9, 15), "a reinstatement pays it anew");
    is_int(h.n_paid, 2, "each period is there once");
    history_done(&h);
}

int main(void)
{
    plan(0);
    by_the_byte();
    latest_word();
    back_and_forth();
    damaged();
    return tap_end();
}
