/* Commits of the delivery state as bytes: vectors, every kind there and back, and what cannot be. */
#include "store/delivery/delivery_code.h"
#include "tests/lib/tap.h"
#include "tests/store/delivery_help.h"

/* "01 63 ..." */
static const char *hex_of(struct str s)
{
    static char out[4096];
    size_t at = 0;
    out[0] = '\0';
    for (size_t i = 0; i < s.n && at + 4 < sizeof out; i++)
        at += (size_t)snprintf(out + at, sizeof out - at, "%s%02x", i ? " " : "", (unsigned char)s.p[i]);
    return out;
}

static void test_vectors(void)
{
    struct buf b = BUF_INIT;
    struct delivery_change rows[] = {change_remove("a", 300), change_remove("a", 1), change_remove("", 0)};
    struct delivery_change put = change_put("a", 1, DELIVERY_SENT), count = change_count(-1, 128, 7);
    put.row.gap = true;
    put.row.next_at = -1;
    put.row.why = STR_LIT("");
    delivery_changes_write(NULL, 0, &b);
    is_str(hex_of(buf_str(&b)), "01 63 00", "no changes are a version, a letter and nothing");
    buf_clear(&b);
    delivery_changes_write(rows, 3, &b);
    is_str(hex_of(buf_str(&b)), "01 63 03 01 03 61 ac 02 01 01 01 01 02 00",
           "an endpoint's name stands there once; an empty one is not none");
    buf_clear(&b);
    delivery_changes_write(&put, 1, &b);
    is_str(hex_of(buf_str(&b)),
           "01 63 01 00 03 61 01 00 0e 72 65 6d 69 6e 64 65 72 2e 64 75 65 05 00 01 00 01 01 00 00 00 00",
           "a row has its members in their order, signed numbers in zigzag");
    buf_clear(&b);
    delivery_changes_write(&count, 1, &b);
    is_str(hex_of(buf_str(&b)), "01 63 01 04 80 01 01 07", "a count is number, day and how many");
    buf_clear(&b);
    delivery_adoption_write(&(struct delivery_adoption){STR_LIT("ab"), 5, 1}, &b);
    is_str(hex_of(buf_str(&b)), "01 61 03 61 62 05 02", "an adoption has its letter");
    buf_done(&b);
}

/* --- there and back --- */

static struct str draw_text(struct rng *r)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789, 短信.-";
    return rng_below(r, 4) ? (struct str){letters, rng_below(r, sizeof letters)} : STR_NONE;
}

static int64_t draw_number(struct rng *r)
{
    int64_t v = (int64_t)(rng_next(r) >> rng_below(r, 64));
    return rng_below(r, 2) ? v : -v;
}

static struct delivery_row draw_row(struct rng *r)
{
    return (struct delivery_row){
        .endpoint = draw_text(r), .seq = (uint64_t)draw_number(r), .subject = draw_text(r), .type = draw_text(r),
        .state = (enum delivery_state)rng_below(r, DELIVERY_STATE_N), .attempts = (uint32_t)draw_number(r),
        .next_at = draw_number(r), .changed_at = draw_number(r), .gap = rng_below(r, 2), .why = draw_text(r),
        .ref = draw_text(r), .receipt = (uint8_t)rng_below(r, 256), .receipt_at = draw_number(r),
        .number = (uint64_t)draw_number(r)};
}

static struct delivery_change draw(struct rng *r)
{
    struct delivery_change c = {.kind = (enum delivery_change_kind)rng_below(r, CHANGE_FORGET + 1),
                                .row = draw_row(r), .number = (uint64_t)draw_number(r),
                                .day = (int32_t)draw_number(r), .count = (uint32_t)draw_number(r),
                                .before = draw_number(r)};
    if (c.kind == CHANGE_REDELIVERY)
        c.redelivery = (struct redelivery_row){
            .endpoint = draw_text(r), .state = (enum redelivery_state)rng_below(r, REDELIVERY_STATE_N),
            .after = (uint64_t)draw_number(r), .until = (uint64_t)draw_number(r), .position = (uint64_t)draw_number(r),
            .type = draw_text(r), .subject = draw_text(r), .sent = (uint64_t)draw_number(r),
            .failed = (uint64_t)draw_number(r), .skipped = (uint64_t)draw_number(r), .started_at = draw_number(r),
            .ended_at = draw_number(r), .by = draw_text(r), .why = draw_text(r), .last_error = draw_text(r)};
    else
        c.at = (struct endpoint_row){draw_text(r), (uint64_t)draw_number(r), draw_text(r), draw_text(r),
                                     draw_number(r), 1, 2, (uint64_t)draw_number(r), 4, 5};
    return c;
}

/* What counts of a change, as text. */
static void say(struct buf *b, const struct delivery_change *c)
{
    buf_printf(b, "%d: ", (int)c->kind);
    switch (c->kind) {
    case CHANGE_PUT: text_row(b, &c->row); break;
    case CHANGE_ENDPOINT: text_endpoint(b, &c->at); break;
    case CHANGE_REDELIVERY: text_redelivery(b, &c->redelivery); break;
    case CHANGE_COUNT: buf_printf(b, "%" PRIu64 " %d %u\n", c->number, c->day, c->count); break;
    case CHANGE_FORGET: buf_printf(b, "%" PRId64 " %d\n", c->before, c->day); break;
    case CHANGE_GAP:
        text_str(b, "of", c->row.endpoint);
        text_str(b, "subject", c->row.subject);
        buf_printf(b, " %d\n", c->row.gap);
        break;
    case CHANGE_RECEIPT:
        text_str(b, "of", c->row.endpoint);
        text_str(b, "why", c->row.why);
        buf_printf(b, "%" PRIu64 " %u %" PRId64 " %" PRId64 "\n", c->row.seq, c->row.receipt, c->row.receipt_at,
                   c->row.changed_at);
        break;
    case CHANGE_REMOVE:
    case CHANGE_CLEAR:
        text_str(b, "of", c->row.endpoint);
        buf_printf(b, " %" PRIu64 "\n", c->kind == CHANGE_REMOVE ? c->row.seq : 0);
        break;
    }
}

static void say_all(struct buf *b, const struct delivery_change *changes, size_t n)
{
    buf_clear(b);
    for (size_t i = 0; i < n; i++)
        say(b, &changes[i]);
}

static void test_there_and_back(void)
{
    enum { ROUNDS = 3000, MOST = 12 };
    struct rng r = rng_seed(6);
    struct buf code = BUF_INIT, wrote = BUF_INIT, read = BUF_INIT;
    unsigned good = 0, kinds = 0;
    for (int i = 0; i < ROUNDS; i++) {
        struct delivery_change c[MOST];
        struct delivery_entry e;
        struct errmsg msg = {""};
        size_t n = rng_below(&r, MOST + 1);
        for (size_t j = 0; j < n; j++) {
            c[j] = draw(&r);
            kinds |= 1u << c[j].kind;
        }
        buf_clear(&code);
        delivery_changes_write(c, n, &code);
        if (delivery_entry_read(buf_str(&code), &e, &msg) != ERR_OK) {
            diag("round %d: %s", i, msg.text);
            break;
        }
        say_all(&wrote, c, n);
        say_all(&read, e.changes, e.n);
        good += !e.adopts && e.n == n && str_eq(buf_str(&wrote), buf_str(&read));
        delivery_entry_done(&e);
    }
    is_int(good, ROUNDS, "what was written is read");
    is_int(kinds, (1u << (CHANGE_FORGET + 1)) - 1, "of every kind");
    buf_done(&code);
    buf_done(&wrote);
    buf_done(&read);
}

static void test_adoption(void)
{
    struct delivery_adoption a = {STR_LIT("0123"), UINT64_MAX, INT64_MIN};
    struct delivery_entry e;
    struct errmsg msg = {""};
    struct buf b = BUF_INIT;
    delivery_adoption_write(&a, &b);
    is_int(delivery_entry_read(buf_str(&b), &e, &msg), ERR_OK, "an adoption is read");
    ok(e.adopts && str_is(e.adoption.incarnation, "0123") && e.adoption.durable == UINT64_MAX &&
           e.adoption.at == INT64_MIN,
       "with all of its members");
    delivery_entry_done(&e);
    buf_done(&b);
}

/* --- what cannot be --- */

static void is_no_entry(const char *bytes, size_t n, enum err want, const char *what)
{
    struct delivery_entry e = {.n = 77};
    struct errmsg msg = {""};
    char *copy = mem_alloc(n ? n : 1); /* its end is the end of the memory */
    if (n)
        memcpy(copy, bytes, n);
    is_int(delivery_entry_read((struct str){copy, n}, &e, &msg), want, "%s is refused", what);
    ok(e.n == 77 && *msg.text, "and nothing is handed out: %s", msg.text);
    free(copy);
}

#define NO_ENTRY(bytes, want, what) is_no_entry(bytes, sizeof(bytes) - 1, want, what)

static void test_refusals(void)
{
    NO_ENTRY("", ERR_DAMAGED, "nothing");
    NO_ENTRY("\x02", ERR_VERSION, "a later version");
    NO_ENTRY("\x00" "c\x00", ERR_DAMAGED, "no version");
    NO_ENTRY("\x01", ERR_DAMAGED, "a version alone");
    NO_ENTRY("\x01x\x00", ERR_DAMAGED, "an unknown letter");
    NO_ENTRY("\x01" "c\x00\x00", ERR_DAMAGED, "a byte too many");
    NO_ENTRY("\x01" "c\x02\x07\x02", ERR_DAMAGED, "a change too few");
    NO_ENTRY("\x01" "c\x01\x09\x02", ERR_DAMAGED, "an unknown kind");
    NO_ENTRY("\x01" "c\x01\x07\x01", ERR_DAMAGED, "the endpoint before, where there was none");
    NO_ENTRY("\x01" "c\x01\x07\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", ERR_DAMAGED, "a text longer than all");
    NO_ENTRY("\x01" "c\x01\x07\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", ERR_DAMAGED, "a number beyond 64 bits");
    NO_ENTRY("\x01" "c\x01\x04\x00\x00\x80\x80\x80\x80\x10", ERR_DAMAGED, "a count beyond 32 bits");
    NO_ENTRY("\x01" "c\x01\x03\x02\x00\x02", ERR_DAMAGED, "a truth that is neither");
    NO_ENTRY("\x01" "c\x01\x04\x80", ERR_DAMAGED, "half a number");
}

/* Every cut, and every flipped bit: refused, or read as something else, and never beyond the end. */
static void test_hostile(void)
{
    struct rng r = rng_seed(7);
    struct buf b = BUF_INIT;
    struct delivery_change c[20];
    unsigned cuts = 0;
    for (size_t i = 0; i < 20; i++)
        c[i] = draw(&r);
    delivery_changes_write(c, 20, &b);
    for (size_t n = 0; n < b.n; n++) {
        struct delivery_entry e;
        struct errmsg msg;
        char *copy = mem_alloc(n ? n : 1);
        memcpy(copy, b.p, n);
        cuts += delivery_entry_read((struct str){copy, n}, &e, &msg) == ERR_DAMAGED;
        free(copy);
    }
    is_int(cuts, (int64_t)b.n, "every cut is seen");
    unsigned read = 0, refused = 0;
    for (size_t bit = 0; bit < 8 * b.n; bit++) {
        struct delivery_entry e;
        struct errmsg msg;
        b.p[bit / 8] = (char)(b.p[bit / 8] ^ 1 << bit % 8);
        enum err err = delivery_entry_read(buf_str(&b), &e, &msg);
        if (err == ERR_OK)
            delivery_entry_done(&e);
        read += err == ERR_OK;
        refused += err != ERR_OK;
        b.p[bit / 8] = (char)(b.p[bit / 8] ^ 1 << bit % 8);
    }
    ok(read + refused == 8 * b.n && refused > 0, "a flipped bit does no harm");
    buf_done(&b);
}

int main(void)
{
    plan(0);
    test_vectors();
    test_there_and_back();
    test_adoption();
    test_refusals();
    test_hostile();
    return tap_end();
}
