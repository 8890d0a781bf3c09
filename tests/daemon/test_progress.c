/* When the watchdog is fed: the engine comes round, and what it decided gets onto the disk. */
#include "daemon/progress.h"
#include "tests/lib/tap.h"

int main(void)
{
    static const struct {
        struct progress last, now;
        bool made;
        const char *name;
    } cases[] = {
        {{0, 0, 0}, {1, 0, 0}, true, "an empty engine that has come round once"},
        {{0, 0, 0}, {0, 0, 0}, false, "one that has never come round"},
        {{7, 5, 5}, {8, 5, 5}, true, "one that rests, and looks round"},
        {{7, 5, 5}, {7, 5, 5}, false, "one that does not"},
        {{7, 5, 5}, {7, 9, 9}, false, "commits alone do not count"},
        {{7, 9, 5}, {8, 20, 9}, true, "all that was decided has become durable"},
        {{7, 9, 5}, {8, 20, 8}, true, "more of it has"},
        {{7, 9, 5}, {8, 9, 5}, false, "a commit that hangs"},
        {{7, 9, 5}, {800, 20, 5}, false, "however busy the engine is beside it"},
        {{7, 9, 5}, {8, 20, 6}, true, "a slow disk gets on"},
    };
    plan(sizeof cases / sizeof *cases + 1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct progress last = cases[i].last;
        ok(progress_made(&last, &cases[i].now) == cases[i].made, "%s", cases[i].name);
    }
    struct progress last = {7, 9, 5}, stuck = {8, 9, 5}, freed = {9, 9, 9};
    ok(!progress_made(&last, &stuck) && progress_made(&last, &freed), "a commit that hung and came through");
    return tap_end();
}
