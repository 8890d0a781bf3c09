/* Holds of several shards: those of one name are one hold. */
#include <stdlib.h>

#include "shards/front/merge_inside.h"

/* As the first of them has it, but since the earliest. */
static void write_joined(const struct merge_group *g, struct buf *out)
{
    struct str since = STR_NONE, name, value;
    struct raw_walk w;
    for (size_t i = 0; i < g->n; i++) {
        struct str s = raw_find(g->v[i].object, "since");
        if (merge_is_earlier(s, since))
            since = s;
    }
    if (!raw_enter(&w, g->v[0].object, '{'))
        return;
    char before = '{';
    while (raw_member(&w, &name, &value)) {
        buf_addc(out, before);
        buf_addc(out, '"');
        buf_addstr(out, name);
        BUF_LIT(out, "\":");
        buf_addstr(out, str_is(name, "since") && since.p ? since : value);
        before = ',';
    }
    buf_addc(out, '}');
}

bool merge_hold_rows(const struct str *bodies, unsigned n, struct buf *out)
{
    struct merge_rows rows;
    struct merge_group *groups;
    bool good = merge_take(&rows, bodies, n, "holds", "name");
    size_t n_groups = merge_groups(&rows, &groups);
    buf_addc(out, '[');
    for (size_t i = 0; i < n_groups; i++) {
        if (i)
            buf_addc(out, ',');
        write_joined(&groups[i], out);
    }
    buf_addc(out, ']');
    free(groups);
    merge_rows_done(&rows);
    return good;
}

bool merge_holds(const struct str *bodies, unsigned n, struct buf *out)
{
    BUF_LIT(out, "{\"holds\":");
    bool good = merge_hold_rows(bodies, n, out);
    buf_addc(out, '}');
    return good;
}

bool merge_find_hold(const struct str *bodies, unsigned n, struct str name, bool *has, struct buf *out)
{
    struct merge_rows rows;
    struct merge_group *groups;
    struct buf text = BUF_INIT;
    bool found = false;
    buf_add_json(&text, name);
    if (has)
        memset(has, 0, n * sizeof *has);
    (void)merge_take(&rows, bodies, n, "holds", "name"); /* as far as they are any */
    size_t n_groups = merge_groups(&rows, &groups);
    for (size_t i = 0; i < n_groups && !found; i++) {
        found = str_eq(groups[i].v->key, buf_str(&text));
        if (found)
            write_joined(&groups[i], out);
        for (size_t j = 0; found && has && j < groups[i].n; j++)
            has[groups[i].v[j].body] = true;
    }
    free(groups);
    merge_rows_done(&rows);
    buf_done(&text);
    return found;
}
