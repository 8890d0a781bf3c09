#include "ctl/names.h"
#include "ctl/json.h"
#include "ctl/text.h"

#define TOLD 12 /* names in a message */

/* Where each kind is listed, and what its items are called by. */
static const struct {
    const char *kind, *path, *member, *one;
} kinds[] = {
    {"endpoints", "/v1/endpoints", "name", "endpoint"},
    {"holds", "/v1/holds", "name", "hold"},
    {"deliveries", "/v1/deliveries", "id", "delivery that failed or waits"},
};
#define KINDS (sizeof kinds / sizeof *kinds)

static size_t find(const char *kind)
{
    size_t i = 0;
    while (i < KINDS && strcmp(kinds[i].kind, kind) != 0)
        i++;
    return i;
}

bool names_add(struct client *c, const char *kind, struct buf *out)
{
    size_t k = find(kind);
    struct answer a = {0};
    if (k == KINDS)
        return false;
    if (client_call(c, "GET", kinds[k].path, STR_NONE, &a) == EXIT_DONE && a.status == 200) {
        struct json *j = json_parse(a.body.p);
        const struct json *list = json_get(j, kind);
        for (size_t i = 0; i < json_count(list); i++) {
            const char *name = json_text(json_item(list, i), kinds[k].member);
            if (!name)
                continue;
            text_add_safe(out, name);
            buf_addc(out, '\n');
        }
        json_free(j);
    }
    buf_done(&a.body);
    return true;
}

void names_tell(struct client *c, const char *kind)
{
    struct buf names = BUF_INIT, list = BUF_INIT;
    unsigned n = 0;
    if (!names_add(c, kind, &names))
        return;
    buf_addc(&names, '\0');
    for (char *save = NULL, *name = strtok_r(names.p, "\n", &save); name; name = strtok_r(NULL, "\n", &save))
        if (n++ < TOLD)
            buf_printf(&list, "%s%s", n > 1 ? ", " : "", name);
    if (n)
        say("there %s %.*s%s", n == 1 ? "is" : "are", (int)list.n, list.p ? list.p : "", n > TOLD ? " and more" : "");
    else
        say("there is no %s", kinds[find(kind)].one);
    buf_done(&names);
    buf_done(&list);
}
