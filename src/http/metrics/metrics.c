/* GET /metrics: every number as of this moment, gathered and written on the loop. Nothing waits for anybody: the
 * engine's are counters that it keeps for others to read. */
#include "http/metrics/metrics.h"

#include <stdlib.h>

#include "http/routes.h"

const struct metric_section *const metric_sections[] = {&engine_section, &shards_section, &endpoint_section,
                                                        &http_section};
const size_t metric_sections_n = sizeof metric_sections / sizeof *metric_sections;

void metrics_write(const struct scrape *s, struct buf *out)
{
    struct exposition e = {.out = out};
    for (size_t i = 0; i < metric_sections_n; i++)
        for (size_t k = 0; k < metric_sections[i]->n; k++) {
            const struct metric *m = &metric_sections[i]->v[k];
            exposition_family(&e, &m->family);
            m->write(m, s, &e);
        }
}

static void answer_metrics(struct exchange *x)
{
    const struct http_options *o = &x->http->options;
    struct scrape *s = mem_zalloc(1, sizeof *s);
    struct buf body = BUF_INIT;
    s->http = x->http;
    o->engine.counters(o->engine.arg, &s->engine);
    s->has_shards = o->engine.shards != NULL;
    if (s->has_shards)
        o->engine.shards(o->engine.arg, &s->shards);
    if (o->desk)
        s->n_endpoints = o->desk->metrics(o->desk->arg, s->endpoints, ENDPOINTS_MAX);
    process_look(&s->process);
    metrics_write(s, &body);
    free(s);
    exchange_answer(x, 200, PROMETHEUS_TYPE, &body);
}

const struct handler metrics_handler = {.end = answer_metrics};
