#include "deliver/people.h"

#include <stdio.h>

#include "tests/lib/tap.h"

static struct item item(uint64_t seq, enum item_state state)
{
    return (struct item){.seq = seq, .state = state};
}

static void test_queue(void)
{
    struct people p;
    struct item a = item(1, ITEM_READY), b = item(2, ITEM_BEHIND), c = item(3, ITEM_BEHIND),
                other = item(4, ITEM_READY);
    struct str ann = STR_LIT("ann");
    people_init(&p);
    is_int(p.n, 0, "at first nobody has events");
    ok(people_join(&p, ann, &a), "the first of a person is first");
    ok(!people_join(&p, ann, &b) && !people_join(&p, ann, &c), "the others are not");
    ok(people_join(&p, STR_LIT("anna"), &other), "somebody else's is");
    ok(people_leader(&c) == &a && people_leader(&a) == &a, "all stand behind the first");
    ok(str_is(people_subject(&b), "ann"), "an item knows whose it is");
    ok(people_leave(&b) == NULL && a.behind == &c, "one in the middle leaves no gap");
    people_release(&p, &b);
    ok(people_leave(&a) == &c, "when the first leaves, the next is told");
    people_release(&p, &a);
    ok(people_leave(&c) == NULL, "after the last there is none");
    people_release(&p, &c);
    is_int(p.n, 1, "who has no events any more is not kept");
    people_leave(&other);
    people_release(&p, &other);
    people_done(&p);
}

static void test_insert(void)
{
    struct people p;
    struct item v[] = {item(10, ITEM_READY), item(5, ITEM_RETRY), item(7, ITEM_BEHIND),
                       item(2, ITEM_TAKEN),  item(1, ITEM_RETRY), item(99, ITEM_BEHIND)};
    struct item *demoted = NULL;
    struct str ann = STR_LIT("ann");
    people_init(&p);
    ok(people_insert(&p, ann, &v[0], &demoted) && !demoted, "into an empty queue: first, and nobody is behind");
    ok(people_insert(&p, ann, &v[1], &demoted) && demoted == &v[0], "an older one comes before, and the other is told");
    ok(!people_insert(&p, ann, &v[2], &demoted) && !demoted && v[1].behind == &v[2] && v[2].behind == &v[0],
       "one between them goes between them");
    people_insert(&p, ann, &v[3], &demoted);
    ok(!people_insert(&p, ann, &v[4], &demoted) && !demoted, "nothing goes before one that is on its way");
    ok(v[3].behind == &v[4] && people_leader(&v[4]) == &v[3], "but right behind it");
    ok(!people_insert(&p, ann, &v[5], &demoted) && v[0].behind == &v[5], "the newest goes last");
    struct item newest = item(100, ITEM_BEHIND);
    people_join(&p, ann, &newest);
    ok(v[5].behind == &newest, "and what joins stands behind that");
    people_leave(&v[4]);
    v[4].state = ITEM_APART;
    ok(v[3].behind == &v[1] && people_leader(&v[5]) == &v[3], "one may leave and stay its person's");
    ok(!people_rejoin(&v[4], &demoted) && v[3].behind == &v[4], "and come back to where it stood");
    for (struct item *i = &v[3], *next; i; i = next) {
        next = i->behind;
        people_leave(i);
        people_release(&p, i);
    }
    is_int(p.n, 0, "all have gone");
    people_done(&p);
}

static void test_nobody(void)
{
    struct people p;
    struct item a = item(1, ITEM_READY), b = item(2, ITEM_BEHIND), empty = item(3, ITEM_READY);
    people_init(&p);
    ok(people_join(&p, STR_NONE, &a) && !people_join(&p, STR_NONE, &b), "events of nobody share a queue");
    ok(people_join(&p, STR_LIT(""), &empty), "which is not the one of an empty name");
    ok(people_subject(&a).p == NULL && people_subject(&empty).p != NULL, "and keep no name");
    struct item *all[] = {&a, &b, &empty};
    for (int i = 0; i < 3; i++) {
        people_leave(all[i]);
        people_release(&p, all[i]);
    }
    people_done(&p);
}

static void count(void *arg, struct item *i)
{
    (void)i;
    ++*(unsigned *)arg;
}

static void test_many(void)
{
    enum { N = 20000 };
    static struct item v[N];
    struct people p;
    char name[64 + 1];
    unsigned wrong = 0, seen = 0;
    people_init(&p);
    for (unsigned i = 0; i < N; i++) {
        v[i] = item(i, ITEM_READY);
        snprintf(name, sizeof name, "%064u", i / 2);
        wrong += people_join(&p, str_of(name), &v[i]) != (i % 2 == 0);
    }
    people_look(&p, count, &seen);
    is_int(seen, N, "a look sees every one");
    for (unsigned i = 0; i < N; i += 2) {
        wrong += people_leader(&v[i + 1]) != &v[i] || people_leave(&v[i]) != &v[i + 1];
        people_release(&p, &v[i]);
        people_leave(&v[i + 1]);
        people_release(&p, &v[i + 1]);
    }
    is_int(wrong, 0, "ten thousand people with names of 64 bytes are told apart");
    is_int(p.n, 0, "and all are gone in the end");
    people_done(&p);
}

int main(void)
{
    plan(26);
    test_queue();
    test_insert();
    test_nobody();
    test_many();
    return tap_end();
}
