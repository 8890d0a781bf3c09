/* GET / and GET /page/NAME: the operators' page. What it shows it asks the API for, like anybody else, so there is
 * nothing here but files, which everybody may read. */
#include "http/page/page.h"

#include "http/exchange.h"
#include "http/routes.h"

/* Nothing from elsewhere, no script but its own, in no frame, and no form that leaves it. */
#define POLICY                                                                                      \
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " \
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

static const struct {
    const char *ending, *type;
} types[] = {
    {".html", "text/html; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".svg", "image/svg+xml"},
};

static const char *type_of(const char *name)
{
    const char *ending = strrchr(name, '.');
    for (size_t i = 0; ending && i < sizeof types / sizeof *types; i++)
        if (strcmp(types[i].ending, ending) == 0)
            return types[i].type;
    return "application/octet-stream";
}

/* Its tag, or any, among those that the client has: a tag's quotes keep it from being found within another. */
static bool has_it(const struct exchange *x, const struct page_file *f)
{
    const char *had = exchange_header(x, MHD_HTTP_HEADER_IF_NONE_MATCH);
    return had && (strcmp(had, "*") == 0 || strstr(had, f->etag));
}

/* A browser keeps it, and asks each time whether it still is the same: a new daemon's page is there at once. */
static void answer_file(struct exchange *x, const struct page_file *f)
{
    struct buf body = BUF_INIT;
    bool is_new = !has_it(x, f);
    if (is_new)
        buf_add(&body, (const char *)f->bytes, f->n);
    exchange_answer(x, is_new ? 200 : 304, type_of(f->name), &body);
    MHD_del_response_header(x->response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    exchange_add_header(x, MHD_HTTP_HEADER_CACHE_CONTROL, "no-cache");
    exchange_add_header(x, MHD_HTTP_HEADER_ETAG, f->etag);
    exchange_add_header(x, "Content-Security-Policy", POLICY);
}

static void answer_name(struct exchange *x, struct str name)
{
    for (size_t i = 0; i < page_files_n; i++)
        if (str_is(name, page_files[i].name)) {
            answer_file(x, &page_files[i]);
            return;
        }
    exchange_problem(x, 404, NULL, "the page has no such file");
}

static void answer_page(struct exchange *x)
{
    answer_name(x, STR_LIT("index.html"));
}

static void answer_part(struct exchange *x)
{
    answer_name(x, x->match.captures[0]);
}

const struct handler page_handler = {.end = answer_page};
const struct handler page_file_handler = {.end = answer_part};
