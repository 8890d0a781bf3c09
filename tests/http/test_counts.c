/* What is counted of requests. */
#include "http/server/counts.h"
#include "tests/lib/tap.h"

#define MS INT64_C(1000000)

int main(void)
{
    plan(16);
    struct counts *c = counts_new(2);
    counts_begin(c);
    counts_begin(c);
    counts_begin(c);
    is_int(c->in_progress, 3, "requests that have begun are in progress");
    counts_end(c, 1, 204, MS / 2);
    is_int(c->in_progress, 2, "until they are over");
    is_int(c->routes[1].answers[2], 1, "one is counted at its route, by its status's first digit");
    is_int(c->routes[1].durations[0], 1, "and its time, where a bound belongs to what it ends");
    is_int(c->routes[1].duration_ns, MS / 2, "and is summed up");
    counts_end(c, 1, 503, 90 * 1000 * MS);
    is_int(c->routes[1].answers[5], 1, "one that fails, too");
    is_int(c->routes[1].durations[DURATION_BOUNDS], 1, "what takes longer than any bound is behind the last");
    is_int(c->routes[0].answers[2] + c->routes[2].answers[2], 0, "and other routes are left alone");
    counts_end(c, 2, 404, 0);
    is_int(c->routes[2].answers[4], 1, "what no route takes has a place of its own");
    counts_begin(c);
    counts_end(c, 99, 429, -MS);
    is_int(c->routes[2].answers[4], 2, "whatever number it comes with");
    is_int(c->routes[2].duration_ns, 0, "and no time runs backwards");
    is_int(c->refused[REFUSED_429], 1, "a refusal is counted besides");
    is_int(c->refused[REFUSED_401] + c->refused[REFUSED_403], 0, "as what it is");
    counts_begin(c);
    counts_end(c, 0, 0, MS);
    is_int(c->routes[0].answers[0], 1, "a request that ends without an answer is counted as such");
    bool ascending = true;
    for (int i = 1; i < DURATION_BOUNDS; i++)
        ascending = ascending && duration_bounds[i] > duration_bounds[i - 1];
    ok(ascending, "the bounds ascend");
    is_int(c->in_progress, 0, "and in the end nothing is in progress");
    counts_free(c);
    return tap_end();
}
