#include "tests/ctl/run_ctl.h"

#include "ctl/answers.h"

#include <stdlib.h>

static const char answer[] =
    "{\"id\":\"a\\\"result\\\":\\\"b\",\"op\":\"enrol\",\"result\":\"applied\",\"reason\":null,\"seq\":[1,2]}\n"
    "{\"id\":\"b\",\"op\":\"certify\",\"result\":\"rejected\",\"reason\":\"stale\",\"seq\":[3]}\n"
    "{\"id\":\"c\",\"op\":\"certify\",\"result\":\"rejected\",\"reason\":\"in-future\",\"seq\":[4]}\n"
    "{\"id\":\"d\",\"op\":\"certify\",\"result\":\"unchanged\",\"reason\":null,\"seq\":[]}\n"
    "{\"id\":\"e\",\"op\":\"certify\",\"result\":\"rejected\",\"reason\":\"stale\",\"seq\":[5]}\n"
    "{\"lines\":5}\n";

static struct body body_of(uint32_t lines, struct body_mark *mark)
{
    *mark = (struct body_mark){0, 1};
    return (struct body){.file = "f", .n_lines = lines, .marks = mark, .n_marks = 1};
}

static void test_counts(void)
{
    struct body_mark mark;
    struct body body = body_of(5, &mark);
    for (size_t step = 1; step < sizeof answer; step += step < 10 ? 1 : 50) {
        struct answers a = {0};
        answers_begin(&a, &body);
        for (size_t at = 0; at < sizeof answer - 1; at += step)
            answers_feed(&a, answer + at, sizeof answer - 1 - at < step ? sizeof answer - 1 - at : step);
        bool whole = answers_end(&a);
        const struct tally *t = &a.tally;
        ok(whole && t->applied == 1 && t->unchanged == 1 && t->rejected == 3 && t->malformed == 0 &&
               t->n_reasons == 2 && t->reasons[0].n == 2 && t->reasons[1].n == 1,
           "an answer in pieces of %zu bytes is counted", step);
        answers_done(&a);
    }
}

static void test_short(void)
{
    struct body_mark mark;
    struct body body = body_of(6, &mark);
    struct answers a = {0};
    answers_begin(&a, &body);
    answers_feed(&a, answer, sizeof answer - 1);
    ok(!answers_end(&a), "an answer with fewer results than lines is not whole");
    body.n_lines = 5;
    answers_begin(&a, &body);
    answers_feed(&a, answer, sizeof answer - 1 - strlen("{\"lines\":5}\n"));
    ok(!answers_end(&a), "nor is one without its last line");
    body.n_lines = 2;
    answers_begin(&a, &body);
    answers_feed(&a, answer, sizeof answer - 1);
    ok(answers_end(&a) && a.answered == 2, "results that no line asked for are passed over");
    answers_done(&a);
}

static void test_reasons(void)
{
    struct tally t = {0};
    char reason[16];
    for (unsigned i = 0; i < 40; i++) {
        snprintf(reason, sizeof reason, "reason-%u", i);
        tally_rejected(&t, str_of(reason));
    }
    tally_rejected(&t, STR_NONE);
    uint64_t sum = 0;
    for (unsigned i = 0; i < t.n_reasons; i++)
        sum += t.reasons[i].n;
    ok(t.rejected == 41 && sum == 41 && t.n_reasons == TALLY_REASONS, "reasons without room count together");
    is_str(t.reasons[TALLY_REASONS - 1].name, "other", "as others");
}

int main(void)
{
    plan(0);
    test_counts();
    test_short();
    test_reasons();
    return tap_end();
}
