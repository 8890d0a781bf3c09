#include "http/server/counts.h"

#include <stdlib.h>

#include "base/buf.h"
#include "http/metrics/prometheus.h"

#define NANOSECOND 1e-9

/* A look-up takes a tenth of a millisecond, a durable input some, a long poll or a stream as long as it likes. */
const double duration_bounds[DURATION_BOUNDS] = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 10, 60};

unsigned refusal_status(enum refusal r)
{
    static const unsigned statuses[REFUSAL_N] = {[REFUSED_401] = 401, [REFUSED_403] = 403, [REFUSED_429] = 429};
    return statuses[r];
}

struct counts *counts_new(size_t routes)
{
    struct counts *c = mem_zalloc(1, sizeof *c);
    c->routes = mem_zalloc(routes + 1, sizeof *c->routes);
    c->n = routes;
    return c;
}

void counts_free(struct counts *c)
{
    if (!c)
        return;
    free(c->routes);
    free(c);
}

void counts_begin(struct counts *c)
{
    c->in_progress++;
}

void counts_end(struct counts *c, size_t route, unsigned status, int64_t ns)
{
    struct route_counts *r = &c->routes[route < c->n ? route : c->n];
    unsigned class = status / 100;
    c->in_progress--;
    r->answers[class < STATUS_CLASSES ? class : 0]++;
    r->durations[histogram_bucket(duration_bounds, DURATION_BOUNDS, (double)ns * NANOSECOND)]++;
    r->duration_ns += ns > 0 ? (uint64_t)ns : 0;
    for (int i = 0; i < REFUSAL_N; i++)
        c->refused[i] += refusal_status((enum refusal)i) == status;
}
