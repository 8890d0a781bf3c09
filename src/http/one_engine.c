#include "http/http.h"

static bool submit(void *arg, struct request *r)
{
    return engine_submit(arg, r);
}

static void counters(void *arg, struct engine_counters *out)
{
    engine_counters(arg, out);
}

struct http_engine http_engine_of(struct engine *e)
{
    return (struct http_engine){.arg = e, .submit = submit, .counters = counters, .store = engine_store(e)};
}
