/* Every value of every enum has a word of its own, found again by it. */
#include "core/text.h"
#include "tests/lib/tap.h"

static void words(const char *name, const struct texts *t, unsigned n, unsigned first)
{
    bool good = t->n == n;
    for (unsigned i = 0; i < t->n; i++) {
        unsigned back = n;
        if (i < first)
            good &= t->v[i].p == NULL;
        else
            good &= t->v[i].n > 0 && strlen(t->v[i].p) == t->v[i].n && texts_find(t, t->v[i], &back) && back == i;
    }
    ok(good, "each %s has its word", name);
}

int main(void)
{
    plan(15);
    unsigned out = 77;
    words("op", &op_texts, OP_N, 0);
    words("result", &result_texts, RESULT_N, 0);
    words("reason", &reason_texts, REASON_N, 1);
    words("status", &status_texts, STATUS_N, 0);
    words("deadline", &deadline_texts, DEADLINE_N, 1);
    words("event type", &event_type_texts, EV_N, 0);
    words("effect of a certification", &cert_effect_texts, 2, 0);
    words("effect of a revocation", &revoke_effect_texts, 2, 0);
    words("reason of a resumption", &resume_reason_texts, 3, 0);
    words("hold", &hold_texts, HOLD_N, 0);
    words("scope", &scope_texts, 5, 1);
    ok(!texts_find(&op_texts, STR_LIT("enro"), &out) && !texts_find(&op_texts, STR_LIT(""), &out) && out == 77,
       "what is no word is not found");
    ok(!texts_find(&scope_texts, STR_LIT(""), &out) && out == 77, "nor is no word, where a value has none");
    is_str(op_text(OP_REPORT_DEATH), "report-death", "a single word is to be had by its value");
    ok(reason_text(REASON_NONE) == NULL && scope_text(SCOPE_ALL) == NULL && op_text(OP_N) == NULL,
       "what has no word gives NULL");
    return tap_end();
}
