#include "http/openapi/openapi.h"

#include <ctype.h>
#include <stdio.h>

#include "http/openapi/openapi_events.h"
#include "http/openapi/openapi_inputs.h"
#include "http/openapi/openapi_schemas.h"
#include "http/problem.h"
#include "http/route_docs.h"
#include "http/routes.h"

#define TEXT_BYTES 128
#define RESPONSES "#/components/responses/"
#define HEADERS "#/components/headers/"

static const char about_all[] =
    "The API of lifecertd, which certifies that those who draw a pension still qualify.\n\n"
    "Over TCP a request carries a token (lifecertctl token new makes one), and each operation names the role that it "
    "needs: intake, read, or operate, which includes read. Over the Unix socket root and the user that the daemon "
    "runs as may do everything, without a token.\n\n"
    "Errors are application/problem+json (RFC 9457). Ids and names in a path are percent-encoded. Where the content "
    "type is application/x-ndjson, a schema is that of a line. HEAD takes GET's operations.";

static const struct {
    const char *name, *about;
} tags[] = {
    {"inputs", "What happened, and to whom"},
    {"people", "Who is certified until when, and who is paid"},
    {"events", "What was decided"},
    {"overview", "How things stand"},
    {"holds", "What keeps suspensions back"},
    {"delivery", "Who is told of events, and how far they are"},
    {"receipts", "What gateways say of messages"},
    {"probes", "For whoever watches the daemon"},
};

static const struct {
    const char *name, *type, *about;
} headers[] = {
    {"Lifecertd-Archived", "text",
     "older events of this person were moved to an archive, and are not in the answer: the number of the last of them"},
    {"Lifecertd-Position", "text", "the answer is as of this position of the log, or has looked as far; it is opaque"},
    {"Idempotency-Replayed", "true", "the answer is the one that the key was first given"},
    {"Retry-After", "count", "seconds after which it is worth trying again"},
};

static const struct {
    unsigned status;
    const char *about, *header;
} problems[] = {
    {400, "malformed, or a value that is not allowed", NULL},
    {401, "a token is needed, or this one is not known", NULL},
    {403, "the caller may not do this", NULL},
    {404, "there is nothing and nobody of that name", NULL},
    {409, "it cannot be done just now", NULL},
    {410, "it rests on events that were moved to an archive", NULL},
    {413, "the body is too long", NULL},
    {415, "another content type than those that are taken", NULL},
    {422, "it was understood, and cannot be done", NULL},
    {429, "too many requests with this token", "Retry-After"},
    {503, "too much is queued, nobody has the shard just now, or the daemon is stopping", "Retry-After"},
};

/* What everything may come to that not anyone may ask for. */
static const unsigned guards[] = {401, 403, 429, 503, 0};

/* --- pieces --- */

/* "Content Too Large" as "ContentTooLarge" */
static void response_name(unsigned status, char out[TEXT_BYTES])
{
    size_t n = 0;
    for (const char *p = status_phrase(status); *p && n + 1 < TEXT_BYTES; p++)
        if (isalpha((unsigned char)*p))
            out[n++] = *p;
    out[n] = '\0';
}

static void number_name(unsigned n, char out[TEXT_BYTES])
{
    snprintf(out, TEXT_BYTES, "%u", n);
}

/* "/v1/beneficiaries/:id/events" as "/v1/beneficiaries/{id}/events" */
static void path_name(const char *pattern, struct buf *out)
{
    bool inside = false;
    for (const char *p = pattern; *p; p++) {
        if (inside && *p == '/')
            buf_addc(out, '}');
        inside = *p == ':' || (inside && *p != '/');
        buf_addc(out, *p == ':' ? '{' : *p);
    }
    buf_adds(out, inside ? "}" : "");
    buf_addc(out, '\0');
}

static void write_header_refs(struct api_json *j, const char *header)
{
    if (!header)
        return;
    api_open(j, "headers", '{');
    api_ref(j, header, HEADERS, header);
    api_close(j, '}');
}

static void write_media(struct api_json *j, const char *media, const char *type)
{
    api_open(j, media, '{');
    api_schema(j, "schema", type ? type : "text", NULL);
    api_close(j, '}');
}

/* --- one operation --- */

static void write_parameter(struct api_json *j, const struct doc_parameter *p)
{
    static const char *const places[] = {[DOC_PATH] = "path", [DOC_QUERY] = "query", [DOC_HEADER] = "header"};
    char name[TEXT_BYTES];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(p->name, "?"), p->name);
    api_open(j, NULL, '{');
    api_text(j, "name", name);
    api_text(j, "in", places[p->in]);
    api_text(j, "description", p->about);
    if (!strchr(p->name, '?'))
        api_raw(j, "required", "true");
    api_schema(j, "schema", p->type, NULL);
    api_close(j, '}');
}

static void write_parameters(struct api_json *j, const struct doc_parameter *p)
{
    if (!p)
        return;
    api_open(j, "parameters", '[');
    for (; p->name; p++)
        write_parameter(j, p);
    api_close(j, ']');
}

static void write_body(struct api_json *j, const struct route_doc *doc)
{
    if (!doc->bodies)
        return;
    api_open(j, "requestBody", '{');
    api_raw(j, "required", doc->body_optional ? "false" : "true");
    api_open(j, "content", '{');
    for (const struct doc_body *b = doc->bodies; b->media; b++) {
        if (b->type)
            write_media(j, b->media, b->type);
        else
            api_raw(j, b->media, "{}");
    }
    api_close(j, '}');
    api_close(j, '}');
}

/* One status: rows of the same status stand together, and the first has the words. */
static const struct doc_answer *write_answer(struct api_json *j, const struct doc_answer *a)
{
    char name[TEXT_BYTES];
    unsigned status = a->status;
    number_name(status, name);
    api_open(j, name, '{');
    api_text(j, "description", a->about);
    write_header_refs(j, a->header);
    api_open(j, "content", '{');
    for (; a->status == status; a++)
        write_media(j, a->media, a->type);
    if (status >= 400)
        write_media(j, PROBLEM_TYPE, "Problem");
    api_close(j, '}');
    api_close(j, '}');
    return a;
}

static void write_problem_refs(struct api_json *j, const unsigned *statuses)
{
    char name[TEXT_BYTES], response[TEXT_BYTES];
    for (; statuses && *statuses; statuses++) {
        number_name(*statuses, name);
        response_name(*statuses, response);
        api_ref(j, name, RESPONSES, response);
    }
}

static void write_answers(struct api_json *j, const struct route *r)
{
    api_open(j, "responses", '{');
    for (const struct doc_answer *a = r->doc->answers; a->status;)
        a = write_answer(j, a);
    write_problem_refs(j, r->doc->problems);
    if (r->who != WHO_ANYONE)
        write_problem_refs(j, guards);
    api_close(j, '}');
}

/* Whoever connects over the Unix socket needs no token, which is not to be said here: see about_all. */
static void write_security(struct api_json *j, enum who who)
{
    static const char *const roles[] = {
        [WHO_ANYONE] = "[]",
        [WHO_READ] = "[{\"token\": [\"read\"]}]",
        [WHO_INTAKE] = "[{\"token\": [\"intake\"]}]",
        [WHO_OPERATE] = "[{\"token\": [\"operate\"]}]",
    };
    api_raw(j, "security", roles[who]);
}

static void write_operation(struct api_json *j, const struct route *r)
{
    static const char *const methods[METHOD_N] = {
        [METHOD_GET] = "get", [METHOD_POST] = "post", [METHOD_DELETE] = "delete"};
    const char *const tag_list[] = {r->doc->tag, NULL};
    api_open(j, methods[r->method], '{');
    api_text(j, "operationId", r->doc->id);
    api_texts(j, "tags", tag_list);
    api_text(j, "summary", r->doc->summary);
    api_text(j, "description", r->doc->about);
    write_parameters(j, r->doc->parameters);
    write_body(j, r->doc);
    write_answers(j, r);
    write_security(j, r->who);
    api_close(j, '}');
}

/* --- the whole --- */

static bool same_path(const struct route *a, const struct route *b)
{
    return strcmp(a->pattern, b->pattern) == 0;
}

static bool stood_before(size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (http_routes[k].doc && same_path(&http_routes[k], &http_routes[i]))
            return true;
    return false;
}

/* The page and its files are nobody's API: they have no row. */
static void write_paths(struct api_json *j)
{
    struct buf name = BUF_INIT;
    api_open(j, "paths", '{');
    for (size_t i = 0; i < http_routes_n; i++) {
        if (!http_routes[i].doc || stood_before(i))
            continue;
        buf_clear(&name);
        path_name(http_routes[i].pattern, &name);
        api_open(j, name.p, '{');
        for (size_t k = i; k < http_routes_n; k++)
            if (http_routes[k].doc && same_path(&http_routes[k], &http_routes[i]))
                write_operation(j, &http_routes[k]);
        api_close(j, '}');
    }
    api_close(j, '}');
    buf_done(&name);
}

static void write_responses(struct api_json *j)
{
    char name[TEXT_BYTES];
    api_open(j, "responses", '{');
    for (size_t i = 0; i < sizeof problems / sizeof *problems; i++) {
        response_name(problems[i].status, name);
        api_open(j, name, '{');
        api_text(j, "description", problems[i].about);
        write_header_refs(j, problems[i].header);
        api_open(j, "content", '{');
        write_media(j, PROBLEM_TYPE, "Problem");
        api_close(j, '}');
        api_close(j, '}');
    }
    api_close(j, '}');
}

static void write_headers(struct api_json *j)
{
    api_open(j, "headers", '{');
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        api_open(j, headers[i].name, '{');
        api_text(j, "description", headers[i].about);
        api_schema(j, "schema", headers[i].type, NULL);
        api_close(j, '}');
    }
    api_close(j, '}');
}

static void write_components(struct api_json *j)
{
    api_open(j, "components", '{');
    api_open(j, "securitySchemes", '{');
    api_raw(j, "token",
            "{\"type\": \"http\", \"scheme\": \"bearer\", \"description\": \"a token of the configuration\"}");
    api_close(j, '}');
    write_headers(j);
    write_responses(j);
    api_open(j, "schemas", '{');
    api_inputs(j);
    api_answers(j);
    api_event(j);
    api_event_data(j);
    api_close(j, '}');
    api_close(j, '}');
}

static void write_tags(struct api_json *j)
{
    api_open(j, "tags", '[');
    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++) {
        api_open(j, NULL, '{');
        api_text(j, "name", tags[i].name);
        api_text(j, "description", tags[i].about);
        api_close(j, '}');
    }
    api_close(j, ']');
}

void openapi_write(struct buf *out)
{
    struct api_json j = {.out = out};
    api_open(&j, NULL, '{');
    api_text(&j, "openapi", "3.1.0");
    api_open(&j, "info", '{');
    api_text(&j, "title", "lifecertd");
    api_text(&j, "version", PACKAGE_VERSION);
    api_text(&j, "description", about_all);
    api_raw(&j, "license", "{\"name\": \"MIT\", \"identifier\": \"MIT\"}");
    api_close(&j, '}');
    api_raw(&j, "servers", "[{\"url\": \"/\", \"description\": \"where this document comes from\"}]");
    write_tags(&j);
    write_paths(&j);
    write_components(&j);
    api_close(&j, '}');
}

/* --- the route --- */

/* Made once: what it says changes with the program alone. */
static void answer_openapi(struct exchange *x)
{
    struct buf body = BUF_INIT;
    if (!x->http->openapi.n)
        openapi_write(&x->http->openapi);
    buf_addstr(&body, buf_str(&x->http->openapi));
    exchange_answer(x, 200, JSON, &body);
}

const struct handler openapi_handler = {.end = answer_openapi};
