/* The API's description: it is answered to anybody, it has every route, and the copies in docs are what it says. */
#include <stdio.h>
#include <stdlib.h>

#include "http/openapi/openapi.h"
#include "http/route_docs.h"
#include "http/routes.h"
#include "tests/http/server.h"
#include "tests/lib/http_client.h"
#include "tests/lib/tap.h"

/* --- the route --- */

static void answered(void)
{
    struct server s = server_new(100, false);
    struct buf want = BUF_INIT;
    struct reply r = {0};
    openapi_write(&want);
    for (int i = 0; i < 2; i++) {
        request_once(s.path, "GET", "/openapi.json", NULL, STR_NONE, &r);
        const char *type = reply_header(&r, "Content-Type");
        ok(r.status == 200 && type && strcmp(type, "application/json") == 0 &&
               str_eq(buf_str(&want), (struct str){r.body.p, r.body.n}),
           "the document is answered, as it is written%s", i ? ", and the second time too" : "");
    }
    reply_done(&r);
    buf_done(&want);
    server_free(&s);
}

/* --- every route has its row --- */

/* The page and its files are not the API: they have no row. */
static bool is_api(const char *pattern)
{
    static const char *const others[] = {"/healthz", "/readyz", "/metrics", "/openapi.json"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strcmp(pattern, others[i]) == 0)
            return true;
    return strncmp(pattern, "/v1/", 4) == 0;
}

static void every_route(void)
{
    for (size_t i = 0; i < http_routes_n; i++)
        ok(is_api(http_routes[i].pattern) == (http_routes[i].doc != NULL), "%s %s described", http_routes[i].pattern,
           is_api(http_routes[i].pattern) ? "is" : "is the page's and need not be");
}

static unsigned times_in_path(const char *pattern, const char *name)
{
    unsigned times = 0;
    for (const char *p = strstr(pattern, "/:"); p; p = strstr(p + 2, "/:"))
        times += strcspn(p + 2, "/") == strlen(name) && strncmp(p + 2, name, strlen(name)) == 0;
    return times;
}

static unsigned captures(const char *pattern)
{
    unsigned n = 0;
    for (; *pattern; pattern++)
        n += *pattern == ':';
    return n;
}

/* Is every captured segment described once, and nothing else said to be in the path? */
static bool path_is_described(const struct route *r)
{
    unsigned described = 0;
    for (const struct doc_parameter *p = r->doc->parameters; p && p->name; p++) {
        if (p->in != DOC_PATH)
            continue;
        if (times_in_path(r->pattern, p->name) != 1)
            return false;
        described++;
    }
    return described == captures(r->pattern);
}

static bool id_is_its_own(size_t i)
{
    for (size_t k = 0; k < http_routes_n; k++)
        if (k != i && http_routes[k].doc && strcmp(http_routes[k].doc->id, http_routes[i].doc->id) == 0)
            return false;
    return true;
}

static void rows(void)
{
    for (size_t i = 0; i < http_routes_n; i++) {
        const struct route_doc *doc = http_routes[i].doc;
        if (doc)
            ok(path_is_described(&http_routes[i]) && id_is_its_own(i) && doc->summary && doc->about &&
                   doc->answers[0].about,
               "%s has words, a name of its own and its path's segments", doc->id);
    }
}

/* --- the copies --- */

static const char *folder_of(const char *variable)
{
    const char *folder = getenv(variable);
    return folder ? folder : ".";
}

/* All that there is to read, terminated. */
static char *text_of(FILE *f)
{
    struct buf b = BUF_INIT;
    for (int c; f && (c = getc(f)) != EOF;)
        buf_addc(&b, (char)c);
    buf_addc(&b, '\0');
    return b.p;
}

static void copy(const char *name)
{
    char path[512], command[512];
    snprintf(path, sizeof path, "%s/docs/%s.json", folder_of("top_srcdir"), name);
    snprintf(command, sizeof command, "'%s/docs/write_api' %s", folder_of("top_builddir"), name);
    fflush(stdout);
    FILE *file = fopen(path, "re"), *program = popen(command, "re");
    char *kept = text_of(file), *made = text_of(program);
    if (!ok(program && pclose(program) == 0 && made[0] && strcmp(kept, made) == 0,
            "docs/%s.json is what the program's tables say", name))
        diag("make api-documents makes it anew");
    if (file)
        fclose(file);
    free(kept);
    free(made);
}

int main(void)
{
    plan(0);
    answered();
    every_route();
    rows();
    copy("openapi");
    copy("asyncapi");
    return tap_end();
}
