/* Caps of messages: counted for all daemons together, each message once. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/shards/office_help.h"

#define MANY 4000

static const struct shard_set set = {.n = 2};
static struct completions *done;
static unsigned answered;

static void count_answer(struct completion *c)
{
    (void)c;
    answered++;
}

static void ask(struct office *o, struct office_cap *c)
{
    c->done = (struct completion){.run = count_answer, .queue = done};
    office_cap(o, c);
}

static bool await_answers(unsigned n)
{
    return await((completions_run(done), answered >= n));
}

static struct office_cap message(uint64_t number, uint32_t cap, unsigned serial)
{
    struct office_cap c = {.number = number, .day = 20000, .cap = cap};
    snprintf(c.token, sizeof c.token, "sms:%u", serial);
    return c;
}

static bool takes(struct office *o, struct office_cap c)
{
    answered = 0;
    ask(o, &c);
    return await_answers(1) && c.err == ERR_OK && c.taken;
}

static void open_or_bail(struct post *p, const char *name)
{
    if (post_open(p, "caps", &set, &(struct post_options){.name = name}) != ERR_OK)
        bail_out("%s", p->msg.text);
}

static void test_cap(struct office *a, struct office *b)
{
    ok(takes(a, message(1, 2, 1)) && takes(b, message(1, 2, 2)), "a number gets its two messages, from two daemons");
    ok(!takes(a, message(1, 2, 3)), "and not a third");
    ok(takes(b, message(1, 2, 1)), "one that was counted does not count again, whoever sends it");
    ok(takes(a, message(2, 2, 3)), "another number is another");
    struct office_cap c = message(1, 2, 3);
    c.day++;
    ok(takes(a, c), "and so is another day");
    c = message(1, 2, 1);
    c.give_back = true;
    ok(takes(a, c) && !takes(a, c), "one that was not sent is given back, once");
    ok(takes(b, message(1, 2, 4)) && !takes(b, message(1, 2, 5)), "which makes room for one");
    ok(number_by_hand("TTL {caps/system}:caps:20000") > 86400, "it is forgotten two days later");
}

/* Many at once, for few numbers, while replies are lost. */
static void test_many(struct office *a, struct office *b)
{
    struct office_cap *v = mem_zalloc(MANY, sizeof *v);
    unsigned taken[10] = {0}, wrong = 0;
    answered = 0;
    for (unsigned i = 0; i < MANY; i++) {
        v[i] = message(100 + i % 10, 30, i);
        ask(i % 2 ? a : b, &v[i]);
        if (i % 500 == 0)
            freeReplyObject(by_hand("CLIENT KILL TYPE normal"));
    }
    ok(await_answers(MANY), "thousands are answered");
    for (unsigned i = 0; i < MANY; i++) {
        wrong += v[i].err != ERR_OK;
        taken[i % 10] += v[i].taken;
    }
    for (unsigned i = 0; i < 10; i++)
        wrong += taken[i] != 30;
    is_int(wrong, 0, "and every number gets exactly its share");
    free(v);
}

static void test_closing(void)
{
    struct post p;
    struct office_cap c = message(9, 9, 9);
    open_or_bail(&p, "c");
    redis_server_halt(&server);
    answered = 0;
    ask(p.office, &c);
    poll(NULL, 0, 50); /* it is being asked for */
    post_close(&p);
    completions_run(done);
    ok(answered == 1 && c.err == ERR_IO,
       "who asks while Redis is away hears that nobody knows, at the end at the latest");
    redis_server_go_on(&server);
}

int main(void)
{
    struct post a, b;
    struct errmsg msg;
    plan(0);
    redis_server_start(&server);
    if (completions_new(&done, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    open_or_bail(&a, "a");
    open_or_bail(&b, "b");
    test_cap(a.office, b.office);
    test_many(a.office, b.office);
    post_close(&a);
    post_close(&b);
    test_closing();
    completions_free(done);
    redis_server_kill(&server);
    return tap_end();
}
