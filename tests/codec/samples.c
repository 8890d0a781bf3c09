#include "tests/codec/samples.h"

#include <stdlib.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct samples *samples_new(uint64_t seed)
{
    struct samples *s = mem_zalloc(1, sizeof *s);
    s->rng = rng_seed(seed);
    return s;
}

void samples_free(struct samples *s)
{
    free(s);
}

bool chance(struct samples *s, unsigned one_in)
{
    return rng_below(&s->rng, one_in) == 0;
}

int64_t between(struct samples *s, int64_t low, int64_t high)
{
    if (chance(s, 6))
        return chance(s, 2) ? low : high;
    return low + (int64_t)rng_below(&s->rng, (uint64_t)(high - low) + 1);
}

static struct str keep(struct samples *s, const char *p, size_t n)
{
    char *copy = s->text + s->used;
    if (s->used + n > sizeof s->text)
        bail_out("a sample needs too much text");
    memcpy(copy, p, n);
    s->used += n;
    return (struct str){copy, n};
}

/* Pieces of strings: plain, escaped, of two, three and four bytes, the first and last of each length. */
static const char *const pieces[] = {
    "a",
    "Z",
    "0",
    " ",
    "\"",
    "\\",
    "/",
    "~",
    "\xc2\xa0",
    "\xdf\xbf",
    "\xe0\xa0\x80",
    "\xe5\xbc\xa0",
    "\xed\x9f\xbf",
    "\xee\x80\x80",
    "\xef\xbf\xbf",
    "\xf0\x90\x80\x80",
    "\xf4\x8f\xbf\xbf",
    "\\u0000",
    "null",
    "\",\"",
    "{}",
};
static const char *const control_pieces[] = {"\n", "\r", "\t", "\b", "\f", "\x01", "\x1f", "\x7f"};

struct str random_text(struct samples *s, size_t max, bool controls)
{
    char text[512];
    size_t n = 0, want = (size_t)between(s, 1, (int64_t)max);
    while (n < want) {
        const char *piece = controls && chance(s, 8) ? control_pieces[rng_below(&s->rng, COUNT(control_pieces))]
                                                     : pieces[rng_below(&s->rng, COUNT(pieces))];
        if (n + strlen(piece) > want)
            piece = "x";
        memcpy(text + n, piece, strlen(piece));
        n += strlen(piece);
    }
    return keep(s, text, n);
}

struct str random_token(struct samples *s)
{
    char text[64];
    size_t n = (size_t)between(s, 1, 64);
    for (size_t i = 0; i < n; i++)
        text[i] = (char)between(s, '!', '~');
    return keep(s, text, n);
}

static struct str random_phone(struct samples *s)
{
    char text[32] = "+";
    size_t n = (size_t)between(s, 7, 15);
    for (size_t i = 0; i < n; i++)
        text[i + 1] = (char)between(s, i ? '0' : '1', '9');
    return keep(s, text, n + 1);
}

/* --- inputs --- */

struct op_members {
    uint32_t requires, may;
};

static const struct op_members members[OP_N] = {
    [OP_ENROL] = {M_ID | M_POLICY | M_APPROVED_ON,
                  M_LAST_CERTIFIED_ON | M_CATEGORY | M_NAME | M_PHONE | M_UNIT | M_AMOUNT | M_AMOUNT_FROM},
    [OP_AMEND] = {M_ID, M_POLICY | M_CATEGORY | M_NAME | M_PHONE | M_UNIT | M_AMOUNT | M_AMOUNT_FROM},
    [OP_CERTIFY] = {M_ID | M_CHANNEL | M_CERTIFIED_ON | M_REF, M_EVIDENCE | M_PHONE | M_BY},
    [OP_REVOKE] = {M_ID | M_CHANNEL | M_REF | M_REASON, 0},
    [OP_DEFER] = {M_ID | M_UNTIL | M_REASON, 0},
    [OP_REPORT_DEATH] = {M_ID | M_DIED_ON, 0},
    [OP_RETRACT_DEATH] = {M_ID | M_REASON, 0},
    [OP_ERASE] = {M_ID, 0},
    [OP_UNIT] = {M_UNIT, M_NAME | M_PHONE},
};

/* Every member's value is made, whether it is given or not. */
static void random_values(struct samples *s, struct input *in)
{
    in->at = between(s, -2208902400, 7258031999); /* a day within the years that have dates, for the offset */
    in->id = random_token(s);
    in->policy = random_text(s, 64, false);
    in->category = random_text(s, 64, false);
    in->name = random_text(s, 128, false);
    in->phone = random_phone(s);
    in->unit = random_token(s);
    in->channel = random_text(s, 64, false);
    in->ref = random_text(s, 128, false);
    in->evidence = random_text(s, 256, false);
    in->by = random_text(s, 128, false);
    in->reason = random_text(s, 256, false);
    in->approved_on = (lc_date)between(s, DATE_MIN, DATE_MAX);
    in->last_certified_on = (lc_date)between(s, DATE_MIN, DATE_MAX);
    in->certified_on = (lc_date)between(s, DATE_MIN, DATE_MAX);
    in->until = (lc_date)between(s, DATE_MIN, DATE_MAX);
    in->died_on = (lc_date)between(s, DATE_MIN, DATE_MAX);
    in->amount = between(s, 0, AMOUNT_MAX);
    in->amount_from = (lc_month)between(s, 1, MONTH_MAX);
}

static void drop_str(struct str *v, uint32_t kept, uint32_t bit)
{
    if (!(kept & bit))
        *v = STR_NONE;
}

static void drop_date(lc_date *v, uint32_t kept, uint32_t bit)
{
    if (!(kept & bit))
        *v = DATE_NONE;
}

/* Leaves a value only to the members that are kept. */
static void drop_values(struct input *in, uint32_t kept)
{
    drop_str(&in->id, kept, M_ID);
    drop_str(&in->policy, kept, M_POLICY);
    drop_str(&in->category, kept, M_CATEGORY);
    drop_str(&in->name, kept, M_NAME);
    drop_str(&in->phone, kept, M_PHONE);
    drop_str(&in->unit, kept, M_UNIT);
    drop_str(&in->channel, kept, M_CHANNEL);
    drop_str(&in->ref, kept, M_REF);
    drop_str(&in->evidence, kept, M_EVIDENCE);
    drop_str(&in->by, kept, M_BY);
    drop_str(&in->reason, kept, M_REASON);
    drop_date(&in->approved_on, kept, M_APPROVED_ON);
    drop_date(&in->last_certified_on, kept, M_LAST_CERTIFIED_ON);
    drop_date(&in->certified_on, kept, M_CERTIFIED_ON);
    drop_date(&in->until, kept, M_UNTIL);
    drop_date(&in->died_on, kept, M_DIED_ON);
    if (!(kept & M_AT))
        in->at = INSTANT_NONE;
    if (!(kept & M_AMOUNT))
        in->amount = AMOUNT_NONE;
    if (!(kept & M_AMOUNT_FROM))
        in->amount_from = MONTH_NONE;
}

void random_input(struct samples *s, struct input *in)
{
    s->used = 0;
    in->op = (enum op)rng_below(&s->rng, OP_N);
    const struct op_members *m = &members[in->op];
    uint32_t chosen = (uint32_t)rng_next(&s->rng), null = (uint32_t)(rng_next(&s->rng) & rng_next(&s->rng));
    in->given = M_OP | m->requires | (chosen & (m->may | M_AT));
    if (in->op == OP_AMEND && !(in->given & m->may & ~(uint32_t)M_AMOUNT_FROM))
        in->given |= M_CATEGORY;
    uint32_t kept = in->given & ~(null & ~(m->requires | M_POLICY));
    bool has_amount = (in->op == OP_ENROL ? kept : in->given) & M_AMOUNT;
    if (!has_amount)
        kept &= ~(uint32_t)M_AMOUNT_FROM;
    random_values(s, in);
    drop_values(in, kept);
}

bool same_input(const struct input *a, const struct input *b)
{
    return a->op == b->op && a->given == b->given && a->at == b->at && str_eq(a->id, b->id) &&
           str_eq(a->policy, b->policy) && str_eq(a->category, b->category) && str_eq(a->name, b->name) &&
           str_eq(a->phone, b->phone) && str_eq(a->unit, b->unit) && str_eq(a->channel, b->channel) &&
           str_eq(a->ref, b->ref) && str_eq(a->evidence, b->evidence) && str_eq(a->by, b->by) &&
           str_eq(a->reason, b->reason) && a->approved_on == b->approved_on &&
           a->last_certified_on == b->last_certified_on && a->certified_on == b->certified_on && a->until == b->until &&
           a->died_on == b->died_on && a->amount == b->amount && a->amount_from == b->amount_from;
}
