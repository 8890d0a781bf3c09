/* The operators' page as files: who asks for it gets all of it, with what keeps it safe, and nothing from elsewhere. */
#include <stdio.h>

#include "http/page/page.h"
#include "tests/http/server.h"
#include "tests/lib/http_client.h"
#include "tests/lib/tap.h"

static struct server s;
static struct reply r;

static bool header_is(const char *name, const char *want)
{
    const char *value = reply_header(&r, name);
    return value && strcmp(value, want) == 0;
}

static bool header_has(const char *name, const char *part)
{
    const char *value = reply_header(&r, name);
    return value && strstr(value, part);
}

static int get(const char *target, const char *headers)
{
    request_once(s.path, "GET", target, headers, STR_NONE, &r);
    return r.status;
}

static const struct page_file *file_of(struct str name)
{
    for (size_t i = 0; i < page_files_n; i++)
        if (str_is(name, page_files[i].name))
            return &page_files[i];
    return NULL;
}

static struct str text_of(const struct page_file *f)
{
    return (struct str){(const char *)f->bytes, f->n};
}

/* --- answers --- */

static const char *type_of(const char *name)
{
    const char *ending = strrchr(name, '.');
    return strcmp(ending, ".js") == 0     ? "text/javascript; charset=utf-8"
           : strcmp(ending, ".css") == 0  ? "text/css; charset=utf-8"
           : strcmp(ending, ".html") == 0 ? "text/html; charset=utf-8"
                                          : "image/svg+xml";
}

static void one_file(const struct page_file *f)
{
    char target[80], had[80];
    snprintf(target, sizeof target, "/page/%s", f->name);
    snprintf(had, sizeof had, "If-None-Match: \"0\", W/%s\r\n", f->etag);
    is_int(get(target, NULL), 200, "%s is there", target);
    ok(str_eq(buf_str(&r.body), text_of(f)), "byte for byte");
    ok(header_is("Content-Type", type_of(f->name)), "as what it is");
    ok(header_is("ETag", f->etag) && header_is("Cache-Control", "no-cache"), "to be kept, and asked for again");
    is_int(get(target, had), 304, "who has it already does not get it again");
    ok(r.body.n == 0 && header_is("ETag", f->etag), "but is told so");
}

static void safety(void)
{
    is_int(get("/", NULL), 200, "the page is at /");
    ok(str_eq(buf_str(&r.body), text_of(file_of(STR_LIT("index.html")))), "and is index.html");
    ok(header_has("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'"),
       "it may have nothing from elsewhere");
    ok(header_has("Content-Security-Policy", "frame-ancestors 'none'"), "and stand in no frame");
    ok(!header_has("Content-Security-Policy", "unsafe"), "nor run what stands within it");
    ok(header_is("X-Content-Type-Options", "nosniff") && header_is("Referrer-Policy", "no-referrer"),
       "nothing is guessed, nothing told to others");
    is_int(get("/", "If-None-Match: *\r\n"), 304, "any copy is good enough for who says so");
    is_int(get("/", "If-None-Match: \"0000000000000000\"\r\n"), 200, "an older one is not");
    is_int(get("/page/nothing.js", NULL), 404, "what it does not have is not there");
    ok(header_is("Cache-Control", "no-store"), "which nobody shall keep in mind");
    is_int(get("/page/..%2Fpage.c", NULL), 404, "nor is anything of the file system");
    request_once(s.path, "POST", "/", NULL, STR_NONE, &r);
    is_int(r.status, 405, "nothing can be posted to it");
}

/* --- content --- */

/* What it refers to by that beginning, up to the quote, is one of its files: how many there are, or -1. */
static int references(const struct page_file *f, const char *beginning)
{
    struct str text = text_of(f);
    int n = 0;
    for (const char *p = text.p; (p = memmem(p, (size_t)(text.p + text.n - p), beginning, strlen(beginning)));) {
        p += strlen(beginning);
        struct str name = {p, strcspn(p, "'\"")};
        if (!file_of(name))
            return diag("%s refers to %.*s", f->name, (int)name.n, name.p), -1;
        n++;
    }
    return n;
}

static bool mentions(const struct page_file *f, const char *word)
{
    return memmem(f->bytes, f->n, word, strlen(word)) != NULL;
}

static void content(void)
{
    int imports = 0;
    for (size_t i = 0; i < page_files_n; i++) {
        const struct page_file *f = &page_files[i];
        int n = references(f, "from './");
        ok(n >= 0, "%s imports what there is", f->name);
        imports += n;
        ok(!mentions(f, "innerHTML") && !mentions(f, "eval("), "%s makes no code of data", f->name);
        ok(!mentions(f, "https://") && (!mentions(f, "http://") || mentions(f, "http://www.w3.org/2000/svg")),
           "%s names no other place", f->name);
    }
    ok(imports > 20, "there are imports to look at");
    ok(references(file_of(STR_LIT("index.html")), "\"/page/") >= 4, "the page asks for what there is");
}

int main(void)
{
    plan(0);
    s = server_new(100, false);
    for (size_t i = 0; i < page_files_n; i++)
        one_file(&page_files[i]);
    safety();
    content();
    server_free(&s);
    reply_done(&r);
    return tap_end();
}
