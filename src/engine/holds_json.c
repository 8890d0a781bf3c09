/* Holds as JSON, for whoever asks. */
#include "engine/internal.h"

void holds_write(const struct engine *e, const struct hold *h, struct buf *out)
{
    char name[160];
    holds_name(h, name);
    BUF_LIT(out, "{\"name\":");
    buf_add_json(out, str_of(name));
    BUF_LIT(out, ",\"hold\":");
    buf_add_json(out, str_of(hold_text(h->kind)));
    BUF_LIT(out, ",\"why\":");
    buf_add_json(out, str_of(h->why));
    BUF_LIT(out, ",\"scope\":");
    if (h->scope.kind == SCOPE_ALL)
        BUF_LIT(out, "null");
    else {
        buf_printf(out, "{\"%s\":", scope_text(h->scope.kind));
        buf_add_json(out, h->scope.name);
        buf_addc(out, '}');
    }
    BUF_LIT(out, ",\"until\":");
    json_date(out, h->until);
    BUF_LIT(out, ",\"since\":");
    json_instant(e->env.tz, out, h->since);
    BUF_LIT(out, ",\"by\":");
    buf_add_json(out, h->by[0] ? str_of(h->by) : STR_NONE);
    if (h->kind == HOLD_BRAKE)
        buf_printf(out, ",\"due\":%lld,\"limit\":%lld", (long long)h->due, (long long)h->limit);
    else
        BUF_LIT(out, ",\"due\":null,\"limit\":null");
    buf_addc(out, '}');
}

void holds_write_names(const struct holds *holds, const struct scope_subject *who, struct buf *out)
{
    const char *comma = "";
    if (!holds) {
        BUF_LIT(out, "null");
        return;
    }
    buf_addc(out, '[');
    for (unsigned i = 0; i < holds->n; i++) {
        const struct hold *h = &holds->v[i];
        if (!scope_covers(&h->scope, h->channel, who))
            continue;
        char name[160];
        holds_name(h, name);
        buf_adds(out, comma);
        buf_add_json(out, str_of(name));
        comma = ",";
    }
    buf_addc(out, ']');
}
