/* The endpoints' own life: shared, found, freed. */
#include <pthread.h>
#include <string.h>

#include "config/endpoint.h"
#include "config/schema.h"
#include "tests/lib/tap.h"

#define ROUNDS 20000

static struct endpoints *some_endpoints(void)
{
    struct endpoints *e = endpoints_new();
    strcpy(e->v[e->n].name, "payroll");
    e->v[e->n].url = mem_strdup("https://payroll.example/");
    e->n++;
    strcpy(e->v[e->n].name, "sms");
    e->v[e->n].secrets[0] = (struct secret){mem_strdup("x"), 1};
    e->v[e->n].n_secrets = 1;
    e->n++;
    e->texts[e->n_texts++].text = mem_strdup("{{name}}");
    return e;
}

static void test_find(void)
{
    struct endpoints *e = some_endpoints();
    ok(endpoints_find(e, STR_LIT("payroll")) == &e->v[0], "an endpoint is found by its name");
    ok(endpoints_find(e, STR_LIT("sms")) == &e->v[1], "so is the other");
    ok(!endpoints_find(e, STR_LIT("sm")) && !endpoints_find(e, STR_LIT("")) && !endpoints_find(e, STR_NONE),
       "one that there is not is not found");
    endpoints_unref(e);
    endpoints_unref(NULL);
}

static void test_kinds(void)
{
    const struct key *k = schema_key(&config_schema[SECTION_ENDPOINT], "adapter");
    for (int i = 0; i < ADAPTER_KIND_N; i++)
        is_str(adapter_kind_text((enum adapter_kind)i), k->words[i], "the adapter's word is the configuration's");
    ok(!k->words[ADAPTER_KIND_N] && !adapter_kind_text(ADAPTER_KIND_N), "there are no more");
}

/* Takes and drops a reference again and again, and at last the one that it was given. */
static void *share(void *arg)
{
    struct endpoints *e = arg;
    for (int i = 0; i < ROUNDS; i++) {
        struct endpoints *mine = endpoints_ref(e);
        if (mine->n != 2)
            return NULL;
        endpoints_unref(mine);
    }
    endpoints_unref(e);
    return &share;
}

static void test_threads(void)
{
    pthread_t threads[2];
    void *good[2] = {NULL};
    struct endpoints *e = some_endpoints();
    for (int i = 0; i < 2; i++)
        if (pthread_create(&threads[i], NULL, share, endpoints_ref(e)) != 0)
            bail_out("no thread");
    is_int(e->refs >= 1, 1, "the first reference keeps them");
    endpoints_unref(e); /* any of the three may be the last */
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], &good[i]);
    ok(good[0] && good[1], "two threads share them, and the last one frees them");
}

int main(void)
{
    plan(0);
    test_find();
    test_kinds();
    test_threads();
    return tap_end();
}
