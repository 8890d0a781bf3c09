#include "engine/hold_check.h"

#include "engine/internal.h"

static enum err check_text(struct str s, size_t max, const char *member, struct errmsg *msg)
{
    if (s.p && s.n > 0 && s.n <= max)
        return ERR_OK;
    return err_set(msg, ERR_INVALID, "%s: expected 1 to %zu bytes of text", member, max);
}

enum err hold_check_asker(const struct hold_wish *w, struct errmsg *msg)
{
    enum err err = check_text(w->why, 256, "why", msg);
    return err ? err : check_text(w->by, 128, "by", msg);
}

static enum err check_scope(const struct scope *scope, struct errmsg *msg)
{
    if (scope->kind == SCOPE_CHANNEL)
        return err_set(msg, ERR_INVALID, "scope: a moratorium is for everyone, a policy, a category or a unit");
    return scope->kind == SCOPE_ALL ? ERR_OK : check_text(scope->name, 64, "scope", msg);
}

enum err hold_check_place(const struct hold_wish *w, lc_date today, unsigned n_holds, struct errmsg *msg)
{
    enum err err = hold_check_asker(w, msg);
    if (err == ERR_OK)
        err = check_scope(&w->scope, msg);
    if (err != ERR_OK)
        return err;
    if (w->until < today)
        return err_set(msg, ERR_INVALID, "until: expected a date that has not passed");
    if (n_holds >= MORATORIA_MAX)
        return err_set(msg, ERR_FULL, "there are %u holds already: lift one first", n_holds);
    return ERR_OK;
}
