/* The metrics (lifecertd-metrics(7)): tables of families, each with the function that writes its samples. */
#ifndef HTTP_METRICS_H
#define HTTP_METRICS_H

#include "deliver/deliver.h"
#include "http/exchange.h"
#include "http/metrics/process.h"
#include "http/metrics/prometheus.h"

/* What one scrape has looked at. */
struct scrape {
    const struct http *http;
    struct engine_counters engine;
    struct shard_counts shards;
    bool has_shards;
    struct endpoint_metrics endpoints[ENDPOINTS_MAX];
    unsigned n_endpoints;
    struct process process;
};

struct metric {
    struct family family;
    void (*write)(const struct metric *m, const struct scrape *s, struct exposition *e);
    size_t at; /* the writer's own: which number it is */
};

struct metric_section {
    const struct metric *v;
    size_t n;
};

extern const struct metric_section engine_section;   /* metrics_engine.c */
extern const struct metric_section endpoint_section; /* metrics_endpoints.c */
extern const struct metric_section http_section;     /* metrics_http.c */
extern const struct metric_section shards_section;   /* metrics_shards.c */

extern const struct metric_section *const metric_sections[]; /* metrics.c */
extern const size_t metric_sections_n;

/* All of it, appended. */
void metrics_write(const struct scrape *s, struct buf *out);

#endif
