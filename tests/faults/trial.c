#include "tests/faults/trial.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/faults/story.h"
#include "tests/lib/tap.h"

void trial_begin(struct life *l, struct outcome *out)
{
    snprintf(out->folder, sizeof out->folder, "%s", tap_tmpdir());
    life_new(l);
}

bool trial_say(struct outcome *out, const struct life *l, const char *when, enum life_state state)
{
    static const char *const words[] = {
        [LIFE_OVER] = "is over", [LIFE_ENDED] = "ended", [LIFE_REFUSES] = "refuses", [LIFE_HANGS] = "hangs"};
    const char *step = l->step < script_steps ? script[l->step].name : "the end";
    snprintf(out->fault, sizeof out->fault, "%s, at step %s: the daemon %s with %d%s%s", when, step, words[state],
             l->code, l->fault[0] ? ": " : "", l->fault);
    return false;
}

/* What came of it is held against the reference; of the first one it is written down. */
void trial_judge(struct life *l, struct reference *reference, bool first, struct outcome *out)
{
    struct story s = {.text = BUF_INIT};
    bool good = story_tell(l, &s);
    if (good && first) {
        snprintf(reference->text, sizeof reference->text, "%s", s.text.p);
        reference->messages = s.messages.came;
    }
    good = good && story_compare(l, &s, reference->text, reference->messages);
    if (!life_end(l) || l->code != 0)
        trial_say(out, l, "at the last stop", LIFE_HANGS);
    else if (!good || !story_verify(l))
        snprintf(out->fault, sizeof out->fault, "%s", l->fault);
    buf_done(&s.text);
}

/* What a fault left is not removed with this process: log and store tell of it. */
static void keep_folder(struct outcome *out)
{
    char kept[sizeof out->folder];
    snprintf(kept, sizeof kept, "%s-kept", tap_tmpdir());
    if (rename(tap_tmpdir(), kept) == 0)
        snprintf(out->folder, sizeof out->folder, "%s", kept);
}

void trial_end(struct life *l, struct outcome *out)
{
    out->repeated = l->again;
    life_free(l);
    if (out->fault[0])
        keep_folder(out);
    out->whole = true;
}
