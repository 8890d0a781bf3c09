#include "ctl/due_fold.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define KINDS 4
#define GROUPS 3

static const char *const kinds[KINDS] = {"reminder", "grace", "suspension", "lapse"};
static const char *const groups[GROUPS] = {"", "late.", "since."};
static const char *const held[GROUPS] = {"held", "held_late", "held_since"};

struct due_row {
    char on[11];
    int64_t n[GROUPS][KINDS];
};

void due_fold_init(struct due_fold *f, unsigned shards)
{
    *f = (struct due_fold){.v = NULL};
    position_init(&f->position, shards);
    position_init(&f->end, shards);
}

void due_fold_done(struct due_fold *f)
{
    position_done(&f->position);
    position_done(&f->end);
    free(f->v);
}

/* Days and months sort as text. */
static struct due_row *row_of(struct due_fold *f, const char *on)
{
    size_t at = f->n;
    while (at && strcmp(f->v[at - 1].on, on) > 0)
        at--;
    if (at && strcmp(f->v[at - 1].on, on) == 0)
        return &f->v[at - 1];
    if (f->n == f->cap)
        f->v = mem_resize(f->v, f->cap = f->cap ? 2 * f->cap : 64, sizeof *f->v);
    memmove(f->v + at + 1, f->v + at, (f->n++ - at) * sizeof *f->v);
    f->v[at] = (struct due_row){.on = ""};
    snprintf(f->v[at].on, sizeof f->v[at].on, "%s", on);
    return &f->v[at];
}

static void add_row(struct due_fold *f, const struct json *row)
{
    const char *on = json_text(row, "on");
    struct due_row *to = row_of(f, on ? on : "");
    for (int g = 0; g < GROUPS; g++)
        for (int k = 0; k < KINDS; k++) {
            char path[32];
            snprintf(path, sizeof path, "%s%s", groups[g], kinds[k]);
            to->n[g][k] += json_number(row, path, 0);
        }
}

void due_fold_add(struct due_fold *f, unsigned shard, const struct json *list)
{
    const struct json *rows = json_get(list, "rows");
    const char *as_of = json_text(list, "as_of"), *by = json_text(list, "by");
    snprintf(f->as_of, sizeof f->as_of, "%s", as_of ? as_of : "");
    snprintf(f->by, sizeof f->by, "%s", by ? by : "");
    f->position.v[shard] = json_position(list, "position");
    f->end.v[shard] = json_position(list, "end");
    for (int g = 0; g < GROUPS; g++)
        f->held[g] += json_number(list, held[g], 0);
    for (size_t i = 0; i < json_count(rows); i++)
        add_row(f, json_item(rows, i));
}

static void write_kinds(struct buf *out, const int64_t n[KINDS])
{
    for (int k = 0; k < KINDS; k++)
        buf_printf(out, "%s\"%s\":%" PRId64, k ? "," : "", kinds[k], n[k]);
}

static void write_position(struct buf *out, const char *name, const struct position *p)
{
    buf_printf(out, ",\"%s\":", name);
    if (p->n > 1)
        buf_addc(out, '"');
    position_write(p, out);
    if (p->n > 1)
        buf_addc(out, '"');
}

void due_fold_write(const struct due_fold *f, struct buf *out)
{
    BUF_LIT(out, "{\"as_of\":");
    buf_add_json(out, str_of(f->as_of));
    write_position(out, "position", &f->position);
    write_position(out, "end", &f->end);
    buf_printf(out, ",\"by\":\"%s\",\"rows\":[", f->by);
    for (size_t i = 0; i < f->n; i++) {
        buf_printf(out, "%s{\"on\":\"%s\",", i ? "," : "", f->v[i].on);
        write_kinds(out, f->v[i].n[0]);
        BUF_LIT(out, ",\"late\":{");
        write_kinds(out, f->v[i].n[1]);
        BUF_LIT(out, "},\"since\":{");
        write_kinds(out, f->v[i].n[2]);
        BUF_LIT(out, "}}");
    }
    buf_addc(out, ']');
    for (int g = 0; g < GROUPS; g++)
        buf_printf(out, ",\"%s\":%" PRId64, held[g], f->held[g]);
    buf_addc(out, '}');
}
