/* GET / and GET /page/NAME: the operators' page. What it shows it asks the API for, like anybody else, so there is nothing
 * here but files, which everybody may read. */
#include "http/page.h"

#include "http/exchange.h"
#include "http/routes.h"

/* Nothing from elsewhere, no script but its own, in no frame, and no form that leaves it. */
#define POLICY                                                                                           \
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "     \
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

static void answer_file(struct exchange *x, struct str name)
{
    for (size_t i = 0; i < page_files_n; i++) {
        const struct page_file *f = &page_files[i];
        struct buf body = BUF_INIT;
        if (!str_is(name, f->name))
            continue;
        buf_add(&body, (const char *)f->bytes, f->n);
        exchange_answer(x, 200, type_of(f->name), &body);
        exchange_add_header(x, "Content-Security-Policy", POLICY);
        return;
    }
    exchange_problem(x, 404, NULL, "there is nothing at this path");
}

static void answer_page(struct exchange *x)
{
    answer_file(x, STR_LIT("index.html"));
}

static void answer_part(struct exchange *x)
{
    answer_file(x, x->match.captures[0]);
}

const struct handler page_handler = {.end = answer_page};
const struct handler page_file_handler = {.end = answer_part};
