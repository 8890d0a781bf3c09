#include <stdio.h>
#include <stdlib.h>

#include "roster/packed.h"
#include "roster/roster.h"
#include "tests/lib/tap.h"

static struct str id_of(uint32_t n, char out[ID_MAX])
{
    static const char *const shapes[] = {"330902-%07u", "%u", "x/%u", "330902%011uX"};
    char text[ID_MAX + 1];
    int length = snprintf(text, sizeof text, shapes[n / 7 % 4], n);
    memcpy(out, text, (size_t)length);
    return (struct str){out, (size_t)length};
}

static struct entry entry_of(uint32_t n)
{
    struct entry e = {
        .rec =
            {
                .status = (enum status)(n % STATUS_N),
                .policy = (uint8_t)n,
                .approved_on = (lc_date)(n % DATE_MAX),
                .certified_on = (lc_date)(n * 7 % DATE_MAX),
            },
        .seq = n * UINT64_C(100003),
        .unit = n % UNIT_MAX,
    };
    if (e.rec.status == STATUS_TERMINATED) {
        e.rec.terminated_on = 1 + (lc_date)(n % DATE_MAX);
        e.rec.suspended_at_death = n / 4 % 2;
    }
    return e;
}

static struct roster *make(uint32_t people)
{
    struct roster *r = roster_new();
    char id[ID_MAX];
    for (uint32_t n = 0; n < people; n++) {
        struct entry e = entry_of(n);
        roster_add(r, id_of(n, id));
        roster_put(r, n, &e);
        if (e.rec.status != STATUS_TERMINATED)
            roster_schedule(r, n, (struct deadline){DEADLINE_GRACE, n});
    }
    return r;
}

/* How many of the people are not as they were made. */
static int differences(const struct roster *r, uint32_t people)
{
    int wrong = roster_count(r) != people;
    uint32_t by_status[STATUS_N] = {0};
    for (uint32_t n = 0; n < people && n < roster_count(r); n++) {
        char id[ID_MAX], got_id[ID_MAX];
        struct entry want = entry_of(n), got;
        struct packed a, b;
        roster_get(r, n, &got);
        packed_pack(&a, &want, PLACE_NONE);
        packed_pack(&b, &got, PLACE_NONE);
        wrong += memcmp(&a, &b, sizeof a) != 0;
        wrong += roster_find(r, id_of(n, id)) != n;
        wrong += !str_eq(roster_id(r, n, got_id), id_of(n, id));
        by_status[want.rec.status]++;
    }
    for (unsigned s = 0; s < STATUS_N; s++)
        wrong += roster_status_count(r, (enum status)s) != by_status[s];
    return wrong;
}

static enum err load_into(struct roster *r, const struct buf *b)
{
    struct errmsg msg;
    return roster_load(r, b->p, b->n, &msg);
}

static void test_round_trip(uint32_t people, uint32_t slice)
{
    struct roster *r = make(people), *s = roster_new();
    struct buf b = BUF_INIT;
    int failed = 0;
    for (uint32_t at = 0; at < people; at += slice) {
        buf_clear(&b);
        roster_save(r, at, people - at < slice ? people - at : slice, &b);
        failed += load_into(s, &b) != ERR_OK;
    }
    is_int(failed, 0, "%u people load in slices of %u", people, slice);
    is_int(differences(s, people), 0, "and are who they were");
    is_int(roster_next_instant(s), INSTANT_NONE, "nowhere in the queue");
    struct buf again = BUF_INIT;
    uint32_t last = (people - 1) / slice * slice;
    roster_save(s, last, people - last, &again);
    ok(again.n == b.n && memcmp(again.p, b.p, b.n) == 0, "saved again, the last slice is the same to the byte");
    buf_done(&again);
    buf_done(&b);
    roster_free(r);
    roster_free(s);
}

/* Well-formed: all that can be asked of it is answered without contradiction, and it saves. */
static bool well_formed(const struct roster *r)
{
    uint32_t total = 0;
    for (unsigned s = 0; s < STATUS_N; s++)
        total += roster_status_count(r, (enum status)s);
    for (uint32_t n = 0; n < roster_count(r); n++) {
        char id[ID_MAX];
        struct entry e;
        roster_get(r, n, &e);
        if (roster_find(r, roster_id(r, n, id)) != n || roster_is_held(r, n))
            return false;
    }
    struct buf b = BUF_INIT;
    if (roster_count(r))
        roster_save(r, 0, roster_count(r), &b);
    buf_done(&b);
    return total == roster_count(r) && roster_next_instant(r) == INSTANT_NONE;
}

static void test_damage(void)
{
    struct roster *r = make(20);
    struct buf b = BUF_INIT;
    roster_save(r, 0, 20, &b);
    roster_free(r);
    int crooked = 0, unexpected = 0, refused = 0;
    for (size_t i = 0; i < b.n; i++) {
        static const unsigned char masks[] = {0x01, 0x80};
        for (unsigned k = 0; k < sizeof masks; k++) {
            struct roster *s = roster_new();
            b.p[i] ^= (char)masks[k];
            enum err e = load_into(s, &b);
            b.p[i] ^= (char)masks[k];
            crooked += !well_formed(s);
            unexpected += e != ERR_OK && e != ERR_DAMAGED && e != ERR_VERSION;
            refused += e != ERR_OK;
            roster_free(s);
        }
    }
    is_int(crooked, 0, "with any byte altered the roster is well-formed");
    is_int(unexpected, 0, "and the slice damaged, of another version, or of others");
    ok(refused > 100, "many alterations are noticed (%d)", refused);
    int accepted = 0;
    for (size_t n = 0; n < b.n; n++) {
        char *cut = mem_alloc(n); /* of that size, so that a sanitizer sees a read beyond */
        memcpy(cut, b.p, n);
        struct roster *s = roster_new();
        accepted += load_into(s, &(struct buf){cut, n, n}) != ERR_DAMAGED;
        roster_free(s);
        free(cut);
    }
    is_int(accepted, 0, "cut short anywhere, it is refused");
    buf_done(&b);
}

static void test_refused(void)
{
    struct roster *r = make(2000), *s = roster_new();
    struct buf b = BUF_INIT;
    roster_save(r, 0, 1024, &b);
    is_int(load_into(s, &b), ERR_OK, "a slice loads");
    is_int(load_into(s, &b), ERR_DAMAGED, "but not twice: its ids are there");
    roster_free(s);
    s = roster_new();
    buf_addc(&b, 0);
    is_int(load_into(s, &b), ERR_DAMAGED, "a byte too many is refused");
    b.n--;
    b.p[4] = 3;
    is_int(load_into(s, &b), ERR_VERSION, "a later version is");
    b.p[4] = 1;
    is_int(load_into(s, &b), ERR_VERSION, "so is an earlier one");
    b.p[4] = 0;
    is_int(load_into(s, &b), ERR_DAMAGED, "and one that never was");
    is_int(roster_count(s), 0, "none of which adds anybody");
    roster_free(r);
    roster_free(s);
    buf_done(&b);
}

int main(void)
{
    plan(4 * 4 + 4 + 7);
    test_round_trip(1, ROSTER_SLICE);
    test_round_trip(1025, ROSTER_SLICE);
    test_round_trip(50000, 4 * ROSTER_SLICE);
    test_round_trip((1u << 20) + 1000, 128 * ROSTER_SLICE);
    test_damage();
    test_refused();
    return tap_end();
}
