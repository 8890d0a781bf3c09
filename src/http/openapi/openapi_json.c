#include "http/openapi/openapi_json.h"

#define INDENT "  "

static void begin(struct api_json *j, const char *name)
{
    if (j->more)
        buf_addc(j->out, ',');
    if (j->depth)
        buf_addc(j->out, '\n');
    for (unsigned i = 0; i < j->depth; i++)
        BUF_LIT(j->out, INDENT);
    if (name) {
        buf_add_json(j->out, str_of(name));
        BUF_LIT(j->out, ": ");
    }
    j->more = true;
}

void api_open(struct api_json *j, const char *name, char bracket)
{
    begin(j, name);
    buf_addc(j->out, bracket);
    j->depth++;
    j->more = false;
}

void api_close(struct api_json *j, char bracket)
{
    j->depth--;
    if (j->more) {
        buf_addc(j->out, '\n');
        for (unsigned i = 0; i < j->depth; i++)
            BUF_LIT(j->out, INDENT);
    }
    buf_addc(j->out, bracket);
    if (!j->depth)
        buf_addc(j->out, '\n');
    j->more = true;
}

void api_raw(struct api_json *j, const char *name, const char *json)
{
    begin(j, name);
    buf_adds(j->out, json);
}

void api_text(struct api_json *j, const char *name, const char *text)
{
    begin(j, name);
    buf_add_json(j->out, str_of(text));
}

void api_ref(struct api_json *j, const char *name, const char *path, const char *to)
{
    begin(j, name);
    buf_printf(j->out, "{\"$ref\": \"%s%s\"}", path, to);
}

void api_texts(struct api_json *j, const char *name, const char *const *list)
{
    begin(j, name);
    buf_addc(j->out, '[');
    for (unsigned i = 0; list[i]; i++) {
        buf_adds(j->out, i ? ", " : "");
        buf_add_json(j->out, str_of(list[i]));
    }
    buf_addc(j->out, ']');
}
